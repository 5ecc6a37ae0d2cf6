//! The initiatives that are known.

use std::collections::BTreeMap;

use assessment::Initiative;
use decider::Decider as _;
use eventlog::Recorded;
use eventlog::command::{Codec as _, DecodeError};
use ids::InitiativeNumber;

use super::codec::{InitiativeCodec, PREFIX, initiative_stream};
use crate::view::Kept;

/// Initiatives by stream, which is by number.
#[derive(Debug, Default)]
pub(crate) struct Register(BTreeMap<String, Kept<Initiative>>);

impl Register {
    /// Whether a stream is an initiative's.
    pub(crate) fn holds(stream: &str) -> bool {
        stream.starts_with(PREFIX)
    }

    /// Takes in an event of such a stream.
    pub(crate) fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let told = InitiativeCodec::decode(&event.kind, &event.payload)?;
        let kept = self.0.entry(event.stream.clone()).or_default();
        kept.apply(event, |state| state.evolve(&told));
        Ok(())
    }

    /// An initiative by its number.
    pub(crate) fn of(&self, number: &InitiativeNumber) -> Option<&Kept<Initiative>> {
        self.0.get(&initiative_stream(number))
    }

    /// Every initiative by number.
    pub(super) fn all(&self) -> impl Iterator<Item = &Kept<Initiative>> {
        self.0.values()
    }
}
