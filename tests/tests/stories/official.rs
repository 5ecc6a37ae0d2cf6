//! A published table comes in as a file, and what the engine makes of it stands beside it.

mod single;

use std::collections::BTreeMap;
use std::path::Path;

use cli::official::{self, Mapping};
use cli::{Exit, Service};
use contracts::assessments::v1::{
    ImportOfficialResultsRequest, OfficialResult, PublishedFigure, PublishedRow,
};
use rust_decimal::Decimal;
use system_tests::{Province, given, root, skipped};

const PAPI: &str = include_str!("../../../deploy/catalog/indices/papi.yaml");
const NAM_DINH: &str = "36";
/// The published totals are single-precision numbers: between 32 and 64 they lie 2⁻¹⁸ apart, so that no exact sum can
/// agree with all of them more closely than this.
const SINGLE_PRECISION: &str = "0.000003814697265625";
/// How the dimensions of Nam Định moved from 2023 to 2024, to four digits: participation, transparency, vertical
/// accountability, control of corruption, administrative procedures, public services, environment, e-governance.
const MOVED: [(&str, &str); 8] = [
    ("D1", "0.1785"),
    ("D2", "0.2068"),
    ("D3", "-0.0052"),
    ("D4", "0.3620"),
    ("D5", "0.1451"),
    ("D6", "-0.0174"),
    ("D7", "0.2479"),
    ("D8", "0.0617"),
];
/// Those that rose: six of eight.
const RISEN: [&str; 6] = ["D1", "D2", "D4", "D5", "D7", "D8"];

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
    let printed: BTreeMap<_, _> = request("")
        .rows
        .into_iter()
        .map(|row| (row.subject.clone(), row))
        .collect();
    for row in &table[..61] {
        agrees(row, &printed[&row.subject]);
        assert_eq!(row.rank_computed, row.rank_published, "{}", row.name_en);
        assert_eq!(row.band_computed, row.band_published, "{}", row.name_en);
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

    official::import(services, in_2024())
        .await
        .expect("taken in");
    let now = official::result(services, "papi", 2024, NAM_DINH)
        .await
        .expect("a row");
    assert_eq!(total(&now), ("44.35".to_owned(), "44.3575".to_owned()));
    moved(&now, &printed[NAM_DINH]);
}

/// A served total is what was printed, to the digit, and what follows from the dimensions agrees with it as closely as
/// it can.
fn agrees(row: &OfficialResult, printed: &PublishedRow) {
    let (published, computed) = total(row);
    assert_eq!(published, printed.total, "{}", row.name_en);
    let (published, computed) = (dec(&published), dec(&computed));
    let off = (published - computed).abs();
    assert!(off / published <= dec("0.000001"), "{}: {off}", row.name_en);
    assert!(off < dec(SINGLE_PRECISION), "{}: {off}", row.name_en);
}

/// Each dimension moved by exactly what the two published figures differ.
fn moved(now: &OfficialResult, before: &PublishedRow) {
    let before: BTreeMap<&str, &str> = before
        .figures
        .iter()
        .map(|figure| (&*figure.code, &*figure.value))
        .collect();
    let now_printed = &in_2024().rows[0].figures;
    assert_eq!(now.changes.len(), 8);
    let mut risen = Vec::new();
    for ((change, now), (code, to_four_digits)) in now.changes.iter().zip(now_printed).zip(MOVED) {
        assert_eq!((&*change.code, &*now.code), (code, code));
        let told = (&*change.before, &*change.now);
        assert_eq!(told, (before[code], &*now.value), "{code}");
        let moved = dec(&now.value) - dec(before[code]);
        assert_eq!(dec(&change.change), moved, "{code}");
        assert_eq!(moved.round_dp(4), dec(to_four_digits), "{code}");
        if moved > Decimal::ZERO {
            risen.push(code);
        }
    }
    assert_eq!(risen, RISEN);
}

fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn rows(file: &Path, mapping: &Mapping) -> Vec<PublishedRow> {
    official::rows(file, mapping).expect("rows")
}
