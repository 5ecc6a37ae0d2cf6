//! From a token to its caller, with keys that may change at any time.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use contracts::problem::Problem;
use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use sha2::{Digest as _, Sha256};

use crate::Caller;
use crate::keys::Keys;
use crate::source::{KeySource, Reader, SourceError};
use crate::token::{Believed, Policy, Rejected, believe, heading};

/// How often the keys are read again although every token's key is known: a key that the issuer
/// withdrew counts no longer than this.
const REFRESH_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// The keys are not read more often than this, whatever tokens come: invented key ids must not
/// make us hammer the issuer.
const REFETCH_AFTER: SignedDuration = SignedDuration::from_secs(10);
/// How long keys count that could not be read again: a day in which the issuer may be away. A
/// withdrawn key must not live on for longer because somebody cut the line.
const KEYS_AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Tokens kept verified, about half a kilobyte each: a signature costs as much as a command.
const VERIFIED_MAX: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// Verifies tokens. Cheap to clone; the clones share keys and memory.
#[derive(Debug, Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Policy,
    reader: Reader,
    kept: RwLock<Arc<Kept>>,
    /// When the keys were last asked for, with whatever success; held while they are.
    attempted_at: tokio::sync::Mutex<Timestamp>,
    verified: Mutex<LruCache<[u8; 32], Verified>>,
}

/// The keys as they were read.
#[derive(Debug, Default)]
struct Kept {
    keys: Keys,
    read_at: Timestamp,
    generation: u64,
}

/// A token that was believed under keys of a generation.
#[derive(Debug, Clone)]
struct Verified {
    believed: Arc<Believed>,
    generation: u64,
}

impl Verifier {
    /// A verifier with the keys of `source`, read now. An address is believed by the certificate
    /// authorities in a file (PEM), or by those of the host.
    ///
    /// An address that does not answer is no error, as the issuer may come up later; calls are
    /// answered with `UNAVAILABLE` until then.
    ///
    /// # Errors
    /// When a file cannot be read or holds no usable key, or no authority.
    pub async fn open(
        source: KeySource,
        authorities: Option<&Path>,
        policy: Policy,
        now: Timestamp,
    ) -> Result<Self, SourceError> {
        let reader = Reader::new(source, authorities)?;
        let kept = match reader.read().await {
            Ok(keys) => Kept {
                keys,
                read_at: now,
                generation: 1,
            },
            Err(error) if matches!(reader.source(), KeySource::Address(_)) => {
                warn(&error);
                Kept::default()
            }
            Err(error) => return Err(error),
        };
        Ok(Self(Arc::new(Inner {
            policy,
            reader,
            kept: RwLock::new(Arc::new(kept)),
            attempted_at: tokio::sync::Mutex::new(now),
            verified: Mutex::new(LruCache::new(VERIFIED_MAX)),
        })))
    }

    /// Who sent a token at `now`.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when the token is not to be believed, `UNAVAILABLE` while there are no
    /// keys to tell.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Caller, Problem> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let kept = self.current(now).await;
        if let Some(believed) = self.verified_before(&digest, &kept) {
            believed.at(&self.0.policy, now)?;
            return Ok(believed.caller.clone());
        }
        let heading = heading(token)?;
        let kept = match kept.keys.get(&heading.key_id) {
            Some(_) => kept,
            None => self.refreshed(now, &kept).await,
        };
        let age = now.duration_since(kept.read_at);
        if kept.keys.is_empty() || age > KEYS_AGE_MAX {
            return Err(Problem::unavailable(
                "the issuer's keys could not be read for long; see that it is up, and retry",
            ));
        }
        let (algorithm, key) = kept.keys.get(&heading.key_id).ok_or(Rejected::Signature)?;
        if algorithm != heading.algorithm {
            return Err(Rejected::Algorithm.into());
        }
        let believed = Arc::new(believe(token, &heading, key, &self.0.policy)?);
        believed.at(&self.0.policy, now)?;
        let verified = Verified {
            believed: Arc::clone(&believed),
            generation: kept.generation,
        };
        self.verified().put(digest, verified);
        Ok(believed.caller.clone())
    }

    /// How many keys are known, and when they were read.
    pub fn keys(&self) -> (usize, Timestamp) {
        let kept = self.kept();
        (kept.keys.len(), kept.read_at)
    }

    fn kept(&self) -> Arc<Kept> {
        Arc::clone(&self.0.kept.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn verified(&self) -> std::sync::MutexGuard<'_, LruCache<[u8; 32], Verified>> {
        // Every change is one call, so what a panic leaves behind is whole.
        self.0
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that was verified under the very keys that count now.
    fn verified_before(&self, digest: &[u8; 32], kept: &Kept) -> Option<Arc<Believed>> {
        let mut verified = self.verified();
        let found = verified.get(digest)?;
        (found.generation == kept.generation).then(|| Arc::clone(&found.believed))
    }

    /// The keys, read again when they are due.
    async fn current(&self, now: Timestamp) -> Arc<Kept> {
        let kept = self.kept();
        if now.duration_since(kept.read_at).abs() < REFRESH_EVERY {
            return kept;
        }
        self.refreshed(now, &kept).await
    }

    /// The keys, read again unless somebody else did since `known`, or tried a moment ago.
    async fn refreshed(&self, now: Timestamp, known: &Kept) -> Arc<Kept> {
        let mut attempted_at = self.0.attempted_at.lock().await;
        let kept = self.kept();
        let lately = now.duration_since(*attempted_at).abs() < REFETCH_AFTER;
        if lately || kept.generation != known.generation {
            return kept;
        }
        *attempted_at = now;
        match self.0.reader.read().await {
            Ok(keys) => {
                let next = Arc::new(Kept {
                    keys,
                    read_at: now,
                    generation: kept.generation + 1,
                });
                *self.0.kept.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&next);
                next
            }
            Err(error) => {
                warn(&error);
                kept
            }
        }
    }
}

fn warn(error: &SourceError) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(error, "the issuer's keys could not be read");
}

#[cfg(test)]
mod tests;
