//! How the events of surveys are stored.

use contracts::assessments::v1 as pb;
use eventlog::command::{Codec, DecodeError};
use prost::Message;
use prost::bytes::Bytes;
use survey::{Code, Fault, Instrument, InstrumentEvent, Wave, WaveEvent};

use super::wire::{edition, events};

/// What the names of the streams of instruments begin with.
pub(crate) const INSTRUMENT: &str = "instrument-";
/// What the names of the streams of waves begin with.
pub(crate) const WAVE: &str = "wave-";

/// Stream of an instrument.
pub(crate) fn instrument_stream(code: &Code) -> String {
    format!("{INSTRUMENT}{code}")
}

/// Stream of a wave.
pub(crate) fn wave_stream(code: &Code) -> String {
    format!("{WAVE}{code}")
}

/// Stores instruments.
pub(crate) struct InstrumentCodec;
/// Stores waves.
pub(crate) struct WaveCodec;

const INSTRUMENT_PUT: &str = "chiso.assessments.v1.InstrumentPut";
const INSTRUMENT_USED: &str = "chiso.assessments.v1.InstrumentUsed";
const WAVE_PLANNED: &str = "chiso.assessments.v1.WavePlanned";
const WAVE_OPENED: &str = "chiso.assessments.v1.WaveOpened";
const WAVE_CLOSED: &str = "chiso.assessments.v1.WaveClosed";
const TOKENS_ISSUED: &str = "chiso.assessments.v1.TokensIssued";
const BALLOTS_IMPORTED: &str = "chiso.assessments.v1.BallotsImported";
const BALLOTS_RELEASED: &str = "chiso.assessments.v1.BallotsReleased";
const WAVE_COUNTED: &str = "chiso.assessments.v1.WaveCounted";
const RESULTS_WITHHELD: &str = "chiso.assessments.v1.ResultsWithheld";
const RESULTS_RELEASED: &str = "chiso.assessments.v1.ResultsReleased";

fn message<M: Message + Default>(kind: &str, payload: &[u8]) -> Result<M, DecodeError> {
    M::decode(payload).map_err(|source| DecodeError::Malformed {
        kind: kind.to_owned(),
        source,
    })
}

fn invalid(kind: &str) -> impl Fn(String) -> DecodeError {
    |why| DecodeError::Invalid {
        kind: kind.to_owned(),
        why,
    }
}

impl Codec for InstrumentCodec {
    type Aggregate = Instrument;

    fn encode(event: &InstrumentEvent) -> (&'static str, Bytes) {
        let (kind, stored) = match event {
            InstrumentEvent::Put(put) => {
                let edition = Some(edition::edition(put));
                (
                    INSTRUMENT_PUT,
                    pb::InstrumentPut { edition }.encode_to_vec(),
                )
            }
            InstrumentEvent::Used { edition, wave } => {
                let stored = pb::InstrumentUsed {
                    edition: edition.to_string(),
                    wave: wave.to_string(),
                };
                (INSTRUMENT_USED, stored.encode_to_vec())
            }
        };
        (kind, stored.into())
    }

    fn decode(kind: &str, payload: &[u8]) -> Result<InstrumentEvent, DecodeError> {
        match kind {
            INSTRUMENT_PUT => {
                let stored: pb::InstrumentPut = message(kind, payload)?;
                edition::read(stored.edition.unwrap_or_default())
                    .map(InstrumentEvent::Put)
                    .map_err(|faults| invalid(kind)(first(&faults)))
            }
            INSTRUMENT_USED => {
                let stored: pb::InstrumentUsed = message(kind, payload)?;
                Ok(InstrumentEvent::Used {
                    edition: events::code(&stored.edition).map_err(invalid(kind))?,
                    wave: events::code(&stored.wave).map_err(invalid(kind))?,
                })
            }
            _ => Err(DecodeError::UnknownKind(kind.to_owned())),
        }
    }
}

impl Codec for WaveCodec {
    type Aggregate = Wave;

