//! Evidence: files that units upload to show that their claims are true.
//!
//! The log says that a file is there, whose it is, and what it was uploaded for; the content is kept beside it, under its
//! SHA-256, in a folder or an S3-compatible store. While it comes in, it is a temporary file without a name, which goes
//! with the process that reads it; it is put in its place when its size, SHA-256 and type are what was said, before the
//! log says so. Nothing here looks into a file further than to tell its type.

mod api;
mod codec;
mod entitled;
mod files;
mod media;
mod outgoing;
mod settings;
mod store;
mod upload;
mod wire;

pub(crate) use api::Api;
pub(crate) use files::{Files, has};
pub use settings::EvidenceSettings;
pub(crate) use store::Store;
