//! The watch stream: what changes in the public figures, from now on or from a resume token.
//!
//! One task tails this service's own log and hands each batch to all watchers. A watcher that is too slow for that
//! is told so and caught up from the log; it loses nothing. Each one's queue is bounded, and so the slowest reader
//! in the world costs a buffer.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use contracts::problem::Problem;
use contracts::projection::v1 as pb;
use contracts::wire;
use eventlog::{EventLog, Position, Recorded};
use futures::StreamExt as _;
use pb::watch_indices_response::Kind;
use prost::Message as _;
use runtime::Shutdown;
use sha2::{Digest as _, Sha256};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tonic::Status;

#[cfg(test)]
mod tests;

/// Batches kept for watchers that are a little late: at 100 batches a second about ten seconds' worth.
const BACKLOG_BATCHES: usize = 1_024;
/// Messages on the way to one watcher.
const QUEUE: usize = 256;
/// Events read at once while a watcher is caught up.
const PAGE: i64 = 1_000;
/// A watcher hears something at least this often, so that both ends know that the other lives.
const HEARTBEAT: Duration = Duration::from_secs(5);

type Batch = Arc<Vec<Recorded>>;

/// Hands new events of the log to all watchers.
#[derive(Clone)]
pub(crate) struct Broadcast {
    log: EventLog,
    sender: broadcast::Sender<Batch>,
    shutdown: Shutdown,
}

impl Broadcast {
    /// Starts tailing the log from its present head.
    pub(crate) fn start(log: EventLog, shutdown: Shutdown) -> Self {
        Self::keeping(BACKLOG_BATCHES, log, shutdown)
    }

    fn keeping(batches: usize, log: EventLog, shutdown: Shutdown) -> Self {
        let (sender, _) = broadcast::channel(batches);
        let this = Self {
            log,
            sender,
            shutdown,
        };
        tokio::spawn(this.clone().tail());
        this
    }

    async fn tail(self) {
        let head = *self.log.heads().borrow();
        let mut batches = std::pin::pin!(self.log.tail(head));
        while let Some(batch) = self
            .shutdown
            .run_until_cancelled(batches.next())
            .await
            .flatten()
        {
            match batch {
                // Nobody watching is no fault.
                Ok(batch) => drop(self.sender.send(Arc::new(batch))),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "watchers wait for the log"
                    );
                }
            }
        }
    }
}

/// What a watcher wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) index: String,
    pub(crate) period: String,
    pub(crate) subjects: BTreeSet<String>,
}

