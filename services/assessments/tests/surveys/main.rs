//! Surveys over gRPC on a real stack.

mod anonymity;
mod astray;
mod imports;
mod lifecycle;
mod refusals;
mod replicas;
mod sample;
mod world;
