//! What tasks are about, read: the points of a leaf, or the figure of a measure.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use assessment::improvement::{Origin, Reading};
use assessment::sheet::{Entry, Mark};
use contracts::scoring::v1::{Input, LeafScore};
use ids::{CampaignCode, IndexCode, LeafCode, MeasureName, Month, Period, UnitCode};
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio::time::Instant;

use super::LOCAL;
use super::api::Api;

/// Longest time that the readings of one answer may take: what is not read by then is told as not answered.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is said where scoring does not answer.
const SILENCE: &str = "scoring does not answer now";

/// What scoring said; none where it did not answer.
type Answer<T> = Option<Arc<Vec<T>>>;

/// Reads what tasks are about, asking scoring once for what several share.
pub(super) struct Gauge<'a> {
    api: &'a Api,
    today: Month,
    /// Scoring is not asked any more after this, nor once it did not answer.
    until: Instant,
    scores: BTreeMap<(IndexCode, UnitCode, Period), Answer<LeafScore>>,
    measures: BTreeMap<(UnitCode, Period), Answer<Input>>,
}

/// Points of a leaf by figures.
struct Live {
    reading: Reading,
    /// Whether any figure is there: at the beginning of a period all of them are 0, which says nothing of the unit.
    counted: bool,
}

impl<'a> Gauge<'a> {
    pub(super) fn new(api: &'a Api, now: Timestamp) -> Self {
        Self {
            api,
            today: Month::of(LOCAL.to_datetime(now).date()),
            until: Instant::now() + PATIENCE,
            scores: BTreeMap::new(),
            measures: BTreeMap::new(),
        }
    }

    /// What an origin was worth in its own time; none of what has no figure.
    pub(super) async fn then(&mut self, origin: &Origin, unit: &UnitCode) -> Option<Reading> {
        match origin {
            Origin::Leaf {
                campaign,
                index,
                period,
                leaf,
                ..
            } => {
                let decided = campaign
                    .as_ref()
                    .and_then(|code| self.decided_in(code, unit, leaf));
                Some(match decided {
                    Some(decided) => decided,
                    None => self.points(index, unit, *period, leaf).await.reading,
                })
            }
            Origin::Backlog { measure, period } => Some(self.figure(unit, *period, measure).await),
            Origin::Finding { .. } | Origin::YearlyPlan { .. } => None,
        }
    }

    /// What an origin is worth now: live in the running period, as soon as anything is counted for it there, else as the
    /// newest campaign decided, else live in the origin's own time.
    pub(super) async fn now(&mut self, origin: &Origin, unit: &UnitCode) -> Option<Reading> {
        match origin {
            Origin::Leaf {
                index,
                period,
                leaf,
                ..
            } => {
                let running = self.running(*period);
                let live = self.points(index, unit, running, leaf).await;
                if live.reading.value.is_some() && (live.counted || running == *period) {
                    return Some(live.reading);
                }
                if let Some(decided) = self.newest_decided(index, unit, *period, leaf) {
                    return Some(decided);
                }
                Some(self.points(index, unit, *period, leaf).await.reading)
            }
            Origin::Backlog { measure, period } => {
                let running = self.running(*period);
                let live = self.figure(unit, running, measure).await;
                if live.value.is_some() {
                    return Some(live);
                }
                let own = self.figure(unit, *period, measure).await;
                Some(if own.value.is_some() { own } else { live })
            }
            Origin::Finding { .. } | Origin::YearlyPlan { .. } => None,
        }
    }

    /// The period of the same length in which today lies; the period itself while it is not over.
    fn running(&self, period: Period) -> Period {
        if self.today <= period.last_month() {
            return period;
        }
        let [month, quarter, year] = self.today.periods();
        match period {
            Period::Month(_) => month,
            Period::Quarter { .. } => quarter,
            Period::Year(_) => year,
        }
    }

    async fn points(
        &mut self,
        index: &IndexCode,
        unit: &UnitCode,
        period: Period,
        leaf: &LeafCode,
    ) -> Live {
        let nothing = |why| Live {
            reading: without(period, why),
            counted: false,
        };
        let Some(scores) = self.scores(index, unit, period).await else {
            return nothing(SILENCE.to_owned());
        };
        let score = scores.iter().find(|score| score.leaf == leaf.as_str());
        let Some(score) = score else {
            return nothing(format!(
                "index {index} does not judge {leaf} of {unit} in {period}"
            ));
        };
        let is_zero = |input: &Input| input.value.parse::<Decimal>().is_ok_and(|it| it.is_zero());
        Live {
            reading: Reading {
                value: score.points.parse().ok(),
                max: score.max.parse().ok(),
                reason: score.reason.clone(),
                ..without(period, String::new())
            },
            counted: !score.inputs.iter().all(is_zero),
        }
    }

