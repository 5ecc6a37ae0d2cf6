//! What a failed statement means for what it should have done.

use sqlx::Error;

/// Why a try failed, by what is known of its outcome.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// A unique key holds already: rolled back, and the same statement would fail again.
    #[error("a stream or a request id exists already")]
    Duplicate(#[source] Error),
    /// Rolled back for a reason that may pass: another try may do.
    #[error("the database rolled the append back")]
    RolledBack(#[source] Error),
    /// The connection was lost: unknown, the next try must look first.
    #[error("the connection to the database was lost")]
    Broken(#[source] Error),
    /// Rolled back for a reason that will not pass.
    #[error("the database refused the append")]
    Refused(#[source] Error),
}

/// SQLSTATE classes and codes that say: rolled back, and another try may succeed. Transaction
/// rollback, lack of resources, object not in the needed state or locked, cancelled by a timeout,
/// read-only after a fail-over, server starting up, system trouble.
const PASSING: [&str; 7] = ["40", "53", "55", "57014", "25006", "57P03", "58"];

/// SQLSTATE classes that say that the connection is gone: connection exceptions, and an
/// administrator or a crash that ended it.
const LOST: [&str; 2] = ["08", "57P"];

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return match error {
                Error::Encode(_) | Error::Decode(_) | Error::ColumnDecode { .. } => {
                    Self::Refused(error)
                }
                _ => Self::Broken(error),
            };
        };
        let code = database.code().unwrap_or_default();
        let any = |classes: &[&str]| classes.iter().any(|class| code.starts_with(class));
        if database.is_unique_violation() {
            Self::Duplicate(error)
        } else if any(&PASSING) {
            Self::RolledBack(error)
        } else if any(&LOST) {
            Self::Broken(error)
        } else {
            Self::Refused(error)
        }
    }
}

impl Fault {
    /// The database's own words.
    pub(crate) fn into_source(self) -> Error {
        match self {
            Self::Duplicate(error)
            | Self::RolledBack(error)
            | Self::Broken(error)
            | Self::Refused(error) => error,
        }
    }
}
