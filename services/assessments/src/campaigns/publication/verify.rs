//! Whether a published document is what the logs say.

use contracts::assessments::v1 as pb;
use eventlog::{Position, Recorded};
use prost::bytes::Bytes;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::StdError;

use super::judge::Read;
use super::reading::{Wanted, follow};
use super::{Document, Finding, Logs, NoLog, Reading, Verdict};
use crate::LOG;
use crate::campaigns::figures::{DOSSIERS, REGISTRY, SCORING};

/// Checks the signature by a key, reads the logs up to what the document rests on, hash by hash, counts every frozen figure
/// and computes every value again, and compares digit by digit. Everything that is wrong is told, not only the first of it.
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
    verify_and_tell(document, key, logs, |_| {}).await
}

/// As [`verify`], and tells how far each log was read.
///
/// # Errors
/// When a log cannot be read.
pub async fn verify_and_tell<T>(
    document: &Document,
    key: &[u8],
    logs: &Logs<T>,
    mut told: impl FnMut(Reading<'_>),
) -> Result<Verdict, NoLog>
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
    let mut read = Read::of(&document.result);
    for (log, client) in [
        (REGISTRY, &logs.registry),
        (DOSSIERS, &logs.dossiers),
        (LOG, &logs.assessments),
        (SCORING, &logs.scoring),
    ] {
        let named = named(&document.result, log);
        let last = named.iter().map(|basis| basis.position).max();
        // Nothing is counted from a log without events; the publication itself follows what it rests on.
        let until = match last {
            None | Some(0) => continue,
            Some(_) if log == LOG => Position::MAX,
            Some(last) => last,
        };
        let wanted = Wanted {
            named: &named,
            until,
        };
        let take = |event: &Recorded| read.take(log, event);
        follow(client.clone(), wanted, &mut verdict, &mut told, take).await?;
    }
    read.judge(&document.result, &mut verdict);
    Ok(verdict)
}

/// All that a document names of a log.
fn named<'a>(result: &'a pb::PublishedResult, log: &str) -> Vec<&'a pb::LogBasis> {
    let counted_on = result.counted_on.iter().flat_map(|basis| &basis.logs);
    let named = result.rests_on.iter().chain(counted_on);
    named.filter(|basis| basis.log == log).collect()
}
