//! A file while it goes out.

use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};
use object_store::Error;
use pb::download_evidence_response::Part;
use prost::bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tonic::Status;

use super::upload::CHUNK_MAX;

/// What is left to send.
struct Outgoing {
    /// What the file is, until it was sent.
    file: Option<pb::EvidenceFile>,
    sha256: [u8; 32],
    content: BoxStream<'static, object_store::Result<Bytes>>,
    hash: Sha256,
    /// Read and not sent yet.
    rest: Bytes,
}

/// What the file is, then its bytes. The stream ends with an error unless they are what was uploaded.
pub(super) fn outgoing(
    file: pb::EvidenceFile,
    sha256: [u8; 32],
    content: BoxStream<'static, object_store::Result<Bytes>>,
) -> impl Stream<Item = Result<pb::DownloadEvidenceResponse, Status>> {
    let start = Outgoing {
        file: Some(file),
        sha256,
        content,
        hash: Sha256::new(),
        rest: Bytes::new(),
    };
    stream::try_unfold(start, Outgoing::next)
}

impl Outgoing {
    async fn next(mut self) -> Result<Option<(pb::DownloadEvidenceResponse, Self)>, Status> {
        if let Some(file) = self.file.take() {
            return Ok(Some((response(Part::File(file)), self)));
        }
        while self.rest.is_empty() {
            match self.content.next().await {
                Some(Ok(bytes)) => {
                    self.hash.update(&bytes);
                    self.rest = bytes;
                }
                Some(Err(error)) => return Err(unreadable(&self.sha256, &error).into()),
                None => return self.end(),
            }
        }
        let length = self.rest.len().min(CHUNK_MAX);
        let chunk = self.rest.split_to(length);
        Ok(Some((response(Part::Chunk(chunk.into())), self)))
    }

    fn end(self) -> Result<Option<(pb::DownloadEvidenceResponse, Self)>, Status> {
        if self.hash.finalize().as_slice() == self.sha256 {
            return Ok(None);
        }
        Err(damaged(&self.sha256, "altered").into())
    }
}

fn response(part: Part) -> pb::DownloadEvidenceResponse {
    pb::DownloadEvidenceResponse { part: Some(part) }
}

/// A content that cannot be read.
pub(super) fn unreadable(sha256: &[u8; 32], error: &Error) -> Problem {
    if let Error::NotFound { .. } = error {
        return damaged(sha256, "missing");
    }
    tracing::error!(%error, "the store of evidence does not answer");
    Problem::unavailable("the store of evidence does not answer; repeat the call")
}

/// A content that is not what was uploaded, or not there any more.
fn damaged(sha256: &[u8; 32], how: &'static str) -> Problem {
    let sha256 = hex::encode(sha256);
    tracing::error!(sha256, how, "a kept file is damaged");
    metrics::counter!("chiso_assessments_evidence_damaged_total", "how" => how).increment(1);
    let message = match how {
        "missing" => "the file is missing from the store of evidence",
        _ => "the file in the store of evidence is not what was uploaded",
    };
    let remedy = "tell the operator to restore it, or upload the original again";
    Problem::data_loss("EVIDENCE_DAMAGED", format!("{message}; {remedy}")).with("sha256", sha256)
}
