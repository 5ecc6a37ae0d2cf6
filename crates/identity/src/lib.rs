//! Who calls, and what they may do.
#![forbid(unsafe_code)]

mod caller;

pub use caller::{Caller, Role, RoleUnknown};
