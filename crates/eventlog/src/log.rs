//! An open event log.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::{PgConnection, PgExecutor, PgPool};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::appender::batch::Item;
use crate::appender::rows::Rows;
use crate::appender::{Appender, QUEUE};
use crate::ask::Ask;
use crate::error::{AppendError, OpenError, StorageError};
use crate::event::{Append, Appended, Head, Position, Receipt, Recorded, StreamAppend, Version};
use crate::judge::{Knowledge, Verdict, judge};
use crate::query::Page;
use crate::{Clock, advance, query, watch as listener};

/// Most events that one read returns.
pub const MAX_READ: i64 = 10_000;

/// Events that [`EventLog::load`] fetches at a time.
const LOAD_PAGE: i64 = 1_000;

/// One service's event log. Cheap to clone; the clones share one appender.
#[derive(Clone)]
pub struct EventLog {
    inner: Arc<Inner>,
}

struct Inner {
    name: &'static str,
    pool: PgPool,
    epoch: Uuid,
    clock: Clock,
    appends: mpsc::Sender<Item>,
    heads: watch::Sender<Position>,
    shutdown: CancellationToken,
    /// Ends the listener when the last clone is gone.
    _listening: DropGuard,
}

impl EventLog {
    /// Opens the log in the pool's database, making its schema first if need be.
    ///
    /// `name` is the log's name in metrics and on the wire. `clock` says when events are recorded.
    /// `shutdown` ends the log's watching and tailing; appends are taken until the last clone is
    /// gone, so that calls in flight can finish while the service drains.
    ///
    /// # Errors
    /// When the database does not answer or its user may not make the schema.
    pub async fn open(
        pool: PgPool,
        name: &'static str,
        clock: Clock,
        shutdown: CancellationToken,
    ) -> Result<Self, OpenError> {
        migrate(&pool).await?;
        let reading = StorageError::during("read the head of the event log");
        let head = query::head(&pool).await.map_err(reading)?;
        let reading = StorageError::during("read the epoch of the event log");
        let epoch = query::epoch(&pool).await.map_err(reading)?;

        let (appends, waiting) = mpsc::channel(QUEUE);
        let heads = watch::Sender::new(head.position);
        let options = pool.connect_options().as_ref().clone();
        let appender = Appender::new(name, clock.clone(), options.clone(), head, heads.clone());
        tokio::spawn(appender.run(waiting));
        let listening = shutdown.child_token();
        tokio::spawn(listener::run(
            name,
            options,
            heads.clone(),
            listening.clone(),
        ));
        let inner = Inner {
            name,
            pool,
            epoch,
            clock,
            appends,
            heads,
            shutdown,
            _listening: listening.drop_guard(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The log's name.
    pub fn name(&self) -> &'static str {
        self.inner.name
    }

    /// The identity of the log, drawn when its schema was made: a restored copy keeps it, a new log
    /// has another.
    pub fn epoch(&self) -> Uuid {
        self.inner.epoch
    }

    /// The service's database.
    pub fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    /// What time it is, by the clock that events are recorded by.
    pub fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// Cancelled when the log should no longer be watched.
    pub(crate) fn shutdown(&self) -> &CancellationToken {
        &self.inner.shutdown
    }

    /// Appends all of it or nothing, and returns when it is on disk.
    ///
    /// The appends of all callers go to one task, which commits whatever waits as one batch.
    /// Appenders of several processes agree by compare-and-swap on the head: whoever lost reads
    /// what it missed and judges again. An append that fails does so alone. Dropping the future
    /// once the append is queued does not take it back.
    ///
    /// # Errors
    /// See [`AppendError`]. All but `Storage` mean that nothing was appended.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let (item, answered) = Item::new(Ask::new(append)?);
        let stopped = || StorageError::during("reach the appender")(sqlx::Error::WorkerCrashed);
        self.inner.appends.send(item).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Appends within the caller's transaction, which must be at the level read committed.
    ///
    /// The head stays locked until the transaction ends, so this comes last, right before the
    /// commit. After the commit call [`committed`](Self::committed), so that watchers here need not
    /// wait for the database to tell them.
    ///
    /// # Errors
    /// See [`AppendError`]. After `Conflict`, `TooLarge` and `Invalid` nothing was written and the
    /// transaction can go on; after `Storage` it is over.
    pub async fn append_in(
        &self,
        transaction: &mut PgConnection,
        streams: Vec<StreamAppend>,
    ) -> Result<Appended, AppendError> {
        let ask = Ask::new(Append {
            streams,
            receipts: Vec::new(),
        })?;
        let failed = StorageError::during("append to the event log");
        let base = match query::lock_head(transaction).await {
            Ok(head) => head,
            Err(error) => return Err(failed(error).into()),
        };
        let names: Vec<&str> = ask
            .streams
            .iter()
            .map(|stream| stream.stream.as_str())
            .collect();
        let versions = match query::versions(transaction, &names).await {
            Ok(versions) => versions,
            Err(error) => return Err(failed(error).into()),
        };
        let known = |stream: &str| versions.get(stream).copied();
        let verdicts = judge(
            [Some(&ask)].into_iter(),
            base.position,
            Knowledge::Locked,
            known,
        );
        match &verdicts[..] {
            [Verdict::Accepted { appended, .. }] => {
                if ask.events > 0 {
                    let judged = [(&ask, &verdicts[0])].into_iter();
                    let rows = Rows::new(base, self.now(), judged);
                    rows.write(transaction, true).await.map_err(failed)?;
                }
                Ok(appended.clone())
            }
            [Verdict::Conflict { stream, actual }] => {
                metrics::counter!("chiso_log_conflicts_total", "log" => self.name()).increment(1);
                let stream = &ask.streams[*stream];
                let (stream, expected) = (stream.stream.clone(), stream.expected);
                Err(AppendError::Conflict {
                    stream,
                    expected,
                    actual: *actual,
                })
            }
            _ => unreachable!("one append under the lock is accepted or conflicts: {verdicts:?}"),
        }
    }

    /// Tells watchers of this process about an append whose transaction the caller has committed.
    pub fn committed(&self, appended: &Appended) {
        advance(&self.inner.heads, appended.last);
    }

    /// The events of one stream, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, stream: &str) -> Result<Vec<Recorded>, StorageError> {
        let mut events = Vec::new();
        loop {
            let after = events.last().map_or(0, |event: &Recorded| event.version);
            let page = self.stream_page(stream, after, LOAD_PAGE).await?;
            events.extend(page.events);
            if page.end {
                return Ok(events);
            }
        }
    }

    /// The events of several streams, stream by stream and each oldest first: for whoever folds
    /// many aggregates at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load_many(&self, streams: &[&str]) -> Result<Vec<Recorded>, StorageError> {
        let mut events: Vec<Recorded> = Vec::new();
        loop {
            let after = events
                .last()
                .map_or(("", 0), |event| (event.stream.as_str(), event.version));
            let page = query::streams_page(self.pool(), streams, after, MAX_READ)
                .await
                .map_err(StorageError::during("read streams of the event log"))?;
            events.extend(page.events);
            if page.end {
                return Ok(events);
            }
        }
    }

