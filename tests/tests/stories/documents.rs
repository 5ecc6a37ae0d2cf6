//! A small campaign is played to its approval, and what its documents say is what the service says.

pub(crate) mod play;

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{Data, Reader as _, Xlsx};
use cli::document::{Document, Language};
use cli::organised::Organised;
use cli::{Services, campaign, rank};
use contracts::assessments::v1 as pb;
use system_tests::{Province, given};

use play::{CAMPAIGN, UNIT};

/// A worksheet of a file, row by row.
fn worksheet(path: &Path, name: &str) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = calamine::open_workbook(path).expect("a workbook");
    let sheet = book.worksheet_range(name).expect("a worksheet");
    sheet.rows().map(<[Data]>::to_vec).collect()
}

/// The plain table, row by row; nothing else may read it than what spreadsheets have.
fn plain(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("UTF-8");
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

/// What a cell of a workbook says, a number with as many digits as `like` has.
fn said(cell: &Data, like: &str) -> String {
    let digits = like.split_once('.').map_or(0, |(_, digits)| digits.len());
    match cell {
        Data::Float(number) => format!("{number:.digits$}"),
        Data::Empty => String::new(),
        other => other.to_string(),
    }
}

/// Runs `chiso`, as people do, and reads both files that it writes.
struct Written {
    folder: tempfile::TempDir,
}

impl Written {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    fn by(&self, province: &Province, arguments: &[&str]) {
        let connection = province.connection();
        let (xlsx, csv) = (self.path("xlsx"), self.path("csv"));
        let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        let (xlsx, csv) = (path(&xlsx), path(&csv));
        let files = ["--xlsx", xlsx.as_str(), "--csv", csv.as_str()];
        let arguments: Vec<&str> = arguments
            .iter()
            .copied()
            .chain(files)
            .chain(connection.iter().map(String::as_str))
            .collect();
        let output = system_tests::program::chiso(&arguments).output();
        let output = output.expect("chiso runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {complaint}");
    }

    fn path(&self, extension: &str) -> std::path::PathBuf {
        self.folder.path().join(format!("document.{extension}"))
    }
}

/// Every cell of the table stands in both files, in its place.
fn holds(written: &Written, document: &Document) {
    let mut rows = plain(&written.path("csv")).into_iter();
    let mut headings = rows.next().expect("headings").into_iter();
    assert_eq!(headings.next().as_ref(), Some(&document.key));
    for table in &document.tables {
        let sheet = worksheet(&written.path("xlsx"), &table.name);
        let title = &sheet[0][0];
        assert_eq!(title.to_string(), table.title);
        let grouped = table.columns.iter().any(|column| !column.group.is_empty());
        let first = 1 + table.facts.len() + 1 + 1 + usize::from(grouped);
        for (row, in_sheet) in table.rows.iter().zip(&sheet[first..]) {
            let in_plain = rows.next().expect("a row");
            assert_eq!(in_plain[0], table.name);
            for (place, cell) in row.cells.iter().enumerate() {
                let (cli::document::Cell::Text(text) | cli::document::Cell::Number(text)) = cell;
                assert_eq!(in_plain[place + 1].trim_start_matches('\''), text);
                assert_eq!(&said(&in_sheet[place], text), text);
            }
        }
    }
    assert_eq!(rows.next(), None);
}

async fn sheet(services: &Services) -> pb::Assessment {
    let asked = campaign::assessment(services, CAMPAIGN, UNIT).await;
    asked.expect("a sheet")
}

fn points(mark: Option<&pb::Mark>) -> String {
    mark.map(|mark| mark.points.clone()).unwrap_or_default()
}

/// The rows of the plain table by code of the leaf, with the places of its headings.
fn by_code(written: &Written) -> (BTreeMap<String, usize>, BTreeMap<String, Vec<String>>) {
    let mut rows = plain(&written.path("csv")).into_iter();
    let headings = rows.next().expect("headings").into_iter().zip(0..);
    let rows = rows
        .filter(|row| row[0] == UNIT)
        .map(|row| (row[2].clone(), row));
    (headings.collect(), rows.collect())
}

async fn minutes_say_what_the_service_says(province: &Province) {
    let services = &province.services;
    let written = Written::new();
    written.by(province, &["campaign", "minutes", CAMPAIGN]);
    let document = campaign::minutes(services, CAMPAIGN, None, Language::Vi).await;
    holds(&written, &document.expect("minutes"));
    let (headings, rows) = by_code(&written);
    for leaf in sheet(services).await.leaves {
        let row = &rows[&leaf.leaf];
        let of = |heading: &str| row[headings[heading]].as_str();
        let decided = |it: &Option<pb::LeafDecision>| {
            points(it.as_ref().and_then(|decision| decision.mark.as_ref()))
        };
        assert_eq!(of("Tiêu chí"), leaf.name_vi);
        assert_eq!(of("Điểm tối đa"), leaf.max);
        assert_eq!(of("Tự chấm"), points(leaf.claimed.as_ref()));
        assert_eq!(of("Thẩm định: Lần 1"), decided(&leaf.first));
        assert_eq!(of("Thẩm định: Lần 2"), decided(&leaf.second));
        assert_eq!(of("Hội đồng"), decided(&leaf.council));
        assert_eq!(of("Kết quả"), points(leaf.decided.as_ref()));
    }
    let tasks = &rows["tasks"];
    let of = |heading: &str| tasks[headings[heading]].as_str();
    assert_eq!(
        [
            of("Tự chấm"),
            of("Thẩm định: Lần 1"),
            of("Hội đồng"),
            of("Kết quả")
        ],
        ["4.5", "4", "4.25", "4.25"]
    );
    assert_eq!(
        of("Lý do, giải trình"),
        "Lần 1 (binh): một nhiệm vụ chưa hoàn thành\nHội đồng (hoa): đã làm được một nửa"
    );
    assert!(of("Ý kiến trao đổi").starts_with("Kiến nghị (mai): cả chín nhiệm vụ đã xong [4.5]"));
    assert_eq!(
        of("Tài liệu kiểm chứng"),
        "1. Kế hoạch CCHC năm 2024, số 165/KH-UBND, ngày 26/12/2024, UBND tỉnh, mục II.3, trang 4"
    );
}

async fn the_sheet_of_one_unit_is_written_in_both_languages(province: &Province) {
    let services = &province.services;
    for (language, word) in [(Language::Vi, "vi"), (Language::En, "en")] {
        let written = Written::new();
        let arguments = ["campaign", "sheet", CAMPAIGN, UNIT, "--lang", word];
        written.by(province, &arguments);
        let document = campaign::sheet(services, CAMPAIGN, Some(UNIT), language).await;
        let document = document.expect("a sheet");
        assert_eq!(document.tables.len(), 1);
        holds(&written, &document);
        let (headings, rows) = by_code(&written);
        let figures = match language {
            Language::Vi => ("Số liệu kê khai", "Đã xong: 9\nĐược giao: 10"),
            Language::En => ("Declared figures", "done: 9\nplanned: 10"),
        };
        assert_eq!(rows["tasks"][headings[figures.0]], figures.1);
        // What looks like a formula is text in both files.
        let reason = headings
            .iter()
            .find(|(heading, _)| heading.as_str() == "Reason" || heading.contains("giải trình"));
        let reason = *reason.expect("a column").1;
        assert_eq!(rows["plan"][reason], "'=1+1 là công thức giả");
    }
}

async fn the_summary_has_the_values_side_by_side(province: &Province) {
    let services = &province.services;
    let written = Written::new();
    written.by(province, &["campaign", "summary", CAMPAIGN]);
    let document = campaign::summary(services, CAMPAIGN, Language::Vi).await;
    holds(&written, &document.expect("a summary"));
    let rows = plain(&written.path("csv"));
    let headings: BTreeMap<&str, usize> = rows[0].iter().map(String::as_str).zip(0..).collect();
    let told = campaign::campaign(services, CAMPAIGN).await;
    let mut outcomes = told.expect("a campaign").outcomes;
    outcomes.sort_by_key(|outcome| outcome.rank);
    assert_eq!(rows.len(), 1 + outcomes.len());
    for (outcome, row) in outcomes.iter().zip(&rows[1..]) {
        let of = |heading: &str| row[headings[heading]].as_str();
        assert_eq!(row[0], "Sở, ban, ngành");
        assert_eq!(of("Hạng"), outcome.rank.to_string());
        assert_eq!((of("Mã"), of("Đơn vị")), (&*outcome.unit, "Đơn vị"));
        assert_eq!(
            (of("Kết quả"), of("Chỉ số (%)")),
            (&*outcome.total, &*outcome.percent)
        );
    }
    let first = &rows[1];
    let of = |heading: &str| first[headings[heading]].as_str();
    assert_eq!(
        [
            of("Điểm thành phần: Chỉ đạo"),
            of("Tự chấm"),
            of("Thẩm định: Lần 1"),
            of("Xếp loại")
        ],
        ["6.25", "6.50", "6.00", "Tốt"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_say_what_the_service_says_to_the_digit() {
    let province = Province::start("documents").await;
    given::catalog(&province.services).await;
    play::to_approval(&province).await;
    minutes_say_what_the_service_says(&province).await;
    the_sheet_of_one_unit_is_written_in_both_languages(&province).await;
    the_summary_has_the_values_side_by_side(&province).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ranking_is_written_as_it_is_shown() {
    let province = Province::start("rankings").await;
    let services = &province.services;
    given::catalog(services).await;
    province.settled().await;
    let dossier = given::dossier(services, given::DEPARTMENT).await;
    let month = given::month(dossier.received_at.as_ref());
    given::completed(services, &dossier.code).await;
    province.settled().await;
    let written = Written::new();
    written.by(&province, &["rank", "--period", &month]);
    let ranking = rank::ranking(
        services,
        given::INDEX,
        &month,
        "department",
        Organised::Then,
    )
    .await;
    let ranking = ranking.expect("a ranking");
    let document = rank::document(services, &ranking, "department", Language::Vi).await;
    holds(&written, &document.expect("a document"));
    let rows = plain(&written.path("csv"));
    let total = rows[0].iter().position(|heading| heading == "Tổng điểm");
    let total = total.expect("a total");
    assert_eq!(rows.len(), 1 + ranking.len());
    for (index, row) in ranking.iter().zip(&rows[1..]) {
        assert_eq!((&row[3], &row[total]), (&index.subject, &index.total));
    }
    assert!(rows[0].contains(&"Hạng kỳ trước".to_owned()));
}
