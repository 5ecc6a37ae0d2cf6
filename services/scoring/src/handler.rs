//! One batch of a followed log: what it changes in the model, the points that follow, and the events that tell them.
//!
//! Model rows, the derived events and the checkpoint are one transaction. The model in memory is changed first and
//! becomes visible to readers when the transaction is committed; after a failure it is loaded again.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::log::v1::{Cause, Metadata};
use contracts::scoring::v1 as pb;
use contracts::wire;
use eventlog::{EventLog, Expected, NewEvent, Recorded, StreamAppend};
use jetstream::{Handler, HandlerError};
use measures::{Facts, Key};
use prost::Message as _;
use sqlx::PgConnection;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

use crate::dirty::Dirty;
use crate::model::{Model, ModelError, Points};
use crate::rescore::{Change, rescore};
use crate::store::SourceEvent;
use crate::{facts, store};
use ids::IndexKey;

/// Applies batches to the model, and tells what changed where it has a log to tell it in.
pub(crate) struct Scorer {
    model: Arc<RwLock<Model>>,
    /// None while a second model is rebuilt: what it computes was told long ago.
    log: Option<EventLog>,
    ids: runtime::Ids,
    /// Held from the first change of a batch until its commit.
    batch: Option<OwnedRwLockWriteGuard<Model>>,
    appended: Option<eventlog::Appended>,
    applied: BTreeMap<String, i64>,
    /// The model in memory is what the tables say.
    loaded: bool,
}

impl Scorer {
    pub(crate) fn new(
        model: Arc<RwLock<Model>>,
        log: Option<EventLog>,
        ids: runtime::Ids,
        applied: BTreeMap<String, i64>,
    ) -> Self {
        Self {
            model,
            log,
            ids,
            batch: None,
            appended: None,
            applied,
            loaded: true,
        }
    }
}

impl Handler for Scorer {
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
        positions: &BTreeMap<String, i64>,
    ) -> Result<(), HandlerError> {
        let mut model = match self.batch.take() {
            Some(model) => model,
            None => Arc::clone(&self.model).write_owned().await,
        };
        match load(tx, model.offset).await {
            Ok(fresh) => *model = fresh,
            Err(error) => {
                // What was not committed stays unread; what was is still good to answer from.
                self.batch = Some(model).filter(|_| !self.loaded);
                return Err(error);
            }
        }
        self.applied.clone_from(positions);
        self.loaded = true;
        Ok(())
    }
}

impl Scorer {
    async fn apply_to(
        &mut self,
        model: &mut Model,
        tx: &mut PgConnection,
        log: &'static str,
        batch: &[Recorded],
    ) -> Result<(), HandlerError> {
        if !std::mem::replace(&mut self.loaded, false) {
            *model = load(tx, model.offset).await?;
        }
        let Some(last) = batch.last() else {
            return Ok(());
        };
        self.applied.insert(log.to_owned(), last.position);
        let dirty = take_in(tx, model, log, batch).await?;
        let changes = rescore(model, &dirty);
        remember(tx, model, &changes).await?;
        if let Some(own) = &self.log {
            let streams = self.streams(&changes, log, last);
            if !streams.is_empty() {
                self.appended = Some(own.append_in(tx, streams).await?);
            }
        }
        Ok(())
    }

    /// The events that tell the changes, one for each subject and period.
    fn streams(&self, changes: &[Change], log: &str, last: &Recorded) -> Vec<StreamAppend> {
        let basis: Vec<Cause> = self
            .applied
            .iter()
            .map(|(log, position)| Cause {
                log: log.clone(),
                position: *position,
            })
            .collect();
        let metadata = last.metadata().unwrap_or_default();
        changes
            .iter()
            .map(|change| StreamAppend {
                stream: change.key.stream("score"),
                expected: Expected::Any,
                events: vec![NewEvent {
                    kind: "chiso.scoring.v1.LeavesScored",
                    payload: leaves_scored(change, &basis).encode_to_vec().into(),
                    metadata: Metadata {
                        event_id: self.ids.uuid().to_string(),
                        actor: "scoring".to_owned(),
                        causation: Some(Cause {
                            log: log.to_owned(),
                            position: last.position,
                        }),
                        correlation_id: metadata.correlation_id.clone(),
                        traceparent: metadata.traceparent.clone(),
                        occurred_at: Some(wire::timestamp(last.recorded_at)),
                        ..Metadata::default()
                    },
                }],
            })
            .collect()
    }
}

fn leaves_scored(change: &Change, basis: &[Cause]) -> pb::LeavesScored {
    pb::LeavesScored {
        index: change.key.index.clone(),
        edition: change.edition.clone(),
        period: change.key.period.to_string(),
        subject: change.key.subject.to_string(),
        leaves: change.leaves.clone(),
        basis: basis.to_vec(),
    }
}

