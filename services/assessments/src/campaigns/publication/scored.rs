//! What scoring told of the measured leaves that a publication holds.

use std::collections::BTreeMap;

use contracts::assessments::v1 as pb;
use contracts::scoring::v1 as scoring;
use eventlog::{Position, Recorded};
use prost::Message as _;
use rust_decimal::Decimal;

use super::Difference;

const LEAVES_SCORED: &str = "chiso.scoring.v1.LeavesScored";

/// Index and unit.
type Key = (String, String);

/// The scores of leaves as the log of scoring tells them, up to what a publication rests on.
#[derive(Debug, Default)]
pub struct Scored {
    until: Position,
    period: String,
    scores: BTreeMap<Key, (String, BTreeMap<String, scoring::LeafScore>)>,
}

impl Scored {
    /// Of the period of a publication, up to a position of the log.
    pub fn until(position: Position, period: &str) -> Self {
        Self {
            until: position,
            period: period.to_owned(),
            scores: BTreeMap::new(),
        }
    }

    /// The next event of the log; others than scores, and those that cannot be read, say nothing.
    pub fn apply(&mut self, event: &Recorded) {
        if event.position > self.until || event.kind != LEAVES_SCORED {
            return;
        }
        let Ok(told) = scoring::LeavesScored::decode(event.payload.clone()) else {
            return;
        };
        if told.period != self.period {
            return;
        }
        let key = (told.index, told.subject);
        if told.leaves.is_empty() {
            // What was told is void.
            self.scores.remove(&key);
            return;
        }
        let (edition, scores) = self.scores.entry(key).or_default();
        if *edition != told.edition {
            // Another edition has other leaves.
            scores.clear();
            edition.clone_from(&told.edition);
        }
        let leaves = told.leaves.into_iter();
        scores.extend(leaves.map(|leaf| (leaf.leaf.clone(), leaf)));
    }

    /// A measured leaf beside what scoring told of it by the edition that its unit is judged by; none when it told nothing.
    pub fn compare(
        &self,
        rules: &pb::GroupRules,
        unit: &str,
        leaf: &pb::PublishedLeaf,
    ) -> Option<Result<(), Difference>> {
        let key = (rules.index.clone(), unit.to_owned());
        let (edition, scores) = self.scores.get(&key)?;
        let score = scores
            .get(&leaf.leaf)
            .filter(|_| *edition == rules.edition)?;
        let (published, told) = (marked(leaf.measured.as_ref()), scored(score));
        if published == told {
            return Some(Ok(()));
        }
        Some(Err(Difference {
            unit: unit.to_owned(),
            leaf: leaf.leaf.clone(),
            what: "measured, by the log of scoring".to_owned(),
            published,
            recomputed: told,
        }))
    }
}

/// A mark in words; empty for none.
pub(super) fn marked(mark: Option<&pb::Mark>) -> String {
    match mark {
        None => String::new(),
        Some(mark) if mark.not_applicable => "not applicable".to_owned(),
        Some(mark) => mark.points.clone(),
    }
}

fn scored(score: &scoring::LeafScore) -> String {
    let zero = |text: &str| text.parse().is_ok_and(|max: Decimal| max.is_zero());
    match score.points.parse::<Decimal>() {
        Ok(points) => points.normalize().to_string(),
        Err(_) if zero(&score.max) => "not applicable".to_owned(),
        Err(_) => String::new(),
    }
}
