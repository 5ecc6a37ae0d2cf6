//! Logs and their followers over a real PostgreSQL and a real NATS, as broken as they can be.

mod follower;
mod owner;
mod relay;
mod replay;
mod support;
