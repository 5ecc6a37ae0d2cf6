//! Surveys over gRPC on a real stack.

mod anonymity;
mod astray;
mod imports;
mod lifecycle;
mod past;
mod refusals;
mod replicas;
mod reports;
mod sample;
mod world;
