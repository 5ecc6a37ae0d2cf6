//! The appender: one task per open log, through which every append of the process goes.
//!
//! It takes everything that waits, judges it against the stream versions it remembers, and commits
//! the batch in one statement that moves the head by compare-and-swap. The next batch gathers while
//! that one syncs, so no delay is needed to make batches large.
//!
//! That is the quick way. Whatever makes it fail (another process appended first, a stream or a
//! request id that exists after all, an append that expects more than is known here, a connection
//! that died) sends the batch the careful way: under the head's row lock, with every version and
//! receipt looked up, nothing can come between.

pub(crate) mod batch;
pub(crate) mod fault;
mod memory;
pub(crate) mod rows;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::{mpsc, watch};

use self::batch::{Attempt, Batch, Item};
use self::fault::Fault;
use self::memory::Memory;
use self::rows::{HeadRow, Rows};
use crate::error::StorageError;
use crate::event::Position;
use crate::judge::{Knowledge, Verdict, judge};
use crate::{Clock, advance, query};

/// Appends that may wait. More than any server lets in at once, so a full queue means that the
/// database is slow, and then the callers had better wait at their own deadlines.
pub(crate) const QUEUE: usize = 4_096;

/// Most appends in one batch. Beyond this the commit is no longer what takes the time.
const BATCH_ITEMS: usize = 1_024;

/// How often the callers of before get a turn to come back before the next batch is taken.
const TURNS: usize = 8;

/// How long one try may take before its connection is given up.
const TRY_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a batch is tried again. Longer than a restart of PostgreSQL, shorter than most callers'
/// patience.
const PATIENCE: Duration = Duration::from_secs(30);

/// First and longest pause after a failed try.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How often listeners are woken at most. A notification takes a lock of the whole server when it
/// commits, and wakes a process for each listener: on every batch it would take a third of the
/// appender's time.
const NOTIFY_EVERY: Duration = Duration::from_millis(10);

/// What the appender task owns.
pub(crate) struct Appender {
    name: &'static str,
    clock: Clock,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    memory: Memory,
    heads: watch::Sender<Position>,
    /// When listeners were woken last.
    notified: Option<Instant>,
    /// Whether they have yet to hear of the head.
    unheard: bool,
}

impl Appender {
    pub(crate) fn new(
        name: &'static str,
        clock: Clock,
        options: PgConnectOptions,
        head: HeadRow,
        heads: watch::Sender<Position>,
    ) -> Self {
        Self {
            name,
            clock,
            options: session(options, name),
            connection: None,
            memory: Memory::new(head),
            heads,
            notified: None,
            unheard: false,
        }
    }

    /// Appends until the last sender is gone, so that calls in flight can commit while the service
    /// drains.
    pub(crate) async fn run(mut self, mut waiting: mpsc::Receiver<Item>) {
        let mut items = Vec::with_capacity(BATCH_ITEMS);
        loop {
            gather(&waiting).await;
            let received = waiting.recv_many(&mut items, BATCH_ITEMS);
            let received = match self.unheard {
                true => tokio::time::timeout(NOTIFY_EVERY, received).await,
                false => Ok(received.await),
            };
            match received {
                Ok(1..) => {}
                Ok(0) if self.unheard => self.notify().await,
                Ok(0) => return,
                Err(_) => self.notify().await,
            }
            for batch in Batch::split(items.drain(..)) {
                self.append(batch).await;
            }
        }
    }

    /// Tells listeners of the last batches that did not. If it fails, they find out by themselves.
    async fn notify(&mut self) {
        self.unheard = false;
        if let Ok(mut connection) = self.connected().await
            && query::notify(&mut connection, self.memory.head().position)
                .await
                .is_ok()
        {
            self.notified = Some(Instant::now());
            self.connection = Some(connection);
        }
    }

    /// Writes rows, telling listeners unless they were told a moment ago.
    async fn write(
        &mut self,
        connection: &mut PgConnection,
        rows: &Rows<'_>,
    ) -> Result<bool, Fault> {
        let notify = self
            .notified
            .is_none_or(|notified| notified.elapsed() >= NOTIFY_EVERY);
        let moved = rows.write(connection, notify).await?;
        if notify {
            self.notified = Some(Instant::now());
        }
        self.unheard = !notify;
        Ok(moved)
    }

