//! The files that are known.

use std::collections::BTreeMap;

use assessment::EvidenceFile;
use decider::Decider as _;
use eventlog::Recorded;
use eventlog::command::{Codec as _, DecodeError};
use ids::UnitCode;

use super::codec::{EvidenceCodec, PREFIX, evidence_stream};
use crate::view::Kept;

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
