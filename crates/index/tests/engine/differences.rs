//! What changed from one set to the next.

use index::{Definition, Differing};

use crate::given::{dec, sound};

const OLDER: &str = r#"code: model
edition: "2023"
name: { vi: Bộ mẫu, en: Model set }
source: invented for this test
groups: [department]
in_force: { from: 2023-01-01, until: 2023-12-31 }
rounding: { digits: 2, at: [total] }
total: { max: 10 }
ranking: { ties: standard, on: unrounded }
components:
  - code: "1"
    name: { vi: Kế hoạch, en: Plans }
    max: 6
    leaves:
      - { code: "1.1", name: { vi: Ban hành, en: Issued }, max: 2, source: appraised, inputs: { issued: yes_no }, rule: { yes_no: issued } }
      - { code: "1.2", name: { vi: Thực hiện, en: Done }, max: 4, source: reported, inputs: { done: number, planned: number }, rule: { ratio: { of: done, to: planned } } }
  - code: "2"
    name: { vi: Kết quả, en: Results }
    max: 4
    leaves:
      - { code: "2.1", name: { vi: Hài lòng, en: Satisfied }, max: 4, source: surveyed, inputs: { sipas: number }, rule: { value: { of: sipas, out_of: 100 } } }
"#;

/// The next year's: each text once in the older one.
fn newer(changes: &[(&str, &str)]) -> Definition {
    let mut document = OLDER.replace("2023", "2024");
    for (old, new) in changes {
        assert_eq!(document.matches(old).count(), 1, "{old:?}");
        document = document.replace(old, new);
    }
    sound(&document)
}

/// Code, maximum before and afterwards, and what else changed.
fn shown(newer: &Definition) -> Vec<String> {
    sound(OLDER)
        .differences(newer)
        .iter()
        .map(|difference| {
            let max = |max: Option<rust_decimal::Decimal>| {
                max.map_or_else(|| "–".to_owned(), |max| max.to_string())
            };
            let changes: Vec<_> = difference
                .changes
                .iter()
                .map(|change| format!("{}: {} → {}", change.what, change.from, change.to))
                .collect();
            format!(
                "{} {} {} {} [{}]",
                difference.part.word(),
                difference.code,
                max(difference.before),
                max(difference.after),
                changes.join("; ")
            )
        })
        .collect()
}

#[test]
fn a_copy_for_the_next_year_judges_alike() {
    assert!(shown(&newer(&[])).is_empty());
}

#[test]
fn maxima_that_move_are_told_leaf_by_leaf_in_points() {
    let newer = newer(&[
        ("    max: 6\n", "    max: 5\n"),
        ("en: Done }, max: 4", "en: Done }, max: 3"),
        ("    max: 4\n", "    max: 5\n"),
        ("en: Satisfied }, max: 4", "en: Satisfied }, max: 5"),
    ]);
    assert_eq!(
        shown(&newer),
        [
            "component 1 6 5 []",
            "component 2 4 5 []",
            "leaf 1.2 4 3 []",
            "leaf 2.1 4 5 []"
        ]
    );
    let differences = sound(OLDER).differences(&newer);
    let leaves = differences
        .iter()
        .filter(|difference| difference.part == Differing::Leaf);
    let points: Vec<_> = leaves.map(index::Difference::points).collect();
    assert_eq!(points, [dec("-1"), dec("1")]);
}

#[test]
fn another_rule_source_or_place_is_told_with_what_it_was() {
    let newer = newer(&[
        (
            "ratio: { of: done, to: planned }",
            "ratio: { of: done, to: planned, floor: 70%, when_zero: full }",
        ),
        ("max: 4, source: surveyed", "max: 4, source: reported"),
        ("ties: standard, on: unrounded", "ties: dense, on: rounded"),
    ]);
    assert_eq!(
        shown(&newer),
        [
            "head  10 10 [ranking: standard, on unrounded, least_max 0 → dense, on rounded, least_max 0]",
            "leaf 1.2 4 4 [rule: 4 × done / planned → 4 × done / planned, nothing below 0.7, of nothing: 4]",
            "leaf 2.1 4 4 [source: surveyed → reported; inputs: sipas (surveyed) → sipas (reported)]",
        ]
    );
}

#[test]
fn what_is_new_and_what_is_gone_counts_whole() {
    let newer = newer(&[("code: \"1.1\"", "code: \"1.3\"")]);
    assert_eq!(shown(&newer), ["leaf 1.3 – 2 []", "leaf 1.1 2 – []"]);
}