    pub(crate) async fn stream_page(
        &self,
        stream: &str,
        after: Version,
        limit: i64,
    ) -> Result<Page, StorageError> {
        query::stream_page(self.pool(), stream, after, limit.clamp(1, MAX_READ))
            .await
            .map_err(StorageError::during("read a stream of the event log"))
    }

    /// The next events of one stream with a greater version than `after`, at most `limit` (1 to
    /// [`MAX_READ`]). A page of large events may be shorter; only an empty one means the end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: i64,
    ) -> Result<Vec<Recorded>, StorageError> {
        Ok(self.stream_page(stream, after, limit).await?.events)
    }

    /// The next events of the log with a greater position than `after`, at most `limit` (1 to
    /// [`MAX_READ`]). A page of large events may be shorter; only an empty one means the end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(&self, after: Position, limit: i64) -> Result<Vec<Recorded>, StorageError> {
        let page = query::page(self.pool(), after, limit.clamp(1, MAX_READ)).await;
        Ok(page
            .map_err(StorageError::during("read the event log"))?
            .events)
    }

    /// The end of the log as it is in the database now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn head(&self) -> Result<Head, StorageError> {
        head(self.pool()).await
    }

    /// The end of the log as a transaction sees it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn head_in(&self, tx: &mut PgConnection) -> Result<Head, StorageError> {
        head(tx).await
    }

    /// The newest position that this process knows of: own appends at once, those of others when
    /// the database tells, within a second at the latest.
    pub fn heads(&self) -> watch::Receiver<Position> {
        self.inner.heads.subscribe()
    }

    /// The stored answer to a command.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn receipt(&self, request_id: Uuid) -> Result<Option<Receipt>, StorageError> {
        Ok(self.receipts(&[request_id]).await?.pop())
    }

    /// The stored answers to several commands, those that there are, in no order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn receipts(&self, request_ids: &[Uuid]) -> Result<Vec<Receipt>, StorageError> {
        query::receipts(self.pool(), request_ids)
            .await
            .map_err(StorageError::during("read receipts of the event log"))
    }
}

impl std::fmt::Debug for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLog")
            .field("name", &self.inner.name)
            .field("epoch", &self.inner.epoch)
            .finish_non_exhaustive()
    }
}

/// Brings the schema up to date. The bookkeeping lives in the log's schema, apart from the
/// service's own migrations.
async fn head(from: impl PgExecutor<'_>) -> Result<Head, StorageError> {
    let head = query::head(from)
        .await
        .map_err(StorageError::during("read the head of the event log"))?;
    Ok(Head {
        position: head.position,
        hash: head.hash,
    })
}

async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    let mut migrator = sqlx::migrate!();
    migrator.dangerous_set_table_name("eventlog.migrations");
    migrator.create_schema("eventlog");
    migrator.run(pool).await
}
