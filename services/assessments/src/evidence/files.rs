//! The files that are known.

use std::collections::BTreeMap;

use assessment::EvidenceFile;
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::command::{Codec as _, DecodeError, load};
use eventlog::{EventLog, Recorded};
use ids::UnitCode;

use super::codec::{EvidenceCodec, PREFIX, evidence_stream};
use crate::view::{Kept, Viewer};

/// Files by stream: by unit, then by SHA-256.
#[derive(Debug, Default)]
pub(crate) struct Files(BTreeMap<String, Kept<EvidenceFile>>);

impl Files {
    /// Whether a stream is a file's.
    pub(crate) fn holds(stream: &str) -> bool {
        stream.starts_with(PREFIX)
    }

    /// Takes in an event of such a stream.
    pub(crate) fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let told = EvidenceCodec::read(event)?;
        let kept = self.0.entry(event.stream.clone()).or_default();
        kept.apply(event, |state| state.evolve(&told));
        Ok(())
    }

    /// A unit's file.
    pub(crate) fn of(&self, unit: &UnitCode, sha256: &[u8; 32]) -> Option<&Kept<EvidenceFile>> {
        self.0.get(&evidence_stream(unit, sha256))
    }

    /// A unit's files.
    pub(super) fn of_unit(&self, unit: &UnitCode) -> impl Iterator<Item = &Kept<EvidenceFile>> {
        let prefix = format!("{PREFIX}{unit}-");
        let from = self.0.range(prefix.clone()..);
        from.take_while(move |(stream, _)| stream.starts_with(&prefix))
            .map(|(_, kept)| kept)
    }
}

/// Whether a file was uploaded for a unit: as the view says, or the log, which another replica may have written.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn has(
    log: &EventLog,
    view: &Viewer,
    unit: &UnitCode,
    sha256: &[u8; 32],
) -> Result<bool, Problem> {
    if view.borrow().evidence.of(unit, sha256).is_some() {
        return Ok(true);
    }
    let loaded = load::<EvidenceCodec>(log, &evidence_stream(unit, sha256)).await?;
    Ok(loaded.version > 0)
}
