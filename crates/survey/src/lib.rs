//! Surveys: instruments, waves, ballots, and what ballots add up to.
//!
//! Nothing here knows who answered: a [`Ballot`] is answers and nothing else, and it leaves the box only in company
//! ([`mixing`]). What comes out is counted exactly ([`Tally`]): answers and weights are whole hundredths, sums and sums
//! of squares are integers, and only the printed figures are rounded.
#![forbid(unsafe_code)]

mod answer;
mod feeding;
mod instrument;
pub mod mixing;
mod moments;
mod question;
mod results;
mod suppression;
mod tally;
mod wave;

pub use answer::{Answer, Ballot, Fault, Weight};
pub use feeding::{Fed, Sample, fed, feeds, sample};
pub use instrument::{
    Edition, Group, Instrument, InstrumentCommand, InstrumentEvent, InstrumentRefusal,
};
pub use moments::{Mean, Moments};
pub use question::{Choice, Feed, Hundredths, Kind, Question, Taken};
pub use results::{Block, Blocked, Item, results};
pub use tally::{DIGITS, Estimate, Level, Tally, rounded};
pub use wave::{
    BALLOTS_MAX, Batch, Cell, MINIMUM, Plan, PlanFault, Stage, Wave, WaveCommand, WaveEvent,
    WaveRefusal,
};

use std::fmt;
use std::str::FromStr;

/// Names an instrument, an edition, a wave, a question, a respondent group or an option: 1 to 40 letters, digits, dots,
/// underscores and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(String);

/// Why a text is no [`Code`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a code: write 1 to 40 letters, digits, dots, underscores and hyphens, such as 2024.citizens"
)]
pub struct CodeError(String);

impl Code {
    /// Most characters.
    pub const CHARS: usize = 40;

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let sound = (1..=Self::CHARS).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(CodeError(text.chars().take(64).collect()))
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
