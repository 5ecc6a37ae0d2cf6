//! The dossiers service through its own gRPC, on real PostgreSQL and NATS, following a real log.

mod access;
mod catalog;
mod commands;
mod handover;
mod imports;
mod life;
mod lists;
mod malformed;
mod overdue;
mod replicas;
mod world;
