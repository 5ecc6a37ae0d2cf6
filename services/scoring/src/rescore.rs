//! Scoring again what a batch made dirty: a pure function of the model.

use std::collections::{BTreeMap, BTreeSet};

use contracts::scoring::v1 as pb;
use figures::{Figures, View};
use ids::{IndexKey, LeafCode, Month, Period, Subject};
use index::{Definition, LeafScore};

use crate::dirty::{Dirty, Reach};
use crate::model::Model;

/// What has other points than were told before; no leaf: what was told is void, as the index does not judge the subject.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) key: IndexKey,
    pub(crate) edition: String,
    pub(crate) leaves: Vec<pb::LeafScore>,
}

impl Change {
    /// What was told is void: it is forgotten.
    pub(crate) fn is_void(&self) -> bool {
        self.leaves.is_empty()
    }
}

/// Everything that has other points after `dirty` was computed again, by key.
pub(crate) fn rescore(model: &Model, dirty: &Dirty) -> Vec<Change> {
    if dirty.is_clean() {
        return Vec::new();
    }
    let view = View::new(&model.ledger);
    let mut changes = Vec::new();
    for ((period, subject), reach) in subjects(&view, model, dirty) {
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
    if dirty.is_everything() {
        changes.extend(void(&view, model));
    }
    changes
}

/// What was told of subjects that the index does not judge in the period: when it was told, nobody knew that the unit had
/// ended or belonged to another group by then, or the definition was not retired yet.
fn void<'a>(view: &'a View<'_>, model: &'a Model) -> impl Iterator<Item = Change> + 'a {
    let told = model.leaves.iter();
    let void = told.filter(|(key, _)| !is_judged(view, key));
    void.map(|(key, leaves)| Change {
        key: key.clone(),
        edition: leaves
            .values()
            .next()
            .map(|points| points.edition.clone())
            .unwrap_or_default(),
        leaves: Vec::new(),
    })
}

/// Whether an index judges a subject in a period: of groups, those that have units then.
fn is_judged(view: &View<'_>, key: &IndexKey) -> bool {
    let definitions = view.definitions(key.period, &key.subject);
    let mut codes = definitions.iter().map(|definition| definition.code());
    let there = match &key.subject {
        Subject::Group(_) => !view.members(key.period, &key.subject).is_empty(),
        Subject::Unit(_) => true,
    };
    there && codes.any(|code| code.as_str() == key.index)
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
                withheld_reason: String::new(),
            })
            .collect(),
    }
}

/// Every subject and period whose figures may have changed, and which: of units, the groups that they are in, and the
/// province.
fn subjects(view: &View<'_>, model: &Model, dirty: &Dirty) -> BTreeMap<(Period, Subject), Reach> {
    let mut subjects: BTreeMap<(Period, Subject), Reach> = BTreeMap::new();
    let Some(horizon) = view.ledger.horizon_month() else {
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
        let told = model.leaves.keys();
        let told = told.filter(|key| is_judged(view, key));
        let told = told.map(|key| ((key.period, key.subject.clone()), Reach::All));
        subjects.extend(told);
    }
    subjects
}
