//! Who calls, and what they may do.
//!
//! A call's token is verified into a [`Caller`], the [`table`] says which roles may make the call,
//! and the handler finds a [`Permit`] that knows for which units:
//!
//! ```
//! # use identity::{Caller, Permit, Role};
//! # let caller = Caller {
//! #     subject: "nv-017".to_owned(),
//! #     client: "desk".to_owned(),
//! #     roles: [Role::Clerk].into(),
//! #     units: ["H40.12".parse()?].into(),
//! # };
//! let permit = Permit::decide("/chiso.dossiers.v1.DossiersService/ReceiveDossier", &caller)?;
//! permit.may_act_for(&"H40.12".parse()?)?;
//! assert!(permit.may_act_for(&"H40.13".parse()?).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod caller;
mod keys;
mod permit;
mod signer;
mod source;
pub mod table;
pub mod token;
mod verifier;

pub use caller::{Caller, Role, RoleUnknown};
pub use keys::{Keys, KeysError};
pub use permit::Permit;
pub use signer::{DEVELOPMENT_ISSUER, NoKey, Signer, SignerError, Terms, key_pem};
pub use source::{KeySource, NotASource, SourceError};
pub use token::{AUDIENCE, Policy, Rejected};
pub use verifier::Verifier;
