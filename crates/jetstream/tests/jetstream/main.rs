//! Logs and their followers over a real PostgreSQL and a real NATS, as broken as they can be.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../../runtime/tests/traces/collector.rs"]
mod collector;
mod follower;
mod owner;
mod relay;
mod replay;
mod rights;
mod standby;
mod support;
mod traces;
