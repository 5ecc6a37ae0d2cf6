//! The event log on a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod aggregates;
mod append;
mod append_in;
mod beside;
mod command;
mod doubt;
mod feed;
mod proxy;
mod receipts;
mod support;
mod tail;
mod tls;
mod verify;
mod writers;
