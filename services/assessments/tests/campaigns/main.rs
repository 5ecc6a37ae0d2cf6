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
mod play;
mod publications;
mod refused;
mod task_dates;
mod task_refusals;
mod task_succession;
mod tasks;
mod uploads;
mod world;
