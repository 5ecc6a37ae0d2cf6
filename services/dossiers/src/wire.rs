//! Between the contract's messages and the domain's values, in one place.

pub(crate) mod events;
mod field;
pub(crate) mod fields;
pub(crate) mod import;
pub(crate) mod requests;
pub(crate) mod resource;
mod terms;
pub(crate) mod wishes;

pub(crate) use terms::Term;
