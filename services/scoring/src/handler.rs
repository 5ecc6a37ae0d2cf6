//! One batch of a followed log: what it changes in the model, the points that follow, and the events that tell them.
//!
//! Model rows, the derived events and the checkpoint are one transaction. The model in memory is changed first and
//! becomes visible to readers when the transaction is committed (see [`readmodel::Keeper`]).

use std::collections::BTreeMap;

use contracts::log::v1::Cause;
use contracts::scoring::v1 as pb;
use eventlog::{Expected, Recorded, StreamAppend};
use ids::IndexKey;
use jetstream::HandlerError;
use jiff::tz::Offset;
use measures::{Facts, Key};
use readmodel::{Batch, Fold, Teller, put_source_events, source_events};
use sqlx::PgConnection;

use crate::dirty::Dirty;
use crate::model::{Model, Points};
use crate::rescore::{Change, rescore};
use crate::store;

/// Scores what the followed logs say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scorer {
    /// Local time's offset from UTC.
    pub(crate) offset: Offset,
}

impl Fold for Scorer {
    type Model = Model;
    type Changes = Vec<Change>;

    async fn load(&self, tables: &mut PgConnection) -> Result<Model, HandlerError> {
        let mut model = Model::new(self.offset);
        let mut dirty = Dirty::default();
        for event in source_events(tables).await? {
            let content = (
                event.stream.as_str(),
                event.kind.as_str(),
                event.payload.as_slice(),
            );
            model
                .apply_source(&event.log, content, &mut dirty)
                .map_err(HandlerError::poison)?;
        }
        for (key, value) in store::counters(tables).await? {
            model.ledger.count(&key, value);
        }
        model.leaves = store::leaves(tables).await?;
        model.ledger.horizon = store::horizon(tables).await?;
        Ok(model)
    }

    async fn apply(
        &self,
        model: &mut Model,
        tables: &mut PgConnection,
        batch: &Batch<'_>,
    ) -> Result<Vec<Change>, HandlerError> {
        let dirty = take_in(tables, model, batch.log, batch.events).await?;
        let changes = rescore(model, &dirty);
        remember(tables, model, &changes).await?;
        Ok(changes)
    }

    /// One event for each subject and period.
    fn told(&self, _model: &Model, changes: Vec<Change>, teller: &Teller<'_>) -> Vec<StreamAppend> {
        let applied = teller.batch.applied.iter();
        let basis: Vec<Cause> = applied
            .map(|(log, position)| Cause {
                log: log.clone(),
                position: *position,
            })
            .collect();
        let streams = changes.into_iter().map(|change| StreamAppend {
            stream: change.key.stream("score"),
            expected: Expected::Any,
            events: vec![teller.event(
                "chiso.scoring.v1.LeavesScored",
                &leaves_scored(change, &basis),
            )],
        });
        streams.collect()
    }
}

fn leaves_scored(change: Change, basis: &[Cause]) -> pb::LeavesScored {
    pb::LeavesScored {
        period: change.key.period.to_string(),
        subject: change.key.subject.to_string(),
        index: change.key.index,
        edition: change.edition,
        leaves: change.leaves,
        basis: basis.to_vec(),
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
        let deltas = dossier_deltas(tx, model.ledger.offset, batch).await?;
        store::add_counters(tx, &deltas).await?;
        model.apply_deltas(&deltas, &mut dirty);
    } else {
        for event in batch {
            let content = (&*event.stream, &*event.kind, &*event.payload);
            model
                .apply_source(log, content, &mut dirty)
                .map_err(HandlerError::poison)?;
        }
        put_source_events(tx, log, batch).await?;
    }
    if let Some(newest) = batch.iter().map(|event| event.recorded_at).max() {
        model.advance(newest, &mut dirty);
        let horizon = model.ledger.horizon.unwrap_or(newest);
        store::put_horizon(tx, horizon).await?;
    }
    Ok(dirty)
}

/// What the batch changes in the dossiers' contributions to counters.
async fn dossier_deltas(
    tx: &mut PgConnection,
    offset: Offset,
    batch: &[Recorded],
) -> Result<BTreeMap<Key, i64>, HandlerError> {
    let mut codes: Vec<String> = batch
        .iter()
        .map(|event| figures::dossier(&event.stream).to_owned())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let before = store::facts(tx, &codes).await?;
    let mut after: BTreeMap<String, Facts> = before.clone();
    let mut deltas: BTreeMap<Key, i64> = BTreeMap::new();
    for event in batch {
        let content = (&*event.stream, &*event.kind, &*event.payload);
        let when = (event.occurred_at(), event.position);
        figures::take_in(&mut after, content, when, offset, &mut deltas)
            .map_err(HandlerError::poison)?;
    }
    after.retain(|code, facts| before.get(code) != Some(facts));
    store::put_facts(tx, &after, offset).await?;
    Ok(deltas)
}

/// Keeps the new points, in the tables and in memory.
async fn remember(
    tx: &mut PgConnection,
    model: &mut Model,
    changes: &[Change],
) -> Result<(), HandlerError> {
    if changes.is_empty() {
        return Ok(());
    }
    // Another edition has other leaves, and what is void has none: what is no longer told is forgotten.
    let mut outdated = Vec::new();
    for change in changes {
        let Some(leaves) = model.leaves.get_mut(&change.key) else {
            continue;
        };
        let before = leaves.len();
        leaves.retain(|_, points| !change.is_void() && points.edition == change.edition);
        if leaves.len() < before {
            outdated.push(change);
        }
        if leaves.is_empty() {
            model.leaves.remove(&change.key);
        }
    }
    store::forget_leaves(tx, &outdated).await?;
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
    store::put_leaves(tx, &rows).await?;
    for (key, leaf, points) in rows {
        model.leaves.entry(key).or_default().insert(leaf, points);
    }
    Ok(())
}
