//! A file while it comes in.

use std::path::Path;
use std::time::Duration;

use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use futures::{Stream, StreamExt as _};
use pb::upload_evidence_request::Part;
use prost::bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use tonic::Status;

use super::media::Look;
use super::wire::Wanted;

/// Most bytes of a part: small enough to be read in one go, large enough that its frame does not count.
pub(super) const CHUNK_MAX: usize = 64 * 1024;
/// Longest wait for the next part, so that who falls silent does not keep a place. A slow line brings a part in a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file that came in whole and is what was said.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) content: File,
    pub(super) sha256: [u8; 32],
}

/// What is uploaded: the first part.
pub(super) async fn metadata(
    parts: &mut (impl Stream<Item = Result<pb::UploadEvidenceRequest, Status>> + Unpin),
) -> Result<pb::EvidenceUpload, Status> {
    match next(parts).await? {
        Some(Part::Metadata(metadata)) => Ok(metadata),
        _ => Err(Problem::invalid("metadata", "has to come first; then send the file").into()),
    }
}

/// The file, in a temporary one of `folder` that has no name: whatever happens, the system takes it away.
pub(super) async fn receive(
    parts: &mut (impl Stream<Item = Result<pb::UploadEvidenceRequest, Status>> + Unpin),
    wanted: &Wanted,
    folder: &Path,
) -> Result<Received, Status> {
    let spool = tempfile::tempfile_in(folder).map_err(|error| no_room(&error))?;
    let mut spool = File::from_std(spool);
    let (mut hash, mut size) = (Sha256::new(), 0_u64);
    let mut look = Look::at(&wanted.media_type);
    while let Some(part) = next(parts).await? {
        let chunk = chunk(part)?;
        size = size.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if size > wanted.size {
            return Err(other_size(wanted.size, "more").into());
        }
        look.take(&chunk).map_err(|_| other_type(wanted))?;
        hash.update(&chunk);
        let written = spool.write_all(&chunk).await;
        written.map_err(|error| no_room(&error))?;
    }
    if size < wanted.size {
        return Err(other_size(wanted.size, &format!("only {size}")).into());
    }
    look.end().map_err(|_| other_type(wanted))?;
    let sha256 = hash.finalize().into();
    if wanted.sha256.is_some_and(|said| said != sha256) {
        let why = "is not that of the bytes that came; send the file again";
        return Err(Problem::invalid("metadata.sha256", why).into());
    }
    let rewound = async {
        spool.flush().await?;
        spool.rewind().await
    };
    rewound.await.map_err(|error| no_room(&error))?;
    Ok(Received {
        content: spool,
        sha256,
    })
}

async fn next(
    parts: &mut (impl Stream<Item = Result<pb::UploadEvidenceRequest, Status>> + Unpin),
) -> Result<Option<Part>, Status> {
    let next = tokio::time::timeout(PATIENCE, parts.next()).await;
    let next = next.map_err(|_| {
        let seconds = PATIENCE.as_secs();
        Problem::deadline(format!("nothing came for {seconds} s; send the file again"))
    })?;
    match next.transpose()? {
        None => Ok(None),
        Some(pb::UploadEvidenceRequest { part: Some(part) }) => Ok(Some(part)),
        Some(pb::UploadEvidenceRequest { part: None }) => {
            Err(Problem::invalid("part", "is empty; send metadata or a chunk").into())
        }
    }
}

fn chunk(part: Part) -> Result<Bytes, Problem> {
    let chunk = match part {
        Part::Chunk(chunk) => Bytes::from(chunk),
        Part::Metadata(_) => {
            return Err(Problem::invalid("metadata", "came before; send the file"));
        }
    };
    if !(1..=CHUNK_MAX).contains(&chunk.len()) {
        let why = format!("has {} bytes; send 1 to {CHUNK_MAX} at a time", chunk.len());
        return Err(Problem::invalid("chunk", why));
    }
    Ok(chunk)
}

fn other_size(said: u64, came: &str) -> Problem {
    let why = format!("says {said} bytes, and {came} came; say how many the file has");
    Problem::invalid("metadata.size", why)
}

fn other_type(wanted: &Wanted) -> Problem {
    let why = format!(
        "says {}, and the content is something else; say what it is",
        wanted.media_type
    );
    Problem::invalid("metadata.media_type", why)
}

/// The folder for what comes in cannot be written.
fn no_room(error: &std::io::Error) -> Problem {
    tracing::error!(%error, "cannot write an upload into the folder for what comes in");
    Problem::unavailable("there is no room for the file now; send it again later")
}
