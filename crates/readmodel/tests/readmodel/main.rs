//! A service that only counts, on real PostgreSQL and NATS, following a real log: what every read model is held to.

mod counting;
mod gone;
mod rebuilt;
mod shown;
mod world;
