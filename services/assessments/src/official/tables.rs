//! The tables that are known.

use std::collections::BTreeMap;

use assessment::official::OfficialResults;
use decider::Decider as _;
use eventlog::Recorded;
use eventlog::command::{Codec as _, DecodeError};

use super::codec::{OfficialCodec, PREFIX, stream};
use crate::view::Kept;

/// Official results by stream.
#[derive(Debug, Default)]
pub(crate) struct Tables(BTreeMap<String, Kept<OfficialResults>>);

impl Tables {
    /// Whether a stream holds official results.
    pub(crate) fn holds(stream: &str) -> bool {
        stream.starts_with(PREFIX)
    }

    /// Takes in an event of such a stream.
    pub(crate) fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        let told = OfficialCodec::read(event)?;
        let kept = self.0.entry(event.stream.clone()).or_default();
        kept.apply(event, |state| state.evolve(&told));
        Ok(())
    }

    /// The results of an index and year.
    pub(super) fn of(&self, index: &str, year: i16) -> Option<&Kept<OfficialResults>> {
        self.0.get(&stream(index, year))
    }
}
