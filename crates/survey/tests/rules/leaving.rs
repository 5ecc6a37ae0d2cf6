//! Ballots leave in company, none is lost and none leaves twice.

use std::collections::BTreeMap;

use proptest::prelude::*;
use survey::mixing::{BATCH, COMPANY, FULL, batches, overflow, settle_rest, settle_unit, shuffle};
use survey::{Ballot, Code};

use crate::{ballot, code, edition};

/// A ballot that differs from others.
fn numbered(group: &str, number: usize) -> Ballot {
    let hours = format!("{}.{:02}", number / 100, number % 100);
    let mut answers = vec![("hours", hours.as_str())];
    if group == "official" {
        answers.push(("inside", "yes"));
    }
    ballot(group, &answers)
}

fn pool(group: &str, from: usize, count: usize) -> Vec<Ballot> {
    (from..from + count)
        .map(|number| numbered(group, number))
        .collect()
}

fn sorted(mut ballots: Vec<Ballot>) -> Vec<Ballot> {
    ballots.sort();
    ballots
}

/// A draw that follows from a seed.
fn draw(mut seed: u64) -> impl FnMut() -> u64 {
    move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        seed >> 7
    }
}

#[test]
fn the_answers_that_only_one_group_gives_are_dropped_with_the_group() {
    let pools = BTreeMap::from([
        (code("citizen"), pool("citizen", 0, COMPANY - 1)),
        (code("official"), pool("official", 100, 1)),
    ]);
    let settled = settle_unit(&edition(), pools);
    assert!(settled.rest.is_empty());
    let [(None, released)] = &settled.released[..] else {
        panic!("one batch without a group: {settled:?}")
    };
    assert_eq!(released.len(), COMPANY);
    let told = released
        .iter()
        .flat_map(Ballot::answers)
        .any(|(code, _)| code.as_str() == "inside");
    assert!(!told, "the official's answer would tell the official");
}

#[test]
fn any_ballot_that_waits_may_be_among_those_that_stay() {
    let mut stayed = std::collections::BTreeSet::new();
    for seed in 0..400 {
        let mut pool = pool("citizen", 0, FULL);
        assert_eq!(overflow(&mut pool, draw(seed)).len(), COMPANY);
        stayed.extend(pool);
    }
    assert_eq!(stayed.len(), FULL);
}

proptest! {
    #[test]
    fn a_pool_lets_go_in_company_and_keeps_company(count in 0..500usize, seed: u64) {
        let all = pool("citizen", 0, count);
        let mut left = all.clone();
        let out = overflow(&mut left, draw(seed));
        prop_assert!(left.len() < FULL);
        if count < FULL {
            prop_assert!(out.is_empty());
        } else {
            prop_assert!(out.len() >= COMPANY && left.len() == COMPANY);
        }
        left.extend(out);
        prop_assert_eq!(sorted(left), sorted(all));
    }

    #[test]
    fn a_lot_changes_nothing_but_the_order(count in 0..60usize, seed: u64) {
        let all = pool("citizen", 0, count);
        let mut drawn = all.clone();
        shuffle(&mut drawn, draw(seed));
        prop_assert_eq!(sorted(drawn), sorted(all));
    }

    #[test]
    fn batches_have_company_and_fit_and_say_nothing_by_their_order(
        count in COMPANY..2_000usize, seed: u64,
    ) {
        let all = pool("citizen", 0, count);
        let mut drawn = all.clone();
        shuffle(&mut drawn, draw(seed));
        let parts = batches(drawn);
        prop_assert!(parts.iter().all(|part| (COMPANY..=BATCH).contains(&part.len())));
        prop_assert_eq!(&parts, &batches(all.clone()), "the order rests on content alone");
        prop_assert_eq!(parts.concat(), sorted(all));
    }

    #[test]
    fn at_the_end_every_ballot_is_released_in_company_or_goes_with_the_rest(
        citizens in 0..40usize, officials in 0..40usize,
    ) {
        let pools: BTreeMap<Code, Vec<Ballot>> = BTreeMap::from([
            (code("citizen"), pool("citizen", 0, citizens)),
            (code("official"), pool("official", 1_000, officials)),
        ]);
        let settled = settle_unit(&edition(), pools);
        let mut out = settled.rest.len();
        prop_assert!(out < COMPANY);
        for (group, ballots) in &settled.released {
            prop_assert!(ballots.len() >= COMPANY, "{:?}", group);
            out += ballots.len();
        }
        prop_assert_eq!(out, citizens + officials);
        let rest = settle_rest(settled.rest);
        prop_assert!(rest.is_empty());
    }
}
