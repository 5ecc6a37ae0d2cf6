//! The event log: one service's only truth.
//!
//! A log holds streams of events in one order, in the schema `eventlog` of the service's own
//! PostgreSQL database.
//!
//! - Positions are 1, 2, 3, … without a gap, in commit order: a reader needs `position > n` and
//!   nothing else, and a hole is proof of damage.
//! - An append states what it expects of its streams and is committed in whole or not at all,
//!   durably before it is acknowledged, and whether or not its caller still waits.
//! - A command's answer is stored with its events under the caller's request id: repeating the
//!   command answers the same again, and changes nothing.
//! - Every event's hash covers the one before it ([`hash`]), so that [`EventLog::verify`] finds
//!   what was altered.
//!
//! Any number of processes may append to one log: see [`EventLog::append`] for how they agree.
#![forbid(unsafe_code)]

mod appender;
mod ask;
pub mod command;
mod error;
mod event;
pub mod feed;
pub mod hash;
mod judge;
mod log;
mod query;
mod tail;
mod verify;
mod watch;

use std::sync::Arc;

use tokio::sync::watch as channel;

pub use crate::error::{AppendError, OpenError, StorageError};
pub use crate::event::{
    Append, Appended, Expected, Hash, Head, InvalidEvent, MAX_APPEND_BYTES, MAX_APPEND_EVENTS,
    MAX_EVENT_BYTES, MAX_STREAM_BYTES, NewEvent, NewReceipt, Position, Receipt, Recorded,
    StreamAppend, Version, ZERO_HASH,
};
pub use crate::log::{EventLog, MAX_READ};
pub use crate::verify::{Damage, DamageKind, Progress, Verified};

/// Says what time it is. Handed in, so that a test or a simulation decides.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// Tells those who watch the head, unless they know better already.
fn advance(heads: &channel::Sender<Position>, position: Position) {
    heads.send_if_modified(|head| {
        let newer = position > *head;
        *head = position.max(*head);
        newer
    });
}
