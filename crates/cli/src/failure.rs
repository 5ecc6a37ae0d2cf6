//! Why a command was not done, and the exit code that says so.

use std::error::Error as _;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{Service, services};

/// What the exit code says; the numbers from 64 on are those of `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Refused by a service, or damage found.
    Failed = 1,
    /// Some rows were refused; the others are in.
    SomeRefused = 2,
    /// The command line is wrong.
    Usage = 64,
    /// A file's content is wrong.
    Data = 65,
    /// A file cannot be read.
    NoInput = 66,
    /// A service does not answer.
    Unavailable = 69,
    /// A service's certificate is not to be trusted.
    Untrusted = 76,
    /// A service does not know who asks, or does not let them.
    NoPermission = 77,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened and what to do about it; may have several lines.
    pub message: String,
}

impl Failure {
    /// A failure with its exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }

    /// A file that cannot be read or written.
    pub fn file(path: &Path, error: impl fmt::Display) -> Self {
        Self::new(Exit::NoInput, format!("{}: {error}", path.display()))
    }

    /// A call that was not answered as hoped.
    pub fn call(service: Service, address: &str, timeout: Duration, status: &Status) -> Self {
        if let Some(why) = distrust(status) {
            let message = format!(
                "{service} at {address} cannot be trusted: {why}\n  name the authority of its certificate with --tls-ca FILE \
                 or CHISO_TLS_CA; for a `chiso up` of yours, leave out addresses or say --stack FILE"
            );
            return Self::new(Exit::Untrusted, message);
        }
        if is_absence(status) {
            let variable = services::variable(service);
            let message = format!(
                "{service} does not answer at {address}\n  start the services with `chiso up`, or say where they are: \
                 --stack FILE, --{service}-url URL or {variable}"
            );
            return Self::new(Exit::Unavailable, message);
        }
        match status.code() {
            Code::DeadlineExceeded | Code::Cancelled => {
                let message = format!(
                    "{service} at {address} did not answer within {} s: {}\n  see its log, or wait longer with --timeout",
                    timeout.as_secs(),
                    status.message(),
                );
                Self::new(Exit::Unavailable, message)
            }
            Code::Unavailable => {
                let message = format!(
                    "{service} at {address} is busy or ending: {}",
                    status.message()
                );
                Self::new(Exit::Unavailable, message)
            }
            Code::Internal | Code::Unknown | Code::DataLoss => {
                let message = format!(
                    "{service} at {address} failed: {}; see its log",
                    status.message()
                );
                Self::new(Exit::Failed, message)
            }
            Code::Unauthenticated => {
                let message = format!(
                    "{service} at {address} does not know who you are: {}\n  give a token with --token-file FILE or \
                     CHISO_TOKEN_FILE; `chiso token` issues them for a `chiso up`",
                    status.message()
                );
                Self::new(Exit::NoPermission, message)
            }
            Code::PermissionDenied => {
                let message = format!(
                    "{service} at {address} refuses: {}\n  ask with the token of somebody who may: --token-file FILE; for a \
                     `chiso up`, `chiso token --role ROLE --unit UNIT` issues one",
                    status.message()
                );
                Self::new(Exit::NoPermission, message)
            }
            _ => Self::new(Exit::Failed, refusal(status)),
        }
    }
}

/// Why a service's certificate was not believed, if that is what happened.
fn distrust(status: &Status) -> Option<String> {
    // The library that checks it tells it in no other way than in words.
    let mut cause = status.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if let Some(at) = said.find("invalid peer certificate") {
            return Some(said[at..].to_owned());
        }
        cause = error.source();
    }
    None
}

/// Whether nobody was there to answer, or the connection was lost: a status that the other side sent has no cause of
/// our own.
pub(crate) fn is_absence(status: &Status) -> bool {
    status.source().is_some()
}

/// What a service refuses, field by field.
pub(crate) fn refusal(status: &Status) -> String {
    let details = status.get_error_details();
    let fields = details
        .bad_request()
        .map(|bad| &bad.field_violations[..])
        .unwrap_or_default();
    let states = details
        .precondition_failure()
        .map(|failure| &failure.violations[..])
        .unwrap_or_default();
    let mut lines: Vec<String> = fields
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .chain(states.iter().map(|violation| violation.description.clone()))
        .collect();
    lines.dedup();
    let message = status.message();
    // The message usually says the first one already.
    lines.retain(|line| !message.contains(line.as_str()));
    match (message.is_empty(), lines.is_empty()) {
        (true, true) => format!("{:?}, without a reason", status.code()),
        (true, false) => lines.join("\n  "),
        (false, true) => message.to_owned(),
        (false, false) => format!("{message}\n  {}", lines.join("\n  ")),
    }
}

#[cfg(test)]
mod tests {
    use contracts::problem::Problem;

    use super::*;
    use crate::Services;

    fn failure(problem: Problem) -> Failure {
        let status = problem.into();
        Failure::call(
            Service::Registry,
            "http://127.0.0.1:7401",
            Duration::from_secs(30),
            &status,
        )
    }

    #[test]
    fn a_refusal_names_every_field_and_the_remedy() {
        let refused =
            failure(Problem::invalid("code", "is empty; give one").and("name.vi", "is empty"));
        assert_eq!(refused.exit, Exit::Failed);
        assert!(
            refused.message.contains("code: is empty; give one"),
            "{refused}"
        );
        assert!(refused.message.contains("name.vi: is empty"), "{refused}");
        let refused = failure(Problem::refused(
            "UNKNOWN_UNIT",
            "unit H1 is not known; put it first",
        ));
        assert_eq!(refused.message, "unit H1 is not known; put it first");
    }

    #[tokio::test]
    async fn a_service_that_is_not_there_is_named_with_its_address() {
        let services = Services::at(allinone::Addresses::each(|_| {
            "http://127.0.0.1:9".to_owned()
        }))
        .expect("sound addresses");
        let request = contracts::registry::v1::GetUnitRequest::default();
        let mut registry = services.registry.clone();
        let failed = services
            .call(Service::Registry, request, async move |request| {
                registry.get_unit(request).await
            })
            .await
            .expect_err("nobody listens there");
        assert_eq!(failed.exit, Exit::Unavailable);
        assert!(
            failed
                .message
                .starts_with("registry does not answer at http://127.0.0.1:9"),
            "{failed}"
        );
        assert!(failed.message.contains("chiso up"), "{failed}");
    }
}
