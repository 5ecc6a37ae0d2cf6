//! Files to upload, and how to.

use std::path::{Path, PathBuf};

use contracts::assessments::v1 as pb;
use pb::download_evidence_response::Part as Out;
use pb::upload_evidence_request::Part;
use sha2::{Digest as _, Sha256};
use tonic::Status;

use crate::given::*;
use crate::world::World;

pub(crate) const KIB: usize = 1024;

/// A scanned decision of some pages.
pub(crate) fn scan(pages: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    for page in 0..pages {
        let byte = u8::try_from(page % 251).unwrap();
        bytes.resize(bytes.len() + 100 * KIB, byte);
    }
    bytes
}

pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// What a unit says of a file for the leaf `plan`.
pub(crate) fn metadata(unit: &str, bytes: &[u8]) -> pb::EvidenceUpload {
    pb::EvidenceUpload {
        context: by(&assessor(unit), unit),
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
        leaf: "plan".to_owned(),
        file_name: "Kế hoạch 165.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size: i64::try_from(bytes.len()).unwrap(),
        sha256: sha256(bytes),
    }
}

pub(crate) fn message(part: Part) -> pb::UploadEvidenceRequest {
    pb::UploadEvidenceRequest { part: Some(part) }
}

pub(crate) async fn send(
    world: &World,
    metadata: pb::EvidenceUpload,
    bytes: &[u8],
) -> Result<pb::EvidenceFile, Status> {
    let chunks = bytes.chunks(64 * KIB);
    let parts: Vec<_> = [Part::Metadata(metadata)]
        .into_iter()
        .chain(chunks.map(|chunk| Part::Chunk(chunk.to_vec())))
        .map(message)
        .collect();
    let mut evidence = world.evidence.clone();
    let answer = evidence.upload_evidence(tokio_stream::iter(parts)).await?;
    Ok(answer.into_inner())
}

/// The file, or how far it came and why not further.
pub(crate) async fn fetch(
    world: &World,
    unit: &str,
    sha256: Vec<u8>,
) -> Result<(pb::EvidenceFile, Vec<u8>), Status> {
    let unit = unit.to_owned();
    let request = pb::DownloadEvidenceRequest { unit, sha256 };
    let answer = world.evidence.clone().download_evidence(request).await?;
    let mut parts = answer.into_inner();
    let mut fetched = (pb::EvidenceFile::default(), Vec::new());
    while let Some(part) = parts.message().await? {
        match part.part.unwrap() {
            Out::File(file) => fetched.0 = file,
            Out::Chunk(chunk) => {
                assert!((1..=64 * KIB).contains(&chunk.len()));
                fetched.1.extend(chunk);
            }
        }
    }
    Ok(fetched)
}

pub(crate) async fn list(world: &World, unit: &str, campaign: &str) -> Vec<pb::EvidenceFile> {
    let mut request = pb::ListEvidenceRequest {
        unit: unit.to_owned(),
        campaign: campaign.to_owned(),
        page_size: 1,
        page_token: String::new(),
    };
    let mut files = Vec::new();
    loop {
        let page = world.evidence.clone().list_evidence(request.clone()).await;
        let page = page.unwrap().into_inner();
        files.extend(page.files);
        if page.next_page_token.is_empty() {
            return files;
        }
        request.page_token = page.next_page_token;
    }
}

/// Every file in a folder and below.
pub(crate) fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let below = entries.flat_map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            kept(&path)
        } else {
            vec![path]
        }
    });
    below.collect()
}

pub(crate) fn naming(sha256: &[u8]) -> Vec<pb::Evidence> {
    vec![pb::Evidence {
        sha256: sha256.to_vec(),
        ..evidence().remove(0)
    }]
}
