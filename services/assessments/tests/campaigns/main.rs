//! Campaigns over gRPC, on real servers.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod deadlines;
mod editions;
mod edits;
mod evidence;
mod files;
mod given;
mod hammer;
mod initiatives;
mod left_behind;
mod past;
mod play;
mod publications;
mod refused;
mod uploads;
mod world;