/// Folds the tables into a model.
///
/// # Errors
/// When the database is out of reach, or holds what this version cannot read.
pub(crate) async fn load(
    tx: &mut PgConnection,
    offset: jiff::tz::Offset,
) -> Result<Model, HandlerError> {
    let mut model = Model::new(offset);
    let mut dirty = Dirty::default();
    for event in store::source_events(tx).await? {
        let SourceEvent {
            log,
            stream,
            kind,
            payload,
        } = event;
        apply_source(&mut model, &log, (&stream, &kind, &payload), &mut dirty)
            .map_err(HandlerError::poison)?;
    }
    for (key, value) in store::counters(tx).await? {
        model.units.entry(key.unit).or_default().add(
            key.month,
            key.counter,
            key.procedure.as_deref(),
            value,
        );
    }
    model.leaves = store::leaves(tx).await?;
    model.horizon = store::horizon(tx).await?;
    Ok(model)
}

fn apply_source(
    model: &mut Model,
    log: &str,
    (stream, kind, payload): (&str, &str, &[u8]),
    dirty: &mut Dirty,
) -> Result<(), ModelError> {
    match log {
        "registry" => model.apply_registry(stream, kind, payload, dirty),
        _ => model.apply_assessments(kind, payload, dirty),
    }
}

/// Takes the batch into the model and its tables, and says what has to be scored again.
async fn take_in(
    tx: &mut PgConnection,
    model: &mut Model,
    log: &str,
    batch: &[Recorded],
) -> Result<Dirty, HandlerError> {
    let mut dirty = Dirty::default();
    if log == "dossiers" {
        let deltas = dossier_deltas(tx, model, batch).await?;
        store::add_counters(tx, &deltas).await?;
        model.apply_deltas(&deltas, &mut dirty);
    } else {
        for event in batch {
            apply_source(
                model,
                log,
                (&event.stream, &event.kind, &event.payload),
                &mut dirty,
            )
            .map_err(HandlerError::poison)?;
        }
        store::put_source_events(tx, log, batch).await?;
    }
    if let Some(newest) = batch.iter().map(|event| event.recorded_at).max() {
        model.advance(newest, &mut dirty);
        let horizon = model.horizon.unwrap_or(newest);
        store::put_horizon(tx, horizon).await?;
    }
    Ok(dirty)
}

/// What the batch changes in the dossiers' contributions to counters.
async fn dossier_deltas(
    tx: &mut PgConnection,
    model: &Model,
    batch: &[Recorded],
) -> Result<BTreeMap<Key, i64>, HandlerError> {
    let mut codes: Vec<String> = batch
        .iter()
        .map(|event| facts::dossier(&event.stream).to_owned())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let before = store::facts(tx, &codes).await?;
    let mut after: BTreeMap<String, Facts> = before.clone();
    // What was counted for a moment only stays in as a zero: a unit that a dossier passed through was judged by it, and must
    // have been so too when the logs are read again in other batches.
    let mut deltas: BTreeMap<Key, i64> = BTreeMap::new();
    for event in batch {
        let fact = facts::fact(&event.kind, &event.payload).map_err(HandlerError::poison)?;
        if let Some(fact) = fact {
            let facts = after
                .entry(facts::dossier(&event.stream).to_owned())
                .or_default();
            let mut step = facts.contributions(model.offset);
            step.values_mut().for_each(|count| *count = -*count);
            facts.apply(&fact, event.occurred_at(), event.position);
            for (key, count) in facts.contributions(model.offset) {
                *step.entry(key).or_default() += count;
            }
            for (key, count) in step.into_iter().filter(|(_, count)| *count != 0) {
                *deltas.entry(key).or_default() += count;
            }
        }
    }
    after.retain(|code, facts| before.get(code) != Some(facts));
    store::put_facts(tx, &after, model.offset).await?;
    Ok(deltas)
}

/// Keeps the new points, in the tables and in memory.
async fn remember(
    tx: &mut PgConnection,
    model: &mut Model,
    changes: &[Change],
) -> Result<(), HandlerError> {
    let rows: Vec<(IndexKey, String, Points)> = changes
        .iter()
        .flat_map(|change| {
            change.leaves.iter().map(|leaf| {
                let points = Points {
                    edition: change.edition.clone(),
                    points: leaf.points.clone(),
                    max: leaf.max.clone(),
                    reason: leaf.reason.clone(),
                };
                (change.key.clone(), leaf.leaf.clone(), points)
            })
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    store::put_leaves(tx, &rows).await?;
    for (key, leaf, points) in rows {
        model.leaves.entry(key).or_default().insert(leaf, points);
    }
    Ok(())
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
