//! Faults of inputs, rules and examples.

use index::Definition;

use super::{DOCUMENT, check};

#[test]
fn faults_of_inputs_and_rules_are_named() {
    check(&[
        (
            "of: done, to: planned, full",
            "of: dome, to: planned, full",
            "\"dome\" is not an input",
            "dome",
        ),
        (
            "of: done, to: planned, full",
            "of: done + plan, to: planned, full",
            "each side of +",
            "done + plan",
        ),
        (
            "of: done, to: planned, full",
            "of: done +, to: planned, full",
            "cannot be read",
            "done +",
        ),
        (
            "of: done, to: planned, full",
            "of: done / 0, to: planned, full",
            "divides by 0",
            "done / 0",
        ),
        (
            "of: done, to: planned, full",
            "of: done ^ 2, to: planned, full",
            "^ is not accepted",
            "done ^ 2",
        ),
        ("full_at: 80%", "full_at: 0", "not above 0", "full_at"),
        (
            "full_at: 80%",
            "when_zero: 5",
            "lie outside 0 to 4",
            "when_zero",
        ),
        (
            "\"70%..90%\": 2",
            "\"70%..80%\": 2",
            "between 0.8 and 0.9",
            "70%..80%",
        ),
        (
            "\"70%..90%\": 2",
            "\"[70%..90%)\": 2",
            "no step holds exactly 0.9",
            "70%..90%",
        ),
        (
            "\"70%..90%\": 2",
            "\"about 80%\": 2",
            "is not a step",
            "about",
        ),
        ("late: 1,", "late: 3,", "outside 0 to 2", "late: 3"),
        (
            "late: 1,",
            "",
            "the state \"late\" has no points",
            "state: {",
        ),
        ("late: 1,", "late: 1, lost: 0,", "is not a state", "lost"),
        (
            "plan: [on_time, late, not_issued]",
            "plan: text",
            "not one of number, yes_no",
            "plan: text",
        ),
        (
            "plan: [on_time, late, not_issued]",
            "Plan: [on_time, late]",
            "measure name",
            "Plan: [",
        ),
        (
            "plan: [on_time, late, not_issued]",
            "plan: [on_time, late, not_issued]\n          spare: number",
            "no rule names",
            "spare",
        ),
        (
            "plan: [on_time, late, not_issued]",
            "plan: [on_time, late, not_issued]\n          done: number",
            "declared twice",
            "done: number",
        ),
        (
            "  planned: { kind: reported, ",
            "  planned: { ",
            "needs a kind",
            "planned: {",
        ),
        (
            "en: tasks planned }",
            "}",
            "\"en\" is missing",
            "planned: {",
        ),
        (
            "  planned: {",
            "  in: { kind: flow, vi: a, en: a }\n  planned: {",
            "a word of the rules' language",
            "in: {",
        ),
        (
            "          ratio: {",
            "          ration: {",
            "unknown key \"ration\"",
            "ration",
        ),
    ]);
}

#[test]
fn faults_of_examples_are_named_each() {
    check(&[
        (
            "{ plan: late }, points: 1",
            "{ plan: late }, points: 2",
            "says points 2, the rule gives 1",
            "plan: late",
        ),
        (
            "{ plan: late }",
            "{ plan: lost }",
            "one of on_time, late, not_issued",
            "plan: lost",
        ),
        (
            "{ plan: late }",
            "{ plan: late, done: 1 }",
            "done is not an input here",
            "plan: late",
        ),
        (
            "{ plan: late }, points: 1",
            "{ plan: late }, points: none",
            "the rule gives 1",
            "points: none",
        ),
        (
            "{ done: 9, planned: 10 }, points",
            "{ done: 9, planned: 0 }, points",
            "planned is 0",
            "planned: 0",
        ),
        (
            "total: 8, percent",
            "total: 9, percent",
            "the example \"whole\" says total 9, it comes to 8.00",
            "expect",
        ),
        (
            "band: high }",
            "band: low }",
            "says band low, it comes to high",
            "expect",
        ),
        (
            "\"2\": 4 }, total",
            "\"3\": 4 }, total",
            "no component or leaf 3",
            "expect",
        ),
        ("percent: 80", "percent: 81", "comes to 80.00", "expect"),
        (
            "percent: 80",
            "percents: 80",
            "unknown key \"percents\"",
            "expect",
        ),
    ]);
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_document() {
    let document = DOCUMENT
        .replace("groups: [department]", "groups: [ministry]")
        .replace("    max: 6\n", "    max: 7\n")
        .replace(
            "of: done, to: planned, full_at: 80%",
            "of: dome, to: plant, full_at: 0",
        )
        .replace("from: 0, until: 8", "from: 0, until: 7");
    let faults = Definition::parse(&document, "model.yaml").expect_err("many faults");
    let lines: Vec<_> = faults.iter().map(|fault| fault.line).collect();
    assert!(lines.is_sorted(), "{lines:?}");
    for part in ["ministry", "dome", "plant", "not above 0", "add up to 6"] {
        assert!(
            faults.iter().any(|fault| fault.message.contains(part)),
            "{part}: {faults:#?}"
        );
    }
    let shown = faults[0].to_string();
    assert_eq!(
        shown,
        "model.yaml:5:10: groups[0]: \"ministry\" is not one of province, department, district, commune, central_agency"
    );
}
