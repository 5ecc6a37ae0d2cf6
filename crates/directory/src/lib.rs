//! The registry as its log tells it: the codec of its events, and a [`Directory`] folded from them.
//!
//! The registry service answers from a directory, and so does every service that follows its log;
//! they need not ask each other. No I/O happens here: whoever reads the log hands the events in.
#![forbid(unsafe_code)]

pub mod codec;
mod directory;
pub mod wire;

pub use codec::{DecodeError, Event, decode};
pub use directory::{Directory, stream};
pub use wire::Invalid;
