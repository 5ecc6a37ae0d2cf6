//! Feeding one log: from the broker while it is sound, from the owner whenever it is not.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig, OrderedError};
use eventlog::{Position, Recorded};
use futures::StreamExt;
use sqlx::PgPool;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::Follower;
use super::checkpoint::{self, Checkpoint};
use super::error::StopCause;
use super::lane::{CHUNK, Delivery};
use super::meters::{Detour, Lag, Meters};
use crate::bus::Bus;
use crate::feed::{Cursor, FEED_PAGE, FeedError, OwnerFeed, OwnerHead};
use crate::health::{Condition, Reporter};
use crate::message::{self, Unreadable};
use crate::progress::Progress;

/// How often the owner is asked where its log ends. Silence of the broker is noticed after two of these.
const HEAD_CHECK: Duration = Duration::from_secs(2);

/// How long the broker may take to start delivering: short, because meanwhile nobody reads the owner's feed.
const OPEN_TIMEOUT: Duration = Duration::from_secs(2);

/// Pause between two tries to listen to the broker; the owner's feed is read in between.
const REOPEN_PAUSE: Duration = Duration::from_millis(250);

/// Pause when the owner does not answer either: there is nothing to gain from haste.
const LONELY_PAUSE: Duration = Duration::from_secs(2);

/// Answers in a row that must say the owner's log ends before the checkpoint: one may come from a lagging replica.
const TAKEN_BACK_ANSWERS: u32 = 3;

type HeadCheck = Pin<Box<dyn Future<Output = Result<OwnerHead, FeedError>> + Send>>;

/// Why feeding ends.
enum End {
    /// Nobody takes the events any more.
    Closed,
    /// The log cannot be followed any further.
    Stopped(StopCause),
}

impl From<FeedError> for End {
    fn from(error: FeedError) -> Self {
        Self::Stopped(error.into())
    }
}

/// Feeds one log's events, in order, without a gap and chained by hash.
pub(crate) struct Feeder {
    bus: Bus,
    pool: PgPool,
    feed: OwnerFeed,
    progress: Progress,
    reporter: Reporter,
    meters: Meters,
    deliver: mpsc::Sender<Delivery>,
    /// The newest event handed over.
    cursor: Cursor,
    /// Which log is followed; none until its owner was first reached.
    epoch: Option<Uuid>,
    /// Where the cursor was when the owner was last found to be ahead of it.
    suspect: Option<Position>,
    /// Answers in a row that say the owner's log ends before the cursor.
    taken_back: u32,
    /// Whether this feeder said that its owner does not answer.
    degraded: bool,
    lag: Lag,
}

impl Feeder {
    pub(crate) fn new(
        follower: &Follower,
        feed: &OwnerFeed,
        checkpoint: Checkpoint,
        meters: Meters,
        deliver: mpsc::Sender<Delivery>,
    ) -> Self {
        Self {
            bus: follower.bus.clone(),
            pool: follower.pool.clone(),
            feed: feed.clone(),
            progress: follower.progress.clone(),
            reporter: follower.reporter.clone(),
            meters,
            deliver,
            cursor: checkpoint.cursor,
            epoch: checkpoint.log_epoch,
            suspect: None,
            taken_back: 0,
            degraded: false,
            lag: Lag::default(),
        }
    }

    /// Feeds until nobody takes the events any more or the log cannot be followed.
    pub(crate) async fn run(mut self) {
        let deliver = self.deliver.clone();
        let end = tokio::select! {
            () = deliver.closed() => End::Closed,
            Err(end) = self.follow() => end,
        };
        if let End::Stopped(cause) = end {
            // Nobody left to tell means that the whole consumer is ending.
            let _ = deliver.send(Delivery::Stopped(cause)).await;
        }
    }

