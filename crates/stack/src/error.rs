//! What can go wrong.

use std::path::PathBuf;

/// Why there is no stack, or it does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A program or folder cannot be had.
    #[error("{what}; {remedy}")]
    Missing {
        /// What is missing.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A file or folder could not be used.
    #[error("{what} failed; see that the disk is not full and the folder is writable")]
    Io {
        /// What was done.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A kept folder has a stack running in it.
    #[error("a stack runs in {folder} already; end it, or keep this one in another folder")]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A server did not come up, or is not in the state that was asked for.
    #[error("{server} {why}")]
    Start {
        /// Which one.
        server: &'static str,
        /// What it did instead.
        why: String,
    },
    /// A database could not be made.
    #[error("database {name} cannot be made: {why}")]
    Database {
        /// Its name.
        name: String,
        /// What PostgreSQL says.
        why: String,
    },
    /// The server is somebody else's.
    #[error(
        "{0} is a server named by the environment; it is not for the stack to stop, start or wipe"
    )]
    External(&'static str),
}

/// Turns an input or output error into ours, saying what was done.
pub(crate) fn doing(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> StackError {
    let what = what.into();
    move |source| StackError::Io { what, source }
}
