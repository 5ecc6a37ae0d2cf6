//! Evidence: files that units upload to show that their claims are true.
//!
//! The log says that a file is there, whose it is, and what it was uploaded for; the content is kept beside it, under its
//! SHA-256, in a folder or an S3-compatible store. While it comes in, it is a temporary file without a name, which goes
//! with the process that reads it; it is stored when its size, SHA-256 and type are what was said, before the log says so,
//! and put in its place afterwards; what is left behind in between is swept ([`sweep`]), never what the log names. Nothing here looks into a file further than to tell its type.

mod api;
mod codec;
mod files;
mod incoming;
mod media;
mod outgoing;
mod settings;
mod store;
mod sweep;
mod upload;
mod wire;

pub(crate) use api::Api;
pub(crate) use files::{Files, has};
pub use settings::EvidenceSettings;
pub(crate) use store::Store;
pub(crate) use sweep::Sweeper;
