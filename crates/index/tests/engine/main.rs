//! The engine through its public surface.

mod aggregation;
mod common;
mod faults;
mod properties;
mod ranking;
mod service_quality_766;
mod shapes;