impl Filter {
    pub(crate) fn admits(&self, index: &str, period: &str, subject: &str) -> bool {
        (self.index.is_empty() || self.index == index)
            && (self.period.is_empty() || self.period == period)
            && (self.subjects.is_empty() || self.subjects.contains(subject))
    }

    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.index, &self.period]
            .into_iter()
            .chain(&self.subjects)
        {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        hash.finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// A place in the log, for the same filter on the same log only.
pub(crate) fn token(log: &EventLog, filter: &Filter, position: Position) -> String {
    format!("{}.{}.{position}", log.epoch().simple(), filter.hash())
}

/// The position that a token stands for.
///
/// # Errors
/// `INVALID_ARGUMENT` for what is no token or was given for another filter, `OUT_OF_RANGE` for a token of another log
/// or of a log since restored to an earlier state.
pub(crate) fn resume(log: &EventLog, filter: &Filter, text: &str) -> Result<Position, Problem> {
    let invalid = |why: &str| Problem::invalid("resume_token", why);
    let mut parts = text.split('.');
    let (Some(epoch), Some(hash), Some(position), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(invalid(
            "it is not a token of this stream; send one as it was received, or none",
        ));
    };
    let position: Position = position
        .parse()
        .ok()
        .filter(|position| *position >= 0)
        .ok_or_else(|| {
            invalid("it is not a token of this stream; send one as it was received, or none")
        })?;
    if hash != filter.hash() {
        return Err(invalid(
            "it was given for another filter; ask with the same filter, or without a token",
        ));
    }
    let gone =
        "the log that it was given for is not the one kept now; start a new watch without a token";
    if epoch != log.epoch().simple().to_string() || position > *log.heads().borrow() {
        return Err(Problem::out_of_range("resume_token", gone));
    }
    Ok(position)
}

/// One watcher, from its first message to its last.
struct Watcher {
    live: Broadcast,
    filter: Filter,
    position: Position,
    out: mpsc::Sender<Result<pb::WatchIndicesResponse, Status>>,
}

/// The watcher is gone, or the service is going.
struct Ended;

/// Starts a watch after `position`, with the messages of `first` before everything else.
pub(crate) fn start(
    live: &Broadcast,
    filter: Filter,
    position: Position,
    first: VecDeque<Kind>,
) -> mpsc::Receiver<Result<pb::WatchIndicesResponse, Status>> {
    let (out, receiver) = mpsc::channel(QUEUE);
    let watcher = Watcher {
        live: live.clone(),
        filter,
        position,
        out,
    };
    let shutdown = live.shutdown.clone();
    tokio::spawn(async move {
        // An open stream would hold up the drain for ever: it ends with the service.
        let _ = shutdown.run_until_cancelled(watcher.run(first)).await;
    });
    receiver
}

impl Watcher {
    async fn run(mut self, first: VecDeque<Kind>) -> Result<(), Ended> {
        // Registered before the log is read, so that nothing falls between the two.
        let mut batches = self.live.sender.subscribe();
        for kind in first {
            self.send(kind).await?;
        }
        self.catch_up().await?;
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.reset();
        loop {
            tokio::select! {
                batch = batches.recv() => match batch {
                    Ok(batch) => self.forward(&batch).await?,
                    Err(RecvError::Lagged(_)) => {
                        let resume_token = self.token();
                        self.send(Kind::FellBehind(pb::WatchFellBehind { resume_token })).await?;
                        self.catch_up().await?;
                    }
                    Err(RecvError::Closed) => return Ok(()),
                },
                _ = heartbeat.tick() => self.checkpoint().await?,
                () = self.out.closed() => return Err(Ended),
            }
        }
    }

    /// Reads the log up to its head.
    async fn catch_up(&mut self) -> Result<(), Ended> {
        loop {
            let page = match self.live.log.read(self.position, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a watch ends: the log is out of reach"
                    );
                    let problem =
                        Problem::unavailable("the log is out of reach; resume with the last token");
                    let _ = self.out.send(Err(problem.into())).await;
                    return Err(Ended);
                }
            };
            if page.is_empty() {
                let resume_token = self.token();
                return self
                    .send(Kind::CaughtUp(pb::WatchCaughtUp { resume_token }))
                    .await;
            }
            self.tell(&page).await?;
        }
    }

    async fn forward(&mut self, batch: &Batch) -> Result<(), Ended> {
        let known = batch.partition_point(|event| event.position <= self.position);
        let Some(next) = batch.get(known) else {
            return Ok(());
        };
        if next.position > self.position + 1 {
            return self.catch_up().await;
        }
        self.tell(&batch[known..]).await
    }

    async fn tell(&mut self, events: &[Recorded]) -> Result<(), Ended> {
        for event in events {
            if let Some(kind) = self.wanted(event) {
                self.send(kind).await?;
            }
            self.position = event.position;
        }
        Ok(())
    }

    fn wanted(&self, event: &Recorded) -> Option<Kind> {
        let admits =
            |index: &str, period: &str, subject: &str| self.filter.admits(index, period, subject);
        match event.kind.as_str() {
            "chiso.projection.v1.IndexChanged" => {
                let told = pb::IndexChanged::decode(event.payload.clone()).ok()?;
                admits(&told.index, &told.period, &told.subject).then_some(Kind::IndexChanged(told))
            }
            "chiso.projection.v1.ScoreChanged" => {
                let told = pb::ScoreChanged::decode(event.payload.clone()).ok()?;
                admits(&told.index, &told.period, &told.subject).then_some(Kind::ScoreChanged(told))
            }
            _ => None,
        }
    }

    async fn checkpoint(&self) -> Result<(), Ended> {
        let checkpoint = pb::WatchCheckpoint {
            resume_token: self.token(),
            position: self.position,
            time: Some(wire::timestamp(self.live.log.now())),
        };
        self.send(Kind::Checkpoint(checkpoint)).await
    }

    fn token(&self) -> String {
        token(&self.live.log, &self.filter, self.position)
    }

    async fn send(&self, kind: Kind) -> Result<(), Ended> {
        let message = pb::WatchIndicesResponse { kind: Some(kind) };
        self.out.send(Ok(message)).await.map_err(|_| Ended)
    }
}
