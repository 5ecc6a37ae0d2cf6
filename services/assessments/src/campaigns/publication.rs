//! Publications: what a campaign came to, frozen, signed, and put together again from the logs by whoever doubts it.
//!
//! A document follows from the log alone: the campaign, its editions, every sheet at the version that was published, and
//! the counted figures that were frozen with it. So it is not stored. It is built again whenever it is asked for, and the
//! stored digest and signature say whether it is the one that was published. [`Record`] does the same outside the
//! service, from events read over the feed.
//!
//! The frozen figures are what scoring had counted, and the publication names exactly how far it had applied the logs of
//! registry, dossiers and assessments then. [`verify()`] counts them again from these logs, by the code that scoring counts
//! with, so they need not be believed.

mod api;
mod canonical;
mod chain;
mod compare;
mod counted;
mod document;
mod issue;
mod judge;
mod key;
mod reading;
mod record;
mod scored;
#[cfg(test)]
mod tests;
mod verdict;
mod verify;
mod waves;

pub use self::canonical::{Document, FORMAT, NotADocument, canonical};
pub use self::chain::{Chain, Damaged};
pub use self::compare::{Difference, compare};
pub(super) use self::document::{Judged, outcomes};
pub(super) use self::issue::Wanted;
pub use self::key::{NoKey, PublicationKey, is_signed};
pub use self::reading::{Logs, NoLog, Reading};
pub use self::record::{Record, Unreadable};
pub use self::scored::Scored;
pub use self::verdict::{Finding, Unproven, Verdict};
pub use self::verify::{verify, verify_and_tell};
