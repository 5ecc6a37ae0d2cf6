//! Instruments and waves as the log tells them.

use std::collections::BTreeMap;

use decider::Decider as _;
use eventlog::Recorded;
use eventlog::command::{Codec, DecodeError};
use survey::{Code, Instrument, Wave};

use super::codec::{INSTRUMENT, InstrumentCodec, WAVE, WaveCodec};
use crate::view::Kept;

/// All instruments and waves, each by its code.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) instruments: BTreeMap<String, Kept<Instrument>>,
    pub(crate) waves: BTreeMap<String, Kept<Wave>>,
}

impl Book {
    /// Whether a stream is one of these.
    pub(crate) fn holds(stream: &str) -> bool {
        stream.starts_with(INSTRUMENT) || stream.starts_with(WAVE)
    }

    /// Takes in an event of such a stream.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        match event.stream.strip_prefix(INSTRUMENT) {
            Some(code) => {
                let kept = self.instruments.entry(code.to_owned()).or_default();
                fold::<InstrumentCodec>(kept, event)
            }
            None => {
                let code = event.stream.strip_prefix(WAVE).unwrap_or_default();
                fold::<WaveCodec>(self.waves.entry(code.to_owned()).or_default(), event)
            }
        }
    }

    /// A wave.
    pub(crate) fn wave(&self, code: &Code) -> Option<&Kept<Wave>> {
        self.waves.get(code.as_str())
    }
}

fn fold<C: Codec>(kept: &mut Kept<C::Aggregate>, event: &Recorded) -> Result<(), DecodeError> {
    let told = C::read(event)?;
    kept.state.evolve(&told);
    kept.version = event.version;
    kept.position = event.position;
    Ok(())
}
