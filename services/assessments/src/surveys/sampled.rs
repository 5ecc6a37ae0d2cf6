//! The index of a unit as the shares and means of a wave make it, with what chance may have done: standard errors are
//! carried through the rules by the one engine.
//!
//! Each figure is moved by its standard error to both sides, and half of how far that moves the points is the points'
//! own error: exact for rules that are linear there, as PAPI's are, and less at the ends of a scale, beyond which points
//! cannot go. The errors of several figures add up as squares, as if answers to different questions were independent of
//! each other; where the same respondents are content with all, the true error is larger.

use std::collections::{BTreeMap, BTreeSet};

use ids::{IndexCode, LeafCode, MeasureName, UnitCode};
use index::{Definition, IndexResult, Inputs, Leaf, LeafScore};
use rust_decimal::{Decimal, MathematicalOps as _};
use survey::{Edition, Fed, Level, Plan, Sample, Taken, Wave};

/// An index of a unit.
#[derive(Debug)]
pub(crate) struct Sampled {
    pub(crate) index: String,
    pub(crate) edition: String,
    /// Leaves, components, and the total without a code.
    pub(crate) parts: Vec<Part>,
}

/// A leaf, a component or the total.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) code: String,
    pub(crate) points: Option<Decimal>,
    pub(crate) error: Option<Decimal>,
    pub(crate) low: Option<Decimal>,
    pub(crate) high: Option<Decimal>,
    /// Why there are no points.
    pub(crate) reason: String,
}

/// The indices that shares and means of a questionnaire feed.
pub(crate) fn indices(edition: &Edition) -> BTreeSet<IndexCode> {
    let feeds = edition
        .questions
        .iter()
        .flat_map(|question| &question.feeds);
    let sampled = feeds.filter(|feed| {
        let mut taken = feed.taken().into_values();
        taken.any(|taken| taken != Taken::Count)
    });
    sampled.map(|feed| feed.index.clone()).collect()
}

/// What a counted wave says of a unit by a definition.
pub(crate) fn of(
    wave: &Wave,
    plan: &Plan,
    unit: &UnitCode,
    definition: &Definition,
    level: Level,
) -> Sampled {
    let figures = survey::sample(wave, plan, unit);
    let inputs = inputs(&figures);
    let leaves: BTreeMap<LeafCode, (LeafScore, Option<Decimal>)> = definition
        .leaves()
        .iter()
        .map(|leaf| {
            let score = leaf.score(&inputs);
            let error = error_of(leaf, &inputs, &figures);
            (leaf.code().clone(), (score, error))
        })
        .collect();
    let whole = Whole::of(definition, &leaves);
    let told = definition.leaves().iter().map(|leaf| {
        let (score, error) = &leaves[leaf.code()];
        part(
            leaf.code().as_str(),
            score.exact,
            *error,
            (level, &score.reason()),
        )
    });
    let components = whole.result.components.iter().enumerate();
    let components = components.map(|(place, component)| {
        let error = whole.error(Some(place));
        let reason = match component.exact {
            Some(_) => String::new(),
            None => whole.lacking(definition, &component.code),
        };
        part(
            component.code.as_str(),
            component.exact,
            error,
            (level, &reason),
        )
    });
    let total = (whole.result.exact, whole.error(None));
    let total = part("", total.0, total.1, (level, &whole.result.reason));
    Sampled {
        index: definition.code().to_string(),
        edition: definition.edition().to_owned(),
        parts: told.chain(components).chain([total]).collect(),
    }
}

fn part(
    code: &str,
    points: Option<Decimal>,
    error: Option<Decimal>,
    (level, reason): (Level, &str),
) -> Part {
    let error = error.filter(|_| points.is_some());
    let end = |side: Decimal| Some(points? + side * level.factor() * error?);
    Part {
        code: code.to_owned(),
        points,
        error,
        low: end(Decimal::NEGATIVE_ONE),
        high: end(Decimal::ONE),
        reason: reason.to_owned(),
    }
}