    async fn follow(&mut self) -> Result<Infallible, End> {
        if let Ok(head) = self.feed.head().await {
            self.recognise(head).await?;
        }
        loop {
            let detour = match self.open().await {
                Ok(messages) => {
                    self.reporter.update(self.feed.log, Condition::Working);
                    self.listen(messages).await?
                }
                Err(error) => {
                    let error = &*error as &dyn std::error::Error;
                    tracing::debug!(log = self.feed.log, error, "cannot listen to the broker");
                    Some(Detour::NoBroker)
                }
            };
            if let Some(detour) = detour {
                self.read(Position::MAX, detour).await?;
            }
            let pause = if self.degraded {
                LONELY_PAUSE
            } else {
                REOPEN_PAUSE
            };
            tokio::time::sleep(pause).await;
            if let Ok(head) = self.feed.head().await {
                self.recognise(head).await?;
            }
        }
    }

    /// Opens an ordered consumer right after the cursor.
    async fn open(&self) -> Result<Ordered, Box<dyn std::error::Error + Send + Sync>> {
        if !self.bus.is_connected() {
            return Err("there is no connection".into());
        }
        let start_sequence = self.cursor.position.unsigned_abs() + 1;
        let opening = async {
            let name = self.bus.stream_name(self.feed.log);
            let stream = self.bus.context().get_stream_no_info(name).await?;
            let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence };
            let config = OrderedConfig {
                deliver_policy,
                ..OrderedConfig::default()
            };
            let consumer = stream.create_consumer(config).await?;
            Ok(consumer.messages().await?)
        };
        tokio::time::timeout(OPEN_TIMEOUT, opening).await?
    }

    /// Takes messages until the broker cannot be trusted any more; says why, unless it merely ended.
    async fn listen(&mut self, messages: Ordered) -> Result<Option<Detour>, End> {
        let mut chunks = messages.ready_chunks(CHUNK);
        let mut check = self.next_check();
        loop {
            tokio::select! {
                chunk = chunks.next() => match self.take(chunk).await? {
                    Ok(()) => {}
                    Err(detour) => return Ok(detour),
                },
                head = &mut check => {
                    if let Ok(head) = head && self.is_silent(head).await? {
                        return Ok(Some(Detour::Silence));
                    }
                    check = self.next_check();
                }
            }
        }
    }

    fn next_check(&self) -> HeadCheck {
        let feed = self.feed.clone();
        Box::pin(async move {
            tokio::time::sleep(HEAD_CHECK).await;
            feed.head().await
        })
    }

    /// Whether the broker said nothing since the last check although there was something to say.
    async fn is_silent(&mut self, head: OwnerHead) -> Result<bool, End> {
        self.recognise(head).await?;
        let at = self.cursor.position;
        let silent = head.position > at && self.suspect == Some(at);
        self.suspect = (head.position > at).then_some(at);
        Ok(silent)
    }

    /// Stops when the owner's log is not the one that was followed.
    async fn recognise(&mut self, head: OwnerHead) -> Result<(), End> {
        let (log, position) = (self.feed.log, self.cursor.position);
        self.lag.measure(
            &self.meters,
            head.position,
            self.progress.position(log).unwrap_or(0),
        );
        let Some(followed) = self.epoch else {
            // Not remembered is not fatal: the next check tries again.
            if checkpoint::remember_epoch(&self.pool, log, head.epoch)
                .await
                .is_ok()
            {
                self.epoch = Some(head.epoch);
            }
            return Ok(());
        };
        if followed != head.epoch {
            let found = head.epoch;
            return Err(End::Stopped(StopCause::Replaced {
                log,
                followed,
                found,
            }));
        }
        self.taken_back = if head.position < position {
            self.taken_back + 1
        } else {
            0
        };
        if self.taken_back >= TAKEN_BACK_ANSWERS {
            let head = head.position;
            return Err(End::Stopped(StopCause::TakenBack {
                log,
                head,
                position,
            }));
        }
        Ok(())
    }

    /// Takes what the broker sent. The inner error says that it is to be left alone for now, and for what reason.
    async fn take(
        &mut self,
        chunk: Option<Vec<Result<Message, OrderedError>>>,
    ) -> Result<Result<(), Option<Detour>>, End> {
        let Some(chunk) = chunk else {
            return Ok(Err(None));
        };
        let (mut ready, mut more) = (Vec::with_capacity(chunk.len()), false);
        for message in chunk {
            let Some((sequence, pending, message)) = message.ok().and_then(placed) else {
                self.send(ready, false).await?;
                return Ok(Err(None));
            };
            more = pending > 0;
            match message::inbound(sequence, &message) {
                _ if sequence <= self.cursor.position => {}
                Ok(event) if self.cursor.precedes(&event) => {
                    self.cursor.advance(&event);
                    ready.push(event);
                }
                unusable => {
                    self.send(std::mem::take(&mut ready), true).await?;
                    match self.repair(sequence, unusable).await? {
                        Ok(event) => ready.extend(event),
                        Err(detour) => return Ok(Err(Some(detour))),
                    }
                }
            }
        }
        self.send(ready, more).await?;
        Ok(Ok(()))
    }

    /// Reads from the owner what the broker should have had before or at a sequence. Gives back the message's own event
    /// if it fits after all; the inner error says that the owner could not help now.
    async fn repair(
        &mut self,
        sequence: Position,
        message: Result<Recorded, Unreadable>,
    ) -> Result<Result<Option<Recorded>, Detour>, End> {
        let before = sequence - 1;
        if before > self.cursor.position && !self.fill(before, Detour::Gap).await? {
            return Ok(Err(Detour::Gap));
        }
        if sequence <= self.cursor.position {
            return Ok(Ok(None));
        }
        let detour = match message {
            Ok(event) if self.cursor.precedes(&event) => {
                self.cursor.advance(&event);
                return Ok(Ok(Some(event)));
            }
            Ok(_) | Err(Unreadable::Foreign) => Detour::Mismatch,
            Err(Unreadable::Omitted) => Detour::Omitted,
        };
        Ok(if self.fill(sequence, detour).await? {
            Ok(None)
        } else {
            Err(detour)
        })
    }

    /// Reads from the owner up to a position at least; says whether it had that.
    async fn fill(&mut self, until: Position, detour: Detour) -> Result<bool, End> {
        let (log, from) = (self.feed.log, self.cursor.position);
        self.read(until, detour).await?;
        let filled = self.cursor.position >= until;
        if detour != Detour::Omitted && self.cursor.position > from {
            let events = (self.cursor.position.min(until) - from).unsigned_abs();
            self.meters.gap(events);
            tracing::warn!(
                log,
                after = from,
                until,
                events,
                ?detour,
                "the broker lost events; read them from their owner"
            );
        }
        Ok(filled)
    }

    /// Reads from the owner until a position is reached, the log ends, or the owner does not answer.
    async fn read(&mut self, until: Position, detour: Detour) -> Result<(), End> {
        while self.cursor.position < until {
            let mut cursor = self.cursor;
            let events = match self.feed.read(&mut cursor).await {
                Ok(events) if events.is_empty() => return Ok(()),
                Ok(events) => events,
                Err(error) if error.is_retryable() => {
                    let condition = Condition::Degraded(error.to_string());
                    self.degraded = true;
                    if self.reporter.update(self.feed.log, condition) {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(log = self.feed.log, ?detour, error, "cannot read the feed");
                    }
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
            if std::mem::take(&mut self.degraded) {
                self.reporter.update(self.feed.log, Condition::Working);
            }
            self.meters.detour(detour, events.len() as u64);
            let more = events.len() >= FEED_PAGE;
            self.cursor = cursor;
            self.send(events, more).await?;
        }
        Ok(())
    }

    /// Hands events over, in chunks.
    async fn send(&self, events: Vec<Recorded>, more: bool) -> Result<(), End> {
        let mut rest = events.into_iter();
        loop {
            let events: Vec<_> = rest.by_ref().take(CHUNK).collect();
            if events.is_empty() {
                return Ok(());
            }
            let more = more || rest.len() > 0;
            let delivery = Delivery::Events { events, more };
            self.deliver.send(delivery).await.map_err(|_| End::Closed)?;
        }
    }
}

/// A message with its sequence and how many the broker has after it.
fn placed(message: Message) -> Option<(Position, u64, async_nats::Message)> {
    let info = message.info().ok()?;
    let (sequence, pending) = (Position::try_from(info.stream_sequence).ok()?, info.pending);
    Some((sequence, pending, message.into()))
}
