//! The register of recognised initiatives, which claims may cite.

mod api;
mod codec;
mod register;
mod wire;

pub(crate) use api::Api;
pub(crate) use codec::{InitiativeCodec, initiative_stream};
pub(crate) use register::Register;
