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
            reason: String::new(),
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
        reason: String::new(),
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

/// 20 departments whose published values average 85.412; printed, that is 85.41.
#[test]
fn the_average_of_published_values_is_rounded_once() {
    let definition = definition("ties: standard, on: unrounded", "");
    let values = [
        "92.15", "91.38", "90.77", "90.02", "89.64", "88.91", "88.43", "87.86", "87.12", "86.55",
        "85.98", "85.21", "84.67", "83.94", "83.16", "81.35", "80.48", "78.62", "76.27", "75.73",
    ]
    .map(dec);
    let sum: Decimal = values.iter().sum();
    assert_eq!(sum / Decimal::from(values.len()), dec("85.412"));
    assert_eq!(definition.average(values), Some(dec("85.41")));
    assert_eq!(definition.average([]), None);
}

/// Quartiles of those that are ranked, or of all.
fn quartiles(at_cut: &str, of: &str) -> Definition {
    let band = |code: &str, from: u32| {
        let until = from + 25;
        format!(
            "    - {{ code: {code}, name: {{ vi: A, en: A }}, from: {from}, until: {until} }}\n"
        )
    };
    let list: String = [("high", 75), ("mid_high", 50), ("mid_low", 25), ("low", 0)]
        .map(|(code, from)| band(code, from))
        .concat();
    definition(
        "ties: standard, on: unrounded",
        &format!("bands:\n  at_cut: {at_cut}\n  percentiles_of: {of}\n  list:\n{list}"),
    )
}

fn bands(definition: &Definition, values: &[Option<u32>]) -> Vec<Option<String>> {
    let standing = |(place, value): (usize, &Option<u32>)| {
        let value = value.map(Decimal::from);
        Standing {
            unit: format!("H40.{place:02}"),
            value,
            exact: value,
            max: Decimal::ONE_HUNDRED,
            reason: String::new(),
        }
    };
    let mut ranked = definition.rank(values.iter().enumerate().map(standing));
    ranked.sort_by(|one, other| one.unit.cmp(&other.unit));
    ranked.into_iter().map(|place| place.band).collect()
}

/// How many units each band has, from the highest to the lowest.
fn sizes(bands: &[Option<String>]) -> [usize; 4] {
    ["high", "mid_high", "mid_low", "low"].map(|code| {
        bands
            .iter()
            .filter(|band| band.as_deref() == Some(code))
            .count()
    })
}

#[test]
fn bands_may_be_quartiles_of_those_that_are_ranked() {
    let values: Vec<_> = (1..=61).map(Some).chain([None, None]).collect();
    // Percentiles of 61 values are values themselves: 16, 31 and 46.
    let lower = bands(&quartiles("lower", "ranked"), &values);
    assert_eq!(sizes(&lower), [15, 15, 15, 16]);
    assert_eq!(lower[45].as_deref(), Some("mid_high"));
    let higher = bands(&quartiles("higher", "ranked"), &values);
    assert_eq!(sizes(&higher), [16, 15, 15, 15]);
    assert_eq!(higher[45].as_deref(), Some("high"));
    // Who has no rank has no band.
    assert_eq!(lower[61..], [None, None]);
}

/// The sizes that were published for 63 provinces, two of them withheld: percentiles of 63 values, two of them 0.
#[test]
fn bands_may_be_quartiles_of_everyone() {
    let values: Vec<_> = (1..=61).map(Some).chain([None, None]).collect();
    let everyone = bands(&quartiles("higher", "everyone"), &values);
    assert_eq!(sizes(&everyone), [16, 16, 15, 14]);
    let all: Vec<_> = (1..=63).map(Some).collect();
    let all = bands(&quartiles("higher", "ranked"), &all);
    assert_eq!(sizes(&all), [16, 16, 15, 16]);
}

#[test]
fn percentile_bands_need_a_population() {
    let definition = quartiles("lower", "ranked");
    assert!(definition.band_of(dec("50")).is_none());
    assert_eq!(bands(&definition, &[]), []);
    assert_eq!(sizes(&bands(&definition, &[Some(7)])), [0, 0, 0, 1]);
    let fixed = "bands:\n  at_cut: higher\n  list: [{ code: a, name: { vi: A, en: A }, from: 50, until: 100 }, { code: b, name: { vi: B, en: B }, from: 0, until: 50 }]\n";
    let fixed = self::definition("ties: standard, on: rounded", fixed);
    let ranked = bands(&fixed, &[Some(50), Some(49), None]);
    assert_eq!(ranked, [Some("a".to_owned()), Some("b".to_owned()), None]);
}
