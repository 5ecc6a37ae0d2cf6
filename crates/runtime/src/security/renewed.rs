//! What is made of files that change while the process runs.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::SecurityError;

/// Largest PEM file that is read, in bytes: every authority that a host knows fits in several times.
const PEM_MAX: u64 = 4 * 1024 * 1024;

/// A file, and the flag that names it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) flag: &'static str,
    pub(super) path: PathBuf,
}

/// The files of one side of a connection.
#[derive(Clone, Debug)]
pub(super) struct Files {
    /// Certificate chain and key of this side, when it shows any.
    pub(super) identity: Option<(Named, Named)>,
    /// Whose certificates the other side is believed by.
    pub(super) authorities: Option<Named>,
}

/// What was in them. Not to be shown: it has the key.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) identity: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) authorities: Option<Vec<u8>>,
}

impl Named {
    fn read(&self) -> Result<Vec<u8>, SecurityError> {
        read(&self.path).map_err(|source| SecurityError::Unread {
            flag: self.flag,
            path: self.path.clone(),
            source,
        })
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(PEM_MAX + 1).read_to_end(&mut text)?;
    match u64::try_from(text.len()) {
        Ok(length) if length <= PEM_MAX => Ok(text),
        _ => Err(io::Error::other(format!(
            "it has more than {PEM_MAX} bytes"
        ))),
    }
}

impl Files {
    fn read(&self) -> Result<Contents, SecurityError> {
        let identity = match &self.identity {
            Some((cert, key)) => Some((cert.read()?, key.read()?)),
            None => None,
        };
        let authorities = match &self.authorities {
            Some(named) => Some(named.read()?),
            None => None,
        };
        Ok(Contents {
            identity,
            authorities,
        })
    }
}

/// How a side is made ready from its files.
pub(super) type Build<C> = fn(&Files, &Contents) -> Result<C, SecurityError>;

/// One side of connections as its files say it now; while they say nothing sound, as they did
/// before. Open connections stay as they were made.
pub(crate) struct Renewed<C> {
    /// What the connections are for, in logs and metrics: `serving dossiers`.
    purpose: String,
    files: Files,
    build: Build<C>,
    held: Mutex<Held<C>>,
}

struct Held<C> {
    config: Arc<C>,
    made_of: Contents,
    /// What was last found instead and could not be used; said once.
    refused: Option<Refused>,
}

#[derive(PartialEq, Eq)]
enum Refused {
    Unread(String),
    Unusable(Contents),
}

impl<C> fmt::Debug for Renewed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Renewed").field(&self.files).finish()
    }
}

impl<C> Renewed<C> {
    /// Reads the files for the first time, when there is nothing to go on with.
    pub(super) fn open(
        purpose: String,
        files: Files,
        build: Build<C>,
    ) -> Result<Self, SecurityError> {
        let made_of = files.read()?;
        let config = Arc::new(build(&files, &made_of)?);
        Ok(Self {
            purpose,
            files,
            build,
            held: Mutex::new(Held {
                config,
                made_of,
                refused: None,
            }),
        })
    }

    /// As the files said it when they were last looked at.
    pub(crate) fn current(&self) -> Arc<C> {
        Arc::clone(&self.held().config)
    }

    /// Looks at the files. Blocks for as long as the disk needs.
    pub(crate) fn look(&self) -> Arc<C> {
        let read = self.files.read();
        let mut held = self.held();
        match read {
            Ok(contents) if contents == held.made_of => {
                if held.refused.take().is_some() {
                    tracing::info!(purpose = self.purpose, "the certificates are as they were");
                    self.count_broken(false);
                }
            }
            Ok(contents) => match (self.build)(&self.files, &contents) {
                Ok(config) => {
                    *held = Held {
                        config: Arc::new(config),
                        made_of: contents,
                        refused: None,
                    };
                    tracing::info!(
                        purpose = self.purpose,
                        "new connections use the certificates that the files have now"
                    );
                    self.count("taken");
                    self.count_broken(false);
                }
                Err(error) => self.refuse(&mut held, Refused::Unusable(contents), &error),
            },
            Err(error) => {
                let refused = Refused::Unread(format!("{error:?}"));
                self.refuse(&mut held, refused, &error);
            }
        }
        Arc::clone(&held.config)
    }

    fn refuse(&self, held: &mut Held<C>, refused: Refused, error: &SecurityError) {
        if held.refused.as_ref() == Some(&refused) {
            return;
        }
        held.refused = Some(refused);
        let cause = std::error::Error::source(error).map(ToString::to_string);
        tracing::warn!(
            purpose = self.purpose,
            %error,
            cause,
            "the certificates were changed and cannot be used; those from before stay in use"
        );
        self.count("refused");
        self.count_broken(true);
    }

    fn count(&self, outcome: &'static str) {
        let of = self.purpose.clone();
        metrics::counter!("tls_renewals_total", "of" => of, "outcome" => outcome).increment(1);
    }

    fn count_broken(&self, broken: bool) {
        let of = self.purpose.clone();
        metrics::gauge!("tls_files_broken", "of" => of).set(if broken { 1.0 } else { 0.0 });
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held<C>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Send + Sync + 'static> Renewed<C> {
    /// Looks at the files without holding up other tasks.
    pub(crate) async fn looked_at(self: &Arc<Self>) -> Arc<C> {
        let renewed = Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || renewed.look()).await;
        // Looking fails only when the process ends.
        looked.unwrap_or_else(|_| self.current())
    }

    /// Looks at the files again and again.
    pub(crate) async fn keep<T>(self: Arc<Self>, every: Duration) -> T {
        loop {
            tokio::time::sleep(every).await;
            self.looked_at().await;
        }
    }
}
