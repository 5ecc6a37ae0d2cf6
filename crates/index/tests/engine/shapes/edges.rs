//! What rules refuse, what does not apply, and how rules explain themselves.

use index::NoScore;
use rust_decimal::Decimal;

use super::check;
use crate::given::{dec, one_leaf, parse, score, sound};

#[test]
fn points_may_be_given_but_only_within_the_leaf() {
    let definition = sound(&one_leaf("2", "{ council: number }", "{ given: council }"));
    assert_eq!(
        score(&definition, &[("council", "1.25")]).points,
        Some(dec("1.25"))
    );
    for outside in ["2.01", "-0.01"] {
        let score = score(&definition, &[("council", outside)]);
        assert_eq!(score.points, None);
        let out_of_range = NoScore::OutOfRange {
            points: dec(outside),
            max: dec("2"),
        };
        assert_eq!(score.no_score, Some(out_of_range), "{outside}");
    }
    let leaf = &definition.leaves()[0];
    assert_eq!(
        leaf.decided(dec("2")).map(|score| score.points),
        Ok(Some(dec("2")))
    );
    assert!(leaf.decided(dec("2.5")).is_err());
}

#[test]
fn an_expression_stands_for_any_other_rule() {
    check(
        "3",
        "{ done: number, planned: number, approved: yes_no }",
        "{ expression: \"approved ? min([full, full * done / planned]) : 0.5\" }",
        &[
            (&[("done", "4"), ("planned", "2"), ("approved", "yes")], "3"),
            (
                &[("done", "1"), ("planned", "2"), ("approved", "yes")],
                "1.5",
            ),
            (
                &[("done", "1"), ("planned", "2"), ("approved", "no")],
                "0.5",
            ),
        ],
    );
    let definition = sound(&one_leaf(
        "3",
        "{ done: number, planned: number }",
        "full * done / planned",
    ));
    let score = score(&definition, &[("done", "1"), ("planned", "0")]);
    assert_eq!((score.points, score.max), (None, dec("3")));
    assert!(
        score.reason().contains("divides by zero"),
        "{}",
        score.reason()
    );
}

#[test]
fn what_does_not_apply_leaves_the_maximum() {
    let document = one_leaf(
        "3",
        "{ has_fees: yes_no, paid: number, due: number }",
        "{ ratio: { of: paid, to: due } }\n    applies: has_fees",
    );
    let definition = sound(&document);
    // The figures need not be there when the leaf does not apply.
    let score = score(&definition, &[("has_fees", "no")]);
    assert_eq!((score.points, score.max), (None, Decimal::ZERO));
    assert_eq!(score.reason(), "does not apply: not has_fees");
    let applies = crate::given::score(&definition, &[("has_fees", "yes")]);
    assert_eq!(applies.reason(), "no value for due, paid");
}

#[test]
fn values_that_cannot_be_are_no_scores_with_reasons() {
    let inputs = "{ done: number, planned: number }";
    let definition = sound(&one_leaf(
        "3",
        inputs,
        "{ ratio: { of: done, to: planned } }",
    ));
    let negative = score(&definition, &[("done", "-1"), ("planned", "2")]);
    assert_eq!(negative.reason(), "done is -1: it cannot be negative");
    let mut mistyped = crate::given::inputs(&definition, &[("planned", "2")]);
    mistyped.set("done", true);
    let mistyped = definition.leaves()[0].score(&mistyped);
    assert_eq!(mistyped.reason(), "done is yes, which is not a number");
    let huge = "79228162514264337593543950335";
    let overflow = score(
        &definition,
        &[("done", "70000000000000000000000000000"), ("planned", huge)],
    );
    assert!(
        overflow.reason().contains("too large"),
        "{}",
        overflow.reason()
    );
}

#[test]
fn a_leaf_without_points_informs() {
    let definition = sound(&one_leaf("0", "{ hours: number, cases: number }", "{ info: { of: hours, to: cases } }").replace(
        "leaves:\n",
        "leaves:\n  - { code: B, name: { vi: B, en: B }, max: 1, source: reported, inputs: { b: yes_no }, rule: { yes_no: b } }\n",
    ));
    let score = score(&definition, &[("hours", "9"), ("cases", "2")]);
    assert_eq!(
        (score.points, score.value, score.max),
        (None, Some(dec("4.5")), Decimal::ZERO)
    );
    assert_eq!(score.no_score, Some(NoScore::Information));
}

#[test]
fn rules_are_explained_with_their_figures() {
    let inputs = "{ done: number, open: number, planned: number }";
    let definition = sound(&one_leaf(
        "20",
        inputs,
        "{ ratio: { of: done + open, to: planned } }",
    ));
    let leaf = &definition.leaves()[0];
    let score = score(
        &definition,
        &[("done", "210"), ("open", "14"), ("planned", "240")],
    );
    assert_eq!(leaf.rule(), "20 × (done + open) / planned");
    assert_eq!(leaf.calculation(&score), "20 × (210 + 14) / 240 = 18.67");
    assert_eq!(
        score.value.map(|value| value.round_dp(4)),
        Some(dec("0.9333"))
    );
    assert_eq!(score.inputs.len(), 3);
}

/// Inputs, a rule, values, and the calculation that is shown.
type Explained = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

