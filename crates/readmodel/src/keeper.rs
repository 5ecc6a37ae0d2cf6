//! Batches of followed logs, taken into the model in memory and its tables, and told in the service's own log.

use std::collections::BTreeMap;

use contracts::log::v1::{Cause, Metadata};
use contracts::wire;
use eventlog::{
    Appended, EventLog, Head, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, NewEvent, Position, Recorded,
    StreamAppend,
};
use jetstream::{Handler, HandlerError};
use prost::Message as _;
use runtime::Ids;
use sqlx::{PgConnection, PgPool};

use crate::shown::{Heads, Shown, Writer};

/// What a service makes of the logs that it follows.
///
/// Everything is a fold over those logs, whichever way they interleave and are cut into batches.
pub trait Fold: Clone + Send + Sync + 'static {
    /// What is kept in memory.
    type Model: Send + Sync + 'static;
    /// What a batch changed.
    type Changes: Send;

    /// Folds the tables into a model.
    ///
    /// # Errors
    /// When the database is out of reach, or holds what this version cannot read.
    fn load(
        &self,
        tables: &mut PgConnection,
    ) -> impl Future<Output = Result<Self::Model, HandlerError>> + Send;

    /// Takes a batch into the model and its tables.
    ///
    /// # Errors
    /// When an event cannot be read, or the database does not take what follows. Both may be half changed then: the
    /// tables are rolled back, and the model is read from them again.
    fn apply(
        &self,
        model: &mut Self::Model,
        tables: &mut PgConnection,
        batch: &Batch<'_>,
    ) -> impl Future<Output = Result<Self::Changes, HandlerError>> + Send;

    /// The events that tell the changes. Not asked for while a model is filled again: they were told long ago.
    fn told(
        &self,
        model: &Self::Model,
        changes: Self::Changes,
        teller: &Teller<'_>,
    ) -> Vec<StreamAppend>;
}

/// Consecutive events of one log.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Which log.
    pub log: &'static str,
    /// In order, without a gap; at least one.
    pub events: &'a [Recorded],
    /// How far every log is applied, this batch included.
    pub applied: &'a BTreeMap<String, Position>,
}

/// Writes the events that follow from a batch.
#[derive(Debug)]
pub struct Teller<'a> {
    /// What they follow from.
    pub batch: &'a Batch<'a>,
    last: &'a Recorded,
    actor: &'static str,
    ids: &'a Ids,
}

impl Teller<'_> {
    /// What caused them: the last event of the batch.
    pub fn cause(&self) -> Cause {
        Cause {
            log: self.batch.log.to_owned(),
            position: self.last.position,
        }
    }

    /// An event of that kind, the full name of `message`.
    pub fn event(&self, kind: &'static str, message: &impl prost::Message) -> NewEvent {
        let metadata = self.last.metadata().unwrap_or_default();
        NewEvent {
            kind,
            payload: message.encode_to_vec().into(),
            metadata: Metadata {
                event_id: self.ids.uuid().to_string(),
                actor: self.actor.to_owned(),
                causation: Some(self.cause()),
                correlation_id: metadata.correlation_id,
                traceparent: metadata.traceparent,
                occurred_at: Some(wire::timestamp(self.last.recorded_at)),
                ..Metadata::default()
            },
        }
    }
}

/// Keeps a model: applies batches, shows it to readers as of the last commit, and tells what changed where it has a log
/// to tell it in.
pub struct Keeper<F: Fold> {
    fold: F,
    writer: Writer<F::Model>,
    /// None while a second model is filled.
    own: Option<Own>,
    /// How far every log is committed.
    applied: BTreeMap<String, Position>,
    /// The same with hashes, and the service's own log.
    heads: Heads,
    /// What of it a batch that is not committed yet moves.
    moving: Heads,
}

/// The service's own log.
struct Own {
    log: EventLog,
    ids: Ids,
    appended: Option<Appended>,
}

impl<F: Fold> Keeper<F> {
    /// Keeps the live model, of which nothing is shown until it is [`read`](Self::read).
    pub fn live(fold: F, log: EventLog, ids: Ids) -> Self {
        let own = Own {
            log,
            ids,
            appended: None,
        };
        Self {
            own: Some(own),
            ..Self::silent(fold)
        }
    }

    /// Fills a model and tells nothing.
    pub fn silent(fold: F) -> Self {
        Self {
            fold,
            writer: Writer::new(),
            own: None,
            applied: BTreeMap::new(),
            heads: Heads::new(),
            moving: Heads::new(),
        }
    }

    /// What readers have of the model.
    pub fn shown(&self) -> Shown<F::Model> {
        self.writer.shown()
    }

    async fn take_in(
        &mut self,
        tables: &mut PgConnection,
        log: &'static str,
        events: &[Recorded],
    ) -> Result<(), HandlerError> {
        let Some(last) = events.last() else {
            return Ok(());
        };
        self.moving.clear();
        let mut applied = self.applied.clone();
        applied.insert(log.to_owned(), last.position);
        let batch = Batch {
            log,
            events,
            applied: &applied,
        };
        let model = self.writer.change(self.fold.load(tables)).await?;
        let changes = self.fold.apply(model, tables, &batch).await?;
        if let Some(own) = &mut self.own {
            let teller = Teller {
                batch: &batch,
                last,
                actor: own.log.name(),
                ids: &own.ids,
            };
            for streams in parts(self.fold.told(model, changes, &teller)) {
                own.appended = Some(own.log.append_in(tables, streams).await?);
            }
        }
        let (position, hash) = (last.position, last.hash);
        self.moving = Heads::from([(log.to_owned(), Head { position, hash })]);
        if let Some(own) = self.own.as_ref().filter(|own| own.appended.is_some()) {
            let head = own.log.head_in(tables).await?;
            self.moving.insert(own.log.name().to_owned(), head);
        }
        Ok(())
    }

