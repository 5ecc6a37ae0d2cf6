//! What is published without a table: a component of the province's PAR Index, satisfaction by factor.

use cli::official;
use contracts::assessments::v1 as pb;
use system_tests::{Province, given};

use super::{NAM_DINH, total};

const PAR: &str = include_str!("../../../../deploy/catalog/indices/par-province.yaml");
const SATISFACTION: &str = include_str!("../../../../deploy/catalog/indices/satisfaction.yaml");
/// A province that there is not.
const INVENTED: &str = "99";

/// A row with no rank.
fn row(subject: &str, total: &str, figures: &[(&str, &str)]) -> pb::PublishedRow {
    let figure = |(code, value): &(&str, &str)| pb::PublishedFigure {
        code: (*code).to_owned(),
        value: (*value).to_owned(),
        standard_error: String::new(),
    };
    pb::PublishedRow {
        subject: subject.to_owned(),
        name_vi: subject.to_owned(),
        total: total.to_owned(),
        figures: figures.iter().map(figure).collect(),
        ..pb::PublishedRow::default()
    }
}

fn table(index: &str, year: i32, rows: Vec<pb::PublishedRow>) -> pb::ImportOfficialResultsRequest {
    pb::ImportOfficialResultsRequest {
        index: index.to_owned(),
        year,
        source: "the province's report".to_owned(),
        rows,
        ..pb::ImportOfficialResultsRequest::default()
    }
}

fn printed<'a>(row: &'a pb::OfficialResult, code: &str) -> &'a str {
    let mut figures = row.figures.iter();
    let figure = figures.find(|figure| figure.code == code);
    &figure.unwrap_or_else(|| panic!("no {code}")).published
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_component_of_the_par_index_comes_in_alone() {
    let province = Province::start("component").await;
    let services = &province.services;
    given::definition(services, PAR).await;
    // E-government of Nam Định in 2024: 95.99 %, first of all provinces, 5.24 more than before and up 6 places.
    for (year, value, rank) in [(2023, "90.75", "7"), (2024, "95.99", "1")] {
        let rows = vec![row(NAM_DINH, "", &[("7", value), ("R7", rank)])];
        let taken = official::import(services, table("par-province", year, rows)).await;
        let taken = taken.expect("taken in");
        assert_eq!((taken.rows, taken.ranked, taken.differences), (1, 0, 0));
    }
    let now = official::result(services, "par-province", 2024, NAM_DINH).await;
    let now = now.expect("a row");
    assert_eq!((printed(&now, "7"), printed(&now, "R7")), ("95.99", "1"));
    assert_eq!(now.figures.len(), 2, "nothing else is known");
    // One component of eight makes neither a total nor a rank.
    assert_eq!((total(&now), now.rank_computed), Default::default());
    assert!(!now.reason.is_empty());
    let moved: Vec<_> = now
        .changes
        .iter()
        .map(|it| (&*it.code, &*it.change))
        .collect();
    assert_eq!(moved, [("7", "5.24")]);
    let before = official::result(services, "par-province", 2023, NAM_DINH).await;
    let before = before.expect("a row");
    let rank = |row: &pb::OfficialResult| printed(row, "R7").parse::<i32>().expect("a rank");
    assert_eq!(rank(&before) - rank(&now), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_par_index_of_provinces_follows_from_all_components() {
    let province = Province::start("components").await;
    let services = &province.services;
    given::definition(services, PAR).await;
    // Invented figures: the model's example, and the same a little worse with a total that disagrees with itself.
    let better = ["100", "80", "90", "75", "80", "70", "95.99", "85"];
    let worse = ["100", "80", "90", "75", "80", "70", "90.75", "85"];
    let codes = ["1", "2", "3", "4", "5", "6", "7", "8"];
    let ranked = |subject, total, values: [&'static str; 8], rank| {
        let figures: Vec<_> = codes.into_iter().zip(values).collect();
        pb::PublishedRow {
            rank,
            band: "b".to_owned(),
            ..row(subject, total, &figures)
        }
    };
    let rows = vec![
        ranked(INVENTED, "85.53", worse, 2),
        ranked(NAM_DINH, "86.36", better, 1),
    ];
    let taken = official::import(services, table("par-province", 2024, rows)).await;
    let taken = taken.expect("taken in");
    assert_eq!((taken.ranked, taken.differences), (2, 1));
    let (_, rows) = official::table(services, "par-province", 2024)
        .await
        .expect("a table");
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let total = row.total.clone().unwrap_or_default();
            (
                &*row.subject,
                row.rank_computed,
                total.computed,
                total.difference,
            )
        })
        .collect();
    let own = |text: &str| text.to_owned();
    assert_eq!(
        told,
        [
            (NAM_DINH, 1, own("86.3584"), own("0.00")),
            (INVENTED, 2, own("85.52"), own("-0.01")),
        ]
    );
    for row in &rows {
        assert_eq!(row.rank_computed, row.rank_published);
        assert_eq!(row.band_computed, row.band_published);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn satisfaction_comes_in_as_a_whole_and_by_factor() {
    let province = Province::start("sipas").await;
    let services = &province.services;
    given::definition(services, SATISFACTION).await;
    // Invented figures in the shape that satisfaction is published in.
    let factors = [
        ("OVERALL", "86.00"),
        ("ACCESS", "90.00"),
        ("PROCEDURE", "85.00"),
        ("STAFF", "95.00"),
        ("RESULT", "90.00"),
        ("FEEDBACK", "70.00"),
    ];
    let first = pb::PublishedRow {
        rank: 1,
        ..row(NAM_DINH, "86.00", &factors)
    };
    let second = pb::PublishedRow {
        rank: 2,
        ..row(INVENTED, "84.10", &[("OVERALL", "84.11")])
    };
    let withheld = pb::PublishedRow {
        withheld: "too few answers".to_owned(),
        ..row("98", "", &[])
    };
    let rows = vec![first, second, withheld];
    let taken = official::import(services, table("satisfaction", 2024, rows)).await;
    let taken = taken.expect("taken in");
    assert_eq!((taken.rows, taken.ranked, taken.differences), (3, 2, 1));
    let nam_dinh = official::result(services, "satisfaction", 2024, NAM_DINH).await;
    let nam_dinh = nam_dinh.expect("a row");
    assert_eq!(total(&nam_dinh), ("86.00".to_owned(), "86".to_owned()));
    assert_eq!(
        (nam_dinh.rank_computed, &*nam_dinh.band_computed),
        (1, "high")
    );
    for (code, value) in factors {
        assert_eq!(printed(&nam_dinh, code), value);
    }
    let second = official::result(services, "satisfaction", 2024, INVENTED).await;
    let second = second.expect("a row");
    let told = second.total.clone().unwrap_or_default();
    assert_eq!((&*told.difference, second.rank_computed), ("0.01", 2));
    let withheld = official::result(services, "satisfaction", 2024, "98").await;
    let withheld = withheld.expect("a row");
    assert_eq!(
        (total(&withheld), withheld.rank_computed),
        Default::default()
    );
    assert_eq!(withheld.reason, "too few answers");
}
