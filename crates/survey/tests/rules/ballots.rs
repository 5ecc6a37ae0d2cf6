use survey::{Ballot, Code, Hundredths};

use crate::{code, edition};

fn faults(group: &str, answers: &[(&str, &str)]) -> Vec<String> {
    match Ballot::read(&edition(), &code(group), answers.iter().copied()) {
        Ok(_) => vec![],
        Err(faults) => faults.into_iter().map(|fault| fault.field).collect(),
    }
}

#[test]
fn answers_that_fit_are_taken_at_their_ends_too() {
    for (question, answer) in [
        ("attitude", "1"),
        ("attitude", "5"),
        ("scale", "-2"),
        ("scale", "8"),
        ("grade", "A"),
        ("hours", "0"),
        ("hours", "99.50"),
        ("hours", "0.01"),
    ] {
        assert!(
            faults("citizen", &[(question, answer)]).is_empty(),
            "{question} {answer}"
        );
    }
    assert!(faults("official", &[("inside", "no")]).is_empty());
}

#[test]
fn answers_that_do_not_fit_are_named_all_at_once() {
    for (question, answer) in [
        ("attitude", "0"),
        ("attitude", "6"),
        ("attitude", "+5"),
        ("attitude", "05"),
        ("attitude", "4.0"),
        ("scale", "-3"),
        ("scale", "9"),
        ("grade", "C"),
        ("grade", "a"),
        ("hours", "-0.01"),
        ("hours", "99.51"),
        ("hours", "1.001"),
        ("hours", "1e1"),
        ("hours", "NaN"),
    ] {
        let named = vec![format!("answers[{question}]")];
        assert_eq!(faults("citizen", &[(question, answer)]), named, "{answer}");
    }
    assert_eq!(
        faults(
            "citizen",
            &[("inside", "yes"), ("who", "1"), ("attitude", "9")]
        ),
        ["answers[inside]", "answers[who]", "answers[attitude]"]
    );
    assert_eq!(
        faults("citizen", &[("attitude", "1"), ("attitude", "1")]),
        ["answers[attitude]"]
    );
    assert_eq!(faults("citizen", &[]), ["answers"]);
    assert_eq!(faults("citizen", &[("attitude", " ")]), ["answers"]);
}

#[test]
fn a_required_question_is_required_of_those_who_are_asked() {
    let mut edition = edition();
    edition.questions[3].required = true;
    let read = |group: &str| Ballot::read(&edition, &code(group), [("attitude", "3")]);
    assert!(read("citizen").is_ok());
    let faults = read("official").expect_err("a required answer is missing");
    assert_eq!(faults[0].field, "answers[inside]");
}

#[test]
fn numbers_are_whole_hundredths_within_a_million() {
    for text in ["1000000", "-1000000.00", "0.1", "12.30"] {
        assert!(text.parse::<Hundredths>().is_ok(), "{text}");
    }
    for text in [
        "1000000.01",
        "",
        "-",
        ".",
        "1.005",
        "1,5",
        "--1",
        "99999999999999999999",
    ] {
        assert!(text.parse::<Hundredths>().is_err(), "{text}");
    }
    for text in ["", "a b", "á", &"x".repeat(41)] {
        assert!(text.parse::<Code>().is_err(), "{text}");
    }
}
