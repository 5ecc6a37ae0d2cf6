//! `chiso rebuild`: a read model filled again from the logs, beside the live one.

use clap::{Args, ValueEnum};
use contracts::projection::v1::RebuildModelRequest as RebuildProjection;
use contracts::scoring::v1::{RebuildModelRequest as RebuildScoring, RebuildModelResponse};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use tonic::Status;

use crate::progress::Progress;
use crate::{Exit, Failure, Service, Services, out, show};

const EXAMPLES: &str = "\
Examples:
  chiso rebuild scoring
  chiso rebuild projection";

/// Fill a service's read model again from the logs, compare it with the live one, and swap
///
/// Queries are answered all the while, and no event is emitted. Exit code 1 when the rebuilt model differs from the live
/// one at the same positions; what differs is printed.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    /// Whose
    model: Model,
}

/// A read model that can be rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// Measures and points.
    Scoring,
    /// Indices, ranks, history.
    Projection,
}

/// Rebuilds and says how it went.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    let mut progress = Progress::new("events", 0);
    let told = |told: &RebuildModelResponse| {
        progress.at(told.applied.unsigned_abs(), told.total.unsigned_abs());
        if told.stage == "verifying" {
            progress.waiting("comparing with the live model");
        }
    };
    let rebuilt = rebuild(services, command.model, told).await;
    let took = progress.end();
    let last = rebuilt?;
    if json {
        out::message(&last);
    } else {
        let events = show::count(last.applied);
        let took = show::seconds(i64::try_from(took.as_secs()).unwrap_or(i64::MAX));
        let hash = show::hex(&last.content_hash);
        out::line(match last.stage.as_str() {
            "swapped" => format!(
                "rebuilt from {events} events in {took}, verified and swapped, content hash {hash}"
            ),
            stage => {
                format!("rebuilt from {events} events in {took}: {stage}, content hash {hash}")
            }
        });
        last.differences
            .iter()
            .for_each(|key| out::line(format_args!("  differs: {key}")));
    }
    Ok(if last.stage == "swapped" {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// Rebuilds a read model, telling how far it is; the last that the service says, whose stage is `swapped` when all is
/// well.
///
/// # Errors
/// What the service refuses, or that it does not answer.
pub async fn rebuild(
    services: &Services,
    model: Model,
    mut told: impl FnMut(&RebuildModelResponse),
) -> Result<RebuildModelResponse, Failure> {
    let service = match model {
        Model::Scoring => Service::Scoring,
        Model::Projection => Service::Projection,
    };
    let failure = |status| services.failure(service, &status);
    let mut messages = start(services, model).await.map_err(failure)?;
    let mut last = RebuildModelResponse::default();
    while let Some(message) = messages.try_next().await.map_err(failure)? {
        told(&message);
        last = message;
    }
    Ok(last)
}

/// Both services say the same in messages of their own.
async fn start(
    services: &Services,
    model: Model,
) -> Result<BoxStream<'static, Result<RebuildModelResponse, Status>>, Status> {
    match model {
        Model::Scoring => {
            let mut scoring = services.scoring.clone();
            Ok(scoring
                .rebuild_model(RebuildScoring {})
                .await?
                .into_inner()
                .boxed())
        }
        Model::Projection => {
            let mut projection = services.projection.clone();
            let messages = projection
                .rebuild_model(RebuildProjection {})
                .await?
                .into_inner();
            let same = messages.map_ok(|it| RebuildModelResponse {
                applied: it.applied,
                total: it.total,
                rate: it.rate,
                seconds_left: it.seconds_left,
                stage: it.stage,
                differences: it.differences,
                content_hash: it.content_hash,
            });
            Ok(same.boxed())
        }
    }
}
