//! The registry through its own gRPC, on a real PostgreSQL and NATS.

mod bad_input;
mod commands;
mod harness;
mod queries;
mod running;