    /// Shows the model as it is committed.
    ///
    /// # Errors
    /// When the database is out of reach, or holds what this version cannot read.
    pub async fn read(&mut self, pool: &PgPool) -> Result<(), HandlerError> {
        let mut tx = pool.begin().await?;
        // All tables of the same moment, though another replica goes on.
        sqlx::query("set transaction isolation level repeatable read, read only")
            .execute(&mut *tx)
            .await?;
        let fresh = self.fold.load(&mut tx).await?;
        self.heads = self.heads_in(&mut tx).await?;
        tx.rollback().await?;
        self.writer.replace(fresh, self.heads.clone()).await;
        Ok(())
    }

    /// What the tables follow from, and the end of the service's own log, as one transaction sees them.
    async fn heads_in(&mut self, tx: &mut PgConnection) -> Result<Heads, HandlerError> {
        self.moving.clear();
        let followed = jetstream::followed(&mut *tx).await?.into_iter();
        let mut heads: Heads = followed.map(|(log, it)| (log, it.head)).collect();
        if let Some(own) = &self.own {
            let head = own.log.head_in(tx).await?;
            heads.insert(own.log.name().to_owned(), head);
        }
        Ok(heads)
    }
}

impl<F: Fold> Handler for Keeper<F> {
    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        log: &'static str,
        batch: &[Recorded],
    ) -> Result<(), HandlerError> {
        let applied = self.take_in(tx, log, batch).await;
        if let (Err(HandlerError::Poison(_)), Some(own)) = (&applied, &self.own) {
            // It may be the last batch that ever comes, and readers wait: either they are shown what is committed, or it
            // comes again. The transaction at hand is about to be rolled back and may be of no use any more.
            let pool = own.log.pool().clone();
            self.read(&pool).await.map_err(HandlerError::retry)?;
        }
        applied
    }

    fn committed(&mut self, log: &'static str, position: Position) {
        self.applied.insert(log.to_owned(), position);
        // First the log, then the readers: who reads the model may ask the log what led to it.
        if let Some(own) = &mut self.own
            && let Some(appended) = own.appended.take()
        {
            own.log.committed(&appended);
        }
        self.heads.append(&mut self.moving);
        self.writer.committed(&self.heads);
    }

    fn discarded(&mut self, _log: &'static str) {
        // Where the batch is moved on to stays: it may have been committed after all, and is then not applied again.
        if let Some(own) = &mut self.own {
            own.appended = None;
        }
    }

    async fn refresh(
        &mut self,
        tx: &mut PgConnection,
        positions: &BTreeMap<String, Position>,
    ) -> Result<(), HandlerError> {
        let fresh = self.fold.load(tx).await?;
        self.heads = self.heads_in(tx).await?;
        self.writer.replace(fresh, self.heads.clone()).await;
        self.applied.clone_from(positions);
        Ok(())
    }
}

/// Streams in as few appends as may be: a new definition can give every index there is other points at once.
fn parts(streams: Vec<StreamAppend>) -> Vec<Vec<StreamAppend>> {
    let mut parts: Vec<Vec<StreamAppend>> = Vec::new();
    let (mut events, mut bytes) = (0, 0);
    for stream in streams {
        let size: usize = stream.events.iter().map(size).sum();
        events += stream.events.len();
        bytes += size;
        match parts.last_mut() {
            Some(part) if events <= MAX_APPEND_EVENTS && bytes <= MAX_APPEND_BYTES => {
                part.push(stream);
            }
            _ => {
                (events, bytes) = (stream.events.len(), size);
                parts.push(vec![stream]);
            }
        }
    }
    parts
}

fn size(event: &NewEvent) -> usize {
    event.metadata.encoded_len() + event.payload.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventlog::Expected;

    fn stream(bytes: usize) -> StreamAppend {
        StreamAppend {
            stream: "score-x".into(),
            expected: Expected::Any,
            events: vec![NewEvent {
                kind: "test.Told",
                payload: vec![0; bytes].into(),
                metadata: Metadata::default(),
            }],
        }
    }

    #[test]
    fn what_one_append_may_not_carry_is_appended_in_parts() {
        let sizes = |streams: Vec<StreamAppend>| -> Vec<usize> {
            parts(streams).iter().map(Vec::len).collect()
        };
        assert!(sizes(Vec::new()).is_empty());
        let many = (0..2 * MAX_APPEND_EVENTS + 1).map(|_| stream(1));
        assert_eq!(
            sizes(many.collect()),
            [MAX_APPEND_EVENTS, MAX_APPEND_EVENTS, 1]
        );
        let large = (0..5).map(|_| stream(MAX_APPEND_BYTES / 2));
        assert_eq!(sizes(large.collect()), [2, 2, 1]);
    }
}
