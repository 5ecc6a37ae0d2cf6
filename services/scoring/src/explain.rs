//! Why a score is what it is: down to the dossiers and the events that make them count.

use std::collections::{BTreeMap, BTreeSet};

use contracts::scoring::v1 as pb;
use contracts::wire::timestamp;
use figures::Offer;
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

/// Whose dossiers are meant.
#[derive(Debug)]
pub(crate) struct Whose {
    pub(crate) units: BTreeSet<String>,
    /// What those units offer: a measure that counts procedures counts no other.
    pub(crate) offer: Offer,
}

/// Finds the dossiers of `whose` units that count in each of the `measures` in `period`, keeping at most `keep` of
/// each.
pub(crate) async fn dossiers_behind(
    connection: &mut PgConnection,
    whose: &Whose,
    (period, offset): (Period, Offset),
    measures: &BTreeSet<&str>,
    keep: usize,
) -> sqlx::Result<BTreeMap<String, Behind>> {
    let mut behind: BTreeMap<String, Behind> = BTreeMap::new();
    let units: Vec<String> = whose.units.iter().cloned().collect();
    let months = (period.first_month(), period.last_month());
    let mut after = String::new();
    let mut seen = 0;
    while seen < DOSSIERS_MAX {
        let page = store::facts_in(connection, &units, months, &after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        seen += page.len();
        for (code, facts) in page {
            for name in counts_in(&facts, (period, offset), whose, measures) {
                let behind = behind.entry(name.to_owned()).or_default();
                behind.count += 1;
                behind.keep(&code, &facts, keep);
            }
        }
    }
    Ok(behind)
}

/// The measures of `whose` units that a dossier counts in: it is asked for its own figures.
fn counts_in<'a>(
    facts: &Facts,
    (period, offset): (Period, Offset),
    whose: &Whose,
    measures: &BTreeSet<&'a str>,
) -> Vec<&'a str> {
    let mut own = Counters::default();
    let contributions = facts.contributions(offset).into_iter();
    for (key, count) in contributions.filter(|(key, _)| whose.units.contains(&key.unit)) {
        own.add(key.month, key.counter, key.procedure.as_deref(), count);
    }
    let figures = figures(&[&own], period, |name| {
        let counted = whose.offer.counted_by(name).get(&facts.procedure);
        counted.cloned().into_iter().collect()
    });
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use measures::Fact;

    const ONLINE: &str = "services_with_online_dossiers";
    const PAID: &str = "procedures_paid_online";

    /// A dossier received and paid online, on the first day of 2024.
    fn facts(procedure: &str) -> Facts {
        let at: Timestamp = "2024-01-01T09:00:00+07:00".parse().expect("a moment");
        let mut facts = Facts::default();
        let received = Fact::Received {
            unit: "H40.01".into(),
            procedure: procedure.into(),
            online: true,
            identity: true,
            duty: true,
            due: None,
        };
        facts.apply(&received, at, 1);
        facts.apply(&Fact::Paid { online: true }, at, 2);
        facts
    }

    fn counted(procedure: &str, offer: Offer) -> Vec<&'static str> {
        let whose = Whose {
            units: ["H40.01".to_owned()].into(),
            offer,
        };
        let period = "2024-01".parse().expect("a month");
        let measures = BTreeSet::from([ONLINE, PAID, "dossiers_received"]);
        let when = (period, jiff::tz::offset(7));
        counts_in(&facts(procedure), when, &whose, &measures)
    }

    #[test]
    fn a_dossier_counts_among_procedures_only_where_the_unit_offers_its_procedure() {
        let offer = || Offer::of_online_and_with_fee(&["1.000001", "1.000002"], &["1.000002"]);
        assert_eq!(counted("1.000001", offer()), ["dossiers_received", ONLINE]);
        assert_eq!(
            counted("1.000002", offer()),
            ["dossiers_received", PAID, ONLINE]
        );
        assert_eq!(counted("1.000003", offer()), ["dossiers_received"]);
    }
}
