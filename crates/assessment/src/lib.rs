//! What people decide and claim: which index definitions are drafted, in force and retired, figures that are reported,
//! campaigns in which units assess themselves and are appraised, what claims rest on, and the tasks that shortcomings
//! become.
#![forbid(unsafe_code)]

pub mod campaign;
mod definition;
pub mod evidence;
pub mod improvement;
pub mod initiative;
pub mod official;
mod person;
mod report;
pub mod sheet;

pub use campaign::Campaign;
pub use definition::{
    Definition, DefinitionCommand, DefinitionEvent, DefinitionRefusal, Draft, Edition, Retirement,
    Scope, Use,
};
pub use evidence::EvidenceFile;
pub use improvement::Task;
pub use initiative::Initiative;
pub use person::{Person, Role};
pub use report::{
    Figure, FigureError, Mean, Report, ReportCommand, ReportEvent, ReportRefusal, Stated,
};
pub use sheet::Sheet;
