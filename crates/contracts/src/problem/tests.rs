use prost::Message as _;

use super::*;

fn every_kind() -> Vec<(Problem, Code)> {
    vec![
        (Problem::invalid("unit", "is empty"), Code::InvalidArgument),
        (
            Problem::out_of_range("after", "lies behind the head"),
            Code::OutOfRange,
        ),
        (
            Problem::not_found("UNIT_NOT_FOUND", "there is no unit H40.01"),
            Code::NotFound,
        ),
        (
            Problem::already_exists("UNIT_EXISTS", "unit H40.01 exists"),
            Code::AlreadyExists,
        ),
        (
            Problem::refused("CLOSED", "the dossier is closed"),
            Code::FailedPrecondition,
        ),
        (
            Problem::conflict("another writer came first", 3, 4),
            Code::Aborted,
        ),
        (
            Problem::resource_exhausted("TOO_MANY", "too many calls"),
            Code::ResourceExhausted,
        ),
        (
            Problem::deadline("not done in 10 s"),
            Code::DeadlineExceeded,
        ),
        (
            Problem::unavailable("the event log is away"),
            Code::Unavailable,
        ),
        (
            Problem::unimplemented("there is no such method"),
            Code::Unimplemented,
        ),
        (Problem::internal("a bug"), Code::Internal),
    ]
}

#[test]
fn every_problem_has_its_code_and_an_error_info() {
    for (problem, code) in every_kind() {
        let (reason, message) = (problem.reason(), problem.message().to_owned());
        let status = Status::from(problem.with("key", "value"));
        assert_eq!(status.code(), code);
        assert_eq!(status.message(), message);
        let info = status.get_details_error_info().unwrap();
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            (reason, "chiso")
        );
        assert_eq!(info.metadata.get("key").map(String::as_str), Some("value"));
        assert!(is_reason(reason));
    }
}

#[test]
fn no_kind_of_detail_comes_twice() {
    for (problem, _) in every_kind() {
        let status = Status::from(problem.and("a", "is wrong").and("b", "is wrong too"));
        let details = tonic_types::pb::Status::decode(status.details())
            .unwrap()
            .details;
        let mut kinds: Vec<String> = details.into_iter().map(|any| any.type_url).collect();
        let all = kinds.len();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), all);
    }
}

#[test]
fn details_say_what_the_code_promises() {
    let invalid = Status::from(Problem::invalid("unit", "is empty").and("year", "is 0"));
    let fields = invalid.get_details_bad_request().unwrap().field_violations;
    assert_eq!(fields.len(), 2);
    assert_eq!(
        (fields[1].field.as_str(), fields[1].description.as_str()),
        ("year", "is 0")
    );
    assert_eq!(invalid.message(), "unit: is empty");

    let refused = Status::from(Problem::refused("CLOSED", "the dossier is closed"));
    assert_eq!(
        refused
            .get_details_precondition_failure()
            .unwrap()
            .violations[0]
            .r#type,
        "CLOSED"
    );

    let conflict = Status::from(Problem::conflict("another writer came first", 3, 4));
    let metadata = conflict.get_details_error_info().unwrap().metadata;
    assert_eq!(
        (metadata["expected"].as_str(), metadata["actual"].as_str()),
        ("3", "4")
    );

    let away = Status::from(Problem::unavailable("the event log is away"));
    assert_eq!(
        away.get_details_retry_info().unwrap().retry_delay,
        Some(RETRY_AFTER)
    );
}

#[test]
fn whatever_a_caller_sent_the_status_fits_into_trailers() {
    let long = "ệ".repeat(100_000);
    let keys = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let mut problem = Problem::invalid(long.clone(), long.clone());
    for key in keys {
        problem = problem
            .and(long.clone(), long.clone())
            .with(key, long.clone());
    }
    let status = Status::from(problem);
    let in_base64 = status.details().len().div_ceil(3) * 4;
    assert!(status.message().len() * 3 + in_base64 < 8 * 1024);
}

#[test]
fn everything_that_is_lacking_is_named_as_far_as_a_status_goes() {
    let lacking = |subjects: std::ops::Range<u32>| {
        let refused = Problem::refused("INCOMPLETE", "ệ".repeat(1_000));
        let problem = subjects.fold(refused, |problem, n| {
            problem
                .lacking("EVIDENCE", format!("leaf-{n}"))
                .with("key", "ệ".repeat(1_000))
        });
        Status::from(problem)
    };
    let named = lacking(0..88).get_details_precondition_failure().unwrap();
    assert_eq!(named.violations.len(), 1 + 88);
    let last = named.violations.last().unwrap();
    assert_eq!(
        (last.r#type.as_str(), last.subject.as_str()),
        ("EVIDENCE", "leaf-87")
    );

    let status = lacking(0..10_000);
    let in_base64 = status.details().len().div_ceil(3) * 4;
    assert!(status.message().len() * 3 + in_base64 < 8 * 1024);
}

#[test]
fn only_upper_snake_is_a_reason() {
    for good in ["CLOSED", "NOT_FOUND", "A1_2"] {
        assert!(is_reason(good), "{good}");
    }
    for bad in [
        "",
        "AB",
        "closed",
        "_CLOSED",
        "CLOSED_",
        "1CLOSED",
        "NOT FOUND",
        &"A".repeat(64),
    ] {
        assert!(!is_reason(bad), "{bad}");
    }
}
