//! Ranks and bands.

use index::{Definition, Ranked, Standing};
use rust_decimal::Decimal;

use crate::given::{dec, given_leaf, head, sound};

fn definition(ranking: &str, more: &str) -> Definition {
    let more = format!("rounding: {{ digits: 2, at: [leaf] }}\nranking: {{ {ranking} }}\n{more}");
    sound(&format!(
        "{}leaves:\n{}",
        head("100", &more),
        given_leaf("A", "100", "")
    ))
}

fn ranks(definition: &Definition, values: &[(&str, Option<&str>)]) -> Vec<(String, Option<u32>)> {
    let standing = |(unit, exact): &(&str, Option<&str>)| {
        let exact = exact.map(dec);
        let value = exact.map(|exact| definition.round(exact));
        Standing {
            unit: (*unit).to_owned(),
            value,
            exact,
            max: Decimal::ONE_HUNDRED,
        }
    };
    let ranked = definition.rank(values.iter().map(standing));
    ranked
        .into_iter()
        .map(|Ranked { unit, rank, .. }| (unit, rank))
        .collect()
}

fn expected(ranks: &[(&str, u32)]) -> Vec<(String, Option<u32>)> {
    ranks
        .iter()
        .map(|(unit, rank)| ((*unit).to_owned(), Some(*rank)))
        .collect()
}

const TIED: [(&str, Option<&str>); 4] = [
    ("H40.4", Some("70")),
    ("H40.2", Some("80.004")),
    ("H40.3", Some("80.001")),
    ("H40.1", Some("90")),
];

#[test]
fn equal_rounded_values_get_equal_or_consecutive_ranks_as_the_definition_says() {
    let standard = definition("ties: standard, on: rounded", "");
    let order = [("H40.1", 1), ("H40.2", 2), ("H40.3", 2), ("H40.4", 4)];
    assert_eq!(ranks(&standard, &TIED), expected(&order));
    let dense = definition("ties: dense, on: rounded", "");
    let order = [("H40.1", 1), ("H40.2", 2), ("H40.3", 2), ("H40.4", 3)];
    assert_eq!(ranks(&dense, &TIED), expected(&order));
    let unrounded = definition("ties: standard, on: unrounded", "");
    let order = [("H40.1", 1), ("H40.2", 2), ("H40.3", 3), ("H40.4", 4)];
    assert_eq!(ranks(&unrounded, &TIED), expected(&order));
}

#[test]
fn who_is_excluded_or_has_no_total_stands_last_without_a_rank_and_with_a_reason() {
    let excluded = "ties: dense, on: rounded, least_max: 50, exclude: [{ unit: H40.1, reason: newly founded }]";
    let definition = definition(excluded, "");
    let standing = |unit: &str, value: Option<&str>, max: &str| Standing {
        unit: unit.to_owned(),
        value: value.map(dec),
        exact: value.map(dec),
        max: dec(max),
    };
    let ranked = definition.rank([
        standing("H40.4", Some("40"), "49"),
        standing("H40.3", None, "100"),
        standing("H40.2", Some("60"), "100"),
        standing("H40.1", Some("99"), "100"),
    ]);
    let shown: Vec<_> = ranked
        .iter()
        .map(|place| (place.unit.as_str(), place.rank, place.reason.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("H40.2", Some(1), ""),
            ("H40.1", None, "newly founded"),
            ("H40.3", None, "no total"),
            (
                "H40.4",
                None,
                "only 49 points were possible, a rank needs 50"
            ),
        ]
    );
}

#[test]
fn a_value_at_a_cut_falls_to_the_side_that_the_definition_says() {
    let bands = |cut: &str| {
        format!(
            "bands:\n  at_cut: {cut}\n  list:\n    - {{ code: a, name: {{ vi: A, en: A }}, from: 90, until: 100 }}\n    \
             - {{ code: b, name: {{ vi: B, en: B }}, from: 80, until: 90 }}\n    \
             - {{ code: c, name: {{ vi: C, en: C }}, from: 0, until: 80 }}\n"
        )
    };
    let band = |cut: &str, value: &str| {
        let definition = definition("ties: dense, on: rounded", &bands(cut));
        definition.band_of(dec(value)).map(|band| band.code.clone())
    };
    for (value, higher, lower) in [
        ("100", "a", "a"),
        ("90", "a", "b"),
        ("89.99", "b", "b"),
        ("80", "b", "c"),
        ("0", "c", "c"),
    ] {
        assert_eq!(band("higher", value).as_deref(), Some(higher), "{value}");
        assert_eq!(band("lower", value).as_deref(), Some(lower), "{value}");
    }
}
