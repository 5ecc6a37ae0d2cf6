//! What the ballots of a wave say.

use std::collections::BTreeMap;

use ids::UnitCode;

use crate::question::Question;
use crate::suppression::Answered;
use crate::tally::{Estimate, Level, Tally};
use crate::{Code, Plan, Wave};

/// The results of a part of a wave: all of it, a unit, a group, or a group in a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block<'a> {
    /// The unit; none: all that are not withheld.
    pub unit: Option<&'a UnitCode>,
    /// The group; none: all.
    pub group: Option<&'a Code>,
    /// Why there are no results; then nothing is counted.
    pub withheld: Option<&'a str>,
    /// Ballots that count here.
    pub ballots: u64,
    /// The questions, in the order of the instrument.
    pub items: Vec<Item<'a>>,
}

/// The results of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// The question.
    pub question: &'a Question,
    /// The answers, counted.
    pub tally: Tally,
    /// The figure, or why there is none.
    pub estimate: Result<Estimate, Blocked>,
}

/// Why a question has no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Too few answered.
    #[error("{answered} answered, and figures need at least {minimum}")]
    TooFew {
        /// How many did.
        answered: u64,
        /// How many would have to.
        minimum: u32,
    },
    /// Its options have no weights.
    #[error("the options have no weights, so there are shares but no mean")]
    NoValues,
    /// Beside the other figures it would tell what too few others answered.
    #[error("left out: beside the other figures it would tell what fewer than {minimum} answered")]
    Telling {
        /// How many would have to.
        minimum: u32,
    },
}

impl Blocked {
    /// Whether nothing of the answers may be shown, not even how often each was given.
    pub fn hides(self) -> bool {
        match self {
            Self::TooFew { .. } | Self::Telling { .. } => true,
            Self::NoValues => false,
        }
    }
}

/// The results of a part of a wave.
pub fn results<'a>(
    wave: &'a Wave,
    plan: &'a Plan,
    unit: Option<&'a UnitCode>,
    group: Option<&'a Code>,
    level: Level,
) -> Block<'a> {
    let withheld = wave.withheld().or_else(|| wave.unit_withheld(unit?));
    let mut block = Block {
        unit,
        group,
        withheld,
        ballots: 0,
        items: vec![],
    };
    if withheld.is_some() {
        return block;
    }
    let mut tallies: BTreeMap<&Code, Tally> = BTreeMap::new();
    for (cell, counted) in wave.counted() {
        let here = unit.is_none_or(|unit| cell.unit.as_ref() == Some(unit))
            && group.is_none_or(|group| cell.group.as_ref() == Some(group))
            && !wave.left_out(cell);
        if here {
            block.ballots += counted.ballots;
            for (code, tally) in &counted.tallies {
                tallies.entry(code).or_default().merge(tally);
            }
        }
    }
    let asked = plan.edition.questions.iter();
    let asked = asked.filter(|question| group.is_none_or(|group| question.asks(group)));
    block.items = asked
        .map(|question| {
            let tally = tallies.remove(&question.code).unwrap_or_default();
            let answered = tally.answered();
            let minimum = plan.minimum;
            let estimate = if answered < u64::from(minimum) {
                Err(Blocked::TooFew { answered, minimum })
            } else if Answered::to(wave, plan, question).tells((unit, group), minimum) {
                Err(Blocked::Telling { minimum })
            } else {
                tally.estimate(level).ok_or(Blocked::NoValues)
            };
            Item {
                question,
                tally,
                estimate,
            }
        })
        .collect();
    block
}
