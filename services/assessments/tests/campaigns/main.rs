//! Campaigns over gRPC, on real servers.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod deadlines;
mod edits;
mod given;
mod hammer;
mod play;
mod publications;
mod refused;
mod world;
