//! Whether a published document is what the logs say.

use std::fmt;

use contracts::assessments::v1::LogBasis;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::log::v1::{GetHeadRequest, ReadRequest};
use eventlog::{Position, Recorded};
use prost::bytes::Bytes;
use tonic::Status;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::StdError;

use super::{Chain, Damaged, Difference, Document, Record, Scored, Unreadable, compare};
use crate::LOG;

/// Name of the log that measured leaves are told in.
const SCORING: &str = "scoring";
/// Events asked for at a time: the most that a service gives.
const PAGE: i32 = 10_000;

/// The logs that publications rest on, over any connection.
#[derive(Debug, Clone)]
pub struct Logs<T> {
    /// Claims, decisions and editions.
    pub assessments: LogServiceClient<T>,
    /// Measured leaves.
    pub scoring: LogServiceClient<T>,
}

/// Something that is wrong with a document or with what it rests on.
#[derive(Debug)]
pub enum Finding {
    /// The signature is not of this document and key.
    Signature,
    /// A log is damaged.
    Log {
        /// Which.
        log: String,
        /// How.
        damaged: Damaged,
    },
    /// A log of that name, but another one.
    OtherLog(String),
    /// A value does not follow from the logs.
    Differs(Difference),
    /// Nothing can be recomputed.
    Unreadable(Unreadable),
}

/// What a verification came to.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What is wrong; nothing when the document is what the logs say.
    pub findings: Vec<Finding>,
    /// Leaves that were recomputed.
    pub leaves: usize,
    /// Events that were read.
    pub events: u64,
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

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature => f.write_str("the signature is not of this document by that key"),
            Self::Log { log, damaged } => write!(f, "log of {log}: {damaged}"),
            Self::OtherLog(log) => write!(
                f,
                "log of {log}: it is another log than the publication rests on; ask the services of that deployment"
            ),
            Self::Differs(difference) => difference.fmt(f),
            Self::Unreadable(why) => why.fmt(f),
        }
    }
}

/// Checks the signature by a key, reads the logs up to what the document rests on, hash by hash, computes every figure
/// again and compares digit by digit. Everything that is wrong is told, not only the first of it.
///
/// # Errors
/// When a log cannot be read.
pub async fn verify<T>(document: &Document, key: &[u8], logs: &Logs<T>) -> Result<Verdict, NoLog>
where
    T: GrpcService<Body> + Clone,
    T::Error: Into<StdError>,
    T::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
{
    let mut verdict = Verdict::default();
    if !document.is_signed_by(key) {
        verdict.findings.push(Finding::Signature);
    }
    let result = &document.result;
    let mut record = Record::of(result);
    let basis = |log: &str| result.rests_on.iter().find(|basis| basis.log == log);
    if let (Some(basis), Ok(record)) = (basis(LOG), &mut record) {
        // The publication itself follows what it rests on.
        let mut unreadable = None;
        let all = Position::MAX;
        let take = |event: &Recorded| {
            if let Err(why) = record.apply(event) {
                unreadable.get_or_insert(why);
            }
        };
        follow(logs.assessments.clone(), basis, all, &mut verdict, take).await?;
        verdict.findings.extend(unreadable.map(Finding::Unreadable));
    }
    match record.and_then(|record| record.recomputed()) {
        Ok(recomputed) => {
            let differences = compare(result, &recomputed).into_iter();
            verdict.findings.extend(differences.map(Finding::Differs));
            verdict.leaves = recomputed.units.iter().map(|it| it.leaves.len()).sum();
        }
        Err(why) => verdict.findings.push(Finding::Unreadable(why)),
    }
    if let Some(basis) = basis(SCORING) {
        let mut scored = Scored::until(basis.position, &result.period);
        let take = |event: &Recorded| scored.apply(event);
        follow(
            logs.scoring.clone(),
            basis,
            basis.position,
            &mut verdict,
            take,
        )
        .await?;
        let differences = scored.compare(result).into_iter();
        verdict.findings.extend(differences.map(Finding::Differs));
    }
    Ok(verdict)
}

/// Reads a log from its first event to its head, at most up to `until`.
async fn follow<T>(
    mut log: LogServiceClient<T>,
    basis: &LogBasis,
    until: Position,
    verdict: &mut Verdict,
    mut take: impl FnMut(&Recorded),
) -> Result<(), NoLog>
where
    T: GrpcService<Body> + Clone,
    T::Error: Into<StdError>,
    T::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
{
    let name = basis.log.clone();
    let away = |status| NoLog {
        log: name.clone(),
        status: Box::new(status),
    };
    let head = log
        .get_head(GetHeadRequest {})
        .await
        .map_err(away)?
        .into_inner();
    if head.epoch != basis.epoch {
        verdict.findings.push(Finding::OtherLog(name));
        return Ok(());
    }
    let until = until.min(head.position);
    let mut chain = Chain::to(basis);
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
