//! What people decide and claim: which index definitions are in force, figures that are reported, and campaigns in which
//! units assess themselves and are appraised.
#![forbid(unsafe_code)]

pub mod campaign;
mod definition;
pub mod official;
mod person;
mod report;
pub mod sheet;

pub use campaign::Campaign;
pub use definition::{
    Definition, DefinitionCommand, DefinitionEvent, DefinitionRefusal, Edition, Scope,
};
pub use person::{Person, Role};
pub use report::{Figure, FigureError, Report, ReportCommand, ReportEvent, ReportRefusal};
pub use sheet::Sheet;
