//! Publications: what a campaign came to, frozen, signed, and put together again from the logs by whoever doubts it.
//!
//! A document follows from the log alone: the campaign, its editions, every sheet at the version that was published, and
//! the counted figures that were frozen with it. So it is not stored. It is built again whenever it is asked for, and the
//! stored digest and signature say whether it is the one that was published. [`Record`] does the same outside the
//! service, from events read over the feed.

mod api;
mod canonical;
mod chain;
mod compare;
mod document;
mod issue;
mod key;
mod record;
mod scored;
#[cfg(test)]
mod tests;
mod verify;

pub use self::canonical::{Document, FORMAT, NotADocument, canonical};
pub use self::chain::{Chain, Damaged};
pub use self::compare::{Difference, compare};
pub(super) use self::document::{Judged, outcomes};
pub(super) use self::issue::Wanted;
pub use self::key::{NoKey, PublicationKey, is_signed};
pub use self::record::{Record, Unreadable};
pub use self::scored::Scored;
pub use self::verify::{Finding, Logs, NoLog, Verdict, verify};
