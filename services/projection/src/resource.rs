//! Indices as the API shows them.

use contracts::projection::v1 as pb;
use ids::{IndexKey, Subject};

use crate::aggregate;
use crate::model::{Component, IndexRow, Model};

/// Components for the wire.
pub(crate) fn components(components: &[Component]) -> Vec<pb::ComponentScore> {
    components
        .iter()
        .map(|component| pb::ComponentScore {
            component: component.code.clone(),
            points: component.points.clone(),
            max: component.max.clone(),
        })
        .collect()
}

/// An index with its names, band and change; `position` is how far the scoring log was applied.
pub(crate) fn unit_index(
    model: &Model,
    key: &IndexKey,
    row: &IndexRow,
    with_leaves: bool,
    position: i64,
) -> pb::UnitIndex {
    let (subject_name_vi, subject_name_en) = aggregate::names(model, key);
    let (band_name_vi, band_name_en) = aggregate::band_names(model, key, &row.band);
    let before = key.period.previous().and_then(|period| {
        model.indices.get(&IndexKey {
            period,
            ..key.clone()
        })
    });
    let leaves = model.leaves.get(key).filter(|_| with_leaves);
    pb::UnitIndex {
        index: key.index.clone(),
        edition: row.edition.clone(),
        period: key.period.to_string(),
        subject: key.subject.to_string(),
        subject_name_vi,
        subject_name_en,
        group: match &key.subject {
            Subject::Group(group) => (*group).to_owned(),
            Subject::Unit(_) => aggregate::group_of(model, key)
                .unwrap_or_default()
                .to_owned(),
        },
        total: row.total.clone(),
        max: row.max.clone(),
        reason: row.reason.clone(),
        components: components(&row.components),
        leaves: leaves
            .into_iter()
            .flat_map(|leaves| leaves.values().cloned())
            .collect(),
        band: row.band.clone(),
        band_name_vi,
        band_name_en,
        rank: row.rank,
        ranked: row.ranked,
        change: before
            .map(|before| aggregate::difference(&before.total, &row.total))
            .unwrap_or_default(),
        rank_before: before.map(|before| before.rank).unwrap_or_default(),
        position,
        predecessors: Vec::new(),
    }
}

impl From<pb::ComponentScore> for Component {
    fn from(component: pb::ComponentScore) -> Self {
        Self {
            code: component.component,
            points: component.points,
            max: component.max,
        }
    }
}
