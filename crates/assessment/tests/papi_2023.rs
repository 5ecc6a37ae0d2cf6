//! The published table of 2023: every province's total and rank follow from its dimensions.
//!
//! The table is its publisher's and is not in this repository; the test needs a copy of it beside the repository.

use std::collections::BTreeMap;

use assessment::official::{Compared, Printed, Row, compare, faults};
use ids::LeafCode;
use index::Definition;
use rust_decimal::Decimal;

const PAPI: &str = include_str!("../../../deploy/catalog/indices/papi.yaml");
const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/data/papi_2023.csv"
);

/// The published totals are single-precision numbers: between 32 and 64 they lie 2⁻¹⁸ apart, so that no exact sum can
/// agree with all of them more closely than this.
const SINGLE_PRECISION: &str = "0.000003814697265625";

/// How far a computed total may be from the published one, as a part of that.
const RELATIVE: &str = "0.000001";

fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn code(text: &str) -> LeafCode {
    text.parse().expect("a code")
}

fn definition() -> Definition {
    Definition::parse(PAPI, "papi.yaml").expect("sound")
}

/// Rows as published, with the figures whose column begins with one of `kinds`; none where the file is not there.
fn table(kinds: &[char]) -> Option<Vec<Row>> {
    let Ok(text) = std::fs::read_to_string(FILE) else {
        eprintln!("SKIPPED: {FILE} is not there");
        return None;
    };
    let mut lines = text.lines();
    let header: Vec<_> = lines.next().expect("a header").split(',').collect();
    Some(
        lines
            .map(|line| {
                let cells: BTreeMap<_, _> = header.iter().copied().zip(line.split(',')).collect();
                row(&cells, kinds)
            })
            .collect(),
    )
}

fn row(cells: &BTreeMap<&str, &str>, kinds: &[char]) -> Row {
    let text = |column: &str| cells[column].to_owned();
    let number = |column: &str| (!cells[column].is_empty()).then(|| dec(cells[column]));
    let figures = cells.iter().filter_map(|(column, cell)| {
        let is_figure = column.len() > 1 && column[1..2].parse::<u8>().is_ok();
        if !column.starts_with(kinds) || !is_figure || cell.is_empty() {
            return None;
        }
        let printed = Printed {
            value: dec(cell),
            standard_error: None,
        };
        Some((code(&column.to_uppercase()), printed))
    });
    Row {
        subject: text("province_code"),
        name_vi: text("province_vi"),
        name_en: text("province_en"),
        withheld: if cells["status"] == "withheld" {
            "withheld by the publisher".to_owned()
        } else {
            String::new()
        },
        total: number("total"),
        standard_error: number("se"),
        rank: number("rank").and_then(|rank| rank.try_into().ok()),
        band: Some(text("group")).filter(|band| !band.is_empty()),
        figures: figures.collect(),
    }
}

fn ranked(compared: &[Compared]) -> impl Iterator<Item = &Compared> {
    compared.iter().filter(|row| row.row.withheld.is_empty())
}

/// Totals, ranks and bands, whatever the figures are that they follow from.
fn agrees(compared: &[Compared]) {
    assert_eq!(compared.len(), 63);
    assert_eq!(ranked(compared).count(), 61);
    for row in ranked(compared) {
        let name = &row.row.name_en;
        let (published, computed) = (row.total.published, row.total.computed);
        let off = (published.expect(name) - computed.expect(name)).abs();
        assert!(off < dec(SINGLE_PRECISION), "{name}: {off}");
        let allowed = published.expect(name) * dec(RELATIVE);
        assert!(off <= allowed, "{name}: {off} is more than {allowed}");
        assert_eq!(row.rank, row.row.rank, "{name}");
        assert_eq!(row.band, row.row.band, "{name}");
    }
    let withheld: Vec<_> = compared
        .iter()
        .filter(|row| !row.row.withheld.is_empty())
        .collect();
    assert_eq!(withheld.len(), 2);
    for row in withheld {
        assert_eq!(
            (row.total.value(), row.rank, &row.band),
            (None, None, &None)
        );
        assert_eq!(row.reason, "withheld by the publisher");
    }
}

#[test]
fn totals_and_ranks_follow_from_dimensions() {
    let Some(rows) = table(&['d']) else { return };
    let definition = definition();
    assert_eq!(faults(&definition, &rows), []);
    let compared = compare(&definition, &rows);
    agrees(&compared);
    let nam_dinh = compared
        .iter()
        .find(|row| row.row.name_en == "Nam Dinh")
        .expect("Nam Định");
    assert_eq!(nam_dinh.rank, Some(23));
    let total = nam_dinh.total.computed.expect("a total");
    assert_eq!(definition.round(total), dec("43.1782"));
    assert_eq!(
        nam_dinh.total.published.map(|total| total.round_dp(4)),
        Some(dec("43.1782"))
    );
}

#[test]
fn dimensions_and_totals_follow_from_sub_dimensions() {
    let Some(rows) = table(&['d', 's']) else {
        return;
    };
    let definition = definition();
    assert_eq!(faults(&definition, &rows), []);
    let compared = compare(&definition, &rows);
    agrees(&compared);
    for row in ranked(&compared) {
        for dimension in 1..=8 {
            let figure = row
                .figure(&code(&format!("D{dimension}")))
                .expect("a dimension");
            let (published, computed) = (figure.published, figure.computed);
            let off = (published.expect("published") - computed.expect("computed")).abs();
            assert!(
                off <= dec("0.000001"),
                "{} D{dimension}: {off}",
                row.row.name_en
            );
        }
    }
}

/// The total of a row is the published one in every digit that the file has, whatever the engine makes of the row.
#[test]
fn the_total_that_is_told_is_the_published_one_in_all_digits() {
    let (Some(rows), Ok(text)) = (table(&['d', 's']), std::fs::read_to_string(FILE)) else {
        return;
    };
    let compared = compare(&definition(), &rows);
    let told: BTreeMap<_, _> = compared
        .iter()
        .map(|row| (row.row.subject.as_str(), row.total.value()))
        .collect();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let place = |column: &str| header.iter().position(|it| *it == column).expect(column);
    let (subject, total) = (place("province_code"), place("total"));
    let mut totals = 0;
    for cells in lines {
        let told = told[cells[subject]].map(|total| total.to_string());
        assert_eq!(told.unwrap_or_default(), cells[total], "{}", cells[subject]);
        totals += usize::from(!cells[total].is_empty());
    }
    assert_eq!(totals, 61);
}

/// What was published is kept to the digit; two thirds of the exact sums agree with it to 0.000002, and all of them within
/// what single precision can say.
#[test]
fn published_totals_stay_as_they_are() {
    let Some(rows) = table(&['d']) else { return };
    let compared = compare(&definition(), &rows);
    for row in &rows {
        let kept = compared.iter().find(|kept| kept.row.subject == row.subject);
        assert_eq!(kept.map(|kept| kept.total.published), Some(row.total));
        // A multiple of the distance between two such numbers, but for the seventh digit.
        let steps = row.total.unwrap_or_default() / dec(SINGLE_PRECISION);
        assert!((steps - steps.round()).abs() < dec("0.02"), "{steps}");
    }
    let close = ranked(&compared).filter(|row| {
        let (published, computed) = (row.total.published, row.total.computed);
        published
            .zip(computed)
            .is_some_and(|(published, computed)| (published - computed).abs() <= dec("0.000002"))
    });
    assert!(close.count() * 3 >= 61 * 2);
}
