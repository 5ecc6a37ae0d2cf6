//! The way of one log's events from its feeder to the task that applies them.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use eventlog::{Position, Recorded};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::error::StopCause;
use super::meters::Meters;

/// Events handed over at a time.
pub(crate) const CHUNK: usize = 500;

/// Chunks that may wait: two batches, so that the next one is there when one is committed.
pub(crate) const WAITING_CHUNKS: usize = 8;

/// Most events applied in one transaction. A larger one is hardly faster per event and delays what waits behind it.
pub(crate) const MAX_BATCH: usize = 2_000;

/// How long a batch waits for events that the broker says are coming.
const LINGER: Duration = Duration::from_millis(3);

/// What a feeder hands over.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Events that continue what was handed over before.
    Events {
        /// At most [`CHUNK`].
        events: Vec<Recorded>,
        /// Whether more are on their way.
        more: bool,
    },
    /// The log cannot be followed any further.
    Stopped(StopCause),
}

/// One followed log, as the applying task sees it.
pub(crate) struct Lane {
    pub(crate) log: &'static str,
    /// Newest position applied.
    pub(crate) position: Position,
    /// What lets this process move the checkpoint.
    pub(crate) owner_epoch: i64,
    pub(crate) meters: Meters,
    deliveries: mpsc::Receiver<Delivery>,
    /// Told while a batch was gathered, and due after it.
    stopped: Option<StopCause>,
}

impl Lane {
    pub(crate) fn new(
        log: &'static str,
        position: Position,
        owner_epoch: i64,
        meters: Meters,
        deliveries: mpsc::Receiver<Delivery>,
    ) -> Self {
        Self {
            log,
            position,
            owner_epoch,
            meters,
            deliveries,
            stopped: None,
        }
    }

    /// Takes nothing more from the feeder, which ends it.
    pub(crate) fn close(&mut self) {
        self.deliveries.close();
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        if let Some(cause) = self.stopped.take() {
            return Poll::Ready(Some(Delivery::Stopped(cause)));
        }
        self.deliveries.poll_recv(cx)
    }

    /// Adds what already waits, and for a moment what is coming, up to a full batch.
    async fn gather(&mut self, batch: &mut Vec<Recorded>, mut more: bool) {
        while batch.len() + CHUNK <= MAX_BATCH {
            let next = match self.deliveries.try_recv() {
                Ok(next) => next,
                Err(_) if !more => return,
                Err(_) => match tokio::time::timeout(LINGER, self.deliveries.recv()).await {
                    Ok(Some(next)) => next,
                    Ok(None) | Err(_) => return,
                },
            };
            match next {
                Delivery::Events {
                    events,
                    more: yet_more,
                } => {
                    batch.extend(events);
                    more = yet_more;
                }
                Delivery::Stopped(cause) => {
                    self.stopped = Some(cause);
                    return;
                }
            }
        }
    }
}

/// What is to be done next for one log.
pub(crate) enum Work {
    /// Apply these.
    Batch(Vec<Recorded>),
    /// Stop.
    Stop(StopCause),
}

/// All followed logs, served in turn.
pub(crate) struct Lanes {
    pub(crate) lanes: Vec<Lane>,
    turn: usize,
    /// Ends the feeders with the lanes.
    _feeders: JoinSet<()>,
}

impl Lanes {
    pub(crate) fn new(lanes: Vec<Lane>, feeders: JoinSet<()>) -> Self {
        Self {
            lanes,
            turn: 0,
            _feeders: feeders,
        }
    }

    /// The next work and whose it is; waits for ever when every lane is closed.
    pub(crate) async fn next(&mut self) -> (usize, Work) {
        let (index, delivery) = poll_fn(|cx| self.poll(cx)).await;
        let work = match delivery {
            Delivery::Stopped(cause) => Work::Stop(cause),
            Delivery::Events {
                events: mut batch,
                more,
            } => {
                self.lanes[index].gather(&mut batch, more).await;
                Work::Batch(batch)
            }
        };
        (index, work)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(usize, Delivery)> {
        let count = self.lanes.len();
        for offset in 0..count {
            let index = (self.turn + offset) % count;
            if let Poll::Ready(Some(delivery)) = self.lanes[index].poll(cx) {
                self.turn = (index + 1) % count;
                return Poll::Ready((index, delivery));
            }
        }
        Poll::Pending
    }
}
