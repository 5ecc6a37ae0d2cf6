//! One batch of a followed log: the indices that follow from it, and the public events that tell what changed.
//!
//! Model rows, the public events and the checkpoint are one transaction. The model in memory is changed first and
//! becomes visible to readers when the transaction is committed; after a failure it is loaded again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::log::v1::{Cause, Metadata};
use contracts::projection::v1 as pb;
use contracts::wire;
use eventlog::{EventLog, Expected, NewEvent, Recorded, StreamAppend};
use ids::IndexKey;
use jetstream::{Handler, HandlerError};
use prost::Message as _;
use sqlx::PgConnection;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

use crate::aggregate;
use crate::model::{IndexRow, Model, Touched};
use crate::store;

/// Applies batches to the model, and tells the world what changed where it has a log to tell it in.
pub(crate) struct Projector {
    model: Arc<RwLock<Model>>,
    /// None while a second model is rebuilt: what it computes was told long ago.
    log: Option<EventLog>,
    ids: runtime::Ids,
    /// Held from the first change of a batch until its commit.
    batch: Option<OwnedRwLockWriteGuard<Model>>,
    appended: Option<eventlog::Appended>,
    /// The model in memory is what the tables say.
    loaded: bool,
}

/// An index before and after a batch.
pub(crate) struct Changed {
    pub(crate) key: IndexKey,
    pub(crate) before: IndexRow,
    pub(crate) after: IndexRow,
}

impl Projector {
    pub(crate) fn new(model: Arc<RwLock<Model>>, log: Option<EventLog>, ids: runtime::Ids) -> Self {
        Self {
            model,
            log,
            ids,
            batch: None,
            appended: None,
            loaded: true,
        }
    }
}

impl Handler for Projector {
    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        log: &'static str,
        batch: &[Recorded],
    ) -> Result<(), HandlerError> {
        let mut model = match self.batch.take() {
            Some(model) => model,
            None => Arc::clone(&self.model).write_owned().await,
        };
        let applied = self.apply_to(&mut model, tx, log, batch).await;
        // Kept also after a failure: nobody reads what was not committed.
        self.batch = Some(model);
        applied
    }

    fn committed(&mut self, _log: &'static str, _position: i64) {
        self.loaded = true;
        // First the log, then the readers: who reads the model may ask the log what led to it.
        if let (Some(log), Some(appended)) = (&self.log, self.appended.take()) {
            log.committed(&appended);
        }
        self.batch = None;
    }

    fn discarded(&mut self, _log: &'static str) {
        self.loaded = false;
        self.appended = None;
    }

    async fn refresh(
        &mut self,
        tx: &mut PgConnection,
        _positions: &BTreeMap<String, i64>,
    ) -> Result<(), HandlerError> {
        let mut model = match self.batch.take() {
            Some(model) => model,
            None => Arc::clone(&self.model).write_owned().await,
        };
        match load(tx).await {
            Ok(fresh) => *model = fresh,
            Err(error) => {
                // What was not committed stays unread; what was is still good to answer from.
                self.batch = Some(model).filter(|_| !self.loaded);
                return Err(error);
            }
        }
        self.loaded = true;
        Ok(())
    }
}

/// Folds the tables into a model.
///
/// # Errors
/// When the database is out of reach, or holds what this version cannot read.
pub(crate) async fn load(tx: &mut PgConnection) -> Result<Model, HandlerError> {
    let mut model = Model::default();
    let mut touched = Touched::default();
    for event in store::source_events(tx).await? {
        model
            .apply(
                &event.log,
                (&event.stream, &event.kind, &event.payload),
                &mut touched,
            )
            .map_err(HandlerError::poison)?;
    }
    store::load_leaves(tx, &mut model).await?;
    model.indices = store::indices(tx).await?;
    Ok(model)
}

/// Computes the touched indices again and ranks the groups that they are in.
fn renew(model: &mut Model, touched: &Touched) -> Vec<Changed> {
    let keys: BTreeSet<IndexKey> = if touched.everything {
        model.leaves.keys().cloned().collect()
    } else {
        touched.keys.clone()
    };
    let mut renewed: BTreeMap<IndexKey, IndexRow> = BTreeMap::new();
    for key in &keys {
        if let Some(row) = aggregate::index(model, key) {
            renewed.insert(key.clone(), row);
        }
    }
    let tables: BTreeSet<_> = keys
        .iter()
        .filter_map(|key| aggregate::table_of(model, key))
        .collect();
    for table in tables {
        aggregate::rank(model, &table, &mut renewed);
    }
    let mut changed = Vec::new();
    for (key, after) in renewed {
        let before = model.indices.get(&key).cloned().unwrap_or_default();
        if before != after {
            model.indices.insert(key.clone(), after.clone());
            changed.push(Changed { key, before, after });
        }
    }
    changed
}

