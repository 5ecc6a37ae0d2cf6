//! Aggregates of one kind, the ones used last kept in memory.

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use decider::Decider;
use lru::LruCache;
use prost::Message;

use super::order::Order;
use super::{Codec, Context, Decision, ExecuteError, Executed, Loaded};
use crate::event::Version;
use crate::log::EventLog;

/// Decides commands without reading their streams, as far as this process knows the streams.
///
/// What is remembered may be out of date, as other processes append to the same log, and a stream
/// that is not remembered is taken for a new one. Neither can do harm: an append names the version
/// that it was decided on and is accepted at no other, and whatever is not an accepted append (a
/// refusal, an answer that appends nothing) is decided once more on what the log holds.
pub struct Aggregates<C: Codec> {
    log: EventLog,
    recent: Arc<Mutex<Recent<C::Aggregate>>>,
}

/// Aggregates as of the version that this process saw last, by stream.
type Recent<A> = LruCache<String, Arc<Loaded<A>>>;

impl<C: Codec> Aggregates<C> {
    /// Aggregates of a log, of which at most `capacity` are kept in memory.
    pub fn new(log: EventLog, capacity: NonZeroUsize) -> Self {
        let recent = Arc::new(Mutex::new(LruCache::new(capacity)));
        Self { log, recent }
    }

    /// As [`execute`](super::execute).
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn execute<R>(
        &self,
        stream: &str,
        context: &Context,
        decide: impl Fn(&C::Aggregate, Version) -> Decision<C>,
        respond: impl Fn(&C::Aggregate, Version) -> R,
    ) -> Result<Executed<R>, ExecuteError<<C::Aggregate as Decider>::Refusal>>
    where
        R: Message + Default,
    {
        let order = Order::<'_, C, _, _> {
            log: &self.log,
            stream,
            beside: &[],
            context,
            decide,
            respond,
            codec: PhantomData,
        };
        let remembered = self.recent().get(stream).cloned().unwrap_or_default();
        let obeyed = order
            .on_what_is_remembered(Arc::unwrap_or_clone(remembered))
            .await?;
        let (executed, after) = match obeyed {
            Some(obeyed) => obeyed,
            None => order.on_what_is_stored().await?,
        };
        if let Some(after) = after {
            self.remember(stream, after);
        }
        Ok(executed)
    }

    /// Keeps an aggregate, unless a later version of it is kept already.
    fn remember(&self, stream: &str, loaded: Loaded<C::Aggregate>) {
        let mut recent = self.recent();
        match recent.get_mut(stream) {
            Some(kept) if kept.version > loaded.version => {}
            Some(kept) => *kept = Arc::new(loaded),
            None => {
                recent.put(stream.to_owned(), Arc::new(loaded));
            }
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent<C::Aggregate>> {
        // Every change is one call, so what a panic leaves behind is whole.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Codec> Clone for Aggregates<C> {
    fn clone(&self) -> Self {
        Self {
            log: self.log.clone(),
            recent: self.recent.clone(),
        }
    }
}

impl<C: Codec> std::fmt::Debug for Aggregates<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aggregates")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
