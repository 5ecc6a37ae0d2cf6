//! Whether what a questionnaire feeds is there: indices in force, leaves of theirs, inputs of those leaves' rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::problem::Problem;
use ids::{IndexCode, Period, UnitCode, nearest};
use index::{Definition, InputKind, Source};
use survey::{Edition, Feed, Plan};

use crate::campaigns::{Editions, Participants};
use crate::codec::definition_stream;
use crate::view::Viewer;

/// Faults that a message names in words; the violations name all that a status holds.
const NAMED: usize = 3;
/// Leaves that are named where another one was fed.
const LEAVES: usize = 5;

/// Finds the editions that judge the units of a wave.
#[derive(Debug, Clone)]
pub(crate) struct Judging {
    pub(super) view: Viewer,
    pub(super) registry: Participants,
    pub(super) editions: Editions,
}

impl Judging {
    /// The groups that the units of a plan are in on the last day of its period, or were in on the first one.
    ///
    /// # Errors
    /// `UNAVAILABLE` while the registry does not answer.
    pub(super) async fn groups(&self, plan: &Plan) -> Result<BTreeMap<UnitCode, String>, Problem> {
        let mut groups = BTreeMap::new();
        for day in [plan.period.first_day(), plan.period.last_day()] {
            for group in ids::GROUPS {
                groups.extend(self.registry.of(group, day).await?);
            }
        }
        groups.retain(|unit, _| plan.units.contains(unit));
        Ok(groups)
    }

    /// The editions of an index that judge one of `groups` in all of a period.
    pub(super) fn of(
        &self,
        index: &IndexCode,
        groups: &BTreeSet<String>,
        period: Period,
    ) -> Result<Vec<Arc<Definition>>, Problem> {
        let found: Vec<_> = {
            let view = self.view.borrow();
            let kept = view.definitions.get(&definition_stream(index.as_str()));
            let editions = kept.into_iter().flat_map(|kept| kept.state.editions());
            let judging = editions.filter(|edition| {
                let mut groups = groups.iter();
                groups.any(|group| edition.scope.holds(group, period))
            });
            judging.cloned().collect()
        };
        let compiled = found.iter().map(|it| self.editions.compiled(it));
        compiled.collect()
    }

    /// Checks everything that the questions of a wave feed.
    ///
    /// # Errors
    /// All that is not there, at once; `UNAVAILABLE` while the registry does not answer.
    pub(super) async fn check(&self, plan: &Plan) -> Result<(), Problem> {
        let fed = plan.edition.questions.iter().flat_map(|it| &it.feeds);
        let fed: BTreeSet<&IndexCode> = fed.map(|feed| &feed.index).collect();
        if fed.is_empty() {
            return Ok(());
        }
        let groups: BTreeSet<String> = self.groups(plan).await?.into_values().collect();
        let mut judging = BTreeMap::new();
        for index in fed {
            judging.insert(index, self.of(index, &groups, plan.period)?);
        }
        match faults(&plan.edition, &(groups, plan.period), &judging) {
            faults if faults.is_empty() => Ok(()),
            faults => Err(refused(&faults)),
        }
    }
}

/// One thing that is fed and is not there.
#[derive(Debug, PartialEq, Eq)]
struct Missing {
    /// Question, index, leaf and input, as far as they matter.
    what: String,
    why: String,
}

fn refused(faults: &[Missing]) -> Problem {
    let named: Vec<String> = faults
        .iter()
        .take(NAMED)
        .map(|fault| format!("{} {}", fault.what, fault.why))
        .collect();
    let more = match faults.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let problem = Problem::refused("FEEDS_NOTHING", named.join("; ") + &more);
    faults.iter().fold(problem, |problem, fault| {
        problem.lacking("FEED", fault.what.clone())
    })
}

/// Everything that the questions feed and that no definition takes, in the order of the questions.
fn faults(
    edition: &Edition,
    (groups, period): &(BTreeSet<String>, Period),
    judging: &BTreeMap<&IndexCode, Vec<Arc<Definition>>>,
) -> Vec<Missing> {
    let mut faults = Vec::new();
    for question in &edition.questions {
        for feed in &question.feeds {
            let what = format!(
                "question {} feeds {} {}",
                question.code, feed.index, feed.leaf
            );
            let definitions = judging.get(&feed.index).map_or(&[][..], Vec::as_slice);
            if definitions.is_empty() {
                let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
                let why = format!(
                    "but no edition of it in force judges {} in {period}: put one in force first, or feed another index",
                    groups.join(" or ")
                );
                faults.push(Missing { what, why });
                continue;
            }
            for definition in definitions {
                faults.extend(untaken(feed, definition).map(|(input, why)| Missing {
                    what: [what.as_str(), &input].concat(),
                    why,
                }));
            }
        }
    }
    faults
}

/// What of a feed a definition does not take: the input, if it is about one, and why.
fn untaken<'a>(
    feed: &'a Feed,
    definition: &'a Definition,
) -> impl Iterator<Item = (String, String)> + use<'a> {
    let edition = definition.edition();
    let leaf = definition.leaf(&feed.leaf);
    let no_leaf = leaf.is_none().then(|| {
        let surveyed = definition.leaves().iter();
        let surveyed = surveyed.filter(|leaf| leaf.source() == Source::Surveyed);
        let codes = surveyed.map(|leaf| leaf.code().as_str()).take(LEAVES);
        let codes: Vec<&str> = codes.collect();
        let why = format!(
            "which is no leaf of edition {edition}: name one of a survey, such as {}",
            codes.join(", ")
        );
        (String::new(), why)
    });
    let inputs: BTreeSet<_> = feed.taken().into_keys().collect();
    let untaken = leaf.into_iter().flat_map(move |leaf| {
        inputs.clone().into_iter().filter_map(move |name| {
            let taken = leaf.inputs().any(|input| input == name);
            let input = definition.input(name.as_str()).filter(|_| taken);
            let why = match input {
                None => {
                    let known = leaf.inputs().map(|input| input.as_str());
                    let near = nearest(name.as_str(), known);
                    let remedy = near.map_or_else(
                        || "name an input of its rule".to_owned(),
                        |near| format!("probably {near} is meant"),
                    );
                    format!("which edition {edition} does not take there: {remedy}")
                }
                Some(input) if input.kind != InputKind::Surveyed => format!(
                    "which edition {edition} takes as {}: declare it surveyed or feed another input",
                    input.kind.word()
                ),
                Some(input) if !input.is_number() => format!(
                    "which is no number in edition {edition}: declare it a number or feed another input"
                ),
                Some(_) => return None,
            };
            Some((format!(" {name}"), why))
        })
    });
    no_leaf.into_iter().chain(untaken)
}

#[cfg(test)]
mod tests;