impl Projector {
    async fn apply_to(
        &mut self,
        model: &mut Model,
        tx: &mut PgConnection,
        log: &'static str,
        batch: &[Recorded],
    ) -> Result<(), HandlerError> {
        if !std::mem::replace(&mut self.loaded, false) {
            *model = load(tx).await?;
        }
        let Some(last) = batch.last() else {
            return Ok(());
        };
        let mut touched = Touched::default();
        for event in batch {
            model
                .apply(
                    log,
                    (&event.stream, &event.kind, &event.payload),
                    &mut touched,
                )
                .map_err(HandlerError::poison)?;
        }
        if log == "scoring" {
            store::put_leaves(tx, model, &touched.before).await?;
        } else {
            store::put_source_events(tx, log, batch).await?;
        }
        let changed = renew(model, &touched);
        store::put_indices(tx, &changed).await?;
        if let Some(own) = &self.log {
            let streams = self.streams(model, &touched, &changed, (log, last));
            if !streams.is_empty() {
                self.appended = Some(own.append_in(tx, streams).await?);
            }
        }
        Ok(())
    }

    /// The public events: for each index the leaves that have other points, then what that made of it.
    fn streams(
        &self,
        model: &Model,
        touched: &Touched,
        changed: &[Changed],
        (log, last): (&str, &Recorded),
    ) -> Vec<StreamAppend> {
        let cause = Cause {
            log: log.to_owned(),
            position: last.position,
        };
        let metadata = last.metadata().unwrap_or_default();
        let event = |kind, payload: Vec<u8>| NewEvent {
            kind,
            payload: payload.into(),
            metadata: Metadata {
                event_id: self.ids.uuid().to_string(),
                actor: "projection".to_owned(),
                causation: Some(cause.clone()),
                correlation_id: metadata.correlation_id.clone(),
                traceparent: metadata.traceparent.clone(),
                occurred_at: Some(wire::timestamp(last.recorded_at)),
                ..Metadata::default()
            },
        };
        let mut streams: BTreeMap<&IndexKey, Vec<NewEvent>> = BTreeMap::new();
        for (key, before) in &touched.before {
            let told = score_changed(model, key, before, &cause);
            if !told.leaves.is_empty() {
                let told = event("chiso.projection.v1.ScoreChanged", told.encode_to_vec());
                streams.entry(key).or_default().push(told);
            }
        }
        for change in changed {
            let told = index_changed(model, change, &cause);
            let told = event("chiso.projection.v1.IndexChanged", told.encode_to_vec());
            streams.entry(&change.key).or_default().push(told);
        }
        streams
            .into_iter()
            .map(|(key, events)| StreamAppend {
                stream: key.stream("index"),
                expected: Expected::Any,
                events,
            })
            .collect()
    }
}

fn score_changed(
    model: &Model,
    key: &IndexKey,
    before: &BTreeMap<String, String>,
    cause: &Cause,
) -> pb::ScoreChanged {
    let now = model.leaves.get(key);
    let leaves = before.iter().filter_map(|(code, before)| {
        let leaf = now?.get(code)?;
        (leaf.points != *before).then(|| pb::LeafChange {
            leaf: code.clone(),
            points_before: before.clone(),
            points: leaf.points.clone(),
            max: leaf.max.clone(),
        })
    });
    pb::ScoreChanged {
        leaves: leaves.collect(),
        index: key.index.clone(),
        edition: model.editions.get(key).cloned().unwrap_or_default(),
        period: key.period.to_string(),
        subject: key.subject.to_string(),
        cause: Some(cause.clone()),
    }
}

fn index_changed(model: &Model, change: &Changed, cause: &Cause) -> pb::IndexChanged {
    let Changed { key, before, after } = change;
    let (vi, en) = aggregate::names(model, key);
    pb::IndexChanged {
        index: key.index.clone(),
        edition: after.edition.clone(),
        period: key.period.to_string(),
        subject: key.subject.to_string(),
        total_before: before.total.clone(),
        total: after.total.clone(),
        max: after.max.clone(),
        components: crate::resource::components(&after.components),
        band: after.band.clone(),
        rank: after.rank,
        rank_before: before.rank,
        ranked: after.ranked,
        cause: Some(cause.clone()),
        subject_name_vi: vi,
        subject_name_en: en,
    }
}

/// Tells the server's health how the consumers are doing, until the service ends.
pub(crate) async fn report_health(
    mut consumers: jetstream::Health,
    health: runtime::grpc::Health,
    shutdown: runtime::Shutdown,
) {
    loop {
        for (log, condition) in consumers.conditions() {
            health
                .set(&format!("follows {log}"), condition.is_healthy())
                .await;
        }
        match shutdown.run_until_cancelled(consumers.changed()).await {
            Some(true) => {}
            Some(false) | None => return,
        }
    }
}
