//! Between requests, resources and the domain.

use assessment::EvidenceFile;
use assessment::evidence::Place;
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use contracts::wire;
use ids::{CampaignCode, LeafCode, UnitCode};

use super::settings::EvidenceSettings;
use crate::campaigns::{Faults, code, some_words};
use crate::view::Kept;

/// Longest name of a file, in characters.
const NAME_MAX: usize = 200;

/// What somebody wants to upload.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) campaign: CampaignCode,
    pub(super) unit: UnitCode,
    pub(super) leaf: Option<LeafCode>,
    pub(super) file_name: String,
    pub(super) media_type: String,
    pub(super) size: u64,
    /// None where the client does not know it yet.
    pub(super) sha256: Option<[u8; 32]>,
}

/// An upload, with every fault named at once.
pub(super) fn wanted(
    it: &pb::EvidenceUpload,
    settings: &EvidenceSettings,
) -> Result<Wanted, Problem> {
    let mut faults = Faults::default();
    let campaign = faults.take("metadata.campaign", code(&it.campaign));
    let unit = faults.take("metadata.unit", code(&it.unit));
    let leaf = match it.leaf.as_str() {
        "" => Some(None),
        leaf => faults.take("metadata.leaf", code(leaf)).map(Some),
    };
    let file_name = faults.take("metadata.file_name", file_name(&it.file_name));
    let media_type = faults.take("metadata.media_type", media_type(&it.media_type, settings));
    let size = faults.take("metadata.size", size(it.size, settings.evidence_size_max));
    let sha256 = match it.sha256.as_slice() {
        [] => Some(None),
        bytes => faults.take("metadata.sha256", sha256(bytes)).map(Some),
    };
    let whole = (|| {
        Some(Wanted {
            campaign: campaign?,
            unit: unit?,
            leaf: leaf?,
            file_name: file_name?,
            media_type: media_type?,
            size: size?,
            sha256: sha256?,
        })
    })();
    faults.or(whole)
}

fn file_name(name: &str) -> Result<String, String> {
    let name = some_words(name, NAME_MAX)?;
    if name.contains(['/', '\\', '\n']) || matches!(name.as_str(), "." | "..") {
        return Err("is not the name of a file; leave folders out".to_owned());
    }
    Ok(name)
}

fn media_type(media_type: &str, settings: &EvidenceSettings) -> Result<String, String> {
    let taken = &settings.evidence_types;
    match taken.iter().find(|it| *it == media_type) {
        Some(known) => Ok(known.clone()),
        None => Err(format!("is not taken; send one of {}", taken.join(", "))),
    }
}

fn size(size: i64, max: u64) -> Result<u64, String> {
    let size = u64::try_from(size).ok();
    size.filter(|size| (1..=max).contains(size))
        .ok_or_else(|| format!("needs 1 to {max} bytes; send a smaller file, or parts of it"))
}

/// The digest that names a content.
pub(super) fn sha256(bytes: &[u8]) -> Result<[u8; 32], String> {
    let digest = <[u8; 32]>::try_from(bytes);
    digest.map_err(|_| format!("has {} bytes; a SHA-256 has 32", bytes.len()))
}

/// A file for the wire.
pub(super) fn file(
    unit: &UnitCode,
    sha256: &[u8; 32],
    file: &EvidenceFile,
    version: i64,
) -> pb::EvidenceFile {
    let content = file.content();
    pb::EvidenceFile {
        unit: unit.to_string(),
        sha256: sha256.to_vec(),
        size: content.map_or(0, |it| i64::try_from(it.size).unwrap_or(i64::MAX)),
        media_type: content.map(|it| it.media_type.clone()).unwrap_or_default(),
        places: file.places().iter().map(place).collect(),
        version,
        position: 0,
    }
}

/// A file that the view has.
pub(super) fn kept(unit: &UnitCode, kept: &Kept<EvidenceFile>) -> pb::EvidenceFile {
    let sha256 = kept.state.content().map(|it| it.sha256).unwrap_or_default();
    pb::EvidenceFile {
        position: kept.position,
        ..file(unit, &sha256, &kept.state, kept.version)
    }
}

fn place(it: &Place) -> pb::EvidencePlace {
    pb::EvidencePlace {
        campaign: it.campaign.to_string(),
        leaf: it
            .leaf
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        file_name: it.file_name.clone(),
        uploaded_by: it.by.clone(),
        uploaded_at: Some(wire::timestamp(it.at)),
    }
}
