//! Every shape of rule that was met in real sets, with its closed ends.

mod edges;

use index::NoScore;
use rust_decimal::Decimal;

use crate::given::{dec, one_leaf, score, sound};

/// Points that a rule gives for values as people write them.
fn points(max: &str, inputs: &str, rule: &str, values: &[(&str, &str)]) -> Option<Decimal> {
    score(&sound(&one_leaf(max, inputs, rule)), values).points
}

fn check(max: &str, inputs: &str, rule: &str, cases: &[(&[(&str, &str)], &str)]) {
    for (values, expected) in cases {
        let got = points(max, inputs, rule, values);
        assert_eq!(got, Some(dec(expected)), "{rule} with {values:?}");
    }
}

#[test]
fn a_state_gives_its_points() {
    check(
        "1",
        "{ plan: [on_time, late, not_issued] }",
        "{ state: { of: plan, points: { on_time: 1, late: 0.5, not_issued: 0 } } }",
        &[
            (&[("plan", "on_time")], "1"),
            (&[("plan", "late")], "0.5"),
            (&[("plan", "not_issued")], "0"),
        ],
    );
}

#[test]
fn yes_gives_everything_and_no_gives_nothing() {
    let cases: [(&[(&str, &str)], &str); 2] = [(&[("met", "yes")], "1"), (&[("met", "no")], "0")];
    check("1", "{ met: yes_no }", "{ yes_no: met }", &cases);
}

#[test]
fn all_of_needs_every_condition() {
    check(
        "1",
        "{ tasks: number, tasks_met: number, funded: yes_no }",
        "{ all_of: [tasks_met == tasks, funded] }",
        &[
            (
                &[("tasks", "3"), ("tasks_met", "3"), ("funded", "yes")],
                "1",
            ),
            (
                &[("tasks", "3"), ("tasks_met", "2"), ("funded", "yes")],
                "0",
            ),
            (&[("tasks", "3"), ("tasks_met", "3"), ("funded", "no")], "0"),
        ],
    );
}

#[test]
fn stepped_ratios_give_the_middle_step_at_exactly_90_and_70() {
    check(
        "2",
        "{ done: number, planned: number }",
        "{ bands: { of: done, to: planned, steps: { '> 90%': 2, '70%..90%': 1, '< 70%': 0 } } }",
        &[
            (&[("done", "91"), ("planned", "100")], "2"),
            (&[("done", "90"), ("planned", "100")], "1"),
            (&[("done", "70"), ("planned", "100")], "1"),
            (&[("done", "69.999"), ("planned", "100")], "0"),
            (&[("done", "27"), ("planned", "30")], "1"),
        ],
    );
}

#[test]
fn linear_ratios_may_have_a_floor_which_itself_counts() {
    let rule = "{ ratio: { of: done, to: planned, floor: 50% } }";
    check(
        "4",
        "{ done: number, planned: number }",
        rule,
        &[
            (&[("done", "75"), ("planned", "100")], "3"),
            (&[("done", "50"), ("planned", "100")], "2"),
            (&[("done", "49"), ("planned", "100")], "0"),
            (&[("done", "130"), ("planned", "100")], "4"),
        ],
    );
}

#[test]
fn a_share_of_nothing_follows_the_definition() {
    let zero = [("done", "0"), ("planned", "0")];
    let inputs = "{ done: number, planned: number }";
    let ratio = |when: &str| format!("{{ ratio: {{ of: done, to: planned{when} }} }}");
    assert_eq!(
        points("4", inputs, &ratio(", when_zero: full"), &zero),
        Some(dec("4"))
    );
    assert_eq!(
        points("4", inputs, &ratio(", when_zero: 0"), &zero),
        Some(dec("0"))
    );
    let document = one_leaf("4", inputs, &ratio(", when_zero: not_applicable"));
    let left = score(&sound(&document), &zero);
    assert_eq!((left.points, left.max), (None, Decimal::ZERO));
    assert_eq!(left.reason(), "does not apply: planned is 0");
    for when in ["", ", when_zero: none"] {
        let score = score(&sound(&one_leaf("4", inputs, &ratio(when))), &zero);
        assert_eq!(score.points, None);
        assert_eq!(
            score.no_score,
            Some(NoScore::ZeroBase("planned".to_owned()))
        );
    }
}

