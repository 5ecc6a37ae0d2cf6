//! One batch of a followed log: the indices that follow from it, and the public events that tell what changed.
//!
//! Model rows, the public events and the checkpoint are one transaction. The model in memory is changed first and
//! becomes visible to readers when the transaction is committed (see [`readmodel::Keeper`]).

use std::collections::{BTreeMap, BTreeSet};

use contracts::log::v1::Cause;
use contracts::projection::v1 as pb;
use eventlog::{Expected, NewEvent, StreamAppend};
use ids::IndexKey;
use jetstream::HandlerError;
use readmodel::{Batch, Fold, Teller, put_source_events, source_events};
use sqlx::PgConnection;

use crate::aggregate;
use crate::model::{IndexRow, Model, Touched};
use crate::store;

/// Adds up and ranks what the followed logs say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Projector;

/// An index before and after a batch.
pub(crate) struct Changed {
    pub(crate) key: IndexKey,
    pub(crate) before: IndexRow,
    /// None where the index does not judge the subject any more.
    pub(crate) after: Option<IndexRow>,
}

impl Fold for Projector {
    type Model = Model;
    type Changes = (Touched, Vec<Changed>);

    async fn load(&self, tables: &mut PgConnection) -> Result<Model, HandlerError> {
        let mut model = Model::default();
        let mut touched = Touched::default();
        for event in source_events(tables).await? {
            let content = (
                event.stream.as_str(),
                event.kind.as_str(),
                event.payload.as_slice(),
            );
            model
                .apply(&event.log, content, &mut touched)
                .map_err(HandlerError::poison)?;
        }
        store::load_leaves(tables, &mut model).await?;
        model.indices = store::indices(tables).await?;
        Ok(model)
    }

    async fn apply(
        &self,
        model: &mut Model,
        tables: &mut PgConnection,
        batch: &Batch<'_>,
    ) -> Result<(Touched, Vec<Changed>), HandlerError> {
        let mut touched = Touched::default();
        for event in batch.events {
            let content = (
                event.stream.as_str(),
                event.kind.as_str(),
                event.payload.as_ref(),
            );
            model
                .apply(batch.log, content, &mut touched)
                .map_err(HandlerError::poison)?;
        }
        if batch.log == "scoring" {
            store::put_leaves(tables, model, &touched.before).await?;
        } else {
            put_source_events(tables, batch.log, batch.events).await?;
        }
        let changed = renew(model, &touched);
        store::put_indices(tables, &changed).await?;
        Ok((touched, changed))
    }

    /// For each index the leaves that have other points, then what that made of it.
    fn told(
        &self,
        model: &Model,
        (touched, changed): (Touched, Vec<Changed>),
        teller: &Teller<'_>,
    ) -> Vec<StreamAppend> {
        let cause = teller.cause();
        let mut streams: BTreeMap<&IndexKey, Vec<NewEvent>> = BTreeMap::new();
        for (key, before) in &touched.before {
            let told = score_changed(model, key, before, &cause);
            if !told.leaves.is_empty() {
                let told = teller.event("chiso.projection.v1.ScoreChanged", &told);
                streams.entry(key).or_default().push(told);
            }
        }
        for change in &changed {
            let told = index_changed(model, change, &cause);
            let told = teller.event("chiso.projection.v1.IndexChanged", &told);
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

/// Computes the touched indices again and ranks the groups that they are in.
fn renew(model: &mut Model, touched: &Touched) -> Vec<Changed> {
    let keys: BTreeSet<IndexKey> = if touched.everything {
        model.leaves.keys().cloned().collect()
    } else {
        touched.keys.clone()
    };
    let mut renewed: BTreeMap<IndexKey, IndexRow> = BTreeMap::new();
    let mut changed = Vec::new();
    for key in &keys {
        if let Some(row) = aggregate::index(model, key) {
            renewed.insert(key.clone(), row);
        } else if let Some(before) = model.indices.remove(key) {
            // Its definition was retired, or the subject was not what it was held for.
            changed.push(Changed {
                key: key.clone(),
                before,
                after: None,
            });
        }
    }
    let tables: BTreeSet<_> = keys
        .iter()
        .filter_map(|key| aggregate::table_of(model, key))
        .collect();
    for table in tables {
        aggregate::rank(model, &table, &mut renewed);
    }
    for (key, after) in renewed {
        let before = model.indices.get(&key).cloned().unwrap_or_default();
        if before != after {
            model.indices.insert(key.clone(), after.clone());
            changed.push(Changed {
                key,
                before,
                after: Some(after),
            });
        }
    }
    changed
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
    let void = IndexRow::default();
    let after = after.as_ref().unwrap_or(&void);
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
