//! Why a wave refuses.

use ids::UnitCode;
use jiff::Timestamp;

use crate::Code;

/// Why a wave refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaveRefusal {
    /// There is no such wave.
    #[error("the wave is not planned; plan it first")]
    NotPlanned,
    /// Tokens are out, or it was opened.
    #[error("the wave has issued tokens or was opened, so its plan stays; plan another wave")]
    Fixed,
    /// Its time has not come.
    #[error("the wave may be opened from {0} on; open it then or plan it anew")]
    TooEarly(Timestamp),
    /// It takes no ballots yet.
    #[error("the wave is not open; open it first")]
    NotOpen,
    /// It takes no ballots any more.
    #[error("the wave is closed; plan another one")]
    Closed,
    /// It still takes ballots.
    #[error("the wave still takes ballots; close it first")]
    NotClosed,
    /// A unit and group that are not asked together.
    #[error("the wave does not ask {group} about {unit}; name a unit and a group of its plan")]
    NoCell {
        /// The unit.
        unit: UnitCode,
        /// The group.
        group: Code,
    },
    /// A unit that is not asked about.
    #[error("the wave does not ask about {0}; name a unit of its plan")]
    NoUnit(UnitCode),
    /// No token, or more than a wave has.
    #[error("a wave issues 1 to {0} tokens in all; ask for fewer, or for at least one")]
    TooMany(u32),
    /// Ballots without company.
    #[error("ballots leave the box in company only; let more of them out at a time")]
    Alone,
    /// Not all ballots that came in are accounted for.
    #[error("{came} ballots came in and {left} are accounted for; check the ballot box")]
    Miscounted {
        /// Ballots that came in.
        came: u64,
        /// Ballots that left the box or were destroyed.
        left: u64,
    },
    /// There is nothing to release.
    #[error("these results are not withheld; nothing is to be released")]
    NotWithheld,
}
