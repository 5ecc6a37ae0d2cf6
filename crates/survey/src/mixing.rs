//! Ballots leave the box only in company, so that no ballot can be told by when, where or among whom it came out.
//!
//! While a wave is open, the ballots of one unit and group wait in a pool of their own. When [`FULL`] of them wait, all
//! but [`COMPANY`] leave, chosen by lot: whoever knows who had voted by then cannot say which of these are out. So what
//! is left at the end is again at least [`COMPANY`], unless so few came in all.
//!
//! At the end such small pools of a unit are put together and lose their group; if they are too few even then, they are
//! put together with those of the other units and lose their unit too. What all small pools together cannot hide is
//! destroyed, and only its number is kept. A ballot that loses its group also loses its weight and the answers that
//! only some groups give, as those would tell it; it counts as an average one.
//!
//! A batch is in the order of what the ballots say, which says nothing else.

use std::collections::BTreeMap;

use crate::{Ballot, Code, Edition};

/// Fewest ballots that leave together.
pub const COMPANY: usize = 10;
/// A pool with so many lets some go.
pub const FULL: usize = 2 * COMPANY;
/// Most ballots of a batch, so that it fits an event.
pub const BATCH: usize = 100;

/// Takes out what a full pool lets go; nothing of one that is not full. `draw` gives random numbers.
pub fn overflow(pool: &mut Vec<Ballot>, draw: impl FnMut() -> u64) -> Vec<Ballot> {
    if pool.len() < FULL {
        return vec![];
    }
    shuffle(pool, draw);
    pool.split_off(COMPANY)
}

/// Brings ballots into an order by lot.
pub fn shuffle(pool: &mut Vec<Ballot>, mut draw: impl FnMut() -> u64) {
    let mut drawn: Vec<(u64, Ballot)> = pool.drain(..).map(|ballot| (draw(), ballot)).collect();
    drawn.sort();
    pool.extend(drawn.into_iter().map(|(_, ballot)| ballot));
}

/// What the pools of one unit let go at the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// What leaves by group, or without one.
    pub released: Vec<(Option<Code>, Vec<Ballot>)>,
    /// What is too few for a unit.
    pub rest: Vec<Ballot>,
}

/// Ends the pools of one unit.
pub fn settle_unit(edition: &Edition, pools: BTreeMap<Code, Vec<Ballot>>) -> Settled {
    let mut settled = Settled::default();
    for (group, pool) in pools {
        if pool.len() >= COMPANY {
            settled.released.push((Some(group), pool));
        } else {
            let told = |ballot| without_telling_answers(edition, &ballot);
            settled.rest.extend(pool.into_iter().map(told));
        }
    }
    if settled.rest.len() >= COMPANY {
        let rest = std::mem::take(&mut settled.rest);
        settled.released.push((None, rest));
    }
    settled
}

/// Ends what was too few for the units: all of it leaves together, or none does.
pub fn settle_rest(rest: Vec<Ballot>) -> Vec<Ballot> {
    if rest.len() >= COMPANY { rest } else { vec![] }
}

/// Ballots that leave together as batches of [`COMPANY`] to [`BATCH`], in an order that says nothing.
pub fn batches(mut ballots: Vec<Ballot>) -> Vec<Vec<Ballot>> {
    ballots.sort();
    let parts = ballots.len().div_ceil(BATCH).max(1);
    let size = ballots.len().div_ceil(parts).max(1);
    // Even parts of more than a hundred are of fifty at least.
    ballots.chunks(size).map(<[Ballot]>::to_vec).collect()
}

fn without_telling_answers(edition: &Edition, ballot: &Ballot) -> Ballot {
    let asked_of_all = |code: &Code| {
        edition.question(code).is_some_and(|question| {
            edition
                .groups
                .iter()
                .all(|group| question.asks(&group.code))
        })
    };
    ballot
        .answers()
        .filter(|(code, _)| asked_of_all(code))
        .map(|(code, answer)| (code.clone(), answer.clone()))
        .collect()
}