    /// Answers every append of a batch.
    async fn append(&mut self, batch: Batch) {
        let started = Instant::now();
        metrics::histogram!("chiso_log_batch_size", "log" => self.name)
            .record(batch.items.len() as f64);
        let mut batches = VecDeque::from([batch]);
        while let Some(mut batch) = batches.pop_front() {
            match self.settle(&mut batch, started).await {
                Ok(()) => {}
                Err(Fault::Refused(_)) if batch.open() > 1 => batches.extend(batch.singles()),
                Err(fault) => {
                    let error =
                        StorageError::during("append to the event log")(fault.into_source());
                    tracing::error!(
                        log = self.name,
                        appends = batch.open(),
                        error = &error as &dyn std::error::Error,
                        "appends failed"
                    );
                    batch.fail(error);
                }
            }
        }
        metrics::histogram!("chiso_log_append_seconds", "log" => self.name)
            .record(started.elapsed().as_secs_f64());
    }

    /// Tries until every append of the batch has its answer.
    async fn settle(&mut self, batch: &mut Batch, started: Instant) -> Result<(), Fault> {
        let mut pause = PAUSE;
        let mut careful = false;
        while batch.open() > 0 {
            let doubts = batch.doubts.len();
            let attempt = async {
                if careful {
                    self.careful(batch).await
                } else {
                    self.quick(batch).await
                }
            };
            let outcome = tokio::time::timeout(TRY_TIMEOUT, attempt).await;
            careful = true;
            let Err(fault) = outcome.unwrap_or(Err(Fault::Broken(sqlx::Error::PoolTimedOut)))
            else {
                continue;
            };
            if batch.doubts.len() > doubts {
                metrics::counter!("chiso_log_unknown_commits_total", "log" => self.name)
                    .increment(1);
            }
            if matches!(fault, Fault::Refused(_)) || started.elapsed() + pause > PATIENCE {
                return Err(fault);
            }
            tracing::warn!(log = self.name, %fault, "an append failed; trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }

    /// One statement, on what is remembered. What has no answer afterwards must go the careful way.
    async fn quick(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        let mut connection = self.connected().await?;
        if *self.heads.borrow() > self.memory.head().position {
            let head = query::head(&mut connection).await?;
            self.memory.catch_up(&mut connection, head).await?;
        }
        self.memory
            .look_up(&mut connection, batch, |expected| !expected.is_none())
            .await?;
        let (attempt, rows) = self.plan(&batch.items, Knowledge::Remembered);
        if attempt.verdicts.contains(&Verdict::Doubtful) {
            self.connection = Some(connection);
            return Ok(());
        }
        if !attempt.accepts() {
            self.connection = Some(connection);
            self.answer(batch, &attempt);
            return Ok(());
        }
        // In doubt from the moment the statement leaves until its outcome is known, also if this is
        // cancelled.
        batch.doubts.push(attempt);
        let outcome = self.write(&mut connection, &rows).await;
        if let Err(fault @ Fault::Broken(_)) = outcome {
            return Err(fault);
        }
        let attempt = batch.doubts.pop();
        self.connection = Some(connection);
        match outcome {
            Ok(true) => attempt
                .iter()
                .for_each(|attempt| self.answer(batch, attempt)),
            Ok(false) => {
                metrics::counter!("chiso_log_lost_races_total", "log" => self.name).increment(1);
            }
            Err(Fault::Duplicate(_)) => {}
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    /// One transaction under the head's lock, in which nothing is presumed. What has no answer
    /// afterwards repeats a request id that it stored, and finds its receipt the next time.
    async fn careful(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        let mut connection = self.connected().await?;
        let mut tx = connection.begin().await?;
        let head = query::lock_head(&mut tx).await?;
        self.memory.catch_up(&mut tx, head).await?;
        if let Some(attempt) = committed(&mut tx, &mut batch.doubts).await? {
            tx.rollback().await?;
            self.connection = Some(connection);
            self.answer(batch, &attempt);
            return Ok(());
        }
        let request_ids = batch.request_ids();
        if !request_ids.is_empty() {
            batch.answer_repeats(&query::receipts(&mut *tx, &request_ids).await?);
        }
        self.memory.look_up(&mut tx, batch, |_| true).await?;
        let (attempt, rows) = self.plan(&batch.items, Knowledge::Locked);
        let attempt = if attempt.accepts() {
            match self.write(&mut tx, &rows).await {
                Ok(_) => {}
                // Nothing can come between, so somebody changed the log by hand: what is remembered
                // may be wrong.
                Err(Fault::Duplicate(error)) => {
                    self.memory.forget();
                    return Err(Fault::Refused(error));
                }
                Err(fault) => return Err(fault),
            }
            batch.doubts.push(attempt);
            tx.commit().await?;
            batch.doubts.pop()
        } else {
            tx.rollback().await?;
            Some(attempt)
        };
        self.connection = Some(connection);
        attempt
            .iter()
            .for_each(|attempt| self.answer(batch, attempt));
        Ok(())
    }

    /// Judges the items that have no answer, and lays out those that may be appended.
    fn plan<'a>(&self, items: &'a [Item], knowledge: Knowledge) -> (Attempt, Rows<'a>) {
        let asks = items.iter().map(Item::open);
        let verdicts = judge(
            asks.clone(),
            self.memory.head().position,
            knowledge,
            |stream| self.memory.version(stream),
        );
        let judged = asks
            .zip(&verdicts)
            .filter_map(|(ask, verdict)| Some((ask?, verdict)));
        let rows = Rows::new(self.memory.head(), (self.clock)(), judged);
        (
            Attempt {
                head: rows.next(),
                events: rows.events(),
                verdicts,
            },
            rows,
        )
    }

    /// Gives the answers of an attempt that is certain, and remembers what it changed.
    fn answer(&mut self, batch: &mut Batch, attempt: &Attempt) {
        self.memory.learn(batch, attempt);
        let conflicts = batch.answer(attempt);
        if conflicts > 0 {
            metrics::counter!("chiso_log_conflicts_total", "log" => self.name).increment(conflicts);
        }
        advance(&self.heads, self.memory.head().position);
    }

    /// The connection of before, or a new one. Whoever takes it puts it back only when it is in
    /// order.
    async fn connected(&mut self) -> Result<PgConnection, Fault> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => Ok(PgConnection::connect_with(&self.options).await?),
        }
    }
}

/// Lets those who were just answered ask again, as long as each turn brings more: otherwise the
/// callers fall into two halves, and every batch is half as large as it could be. No clock is
/// waited for, so a lone caller pays one turn of the scheduler.
async fn gather(waiting: &mpsc::Receiver<Item>) {
    for _ in 0..TURNS {
        let gathered = waiting.len();
        tokio::task::yield_now().await;
        if waiting.len() == gathered {
            return;
        }
    }
}

/// Takes the attempt that was committed after all, if one was. Called under the head's lock, and
/// the attempts that were not can no longer be as soon as anything is appended, for they hang on
/// the head of before.
async fn committed(
    connection: &mut PgConnection,
    doubts: &mut Vec<Attempt>,
) -> Result<Option<Attempt>, Fault> {
    for index in 0..doubts.len() {
        let attempt = &doubts[index];
        if attempt.events > 0
            && query::hash_at(&mut *connection, attempt.head.position).await?
                == Some(attempt.head.hash)
        {
            return Ok(Some(doubts.swap_remove(index)));
        }
    }
    Ok(None)
}

/// Settings of the appender's session: an acknowledged append is on disk, and no wait is without
/// end.
fn session(options: PgConnectOptions, name: &str) -> PgConnectOptions {
    options
        .application_name(&format!("chiso {name} appender"))
        .options([
            ("synchronous_commit", "on"),
            // The statements of every batch are the same few; to plan them takes longer than to run them.
            ("plan_cache_mode", "force_generic_plan"),
            ("lock_timeout", "10s"),
            ("statement_timeout", "15s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ])
}