    fn encode(event: &WaveEvent) -> (&'static str, Bytes) {
        let (kind, stored) = match event {
            WaveEvent::Planned(plan) => (WAVE_PLANNED, events::plan(plan).encode_to_vec()),
            WaveEvent::Opened => (WAVE_OPENED, pb::WaveOpened {}.encode_to_vec()),
            WaveEvent::Closed => (WAVE_CLOSED, pb::WaveClosed {}.encode_to_vec()),
            WaveEvent::TokensIssued { unit, group, count } => {
                let stored = pb::TokensIssued {
                    unit: unit.to_string(),
                    group: group.to_string(),
                    count: events::count(*count),
                };
                (TOKENS_ISSUED, stored.encode_to_vec())
            }
            WaveEvent::Imported { source, ballots } => {
                let stored = pb::BallotsImported {
                    source: source.clone(),
                    ballots: events::turnout(ballots),
                };
                (BALLOTS_IMPORTED, stored.encode_to_vec())
            }
            WaveEvent::Released(batch) => (BALLOTS_RELEASED, events::batch(batch).encode_to_vec()),
            WaveEvent::Counted { cast, destroyed } => {
                let stored = pb::WaveCounted {
                    turnout: events::turnout(cast),
                    destroyed: events::count(*destroyed),
                };
                (WAVE_COUNTED, stored.encode_to_vec())
            }
            WaveEvent::Withheld { unit, reason } => {
                let stored = pb::ResultsWithheld {
                    unit: events::text(unit.as_ref()),
                    reason: reason.clone(),
                };
                (RESULTS_WITHHELD, stored.encode_to_vec())
            }
            WaveEvent::Lifted { unit, reason } => {
                let stored = pb::ResultsReleased {
                    unit: events::text(unit.as_ref()),
                    reason: reason.clone(),
                };
                (RESULTS_RELEASED, stored.encode_to_vec())
            }
        };
        (kind, stored.into())
    }

    fn decode(kind: &str, payload: &[u8]) -> Result<WaveEvent, DecodeError> {
        Ok(match kind {
            WAVE_PLANNED => {
                let plan = events::read_plan(message(kind, payload)?).map_err(invalid(kind))?;
                WaveEvent::Planned(Box::new(plan))
            }
            WAVE_OPENED => message::<pb::WaveOpened>(kind, payload).map(|_| WaveEvent::Opened)?,
            WAVE_CLOSED => message::<pb::WaveClosed>(kind, payload).map(|_| WaveEvent::Closed)?,
            TOKENS_ISSUED => {
                let stored: pb::TokensIssued = message(kind, payload)?;
                WaveEvent::TokensIssued {
                    unit: events::unit(&stored.unit).map_err(invalid(kind))?,
                    group: events::code(&stored.group).map_err(invalid(kind))?,
                    count: events::read_count(stored.count).map_err(invalid(kind))?,
                }
            }
            BALLOTS_IMPORTED => {
                let stored: pb::BallotsImported = message(kind, payload)?;
                WaveEvent::Imported {
                    ballots: events::read_turnout(&stored.ballots).map_err(invalid(kind))?,
                    source: stored.source,
                }
            }
            BALLOTS_RELEASED => {
                let batch = events::read_batch(message(kind, payload)?);
                WaveEvent::Released(batch.map_err(invalid(kind))?)
            }
            WAVE_COUNTED => {
                let stored: pb::WaveCounted = message(kind, payload)?;
                WaveEvent::Counted {
                    cast: events::read_turnout(&stored.turnout).map_err(invalid(kind))?,
                    destroyed: events::read_count(stored.destroyed).map_err(invalid(kind))?,
                }
            }
            RESULTS_WITHHELD => {
                let stored: pb::ResultsWithheld = message(kind, payload)?;
                WaveEvent::Withheld {
                    unit: events::some_unit(&stored.unit).map_err(invalid(kind))?,
                    reason: stored.reason,
                }
            }
            RESULTS_RELEASED => {
                let stored: pb::ResultsReleased = message(kind, payload)?;
                WaveEvent::Lifted {
                    unit: events::some_unit(&stored.unit).map_err(invalid(kind))?,
                    reason: stored.reason,
                }
            }
            _ => return Err(DecodeError::UnknownKind(kind.to_owned())),
        })
    }
}

fn first(faults: &[Fault]) -> String {
    faults.first().map(ToString::to_string).unwrap_or_default()
}
