//! The life of an index's editions: drafted or copied, changed, checked, put in force, used by campaigns, retired.

mod answers;
mod codec;
mod commands;
mod resource;

pub(crate) use codec::DefinitionCodec;
