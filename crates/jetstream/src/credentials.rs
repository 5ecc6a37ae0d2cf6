//! Who a service is to NATS: read again for every connection, so that a password or a user's JWT can be replaced while
//! the service runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::{Auth, AuthError};
use nkeys::KeyPair;

/// What a file of credentials begins its parts with.
const JWT: &str = "BEGIN NATS USER JWT";
const SEED: &str = "BEGIN USER NKEY SEED";

/// Credentials of either kind. Not to be shown.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// One line, `user:password`.
    Password { user: String, password: String },
    /// A user's JWT, and the key that it is bound to.
    Signed { jwt: String, key: Arc<KeyPair> },
}

impl Credentials {
    /// Reads either kind; none when it is neither.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.contains(JWT) {
            let key = KeyPair::from_seed(part(text, SEED)?).ok()?;
            return Some(Self::Signed {
                jwt: part(text, JWT)?.to_owned(),
                key: Arc::new(key),
            });
        }
        let line = text.trim();
        match line.split_once(':') {
            Some((user, password)) if !line.contains('\n') => Some(Self::Password {
                user: user.to_owned(),
                password: password.to_owned(),
            }),
            _ => None,
        }
    }

    fn answer(&self, nonce: &[u8]) -> Result<Auth, AuthError> {
        let mut auth = Auth::new();
        match self {
            Self::Password { user, password } => {
                auth.username = Some(user.clone());
                auth.password = Some(password.clone());
            }
            Self::Signed { jwt, key } => {
                auth.jwt = Some(jwt.clone());
                auth.signature = Some(key.sign(nonce).map_err(AuthError::new)?);
            }
        }
        Ok(auth)
    }
}

/// The line after that which begins a part.
fn part<'a>(text: &'a str, begin: &str) -> Option<&'a str> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.starts_with("---") && line.contains(begin))?;
    lines.next().filter(|line| !line.is_empty())
}

/// Credentials as their file has them; while it has none, as it had them before.
pub(crate) struct Kept {
    path: PathBuf,
    held: Mutex<Held>,
}

struct Held {
    credentials: Credentials,
    is_broken: bool,
}

impl Kept {
    pub(crate) fn new(path: &Path, credentials: Credentials) -> Self {
        Self {
            path: path.to_owned(),
            held: Mutex::new(Held {
                credentials,
                is_broken: false,
            }),
        }
    }

    /// What the server is answered, which asks with every connection.
    pub(crate) async fn answer(&self, nonce: &[u8]) -> Result<Auth, AuthError> {
        let text = tokio::fs::read_to_string(&self.path).await;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match text.ok().as_deref().and_then(Credentials::parse) {
            Some(credentials) => {
                *held = Held {
                    credentials,
                    is_broken: false,
                };
            }
            None if held.is_broken => {}
            None => {
                held.is_broken = true;
                tracing::warn!(
                    path = %self.path.display(),
                    "the file holds no credentials for NATS any more; those from before stay in use"
                );
            }
        }
        held.credentials.answer(nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_user_signs_with_the_key_that_the_file_has_now() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user.creds");
        let file = |key: &KeyPair| {
            let seed = key.seed().unwrap();
            format!(
                "-----BEGIN NATS USER JWT-----\nits.jwt\n------END NATS USER JWT------\n\n\
                 -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
            )
        };
        let (first, second) = (KeyPair::new_user(), KeyPair::new_user());
        let kept = Kept::new(&path, Credentials::parse(&file(&first)).unwrap());
        let signed_by = async |key: &KeyPair| {
            let auth = kept.answer(b"nonce").await.unwrap();
            assert_eq!(auth.jwt.as_deref(), Some("its.jwt"));
            key.verify(b"nonce", &auth.signature.unwrap()).is_ok()
        };
        // There is no file yet.
        assert!(signed_by(&first).await);
        std::fs::write(&path, file(&second)).unwrap();
        assert!(signed_by(&second).await);
        std::fs::write(&path, "half a fi").unwrap();
        assert!(signed_by(&second).await);
    }
}
