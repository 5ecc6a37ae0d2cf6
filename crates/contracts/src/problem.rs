//! Why a call was not done, as a rich gRPC status (AIP-193).
//!
//! Every problem carries an `ErrorInfo` with a reason that a program can act on, and at most one of
//! each other kind of detail. The code follows from what the caller should do next; the
//! constructors name that:
//!
//! | constructor | code | the caller should |
//! |---|---|---|
//! | [`Problem::invalid`] | `INVALID_ARGUMENT` | correct the named fields |
//! | [`Problem::out_of_range`] | `OUT_OF_RANGE` | start again from a position that exists |
//! | [`Problem::not_found`] | `NOT_FOUND` | check the name |
//! | [`Problem::already_exists`] | `ALREADY_EXISTS` | use what is there |
//! | [`Problem::refused`] | `FAILED_PRECONDITION` | bring about another state first |
//! | [`Problem::conflict`] | `ABORTED` | read again, then decide again |
//! | [`Problem::unauthenticated`] | `UNAUTHENTICATED` | bring a good token |
//! | [`Problem::denied`] | `PERMISSION_DENIED` | let somebody do it who may |
//! | [`Problem::resource_exhausted`] | `RESOURCE_EXHAUSTED` | ask for less, or slower |
//! | [`Problem::deadline`] | `DEADLINE_EXCEEDED` | try again with the same request id |
//! | [`Problem::unavailable`] | `UNAVAILABLE` | wait a second, then try again |
//! | [`Problem::unimplemented`] | `UNIMPLEMENTED` | call what the server has |
//! | [`Problem::data_loss`] | `DATA_LOSS` | have what is damaged restored |
//! | [`Problem::internal`] | `INTERNAL` | report a bug |

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

#[cfg(test)]
mod tests;

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "chiso";

/// How long a caller should wait before it tries again when something was unavailable.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Longest reason that AIP-193 allows, in characters.
const REASON_MAX: usize = 63;

// A status travels in HTTP/2 trailers, of which clients accept 8 KiB in all, and a message may
// quote what the caller sent. Everything at its bound, percent-encoded or in base64, stays below
// that.
/// Longest message, in bytes.
const MESSAGE_MAX: usize = 512;
/// Most violations that are listed; what is left out shows when the first ones are corrected.
const VIOLATIONS_MAX: usize = 8;
/// Most bytes of what is lacking: kinds, subjects, and what frames them.
const LACKS_MAX: usize = 2_400;
/// What frames a kind and its subject in a status, in bytes.
const LACK_FRAME: usize = 8;
/// Longest name of a field in a violation, in bytes.
const FIELD_MAX: usize = 100;
/// Longest explanation in a violation, in bytes.
const WHY_MAX: usize = 200;
/// Most pairs of metadata.
const METADATA_MAX: usize = 8;
/// Longest value of metadata, in bytes.
const METADATA_VALUE_MAX: usize = 128;

/// Why a call was not done; becomes a [`Status`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    code: Code,
    reason: &'static str,
    message: String,
    violations: Vec<(String, String)>,
    lacks: Vec<(&'static str, String)>,
    metadata: BTreeMap<&'static str, String>,
}

