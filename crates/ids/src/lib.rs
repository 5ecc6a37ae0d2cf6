//! Typed codes and periods: what names a thing in Chiso.
//!
//! Every code is checked when it is made and cannot hold anything else afterwards.
#![forbid(unsafe_code)]

mod code;
mod period;
mod subject;

pub use code::{
    CampaignCode, CodeError, DossierCode, IndexCode, InitiativeNumber, LeafCode, MeasureName,
    ProcedureCode, ProvinceCode, TaskCode, UnitCode,
};
pub use period::{Month, Period, PeriodError};
pub use subject::{GROUPS, IndexKey, Subject};
