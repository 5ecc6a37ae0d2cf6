//! A published table comes in as a file, and what the engine makes of it stands beside it.

use std::collections::BTreeMap;
use std::path::Path;

use cli::official::{self, Mapping};
use cli::{Exit, Service, Services};
use contracts::assessments::v1::{
    GetOfficialResultRequest, ImportOfficialResultsRequest, OfficialResult, PublishedFigure,
    PublishedRow,
};
use jiff::{SignedDuration, Timestamp};
use runtime::Clock;
use system_tests::{Province, given, root, skipped};
use tonic::Code;

const PAPI: &str = include_str!("../../../deploy/catalog/indices/papi.yaml");
const NAM_DINH: &str = "36";

/// Which column of the published file holds what.
fn mapping() -> Mapping {
    let parts = [4, 4, 3, 4, 4, 4, 3, 3];
    let dimensions = (1..=8).map(|dimension| format!("D{dimension}: d{dimension}"));
    let below = (1..).zip(parts).flat_map(|(dimension, count)| {
        (1..=count).map(move |part| format!("S{dimension}_{part}: s{dimension}_{part}"))
    });
    let figures: Vec<_> = dimensions.chain(below).collect();
    let text = format!(
        "index: papi\nyear: 2023\nsource: the published file\n\
         columns: {{ subject: province_code, name_vi: province_vi, name_en: province_en, total: total, standard_error: se, \
         rank: rank, band: group }}\n\
         withheld: {{ column: status, value: withheld, reason: withheld by the publisher }}\nfigures: {{ {} }}\n",
        figures.join(", ")
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mapping.yaml");
    std::fs::write(&file, text).expect("written");
    Mapping::read(&file).expect("a mapping")
}

/// Nam Định in 2024 and nobody else, as the province reported it.
fn in_2024() -> ImportOfficialResultsRequest {
    let dimensions = [
        "5.6148", "5.4211", "4.2580", "6.9281", "7.3346", "7.8411", "3.5677", "3.3921",
    ];
    let figures = (1..)
        .zip(dimensions)
        .map(|(dimension, value)| PublishedFigure {
            code: format!("D{dimension}"),
            value: value.to_owned(),
            standard_error: String::new(),
        });
    ImportOfficialResultsRequest {
        index: "papi".to_owned(),
        year: 2024,
        source: "the province's report".to_owned(),
        rows: vec![PublishedRow {
            subject: NAM_DINH.to_owned(),
            name_vi: "Nam Định".to_owned(),
            total: "44.35".to_owned(),
            rank: 20,
            figures: figures.collect(),
            ..PublishedRow::default()
        }],
        ..ImportOfficialResultsRequest::default()
    }
}

fn total(row: &OfficialResult) -> (String, String) {
    let total = row.total.clone().unwrap_or_default();
    (total.published, total.computed)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_table_of_2023_comes_in_and_its_ranks_come_out() {
    let file = root().join("../shared/data/papi_2023.csv");
    if !file.is_file() {
        return skipped("official", "../shared/data/papi_2023.csv is not there");
    }
    let province = Province::start("official").await;
    let services = &province.services;
    given::definition(services, PAPI).await;
    let request = |reason: &str| {
        let mapping = mapping();
        mapping.request(rows(&file, &mapping), reason)
    };
    let results = official::import(services, request(""))
        .await
        .expect("taken in");
    assert_eq!((results.rows, results.ranked), (63, 61));
    let head = province.head(Service::Assessments).await;
    // Again is nothing new; another table needs a reason.
    official::import(services, request(""))
        .await
        .expect("known");
    let mut changed = request("");
    changed.rows[0].total = "50".to_owned();
    let refused = official::import(services, changed).await.expect_err("why?");
    assert!(refused.message.contains("say in the reason"), "{refused}");
    let mut unfit = request("wrong columns");
    unfit.rows[1].figures[0].value = "11".to_owned();
    let refused = official::import(services, unfit)
        .await
        .expect_err("D1 ends at 10");
    assert_eq!(refused.exit, Exit::Failed);
    assert!(refused.message.contains("outside 0 to 10"), "{refused}");
    assert_eq!(province.head(Service::Assessments).await, head);

    let (_, table) = official::table(services, "papi", 2023)
        .await
        .expect("a table");
    let printed = rows(&file, &mapping()).into_iter();
    let printed: BTreeMap<_, _> = printed.map(|row| (row.subject, row.total)).collect();
    for row in &table[..61] {
        assert_eq!(row.rank_computed, row.rank_published, "{}", row.name_en);
        assert_eq!(row.band_computed, row.band_published, "{}", row.name_en);
        assert_eq!(total(row).0, printed[&row.subject], "{}", row.name_en);
    }
    for row in &table[61..] {
        assert_eq!((row.rank_computed, row.rank_published), (0, 0));
        assert_eq!(total(row), (String::new(), String::new()));
        assert_eq!(row.reason, "withheld by the publisher");
    }
    let nam_dinh = table.iter().find(|row| row.subject == NAM_DINH);
    let nam_dinh = nam_dinh.expect("Nam Định");
    assert_eq!(
        (nam_dinh.rank_computed, total(nam_dinh).0.as_str()),
        (23, "43.1782227")
    );
    assert!(total(nam_dinh).1.starts_with("43.1782"));

    the_table_of_then(services, total(nam_dinh).0).await;
    official::import(services, in_2024())
        .await
        .expect("taken in");
    let now = official::result(services, "papi", 2024, NAM_DINH)
        .await
        .expect("a row");
    assert_eq!(total(&now), ("44.35".to_owned(), "44.3575".to_owned()));
    let rises = now
        .changes
        .iter()
        .filter(|change| !change.change.starts_with('-'));
    assert_eq!((now.changes.len(), rises.count()), (8, 6));
}

/// The log knows the table from its import on: the same row now, none long before, and nothing of the future.
async fn the_table_of_then(services: &Services, known: String) {
    let now = Clock::system().now();
    let then = async |at: Timestamp| {
        let request = GetOfficialResultRequest {
            index: "papi".to_owned(),
            year: 2023,
            subject: NAM_DINH.to_owned(),
            as_of: Some(contracts::wire::timestamp(at)),
            ..GetOfficialResultRequest::default()
        };
        let answer = services.official.clone().get_official_result(request).await;
        let row = answer.map_err(|status| status.code())?.into_inner();
        Ok::<_, Code>(total(&row).0)
    };
    assert_eq!(then(now).await, Ok(known));
    let day = SignedDuration::from_hours(24);
    assert_eq!(then(now - day).await, Err(Code::NotFound));
    assert_eq!(then(now + day).await, Err(Code::OutOfRange));
}

fn rows(file: &Path, mapping: &Mapping) -> Vec<PublishedRow> {
    official::rows(file, mapping).expect("rows")
}
