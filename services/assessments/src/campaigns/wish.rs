//! Requests, read in whole: every fault is named at once.

mod leaf;
mod stages;

use std::str::FromStr;

use contracts::problem::Problem;
use ids::{CampaignCode, LeafCode, UnitCode};

pub(crate) use self::leaf::evidence;
pub(super) use self::leaf::{appraisal, claim, contest, explanation, place_of, remark};
pub(super) use self::stages::{Asked, assignment, closing, extension, plan, reopening};
use super::terms::Why;

/// Longest title or number of a document, in characters.
const TITLE_MAX: usize = 200;
/// Longest reason for something that concerns a stage, in characters.
const REASON_MAX: usize = 1_000;
/// Longest text about a leaf, in characters.
const TEXT_MAX: usize = 4_000;
/// Longest name of a person, in characters: as in a command's context.
const NAME_MAX: usize = 100;

/// Collects what is wrong with a request.
#[derive(Debug, Default)]
pub(crate) struct Faults(Option<Problem>);

impl Faults {
    /// The value, or a fault of its field.
    pub(crate) fn take<T>(&mut self, field: &str, read: Result<T, Why>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(why) => {
                self.0 = Some(match self.0.take() {
                    Some(problem) => problem.and(field, why),
                    None => Problem::invalid(field, why),
                });
                None
            }
        }
    }

    /// The whole, when nothing is wrong with any part.
    pub(crate) fn or<T>(self, whole: Option<T>) -> Result<T, Problem> {
        match (self.0, whole) {
            (None, Some(whole)) => Ok(whole),
            (Some(problem), _) => Err(problem),
            (None, None) => Err(Problem::internal("a field without a value has no fault")),
        }
    }
}

/// A code.
pub(crate) fn code<T: FromStr>(text: &str) -> Result<T, Why>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// Words of at most `max` characters, without control characters other than line breaks.
pub(crate) fn words(text: &str, max: usize) -> Result<String, Why> {
    let sound = |c: char| !c.is_control() || c == '\n';
    if text.chars().count() > max || !text.chars().all(sound) {
        return Err(format!("must be at most {max} characters of text"));
    }
    Ok(text.trim().to_owned())
}

/// The same, and not empty.
pub(crate) fn some_words(text: &str, max: usize) -> Result<String, Why> {
    match words(text, max)? {
        empty if empty.is_empty() => Err(format!("is empty; needs 1 to {max} characters of text")),
        text => Ok(text),
    }
}

/// A campaign's code.
pub(crate) fn campaign(text: &str) -> Result<CampaignCode, Problem> {
    code(text).map_err(|why| Problem::invalid("campaign", why))
}

/// A unit's code.
pub(super) fn unit(text: &str) -> Result<UnitCode, Problem> {
    code(text).map_err(|why| Problem::invalid("unit", why))
}

/// Why something published is corrected.
pub(super) fn correction(text: &str) -> Result<String, Problem> {
    some_words(text, REASON_MAX).map_err(|why| Problem::invalid("reason", why))
}

/// Number of a document.
pub(super) fn document(text: &str) -> Result<String, Problem> {
    some_words(text, TITLE_MAX).map_err(|why| Problem::invalid("document", why))
}

/// Whose sheet and which leaf, as each command to a leaf names them.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) campaign: CampaignCode,
    pub(super) unit: UnitCode,
}

fn place(faults: &mut Faults, campaign: &str, unit: &str) -> Option<Place> {
    let campaign = faults.take("campaign", code(campaign));
    let unit = faults.take("unit", code(unit));
    Some(Place {
        campaign: campaign?,
        unit: unit?,
    })
}

/// A leaf at a version.
fn seen(faults: &mut Faults, leaf: &str, version: i64) -> Option<(LeafCode, usize)> {
    let leaf = faults.take("leaf", code(leaf));
    let version = usize::try_from(version);
    let version = faults.take(
        "leaf_version",
        version.map_err(|_| "must not be negative".to_owned()),
    );
    Some((leaf?, version?))
}
