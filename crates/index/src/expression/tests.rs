use super::*;

fn names() -> Names {
    let number = |name: &str| (name.to_owned(), Type::Number);
    let mut names: Names = ["handled", "in_process", "rate", "not_issued", "or_else"]
        .map(number)
        .into();
    names.insert("approved".to_owned(), Type::YesNo);
    let states = ["early", "late"].map(str::to_owned).to_vec();
    names.insert("plan".to_owned(), Type::State(states));
    names
}

fn inputs() -> Inputs {
    let mut inputs = Inputs::new();
    inputs.set("handled", 210);
    inputs.set("in_process", 30);
    inputs.set("rate", Decimal::new(95, 2));
    inputs.set("not_issued", 0);
    inputs.set("or_else", 1);
    inputs.set("approved", true);
    inputs.set("plan", "late");
    inputs
}

fn figure(source: &str) -> Result<Decimal, String> {
    let names = names();
    let expression = Expression::number(source, &names).map_err(|faults| faults.join("; "))?;
    let listed: Vec<String> = names.keys().cloned().collect();
    let inputs = inputs();
    let with = Surroundings::new(&inputs, &listed, Decimal::from(20));
    expression.figure(&with).map_err(|why| why.to_string())
}

fn answer(source: &str) -> Result<bool, String> {
    let names = names();
    let expression = Expression::condition(source, &names).map_err(|faults| faults.join("; "))?;
    let listed: Vec<String> = names.keys().cloned().collect();
    let inputs = inputs();
    let with = Surroundings::new(&inputs, &listed, Decimal::from(20));
    expression.answer(&with).map_err(|why| why.to_string())
}

#[test]
fn arithmetic_is_exact() {
    assert_eq!(figure("0.1 + 0.2"), Ok(Decimal::new(3, 1)));
    assert_eq!(figure("handled + in_process"), Ok(Decimal::from(240)));
    assert_eq!(
        figure("full * handled / (handled + in_process)"),
        Ok(Decimal::new(175, 1))
    );
    assert_eq!(
        figure("min([full, 3 * or_else]) - not_issued"),
        Ok(Decimal::from(3))
    );
    assert_eq!(figure("round(2.345, 2)"), Ok(Decimal::new(235, 2)));
}

#[test]
fn questions_are_answered_at_their_closed_and_open_ends() {
    assert_eq!(answer("rate in [0.8..0.95)"), Ok(false));
    assert_eq!(answer("rate in [0.8..0.95]"), Ok(true));
    assert_eq!(answer("rate in (0.95..1]"), Ok(false));
    assert_eq!(answer("plan == 'late' and approved"), Ok(true));
    assert_eq!(answer("plan in ['early'] or not approved"), Ok(false));
    assert_eq!(figure("plan == 'late' ? 0.5 : 1"), Ok(Decimal::new(5, 1)));
}

#[test]
fn a_division_by_zero_is_never_a_number_nor_an_answer() {
    for source in [
        "1 / not_issued",
        "1 + 1 / not_issued",
        "max([1, handled / not_issued])",
    ] {
        assert!(
            figure(source).is_err_and(|why| why.contains("divides by zero")),
            "{source}"
        );
    }
    for source in [
        "1 / not_issued > 1",
        "1 / not_issued in [0..2]",
        "not (1 / not_issued < 1)",
    ] {
        assert!(
            answer(source).is_err_and(|why| why.contains("divides by zero")),
            "{source}"
        );
    }
    assert_eq!(
        figure("not_issued == 0 ? 5 : 1 / not_issued"),
        Ok(Decimal::from(5))
    );
    assert!(answer("1 / not_issued == 1").is_err_and(|why| why.contains("multiply both sides")));
    assert!(figure("1 / 0").is_err_and(|why| why.contains("divides by 0")));
    assert!(answer("1 in [handled / not_issued]").is_err());
}

#[test]
fn numbers_too_large_are_no_numbers() {
    let huge = "79228162514264337593543950335";
    assert!(figure(&format!("{huge} * {huge}")).is_err());
    assert!(figure(&format!("{huge} + 1")).is_err());
}

#[test]
fn what_is_unknown_mistyped_or_unbounded_is_refused_and_all_at_once() {
    let cases = [
        ("handled + handeld", "\"handeld\" is not an input"),
        ("handled + approved", "each side of +"),
        ("plan", "does not come to a number"),
        ("handled > 3", "does not come to a number"),
        ("approved ? 1 : approved", "one type"),
        ("2 ^ 3", "^ is not accepted"),
        ("handled % 2", "% is not accepted"),
        ("rand(3)", "rand is not accepted"),
        ("len('abc')", "len is not accepted"),
        ("d('now')", "not accepted"),
        ("sum(map([1, 2], # * 2))", "sum takes a list"),
        ("handled.x", "only numbers"),
        ("{a: 1}", "only numbers"),
        ("x = 1; 2", "only numbers"),
        ("handled +", "cannot be read"),
        ("", "cannot be read"),
        ("handled ?? 1", "?? is not accepted"),
        ("min(handled)", "takes a list"),
        ("min([])", "takes a list"),
        ("[1, 2]", "a list may only stand"),
        ("$root", "only numbers"),
        ("`a`", "only numbers"),
        ("null", "only numbers"),
    ];
    for (source, part) in cases {
        let error = figure(source).expect_err(source);
        assert!(error.contains(part), "{source}: {error}");
    }
    let error = figure("a + b").expect_err("two names");
    assert!(
        error.contains("\"a\"") && error.contains("\"b\""),
        "{error}"
    );
    assert!(answer("plan == 'lost'").is_err_and(|why| why.contains("one list")));
}

#[test]
fn long_and_deep_expressions_are_refused_without_harm() {
    let long = vec!["handled"; 20_000].join(" + ");
    assert!(figure(&long).is_err_and(|why| why.contains("more than 2048")));
    let deep = format!("{}1{}", "(".repeat(1_000), ")".repeat(1_000));
    assert!(figure(&deep).is_err_and(|why| why.contains("nested")));
    let signs = format!("{}1", "- ".repeat(1_000));
    assert!(figure(&signs).is_err_and(|why| why.contains("nested")));
}

#[test]
fn values_take_the_place_of_names() {
    let names = names();
    let expression = Expression::number("handled + in_process", &names).expect("sound");
    let shown = expression.with_values(|name| (name == "handled").then(|| "210".to_owned()));
    assert_eq!(shown, "(210 + in_process)");
    let expression = Expression::number("plan == 'plan' ? 1 : 2", &names);
    assert!(expression.is_err(), "a state that is not in the list");
    assert_eq!(
        replace("plan == 'plan'", |_| Some("x".to_owned())),
        "x == 'plan'"
    );
}
