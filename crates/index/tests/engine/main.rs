//! The engine through its public surface.

mod aggregation;
mod catalog;
mod differences;
mod faults;
mod given;
mod heading;
mod properties;
mod ranking;
mod service_quality_766;
mod shapes;
mod withheld;
