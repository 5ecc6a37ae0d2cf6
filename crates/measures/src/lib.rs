//! From what happened to dossiers to the figures that indices are computed from.
//!
//! [`Facts`] is what has to be remembered of one dossier; [`Facts::contributions`] says what it adds to which
//! counter of which unit and month. Counters are sums of contributions and nothing else, so they do not depend on
//! the order in which dossiers, or several logs, were read. [`figures`] turns counters into the named measures of an
//! index definition for a period: flows are summed over its months, stocks are cumulated up to its end.
#![forbid(unsafe_code)]

mod counters;
mod facts;
mod figures;

pub use counters::{COUNTERS, Counter, Counters};
pub use facts::{Ended, Fact, Facts, Key, Petition};
pub use figures::{Figures, OFFERED, figures, reached_by, sources};
