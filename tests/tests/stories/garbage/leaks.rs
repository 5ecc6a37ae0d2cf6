//! What a refusal must never tell: how a service is made, and where it lies.

use tonic::Status;

/// Signs of statements, traces, files and panics. None of them is among the words that requests are made of, so that no
/// refusal quotes one back.
const SIGNS: [&str; 20] = [
    "panicked",
    "backtrace",
    ".rs:",
    "sqlx",
    "sqlstate",
    "postgres",
    "returned from database",
    "duplicate key",
    "violates",
    "syntax error",
    "insert into",
    "select ",
    "update eventlog",
    "/root",
    "/home/",
    "/work/",
    "/tmp/",
    "/usr/",
    "core::",
    "tokio",
];

/// Those that a refusal has, in its message or its details.
pub(super) fn leaks(status: &Status) -> Vec<&'static str> {
    let details = String::from_utf8_lossy(status.details()).to_lowercase();
    let message = status.message().to_lowercase();
    let told = |sign: &&str| message.contains(sign) || details.contains(sign);
    SIGNS.into_iter().filter(told).collect()
}

#[test]
fn what_leaks_is_seen_in_messages_and_details() {
    let inside = "error returned from database: INSERT INTO eventlog.events";
    let plain = Status::invalid_argument(inside);
    assert_eq!(leaks(&plain), ["returned from database", "insert into"]);
    let hidden = Status::with_details(
        tonic::Code::NotFound,
        "no such unit",
        "at /work/service.rs:17".into(),
    );
    assert_eq!(leaks(&hidden), [".rs:", "/work/"]);
    let sound = Status::not_found("campaign par-2024 is not known; list campaigns");
    assert!(leaks(&sound).is_empty());
}
