//! The dossier: an applicant's case from its filing to its result, with its statutory clock.
//!
//! [`Dossier`] is a decider. Its commands and events carry `at`, the moment in the world at which
//! something happened; in the log that is the metadata's `occurred_at`, not part of the payload.
//! Where a due date must be computed the command brings the working calendar along, so that
//! nothing here looks anything up.
//!
//! The legal moves between the portal's status codes, and what else a state permits, stand in one
//! table (`gate.rs`) that both [`Dossier::possible`] and the decisions use.
//!
//! Times are only held against each other where a figure depends on it: handling does not end
//! before reception, and an extension moves the due date to a later one. Real logs hold activities
//! before the reception and after the end, and clerks record things in the order they find them.
#![forbid(unsafe_code)]

pub mod clock;
mod command;
mod decide;
mod event;
mod evolve;
mod gate;
mod refusal;
mod retry;
mod state;
mod terms;

pub use command::{Action, Command, CommandName, Promise};
pub use event::{CalendarVersion, Event, Fact, Filing, Receipt};
pub use refusal::{Reason, Refusal};
pub use state::{Dossier, End, Filed, Payment, Petition, PetitionAnswer, Reception, Step, Waiting};
pub use terms::{Channel, ClockPolicy, PaymentMethod, Rating, Status, SyncTarget, Timeliness};