#[test]
fn full_points_come_at_the_threshold_exactly() {
    check(
        "6",
        "{ online: number, received: number }",
        "{ ratio: { of: online, to: received, full_at: 50% } }",
        &[
            (&[("online", "50"), ("received", "100")], "6"),
            (&[("online", "80"), ("received", "100")], "6"),
            (&[("online", "25"), ("received", "100")], "3"),
        ],
    );
}

#[test]
fn credit_is_given_per_item_up_to_the_cap() {
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("regulations", "0")], "0"),
        (&[("regulations", "3")], "1.5"),
        (&[("regulations", "4")], "2"),
        (&[("regulations", "9")], "2"),
    ];
    check(
        "2",
        "{ regulations: number }",
        "{ credit: { each: { regulations: 0.5 }, cap: 2 } }",
        &cases,
    );
}

#[test]
fn deductions_go_by_degree_and_end_at_zero() {
    check(
        "2",
        "{ light: number, serious: number }",
        "{ deduct: { each: { light: 50%, serious: full } } }",
        &[
            (&[("light", "0"), ("serious", "0")], "2"),
            (&[("light", "1"), ("serious", "0")], "1"),
            (&[("light", "3"), ("serious", "0")], "0"),
            (&[("light", "0"), ("serious", "1")], "0"),
        ],
    );
}

#[test]
fn survey_answers_have_weights_and_need_enough_of_them() {
    let rule = "{ likert: { each: { a: 100%, b: 60%, c: 20%, d: 0% }, at_least: 15 } }";
    let document = one_leaf("10", "{ a: number, b: number, c: number, d: number }", rule);
    let definition = sound(&document);
    let answers = |a, b| score(&definition, &[("a", a), ("b", b), ("c", "5"), ("d", "5")]);
    // (10 + 0.6 × 10 + 0.2 × 5) / 30 × 10, of 30 counted answers; free text is not counted.
    assert_eq!(
        answers("10", "10").exact.map(|points| points.round_dp(10)),
        Some(dec("5.6666666667"))
    );
    let few = answers("2", "2");
    assert_eq!(few.points, None);
    assert_eq!(
        few.no_score,
        Some(NoScore::TooFew {
            have: dec("14"),
            need: dec("15")
        })
    );
    assert_eq!(
        answers("3", "2").points.map(|points| points.round_dp(2)),
        Some(dec("3.47"))
    );
}

#[test]
fn satisfaction_is_converted_to_points() {
    let cases: [(&[(&str, &str)], &str); 2] =
        [(&[("sipas", "82.3")], "8.23"), (&[("sipas", "100")], "10")];
    check(
        "10",
        "{ sipas: number }",
        "{ value: { of: sipas, out_of: 100 } }",
        &cases,
    );
}

#[test]
fn a_measured_figure_is_stepped_or_goes_along_a_line() {
    check(
        "2",
        "{ growth: number }",
        "{ bands: { of: growth, steps: { '< 0': 0, '[0..5)': 1, '>= 5': 2 } } }",
        &[
            (&[("growth", "-1")], "0"),
            (&[("growth", "0")], "1"),
            (&[("growth", "5")], "2"),
        ],
    );
    let rising: [(&[(&str, &str)], &str); 4] = [
        (&[("growth", "2")], "0"),
        (&[("growth", "3")], "0"),
        (&[("growth", "5.5")], "1.25"),
        (&[("growth", "9")], "2.5"),
    ];
    check(
        "2.5",
        "{ growth: number }",
        "{ linear: { of: growth, from: 3, until: 8 } }",
        &rising,
    );
    let falling: [(&[(&str, &str)], &str); 3] = [
        (&[("days", "10")], "0"),
        (&[("days", "6")], "1"),
        (&[("days", "1")], "2"),
    ];
    check(
        "2",
        "{ days: number }",
        "{ linear: { of: days, from: 10, until: 2 } }",
        &falling,
    );
}
