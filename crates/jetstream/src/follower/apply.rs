//! Applying batches: one transaction each, with the checkpoint.

use std::error::Error;
use std::slice;
use std::time::Duration;

use eventlog::{Position, Recorded};
use runtime::telemetry;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::Follower;
use super::checkpoint::{self, Moved};
use super::error::StopCause;
use super::feeder::Feeder;
use super::lane::{Lane, Lanes, WAITING_CHUNKS, Work};
use super::meters::Meters;
use crate::feed::Cursor;
use crate::handler::{Handler, HandlerError};
use crate::health::Condition;

/// First pause before a batch is tried again; doubled up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause before a batch is tried again: bounds how long a returned database waits for the consumer.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Why a batch was not committed.
enum Failure {
    /// The checkpoint belongs to somebody else, or was reset.
    Lost,
    /// It never will be.
    Poison(HandlerError),
    /// It may be next time.
    Retry(HandlerError),
}

impl From<HandlerError> for Failure {
    fn from(error: HandlerError) -> Self {
        match error {
            HandlerError::Poison(_) => Self::Poison(error),
            HandlerError::Retry(_) => Self::Retry(error),
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        HandlerError::from(error).into()
    }
}

impl Follower {
    /// Follows for as long as it is polled, or until somebody else took a checkpoint over.
    pub(super) async fn lead<H: Handler>(&self, handler: &mut H) {
        let mut lanes = match self.start(handler).await {
            Ok(lanes) => lanes,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn Error,
                    "cannot take the checkpoints over; trying again"
                );
                tokio::time::sleep(MAX_PAUSE).await;
                return;
            }
        };
        loop {
            let (index, work) = lanes.next().await;
            let lane = &mut lanes.lanes[index];
            let stopped = match work {
                Work::Stop(cause) => Some(cause),
                Work::Batch(batch) => match self.apply(handler, lane, &batch).await {
                    Ok(stopped) => stopped,
                    Err(()) => {
                        tracing::warn!(
                            log = lane.log,
                            position = lane.position,
                            "the checkpoint was taken over or reset; starting over from it"
                        );
                        return;
                    }
                },
            };
            if let Some(cause) = stopped {
                self.stop(lane, &cause);
            }
        }
    }

    /// Takes all checkpoints over, reads what others made of the tables, and starts feeding from there.
    async fn start<H: Handler>(&self, handler: &mut H) -> Result<Lanes, HandlerError> {
        let mut owned = Vec::new();
        for feed in &self.feeds {
            owned.push((feed, checkpoint::own(&self.pool, feed.log).await?));
        }
        // After that nobody else moves them.
        self.refresh(handler, None).await?;
        let (mut lanes, mut feeders) = (Vec::new(), JoinSet::new());
        for (feed, checkpoint) in owned {
            let (deliver, deliveries) = mpsc::channel(WAITING_CHUNKS);
            let (meters, position) = (Meters::new(feed.log), checkpoint.cursor.position);
            meters.position.set(position as f64);
            meters.stopped.set(0.0);
            tracing::info!(log = feed.log, position, "following");
            feeders.spawn(Feeder::new(self, feed, checkpoint, meters.clone(), deliver).run());
            let epoch = checkpoint.owner_epoch;
            lanes.push(Lane::new(feed.log, position, epoch, meters, deliveries));
        }
        Ok(Lanes::new(lanes, feeders))
    }

    fn stop(&self, lane: &mut Lane, cause: &StopCause) {
        lane.close();
        lane.meters.stopped.set(1.0);
        self.reporter
            .set(lane.log, Condition::Stopped(describe(cause)));
        tracing::error!(
            log = lane.log,
            position = lane.position + 1,
            error = cause as &dyn Error,
            "the consumer stopped"
        );
    }

    /// Applies a batch, and event by event when one of them is poison, so that the consumer stops exactly there.
    ///
    /// Fails when the checkpoint is not this process's any more.
    async fn apply<H: Handler>(
        &self,
        handler: &mut H,
        lane: &mut Lane,
        batch: &[Recorded],
    ) -> Result<Option<StopCause>, ()> {
        let whole = self.persist(handler, lane, batch).await?;
        if whole.is_none() {
            return Ok(None);
        }
        for event in batch {
            if let Some(source) = self.persist(handler, lane, slice::from_ref(event)).await? {
                let (log, position, kind) = (lane.log, event.position, event.kind.clone());
                return Ok(Some(StopCause::Poison {
                    log,
                    position,
                    kind,
                    source,
                }));
            }
        }
        Ok(None)
    }

    /// Tries until the events are committed or known to be poison, which is returned.
    async fn persist<H: Handler>(
        &self,
        handler: &mut H,
        lane: &mut Lane,
        events: &[Recorded],
    ) -> Result<Option<HandlerError>, ()> {
        let mut failures = 0_u32;
        loop {
            let error = match self.commit(handler, lane, events).await {
                Ok(()) => {
                    if failures > 0 {
                        self.reporter.set(lane.log, Condition::Working);
                    }
                    return Ok(None);
                }
                Err(failure) => {
                    handler.discarded(lane.log);
                    match failure {
                        Failure::Lost => return Err(()),
                        Failure::Poison(error) => return Ok(Some(error)),
                        Failure::Retry(error) => error,
                    }
                }
            };
            lane.meters.retries.increment(1);
            if self
                .reporter
                .set(lane.log, Condition::Degraded(describe(&error)))
            {
                let (log, position, error) = (lane.log, lane.position + 1, &error as &dyn Error);
                tracing::warn!(
                    log,
                    position,
                    error,
                    "cannot apply events now; trying again"
                );
            }
            let pause = (MIN_PAUSE * 2_u32.pow(failures.min(8))).min(MAX_PAUSE);
            failures = failures.saturating_add(1);
            tokio::time::sleep(pause).await;
        }
    }

    /// Commits events and checkpoint together, once.
    async fn commit<H: Handler>(
        &self,
        handler: &mut H,
        lane: &mut Lane,
        events: &[Recorded],
    ) -> Result<(), Failure> {
        let Some(last) = events.last() else {
            return Ok(());
        };
        let to = Cursor {
            position: last.position,
            hash: last.hash,
        };
        let _held = self.gate.hold().await;
        let started = Instant::now();
        let mut tx = self.pool.begin().await?;
        let owner = lane.owner_epoch;
        match checkpoint::advance(&mut tx, lane.log, owner, lane.position, to).await? {
            Moved::Done => {
                let span = applying(lane.log, to.position, events);
                handler
                    .apply(&mut tx, lane.log, events)
                    .instrument(span)
                    .await?;
                tx.commit().await?;
            }
            Moved::Before => {}
            Moved::Lost => return Err(Failure::Lost),
        }
        self.committed(handler, lane, to.position);
        lane.meters.events.increment(events.len() as u64);
        lane.meters.batch_events.record(events.len() as f64);
        lane.meters.batch_seconds.record(started.elapsed());
        Ok(())
    }

    fn committed<H: Handler>(&self, handler: &mut H, lane: &mut Lane, position: Position) {
        lane.position = position;
        lane.meters.position.set(position as f64);
        handler.committed(lane.log, position);
        self.progress.set(lane.log, position);
    }
}

/// The span of a batch, linked to what its events were recorded in.
fn applying(log: &'static str, to: Position, events: &[Recorded]) -> Span {
    let count = events.len();
    let span = tracing::info_span!(
        parent: None, "apply", otel.kind = "consumer", log, to, events = count
    );
    let recorded = events.iter().filter_map(|event| event.metadata().ok());
    telemetry::follow(&span, recorded.map(|metadata| metadata.traceparent));
    span
}

/// The error with everything that caused it.
fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