fn inputs(figures: &BTreeMap<MeasureName, Sample>) -> Inputs {
    let mut inputs = Inputs::new();
    for (name, sample) in figures {
        match &sample.fed {
            Fed::Count(count) => inputs.set(name.as_str(), Decimal::from(*count)),
            Fed::Mean(mean) => inputs.set(name.as_str(), mean.value().unwrap_or_default()),
            Fed::Withheld(reason) => inputs.withhold(name.as_str(), reason),
        }
    }
    inputs
}

/// How uncertain the points of a leaf are; none when one of its figures does not say how uncertain it is.
fn error_of(
    leaf: &Leaf,
    inputs: &Inputs,
    figures: &BTreeMap<MeasureName, Sample>,
) -> Option<Decimal> {
    let mut squares = Decimal::ZERO;
    for name in leaf.inputs() {
        let sample = figures.get(name)?;
        let (Fed::Mean(mean), Some(error)) = (&sample.fed, sample.standard_error) else {
            return None;
        };
        let mean = mean.value()?;
        let moved = |by: Decimal| {
            let mut moved = inputs.clone();
            moved.set(name.as_str(), mean + by);
            leaf.score(&moved).exact
        };
        let swing = (moved(error)? - moved(-error)?) / Decimal::TWO;
        squares += swing * swing;
    }
    squares.sqrt()
}

/// An index with how far each uncertain leaf moves it.
struct Whole<'a> {
    result: IndexResult,
    moved: Vec<IndexResult>,
    leaves: &'a BTreeMap<LeafCode, (LeafScore, Option<Decimal>)>,
}

impl<'a> Whole<'a> {
    fn of(
        definition: &Definition,
        leaves: &'a BTreeMap<LeafCode, (LeafScore, Option<Decimal>)>,
    ) -> Self {
        let scores = leaves.iter();
        let mut scores: BTreeMap<LeafCode, LeafScore> = scores
            .map(|(code, (score, _))| (code.clone(), score.clone()))
            .collect();
        let result = definition.aggregate(&scores);
        let mut moved = Vec::new();
        for (code, (score, error)) in leaves {
            if let (Some(exact), Some(error)) = (score.exact, error) {
                let told = LeafScore::told(Some(exact + error), score.max, "");
                let before = scores.insert(code.clone(), told);
                moved.push(definition.aggregate(&scores));
                scores.extend(before.map(|before| (code.clone(), before)));
            }
        }
        Self {
            result,
            moved,
            leaves,
        }
    }

    /// How uncertain a component, by its place, or the total is.
    fn error(&self, place: Option<usize>) -> Option<Decimal> {
        let exact = |result: &IndexResult| match place {
            Some(place) => result.components[place].exact,
            None => result.exact,
        };
        let still = exact(&self.result)?;
        let mut squares = Decimal::ZERO;
        for moved in &self.moved {
            let swing = exact(moved)? - still;
            squares += swing * swing;
        }
        squares.sqrt()
    }

    /// Why a component has no points: what the first of its leaves without any says.
    fn lacking(&self, definition: &Definition, component: &LeafCode) -> String {
        let within = |leaf: &&Leaf| {
            let mut above = leaf.component();
            while let Some(code) = above {
                if code == component {
                    return true;
                }
                let parent = definition.components().iter().find(|it| it.code == *code);
                above = parent.and_then(|it| it.parent.as_ref());
            }
            false
        };
        let leaves = definition.leaves().iter().filter(within);
        let mut lacking = leaves.filter_map(|leaf| {
            let (score, _) = &self.leaves[leaf.code()];
            let lacks = score.points.is_none() && !score.max.is_zero();
            lacks.then(|| format!("no score for {}: {}", leaf.code(), score.reason()))
        });
        lacking.next().unwrap_or_default()
    }
}