impl Problem {
    fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        debug_assert!(
            is_reason(reason),
            "{reason} is no UPPER_SNAKE reason of at most 63 characters"
        );
        Self(Box::new(Inner {
            code,
            reason,
            message: shortened(message.into(), MESSAGE_MAX),
            violations: Vec::new(),
            lacks: Vec::new(),
            metadata: BTreeMap::new(),
        }))
    }

    /// A field of the request is malformed: `INVALID_ARGUMENT` with a violation of that field.
    pub fn invalid(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, "INVALID_ARGUMENT", "").and(field, why)
    }

    /// A position, page or range lies outside of what exists: `OUT_OF_RANGE` with a violation of
    /// that field.
    pub fn out_of_range(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(Code::OutOfRange, "OUT_OF_RANGE", "").and(field, why)
    }

    /// What the request names does not exist.
    pub fn not_found(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, reason, message)
    }

    /// What the request would make exists already, and differs.
    pub fn already_exists(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::AlreadyExists, reason, message)
    }

    /// The state does not allow it: `FAILED_PRECONDITION` with a `PreconditionFailure`. The message
    /// should say the state, the reason and what is possible.
    pub fn refused(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::FailedPrecondition, reason, message)
    }

    /// Somebody else came first: `ABORTED`, with the expected and the actual version as metadata.
    pub fn conflict(
        message: impl Into<String>,
        expected: impl fmt::Display,
        actual: impl fmt::Display,
    ) -> Self {
        Self::new(Code::Aborted, "VERSION_CONFLICT", message)
            .with("expected", expected.to_string())
            .with("actual", actual.to_string())
    }

    /// Nobody knows who calls: the token is missing, or not to be trusted. The message says what to
    /// bring, and nothing of what was found wrong inside a forged one.
    pub fn unauthenticated(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::Unauthenticated, reason, message)
    }

    /// The caller may not do it. The message must not tell whether what the call names exists.
    pub fn denied(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::PermissionDenied, reason, message)
    }

    /// The call asks for more than is given, or there are too many calls.
    pub fn resource_exhausted(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::ResourceExhausted, reason, message)
    }

    /// The call was not over in its time; it may have had its effect.
    pub fn deadline(message: impl Into<String>) -> Self {
        Self::new(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message)
    }

    /// Something that this service needs is away: `UNAVAILABLE` with a `RetryInfo`.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, "UNAVAILABLE", message)
    }

    /// The server does not have this method.
    pub fn unimplemented(message: impl Into<String>) -> Self {
        Self::new(Code::Unimplemented, "METHOD_UNKNOWN", message)
    }

    /// What was kept is not what it was. The message should say how it can be restored.
    pub fn data_loss(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::DataLoss, reason, message)
    }

    /// A bug. The message reaches the caller, so it says nothing of the inside.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, "INTERNAL", message)
    }

    /// Adds another violated field to an [`invalid`](Self::invalid) or
    /// [`out_of_range`](Self::out_of_range).
    #[must_use]
    pub fn and(mut self, field: impl Into<String>, why: impl Into<String>) -> Self {
        let violation = (
            shortened(field.into(), FIELD_MAX),
            shortened(why.into(), WHY_MAX),
        );
        if self.0.violations.is_empty() {
            let (field, why) = &violation;
            self.0.message = shortened(format!("{field}: {why}"), MESSAGE_MAX);
        }
        if self.0.violations.len() < VIOLATIONS_MAX {
            self.0.violations.push(violation);
        }
        self
    }

    /// Adds to a [`refused`](Self::refused) that a subject lacks something, as a precondition
    /// violation of its own; what is beyond the bound of a status is left out and shows when the
    /// first ones are mended.
    #[must_use]
    pub fn lacking(mut self, kind: &'static str, subject: impl Into<String>) -> Self {
        let subject = shortened(subject.into(), FIELD_MAX);
        self.0.lacks.push((kind, subject));
        let size = |(kind, subject): &(&str, String)| kind.len() + subject.len() + LACK_FRAME;
        if self.0.lacks.iter().map(size).sum::<usize>() > LACKS_MAX {
            self.0.lacks.pop();
        }
        self
    }

    /// Adds metadata to the `ErrorInfo`; a key given twice keeps the later value.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        let metadata = &mut self.0.metadata;
        if metadata.len() < METADATA_MAX || metadata.contains_key(key) {
            metadata.insert(key, shortened(value.into(), METADATA_VALUE_MAX));
        }
        self
    }

    /// The status code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The reason, UPPER_SNAKE.
    pub fn reason(&self) -> &'static str {
        self.0.reason
    }

    /// What a person reads.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The violated fields, each with its explanation.
    pub fn violations(&self) -> &[(String, String)] {
        &self.0.violations
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Problem {}

impl From<Problem> for Status {
    fn from(Problem(problem): Problem) -> Self {
        let Inner {
            code,
            reason,
            message,
            violations,
            lacks,
            metadata,
        } = *problem;
        let mut details = ErrorDetails::new();
        #[allow(
            clippy::disallowed_types,
            reason = "tonic-types takes no other map; nothing iterates it"
        )]
        let metadata: std::collections::HashMap<String, String> = metadata
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        details.set_error_info(reason, DOMAIN, metadata);
        if !violations.is_empty() {
            let violations: Vec<FieldViolation> = violations
                .into_iter()
                .map(|(field, why)| FieldViolation::new(field, why))
                .collect();
            details.set_bad_request(violations);
        }
        if code == Code::FailedPrecondition {
            let whole = PreconditionViolation::new(reason, "", message.clone());
            let lacks = lacks
                .into_iter()
                .map(|(kind, subject)| PreconditionViolation::new(kind, subject, ""));
            details.set_precondition_failure([whole].into_iter().chain(lacks).collect::<Vec<_>>());
        }
        if code == Code::Unavailable {
            details.set_retry_info(Some(RETRY_AFTER));
        }
        Status::with_error_details(code, message, details)
    }
}

/// The reason of a status that was a [`Problem`]; none of another one.
pub fn reason_of(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// Whether AIP-193 allows it: `[A-Z][A-Z0-9_]+[A-Z0-9]`, at most 63 characters.
fn is_reason(reason: &str) -> bool {
    let bytes = reason.as_bytes();
    (3..=REASON_MAX).contains(&bytes.len())
        && bytes
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
        && bytes.first().is_some_and(u8::is_ascii_uppercase)
        && bytes.last().is_some_and(|b| *b != b'_')
}

/// The text cut to at most `max` bytes, between characters, with an ellipsis where it was cut.
fn shortened(mut text: String, max: usize) -> String {
    const ELLIPSIS: &str = "…";
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max - ELLIPSIS.len()));
        text.push_str(ELLIPSIS);
    }
    text
}