    async fn figure(&mut self, unit: &UnitCode, period: Period, measure: &MeasureName) -> Reading {
        let Some(measures) = self.measures(unit, period).await else {
            return without(period, SILENCE.to_owned());
        };
        let known = measures.iter().find(|it| it.name == measure.as_str());
        let value: Option<Decimal> = known.and_then(|it| {
            let text = match it.newest.as_str() {
                "" => &it.value,
                newest => newest,
            };
            text.parse().ok()
        });
        match value {
            Some(_) => Reading {
                value,
                ..without(period, String::new())
            },
            None => without(
                period,
                format!("nobody counts {measure} of {unit} in {period}"),
            ),
        }
    }

    async fn scores(
        &mut self,
        index: &IndexCode,
        unit: &UnitCode,
        period: Period,
    ) -> Answer<LeafScore> {
        let key = (index.clone(), unit.clone(), period);
        if let Some(known) = self.scores.get(&key) {
            return known.clone();
        }
        let asked = self.api.figures.scores(index, unit, period);
        let answer = in_time(&mut self.until, asked).await.map(Arc::new);
        self.scores.insert(key, answer.clone());
        answer
    }

    async fn measures(&mut self, unit: &UnitCode, period: Period) -> Answer<Input> {
        let key = (unit.clone(), period);
        if let Some(known) = self.measures.get(&key) {
            return known.clone();
        }
        let asked = self.api.figures.measures(unit, period);
        let answer = in_time(&mut self.until, asked).await.map(Arc::new);
        self.measures.insert(key, answer.clone());
        answer
    }

    fn decided_in(&self, code: &CampaignCode, unit: &UnitCode, leaf: &LeafCode) -> Option<Reading> {
        let (mark, rules, period) = {
            let view = self.api.view.borrow();
            let campaign = &view.campaigns.campaign(code)?.state;
            let sheet = view.campaigns.sheet(code, unit)?;
            let mark = sheet.state.entry(leaf).and_then(Entry::decided)?;
            let period = campaign.plan()?.period;
            (mark, campaign.rules_of(unit)?.clone(), period)
        };
        let max = self.api.max_of(&rules, leaf);
        Some(decided(mark, max, period, code))
    }

    /// What the newest campaign decided that judges the unit by the index, in or after the origin's time.
    fn newest_decided(
        &self,
        index: &IndexCode,
        unit: &UnitCode,
        period: Period,
        leaf: &LeafCode,
    ) -> Option<Reading> {
        let mut campaigns: Vec<_> = {
            let view = self.api.view.borrow();
            let plans = view.campaigns.all().filter_map(|(code, kept)| {
                let plan = kept.state.plan()?;
                let judged = kept.state.rules_of(unit)?.index == *index;
                let late = plan.period.last_month() >= period.first_month();
                (judged && late).then(|| (plan.period.last_month(), plan.as_of, code.to_owned()))
            });
            plans.collect()
        };
        campaigns.sort_unstable();
        campaigns
            .iter()
            .rev()
            .filter_map(|(.., code)| code.parse().ok())
            .find_map(|code| self.decided_in(&code, unit, leaf))
    }
}

/// What scoring answers in time; once it does not, it is not asked again.
async fn in_time<T>(until: &mut Instant, asked: impl Future<Output = Option<T>>) -> Option<T> {
    if *until <= Instant::now() {
        return None;
    }
    let answer = tokio::time::timeout_at(*until, asked).await.ok().flatten();
    if answer.is_none() {
        *until = Instant::now();
    }
    answer
}

fn without(period: Period, reason: String) -> Reading {
    Reading {
        value: None,
        max: None,
        period,
        campaign: None,
        reason,
    }
}

fn decided(mark: Mark, max: Option<Decimal>, period: Period, campaign: &CampaignCode) -> Reading {
    let told = Reading {
        max,
        campaign: Some(campaign.clone()),
        ..without(period, String::new())
    };
    match mark {
        Mark::Points(points) => Reading {
            value: Some(points),
            ..told
        },
        Mark::NotApplicable => Reading {
            reason: "the leaf does not apply to the unit".to_owned(),
            ..told
        },
    }
}