#[test]
fn every_shape_is_explained_in_a_line() {
    let cases: [Explained; 9] = [
        (
            "{ done: number, planned: number }",
            "{ ratio: { of: done, to: planned } }",
            &[("done", "12"), ("planned", "10")],
            "min(2, 2 × 12 / 10) = 2.00",
        ),
        (
            "{ done: number, planned: number }",
            "{ ratio: { of: done, to: planned, full_at: 80%, floor: 20% } }",
            &[("done", "4"), ("planned", "10")],
            "min(2, 2 × 4 / 10 / 0.8), nothing below 0.2 = 1.00",
        ),
        (
            "{ done: number }",
            "{ bands: { of: done, steps: { '> 90%': 2, '70%..90%': 1, '< 70%': 0 } } }",
            &[("done", "0.9")],
            "0.9 in {< 0.7: 0, [0.7..0.9]: 1, > 0.9: 2} → 1.00",
        ),
        (
            "{ done: number }",
            "{ linear: { of: done, from: 1, until: 5 } }",
            &[("done", "2")],
            "2 × (2 − 1) / (5 − 1), within 0 to 2 = 0.50",
        ),
        (
            "{ done: number }",
            "{ credit: { each: { done: 0.5 }, cap: 1 } }",
            &[("done", "9")],
            "min(1, 9 × 0.5) = 1.00",
        ),
        (
            "{ a: number, b: number }",
            "{ likert: { each: { a: 1, b: 0 } } }",
            &[("a", "3"), ("b", "1")],
            "2 × (3 × 1 + 1 × 0) / (3 + 1) = 1.50",
        ),
        (
            "{ plan: [early, late] }",
            "{ state: { of: plan, points: { early: 2, late: 1 } } }",
            &[("plan", "late")],
            "late in {early: 2, late: 1} → 1.00",
        ),
        (
            "{ met: yes_no }",
            "{ yes_no: met }",
            &[("met", "yes")],
            "2 if yes, otherwise 0 → 2.00",
        ),
        (
            "{ sipas: number }",
            "{ value: { of: sipas, out_of: 100 } }",
            &[("sipas", "50")],
            "2 × 50 / 100 = 1.00",
        ),
    ];
    for (inputs, rule, values, expected) in cases {
        let definition = sound(&one_leaf("2", inputs, rule));
        let score = score(&definition, values);
        assert_eq!(definition.leaves()[0].calculation(&score), expected);
    }
    let definition = sound(&one_leaf(
        "2",
        "{ done: number, all: number }",
        "{ ratio: { of: done, to: all } }",
    ));
    let score = score(&definition, &[("done", "0"), ("all", "0")]);
    let shown = definition.leaves()[0].calculation(&score);
    assert_eq!(shown, "2 × 0 / 0: all is 0: nothing to take a share of");
}

#[test]
fn a_rule_that_is_no_rule_is_refused() {
    let cases = [
        ("{ ratio: { of: done } }", "\"to\" is missing"),
        ("{ }", "a rule has one shape"),
        ("{ yes_no: done }", "does not come to yes or no"),
        (
            "{ state: { of: done, points: { x: 1 } } }",
            "list of states",
        ),
        ("{ credit: { each: { } } }", "at least one entry"),
        (
            "{ credit: { each: { done: 1 }, cap: 3 } }",
            "outside 0 to 2",
        ),
        ("{ likert: { each: { done: 1.2 } } }", "outside 0 to 1"),
        (
            "{ linear: { of: done, from: 1, until: 1 } }",
            "a line needs two ends",
        ),
        (
            "{ ratio: { of: done, to: done, floor: 90%, full_at: 80% } }",
            "above full_at",
        ),
        ("{ value: { of: done, out_of: 0 } }", "not above 0"),
        ("{ all_of: [] }", "at least one condition"),
        ("{ info: { of: done } }", "max 0"),
        (
            "{ bands: { of: done, when_zero: 0, steps: { '>= 0': 1 } } }",
            "when_zero needs to",
        ),
        (
            "{ given: done, value: { of: done, out_of: 1 } }",
            "one shape",
        ),
    ];
    for (rule, part) in cases {
        let error = parse(&one_leaf("2", "{ done: number }", rule)).expect_err(rule);
        assert!(error.contains(part), "{rule}: {error}");
    }
    let long = vec!["done"; 20_000].join(" + ");
    let error = parse(&one_leaf("2", "{ done: number }", &long)).expect_err("too long");
    assert!(error.contains("more than 2048"), "{error}");
}

#[test]
fn every_shape_of_the_survey_of_sources_is_covered() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/par_rule_types.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("SKIPPED: {path} is not there");
        return;
    };
    let sources: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    // Where each is tested: above, bonus and penalty with the aggregation.
    let covered = [
        "stepped_state",
        "boolean",
        "all_of",
        "stepped_ratio",
        "linear_ratio",
        "per_unit_credit",
        "deduction",
        "survey_weighted",
        "sipas_conversion",
        "measured",
        "bonus",
        "penalty",
        "not_applicable",
    ];
    for shape in sources["rule_types"].as_array().expect("a list") {
        let name = shape["type"].as_str().expect("a text");
        assert!(covered.contains(&name), "no test for {name}");
    }
}
