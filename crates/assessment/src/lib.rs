//! What people decide and claim: which index definitions are in force, and figures that are reported.
#![forbid(unsafe_code)]

mod definition;
mod report;

pub use definition::{
    Definition, DefinitionCommand, DefinitionEvent, DefinitionRefusal, Edition, Scope,
};
pub use report::{Figure, FigureError, Report, ReportCommand, ReportEvent, ReportRefusal};
