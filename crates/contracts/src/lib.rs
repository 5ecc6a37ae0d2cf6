//! The contracts: messages, services and errors that cross a process boundary.
//!
//! The `.proto` files under `proto/chiso` are the source. What is generated from them is committed
//! in `src/gen`, so that a build needs neither `protoc` nor a build script; `tests/generated.rs`
//! generates again and compares. After a change of a `.proto` file:
//!
//! ```text
//! CHISO_REGENERATE=1 cargo test -p contracts --test generated
//! ```
//!
//! A new package (`proto/chiso/<name>/v1`) appears as `contracts::<name>::v1` by itself.
//!
//! Contracts that were released may grow but not break: `tests/breaking.rs` compares the
//! descriptors with
//! `released.bin`. When a release is made, `CHISO_RELEASE=1 cargo test -p contracts --test breaking` moves it on.
#![forbid(unsafe_code)]

#[allow(missing_docs, unreachable_pub, clippy::all)]
#[rustfmt::skip]
#[path = "gen/mod.rs"]
mod generated;

pub mod json;
pub mod page;
pub mod problem;
pub mod wire;

pub use generated::chiso::*;

/// The encoded `google.protobuf.FileDescriptorSet` of every contract with its imports: for
/// reflection and JSON.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/descriptor.bin");
