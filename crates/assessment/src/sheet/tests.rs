//! Sheets: what a unit claims, and what others make of it.

mod appraisal;
mod claims;
mod given_sheet;
mod grounds;
