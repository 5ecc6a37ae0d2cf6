//! Keeping batches out while a service swaps a rebuilt model for the live one.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

/// Held while a batch is applied and committed. Whoever holds it from outside has the read model to itself: no batch
/// begins until it is let go.
#[derive(Debug, Clone, Default)]
pub struct BatchGate {
    lock: Arc<Mutex<()>>,
}

/// While this lives, no batch is applied.
#[derive(Debug)]
#[must_use = "batches go on as soon as this is dropped"]
pub struct Held {
    _guard: OwnedMutexGuard<()>,
}

impl BatchGate {
    /// Waits for the batch in progress and keeps the next ones out until the guard is dropped.
    pub async fn hold(&self) -> Held {
        Held {
            _guard: self.lock.clone().lock_owned().await,
        }
    }
}
