//! What counted waves say to indices: how often answers were given, their shares and means.

use std::collections::{BTreeMap, BTreeSet};

use ids::{MeasureName, UnitCode};
use rust_decimal::Decimal;

use crate::moments::Mean;
use crate::question::{Feed, Question, Taken};
use crate::results::{Blocked, Item, results};
use crate::tally::Level;
use crate::wave::Stage;
use crate::{Plan, Wave};

/// What an input of an index is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fed {
    /// How often some answers were given.
    Count(u64),
    /// A share or a mean.
    Mean(Mean),
    /// There is no figure, and why: results are withheld, or too few answered.
    Withheld(String),
}

/// The inputs of indices by unit. A wave that is not counted says nothing. Where results are withheld, or fewer than the
/// plan's minimum answered, there is the reason and no figure: that is no score, never a bad one. What several questions
/// count is added up of those that enough answered.
pub fn fed(wave: &Wave) -> BTreeMap<(UnitCode, MeasureName), Fed> {
    let mut figures = BTreeMap::new();
    let plan = wave.plan().filter(|_| wave.stage() == Some(Stage::Counted));
    for (plan, unit) in plan
        .iter()
        .flat_map(|plan| plan.units.iter().map(|unit| (*plan, unit)))
    {
        for (input, sample) in sample(wave, plan, unit) {
            figures.insert((unit.clone(), input), sample.fed);
        }
    }
    figures
}

/// Whether a counted wave says something of an input of a unit, be it that its results are withheld or that too few
/// answered.
pub fn feeds(wave: &Wave, unit: &UnitCode, input: &MeasureName) -> bool {
    let plan = wave.plan().filter(|_| wave.stage() == Some(Stage::Counted));
    plan.is_some_and(|plan| {
        let questions = plan.edition.questions.iter();
        let feeds = questions.flat_map(|question| &question.feeds);
        let mut inputs = feeds.flat_map(Feed::taken);
        plan.units.contains(unit) && inputs.any(|(it, _)| it == input)
    })
}

/// An input with what chance may have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What the input is.
    pub fed: Fed,
    /// The standard error of a share or a mean; none of a count, and of what is withheld.
    pub standard_error: Option<Decimal>,
}

/// The inputs of one unit, whether or not the wave is counted.
pub fn sample(wave: &Wave, plan: &Plan, unit: &UnitCode) -> BTreeMap<MeasureName, Sample> {
    let block = results(wave, plan, Some(unit), None, Level::P95);
    let mut all: BTreeMap<MeasureName, Sample> = BTreeMap::new();
    for question in &plan.edition.questions {
        let item = block
            .items
            .iter()
            .find(|item| item.question.code == question.code);
        // Leaves of several indices may take the same input.
        let taken: BTreeMap<_, _> = question.feeds.iter().flat_map(Feed::taken).collect();
        for (input, taken) in taken {
            let told = match (block.withheld, item) {
                (Some(reason), _) => Fed::Withheld(reason.to_owned()).into(),
                (None, Some(item)) => told(item, input, taken),
                (None, None) => Fed::Withheld("nobody was asked".to_owned()).into(),
            };
            let both = match all.remove(input) {
                None => told,
                Some(before) => before.and(told),
            };
            all.insert(input.clone(), both);
        }
    }
    all
}

impl From<Fed> for Sample {
    fn from(fed: Fed) -> Self {
        Self {
            fed,
            standard_error: None,
        }
    }
}

impl Sample {
    /// What two questions say together.
    fn and(self, other: Self) -> Self {
        match (&self.fed, &other.fed) {
            (Fed::Count(one), Fed::Count(other)) => Fed::Count(one + other).into(),
            (Fed::Withheld(_), _) => other,
            (Fed::Count(_) | Fed::Mean(_), _) => self,
        }
    }
}

/// What the answers to a question say to an input.
fn told(item: &Item<'_>, input: &MeasureName, taken: Taken<'_>) -> Sample {
    if let Err(too_few @ Blocked::TooFew { .. }) = item.estimate {
        return Fed::Withheld(too_few.to_string()).into();
    }
    let moments = match taken {
        Taken::Count => return Fed::Count(given(item, input)).into(),
        Taken::Share(answers) => item.tally.share(answers),
        Taken::Mean => *item.tally.valued(),
    };
    let mean = moments.mean();
    Sample {
        standard_error: mean.and_then(|_| moments.standard_error()),
        fed: mean.map_or_else(|| Fed::Withheld(Blocked::NoValues.to_string()), Fed::Mean),
    }
}

/// How often the answers were given that an input counts, each once.
fn given(item: &Item<'_>, input: &MeasureName) -> u64 {
    counted(item.question, input)
        .map(|answer| item.tally.given(answer))
        .sum()
}

fn counted<'a>(question: &'a Question, input: &MeasureName) -> impl Iterator<Item = &'a String> {
    let feeds = question.feeds.iter().flat_map(|feed| &feed.inputs);
    let answers: BTreeSet<&String> = feeds
        .filter(|(_, of)| *of == input)
        .map(|(answer, _)| answer)
        .collect();
    answers.into_iter()
}
