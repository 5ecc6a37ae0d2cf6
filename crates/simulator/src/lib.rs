//! A made-up year of dossiers, drawn from a seed: the same seed, units, procedures and calendar give the same year; and
//! what units say of such a year when they are assessed.
//!
//! What is drawn is realistic in shape (who files what, when and how; how long it takes; what goes wrong, and where
//! more than elsewhere) and true of nobody: no figure of it may be taken for one of a real office.
#![forbid(unsafe_code)]

mod assessed;
mod character;
mod days;
mod dice;
mod life;
mod reported;
mod world;
mod year;

pub use assessed::{Figure, Stated, assessed};
pub use reported::{Reported, reported};
pub use world::{End, Group, Online, Procedure, Unit, World};
pub use year::{Plan, Year, simulate};
