//! What counted waves say to indices: how often answers were given.

use std::collections::{BTreeMap, BTreeSet};

use ids::{MeasureName, UnitCode};

use crate::results::results;
use crate::tally::Level;
use crate::wave::Stage;
use crate::{Plan, Wave};

/// How often the answers were given that inputs of indices count, by unit and input. A wave that is not counted says
/// nothing. Where results are withheld or fewer than the plan's minimum answered a question, it adds 0: rules take no
/// answers for no score, never for a bad one.
pub fn fed(wave: &Wave) -> BTreeMap<(UnitCode, MeasureName), u64> {
    let mut figures = BTreeMap::new();
    let plan = wave.plan().filter(|_| wave.stage() == Some(Stage::Counted));
    for (plan, unit) in plan
        .iter()
        .flat_map(|plan| plan.units.iter().map(|unit| (*plan, unit)))
    {
        for (input, count) in of_unit(wave, plan, unit) {
            *figures.entry((unit.clone(), input)).or_default() += count;
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
        let mut inputs = feeds.flat_map(|feed| feed.inputs.values());
        plan.units.contains(unit) && inputs.any(|it| it == input)
    })
}

fn of_unit<'a>(
    wave: &'a Wave,
    plan: &'a Plan,
    unit: &'a UnitCode,
) -> impl Iterator<Item = (MeasureName, u64)> + use<'a> {
    let block = results(wave, plan, Some(unit), None, Level::P95);
    plan.edition.questions.iter().flat_map(move |question| {
        // Leaves of several indices may take the same input.
        let counted: BTreeSet<_> = question
            .feeds
            .iter()
            .flat_map(|feed| &feed.inputs)
            .collect();
        let item = block
            .items
            .iter()
            .find(|item| item.question.code == question.code);
        let tally = item
            .map(|item| &item.tally)
            .filter(|tally| tally.answered() >= u64::from(plan.minimum));
        let given: Vec<_> = counted
            .into_iter()
            .map(|(answer, input)| (input.clone(), tally.map_or(0, |tally| tally.given(answer))))
            .collect();
        given
    })
}
