//! Why a score is what it is: down to the dossiers and the events that make them count.

use std::collections::{BTreeMap, BTreeSet};

use contracts::scoring::v1 as pb;
use contracts::wire::timestamp;
use ids::Period;
use jiff::tz::Offset;
use measures::{Counters, Facts, figures};
use sqlx::PgConnection;

use crate::store;

/// Dossiers read at once.
const PAGE: i64 = 2_000;
/// Dossiers looked at for one explanation: a province's busiest quarter. Beyond it the counts are those of the
/// dossiers looked at, and the sum of the figures is still exact.
const DOSSIERS_MAX: usize = 400_000;

/// The dossiers behind each figure.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    /// How many count in it.
    pub(crate) count: i64,
    /// The latest ones first: what is late or overdue longest weighs most.
    pub(crate) dossiers: Vec<(String, Facts)>,
}

/// Finds the dossiers of `units` that count in each of the `measures` in `period`, keeping at most `keep` of each.
pub(crate) async fn dossiers_behind(
    connection: &mut PgConnection,
    units: &[String],
    (period, offset): (Period, Offset),
    measures: &BTreeSet<&str>,
    keep: usize,
) -> sqlx::Result<BTreeMap<String, Behind>> {
    let mut behind: BTreeMap<String, Behind> = BTreeMap::new();
    let months = (period.first_month(), period.last_month());
    let mut after = String::new();
    let mut seen = 0;
    while seen < DOSSIERS_MAX {
        let page = store::facts_in(connection, units, months, &after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        seen += page.len();
        for (code, facts) in page {
            for name in counts_in(&facts, period, offset, measures) {
                let behind = behind.entry(name.to_owned()).or_default();
                behind.count += 1;
                behind.keep(&code, &facts, keep);
            }
        }
    }
    Ok(behind)
}

/// The measures that a dossier counts in: it is asked for its own figures.
fn counts_in<'a>(
    facts: &Facts,
    period: Period,
    offset: Offset,
    measures: &BTreeSet<&'a str>,
) -> Vec<&'a str> {
    let mut own = Counters::default();
    for (key, count) in facts.contributions(offset) {
        own.add(key.month, key.counter, key.procedure.as_deref(), count);
    }
    let procedure = BTreeSet::from([facts.procedure.clone()]);
    let figures = figures(&[&own], period, |_| procedure.clone());
    measures
        .iter()
        .copied()
        .filter(|name| figures.get(name).is_some_and(|value| *value != 0))
        .collect()
}

impl Behind {
    fn keep(&mut self, code: &str, facts: &Facts, keep: usize) {
        let weight = lateness(facts);
        let place = self
            .dossiers
            .partition_point(|(_, other)| lateness(other) >= weight);
        if place < keep {
            self.dossiers
                .insert(place, (code.to_owned(), facts.clone()));
            self.dossiers.truncate(keep);
        }
    }

    /// For the wire.
    pub(crate) fn dossiers(self) -> Vec<pb::ExplainedDossier> {
        self.dossiers
            .into_iter()
            .map(|(code, facts)| pb::ExplainedDossier {
                code,
                unit: facts.unit,
                received_at: facts.received.map(timestamp),
                due_at: facts.due.map(timestamp),
                ended_at: facts.ended.map(|(at, _)| timestamp(at)),
                positions: facts
                    .positions
                    .into_iter()
                    .filter(|position| *position > 0)
                    .collect(),
            })
            .collect()
    }
}

/// Seconds past the due date at the end; a day for every dossier that is overdue and still open comes on top of the
/// largest end, so that those stand first.
fn lateness(facts: &Facts) -> i64 {
    match (facts.due, facts.ended) {
        (Some(due), Some((at, _))) => at.as_second() - due.as_second(),
        (Some(due), None) if facts.overdue => i64::MAX - due.as_second(),
        _ => i64::MIN,
    }
}
