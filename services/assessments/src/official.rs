//! Official results: tables that others publish, kept as published and recomputed beside it.

mod answer;
mod api;
mod codec;
mod tables;
mod wire;

pub(crate) use api::Api;
pub(crate) use tables::Tables;
