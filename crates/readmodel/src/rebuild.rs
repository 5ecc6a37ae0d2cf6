//! Rebuilding a model while it is served, and telling how far that is.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::problem::Problem;
use jetstream::replay::ReplayProgress;
use jetstream::{BatchGate, Progress};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{Fold, Keeper, ModelError, ReadModel, Source};

/// Progress messages on their way to whoever asked.
const QUEUE: usize = 64;

/// How far a rebuild is, as services say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilding {
    /// Events applied so far, over all logs.
    pub applied: i64,
    /// Events to apply, as known now.
    pub total: i64,
    /// Events applied a second.
    pub rate: i64,
    /// Seconds left; -1 while unknown.
    pub seconds_left: i64,
    /// `filling`, `verifying`, and at the end `swapped` or `different`.
    pub stage: &'static str,
    /// Rows that differ from the live model's; set at the end.
    pub differences: Vec<String>,
    /// SHA-256 over the rebuilt model; set at the end.
    pub content_hash: Vec<u8>,
}

impl Rebuilding {
    fn filling(progress: ReplayProgress) -> Self {
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let left = progress.left().map(|left| whole(left.as_secs()));
        Self {
            applied: whole(progress.events),
            total: whole(progress.events.saturating_add(progress.remaining)),
            rate: whole(progress.rate()),
            seconds_left: left.unwrap_or(-1),
            stage: "filling",
            ..Self::default()
        }
    }

    /// The next stage, with nothing left to apply.
    fn done(&self, stage: &'static str) -> Self {
        Self {
            applied: self.applied,
            total: self.applied,
            stage,
            ..Self::default()
        }
    }
}

/// Rebuilds a model, one time at a time.
pub struct Rebuilds<F> {
    pub(crate) fold: F,
    pub(crate) tables: ReadModel,
    pub(crate) sources: Vec<Source>,
    pub(crate) progress: Progress,
    pub(crate) gate: BatchGate,
    pub(crate) turn: Arc<Semaphore>,
    pub(crate) shutdown: CancellationToken,
}

impl<F: Fold> Rebuilds<F> {
    /// Starts a rebuild and tells how far it is, in messages of the service's own. It goes on when nobody listens any more.
    ///
    /// # Errors
    /// When one is running.
    pub fn start<T: Send + 'static>(
        self: &Arc<Self>,
        message: fn(Rebuilding) -> T,
    ) -> Result<ReceiverStream<Result<T, Status>>, Problem> {
        let turn = Arc::clone(&self.turn).try_acquire_owned();
        let turn = turn.map_err(|_| running())?;
        let (out, answers) = mpsc::channel(QUEUE);
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let last = this.rebuild(|told| {
                // Progress that nobody takes in time is dropped: the next one says more.
                let _ = out.try_send(Ok(message(told)));
            });
            let last = last.await.map(message).map_err(Status::from);
            drop(turn);
            // Whoever asked may be gone by now; the rebuild is done all the same.
            let _ = out.send(last).await;
        });
        Ok(ReceiverStream::new(answers))
    }

    async fn rebuild(
        &self,
        mut tell: impl FnMut(Rebuilding) + Send,
    ) -> Result<Rebuilding, Problem> {
        let mut keeper = Keeper::silent(self.fold.clone());
        let followed: BTreeMap<String, i64> = self
            .progress
            .positions()
            .into_iter()
            .map(|(log, position)| (log.to_owned(), position))
            .collect();
        let mut last = Rebuilding::default();
        let on_progress = |progress: Option<ReplayProgress>| {
            last = progress.map_or_else(|| last.done("verifying"), Rebuilding::filling);
            tell(last.clone());
        };
        let when = (on_progress, &self.shutdown);
        let compared = self
            .tables
            .rebuild(&mut keeper, &self.sources, &followed, &self.gate, when)
            .await
            .map_err(|error| problem(&error))?;
        let stage = if compared.is_same() {
            "swapped"
        } else {
            "different"
        };
        Ok(Rebuilding {
            differences: compared.differences,
            content_hash: compared.content_hash.to_vec(),
            ..last.done(stage)
        })
    }
}

fn running() -> Problem {
    Problem::refused(
        "REBUILDING",
        "a rebuild is running; wait for it to end, then ask again",
    )
}

fn problem(error: &ModelError) -> Problem {
    if matches!(error, ModelError::Busy) {
        return running();
    }
    tracing::error!(
        error = error as &dyn std::error::Error,
        "the rebuild failed"
    );
    Problem::unavailable("the rebuild failed and the live model is untouched; the log says why")
}
