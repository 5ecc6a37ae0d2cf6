//! Reading the logs that a publication rests on, page by page, hash by hash.

use contracts::assessments::v1::LogBasis;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::log::v1::{GetHeadRequest, ReadRequest};
use eventlog::{Position, Recorded};
use prost::bytes::Bytes;
use tonic::Status;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::StdError;

use super::{Chain, Finding, Verdict};

/// Events asked for at a time: the most that a service gives.
const PAGE: i32 = 10_000;

/// The logs that publications rest on, over any connection.
#[derive(Debug, Clone)]
pub struct Logs<T> {
    /// Units and procedures.
    pub registry: LogServiceClient<T>,
    /// What is counted.
    pub dossiers: LogServiceClient<T>,
    /// Claims, decisions, editions, reported figures and surveys.
    pub assessments: LogServiceClient<T>,
    /// Measured leaves, as they were told.
    pub scoring: LogServiceClient<T>,
}

/// How far a log was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading<'a> {
    /// Name of the log.
    pub log: &'a str,
    /// Position of the last event that was read.
    pub position: Position,
    /// Position of the last one that is going to be.
    pub until: Position,
}

/// A log that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the log of {log} cannot be read: {status}")]
pub struct NoLog {
    /// Name of the log.
    pub log: String,
    /// What its service says.
    pub status: Box<Status>,
}

/// What of a log is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// All that the publication names of it; at least one.
    pub(super) named: &'a [&'a LogBasis],
    /// Up to where; the log may end before.
    pub(super) until: Position,
}

/// Reads a log from its first event on, and tells how far it is. What is wrong with the log goes into the verdict; of another
/// log than is named nothing is read.
pub(super) async fn follow<T>(
    mut log: LogServiceClient<T>,
    wanted: Wanted<'_>,
    verdict: &mut Verdict,
    told: &mut impl FnMut(Reading<'_>),
    mut take: impl FnMut(&Recorded),
) -> Result<(), NoLog>
where
    T: GrpcService<Body> + Clone,
    T::Error: Into<StdError>,
    T::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
{
    let named = wanted.named.iter().copied();
    let Some(name) = named.clone().next().map(|basis| basis.log.clone()) else {
        return Ok(());
    };
    let away = |status| NoLog {
        log: name.clone(),
        status: Box::new(status),
    };
    let head = log.get_head(GetHeadRequest {}).await.map_err(away)?;
    let head = head.into_inner();
    // Of a log that its reader had not asked for its identity yet, the hash alone says which it is.
    let other = |basis: &LogBasis| !basis.epoch.is_empty() && basis.epoch != head.epoch;
    if named.clone().any(other) {
        verdict.findings.push(Finding::OtherLog(name));
        return Ok(());
    }
    let until = wanted.until.min(head.position);
    let mut chain = Chain::through(named);
    while chain.position() < until {
        let before = chain.position();
        let request = ReadRequest {
            after: before,
            limit: i32::try_from(until - before).unwrap_or(PAGE).min(PAGE),
        };
        let mut parts = log.read(request).await.map_err(away)?.into_inner();
        while let Some(part) = parts.message().await.map_err(away)? {
            for event in part.events {
                let event = Recorded::try_from(event)
                    .map_err(|error| away(Status::data_loss(error.to_string())))?;
                chain.follow(&event);
                take(&event);
                verdict.events += 1;
            }
            told(Reading {
                log: &name,
                position: chain.position(),
                until,
            });
        }
        if chain.position() <= before {
            break;
        }
    }
    let damages = chain.damages().into_iter();
    verdict.findings.extend(damages.map(|damaged| Finding::Log {
        log: name.clone(),
        damaged,
    }));
    Ok(())
}
