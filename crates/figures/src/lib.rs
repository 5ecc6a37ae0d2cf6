//! From three followed logs to every figure of every unit: what scoring keeps, and what whoever doubts a published result
//! reckons again.
//!
//! A [`Ledger`] is a fold over the logs of registry, assessments and dossiers; [`take_in`] folds the events of dossiers
//! into the facts that are remembered of each, and says what that changes in the counters. [`View`] says what follows for
//! a unit, a group or the province in a period. Nothing here knows where the events come from: scoring follows the logs and
//! remembers in its database, a verifier reads them from their first event on. Both get the same digits, as there is one
//! code.
#![forbid(unsafe_code)]

mod fact;
mod figures;
mod ledger;
mod view;

pub use fact::{UnknownEvent, dossier, take_in};
pub use figures::{Figures, Told, to_wire};
pub use ledger::{Ledger, LedgerError, Reported, Stated, Touched};
pub use view::{Offer, View};
