//! Requests with every field checked.

use std::time::Duration;

use contracts::log::v1::AtLeast;
use contracts::problem::Problem;
use contracts::scoring::v1::GetProgressRequest;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use ids::{CodeError, GROUPS, IndexCode, IndexKey, Period, PeriodError, Subject};
use jetstream::{Progress, WaitError};
use tokio::time::Instant;
use tonic::Status;
use tonic::transport::Channel;

use crate::model::Model;

/// How long a query waits for `at_least`; the server cuts it off earlier when its own deadline comes first.
const WAIT: Duration = Duration::from_secs(60);

/// The code of an index.
pub(crate) fn index(text: &str) -> Result<String, Problem> {
    let code: IndexCode = text
        .parse()
        .map_err(|error: CodeError| Problem::invalid("index", error.to_string()))?;
    Ok(code.to_string())
}

/// A period.
pub(crate) fn period(text: &str) -> Result<Period, Problem> {
    text.parse()
        .map_err(|error: PeriodError| Problem::invalid("period", error.to_string()))
}

/// A subject; a unit by the code that names it, whichever of its codes was asked with.
pub(crate) fn subject(model: &Model, text: &str) -> Result<Subject, Problem> {
    let subject: Subject = text
        .parse()
        .map_err(|error: CodeError| Problem::invalid("subject", error.to_string()))?;
    Ok(match &subject {
        Subject::Unit(code) => model
            .directory
            .resolve(code)
            .cloned()
            .map_or(subject, Subject::Unit),
        Subject::Group(_) => subject,
    })
}

/// A group's name.
pub(crate) fn group(text: &str) -> Result<&'static str, Problem> {
    GROUPS
        .iter()
        .find(|group| **group == text)
        .copied()
        .ok_or_else(|| {
            Problem::invalid(
                "group",
                format!("{text:?} is not one of {}", GROUPS.join(", ")),
            )
        })
}

/// Nothing is known of an index.
pub(crate) fn unknown(key: &IndexKey) -> Problem {
    let IndexKey {
        index,
        period,
        subject,
    } = key;
    let message = format!("there is no index {index} of {subject} in {period}");
    Problem::not_found("NO_INDEX", message)
        .with("index", index.clone())
        .with("subject", subject.to_string())
        .with("period", period.to_string())
}

/// Waits until a position is reflected here: of a followed log directly, of the dossiers through scoring.
pub(crate) async fn reflect(
    progress: &Progress,
    scoring: &Channel,
    at_least: Option<AtLeast>,
) -> Result<(), Status> {
    let Some(AtLeast { log, position }) = at_least else {
        return Ok(());
    };
    if position < 0 {
        let why = "is negative; send one that a command answered";
        return Err(Problem::invalid("at_least.position", why).into());
    }
    if log == "registry" || log == "assessments" || log == "scoring" {
        wait(progress, &log, position).await?;
    }
    if log == "scoring" {
        return Ok(());
    }
    let request = GetProgressRequest {
        at_least: vec![AtLeast { log, position }],
    };
    let reached = ScoringServiceClient::new(scoring.clone())
        .get_progress(request)
        .await;
    let derived = match reached {
        Ok(answer) => answer.into_inner().position,
        Err(status) if status.code() == tonic::Code::Unavailable => {
            tracing::warn!(%status, "scoring does not answer");
            let message = "scoring does not answer, so what it derived is not known; repeat the call, or ask \
                           without at_least";
            return Err(Problem::unavailable(message).into());
        }
        // A refusal of the position is the caller's to read.
        Err(status) => return Err(status),
    };
    Ok(wait(progress, "scoring", derived).await?)
}

async fn wait(progress: &Progress, log: &str, position: i64) -> Result<(), Problem> {
    let waited = progress.wait(log, position, Instant::now() + WAIT).await;
    waited.map(drop).map_err(|error| match error {
        WaitError::NotFollowed { .. } => Problem::invalid("at_least.log", error.to_string()),
        WaitError::Behind { .. } => Problem::deadline(error.to_string()),
    })
}
