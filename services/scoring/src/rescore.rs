//! Scoring again what a batch made dirty: a pure function of the model.

use std::collections::{BTreeMap, BTreeSet};

use contracts::scoring::v1 as pb;
use ids::{IndexKey, LeafCode, Month, Period, Subject};
use index::{Definition, LeafScore};

use crate::dirty::{Dirty, Reach};
use crate::model::Model;
use crate::view::{Figures, View};

/// What has other points than were told before.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) key: IndexKey,
    pub(crate) edition: String,
    pub(crate) leaves: Vec<pb::LeafScore>,
    /// Whether the index has no definition any more: its leaves are told to be without a score, and forgotten.
    pub(crate) withdrawn: bool,
}

/// Everything that has other points after `dirty` was computed again, by key.
pub(crate) fn rescore(model: &Model, dirty: &Dirty) -> Vec<Change> {
    if dirty.is_clean() {
        return Vec::new();
    }
    let view = View::new(model);
    let mut changes = Vec::new();
    for ((period, subject), reach) in subjects(&view, dirty) {
        let mut inputs = None;
        for definition in view.definitions(period, &subject) {
            let inputs = inputs.get_or_insert_with(|| view.inputs(period, &subject));
            let key = IndexKey {
                index: definition.code().to_string(),
                period,
                subject: subject.clone(),
            };
            changes.extend(changed(model, definition, key, (inputs, &reach)));
        }
    }
    changes.extend(withdrawn(&view, dirty));
    changes
}

/// Indices that were told and that no definition makes any more, as it was retired: their leaves have no score.
fn withdrawn<'a>(view: &'a View<'_>, dirty: &'a Dirty) -> impl Iterator<Item = Change> + 'a {
    let told = view.model.leaves.iter().filter(|_| dirty.is_everything());
    let told = told.filter(|(key, _)| {
        let judged = view.definitions(key.period, &key.subject);
        judged
            .iter()
            .all(|edition| edition.code().as_str() != key.index)
    });
    told.filter_map(|(key, leaves)| {
        let edition = leaves.values().next()?.edition.clone();
        let retired = view.edition(&key.index, &edition);
        if retired.is_none_or(|definition| definition.covers(key.period)) {
            return None;
        }
        let leaves = leaves.iter().map(|(leaf, points)| pb::LeafScore {
            leaf: leaf.clone(),
            max: points.max.clone(),
            reason: "the definition was retired".to_owned(),
            ..pb::LeafScore::default()
        });
        Some(Change {
            key: key.clone(),
            edition,
            leaves: leaves.collect(),
            withdrawn: true,
        })
    })
}

/// The leaves of one index that have other points than were told.
fn changed(
    model: &Model,
    definition: &Definition,
    key: IndexKey,
    (inputs, reach): (&Figures, &Reach),
) -> Option<Change> {
    let told = model.leaves.get(&key);
    let edition = definition.edition();
    let mut leaves = Vec::new();
    for leaf in definition.leaves() {
        let told = told.and_then(|told| told.get(leaf.code().as_str()));
        let told = told.filter(|told| told.edition == edition);
        // What follows from the same figures by the same rule is what was told.
        if told.is_some() && !reach.holds(leaf.inputs().map(|name| name.as_str())) {
            continue;
        }
        let score = leaf.score(&inputs.of(definition, leaf.code()));
        let score = wire(leaf.code(), &score);
        let same = told.is_some_and(|told| {
            (&told.points, &told.max, &told.reason) == (&score.points, &score.max, &score.reason)
        });
        if !same {
            leaves.push(score);
        }
    }
    (!leaves.is_empty()).then(|| Change {
        key,
        edition: edition.to_owned(),
        leaves,
        withdrawn: false,
    })
}

/// A leaf's score for the wire.
pub(crate) fn wire(code: &LeafCode, score: &LeafScore) -> pb::LeafScore {
    pb::LeafScore {
        leaf: code.to_string(),
        points: score
            .points
            .map(|points| points.to_string())
            .unwrap_or_default(),
        max: score.max.to_string(),
        reason: score.reason(),
        inputs: score
            .inputs
            .iter()
            .map(|(name, value)| pb::Input {
                name: name.clone(),
                value: value.to_string(),
                newest: String::new(),
            })
            .collect(),
    }
}

/// Every subject and period whose figures may have changed, and which: of units, the groups that they are in, and the
/// province.
fn subjects(view: &View<'_>, dirty: &Dirty) -> BTreeMap<(Period, Subject), Reach> {
    let mut subjects: BTreeMap<(Period, Subject), Reach> = BTreeMap::new();
    let Some(horizon) = view.model.horizon_month() else {
        return subjects;
    };
    for (unit, first) in &view.active {
        let Some(span) = dirty.span(unit.as_str(), *first) else {
            continue;
        };
        let until = span.until.map_or(horizon, |until| until.min(horizon));
        let months = (span.from.ordinal()..=until.ordinal()).filter_map(Month::from_ordinal);
        let periods: BTreeSet<Period> = months.flat_map(Month::periods).collect();
        for period in periods {
            let Some(group) = view.group(unit, period) else {
                continue;
            };
            let province = view.province(period).map(Subject::Unit);
            let reached = [Subject::Unit(unit.clone())].into_iter();
            for subject in reached.chain(Subject::group(group)).chain(province) {
                let reach = subjects.entry((period, subject));
                let none = || Reach::Named(BTreeSet::new());
                reach.or_insert_with(none).extend(&span.reach);
            }
        }
    }
    if dirty.is_everything() {
        // Who left a group leaves it with other figures, or none.
        let told = view.model.leaves.keys();
        let told = told.map(|key| ((key.period, key.subject.clone()), Reach::All));
        subjects.extend(told);
    }
    subjects
}
