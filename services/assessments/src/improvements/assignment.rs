//! What a wanted task refers to, looked up: the unit as it is today, the campaign, the edition and its leaf.

use assessment::campaign::Rules;
use assessment::improvement::{Assignment, Holder, Origin};
use contracts::problem::Problem;
use contracts::registry::v1::UnitGroup;
use eventlog::command::load;
use ids::{CampaignCode, IndexCode, LeafCode, Period, UnitCode};
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::LOCAL;
use super::api::Api;
use super::wish::{Because, Wanted};
use crate::campaigns::{CampaignCodec, campaign_stream, group, no_campaign, no_part};
use crate::codec::definition_stream;

/// A unit as it is on a day.
pub(super) struct Present {
    /// Its first code.
    pub(super) code: UnitCode,
    group: Option<&'static str>,
}

/// By what a leaf was judged.
struct Judged {
    rules: Rules,
    period: Period,
}

impl Api {
    /// The task that a request wants.
    ///
    /// # Errors
    /// When something that it refers to is not there, or the registry does not answer.
    pub(super) async fn assignment(
        &self,
        wanted: Wanted,
        at: Timestamp,
    ) -> Result<Assignment, Problem> {
        let unit = self.present(&wanted.unit, at).await?;
        let origin = match wanted.because {
            Because::Leaf {
                campaign,
                index,
                period,
                leaf,
            } => {
                let asked = (index.as_ref(), period);
                let Judged { rules, period } = match &campaign {
                    Some(campaign) => self.judged_in(campaign, &unit.code, asked).await?,
                    None => self.judged_by(&unit, asked)?,
                };
                self.has_leaf(&rules, &leaf)?;
                Origin::Leaf {
                    campaign,
                    index: rules.index,
                    edition: rules.edition,
                    period,
                    leaf,
                }
            }
            Because::Backlog { measure, period } => Origin::Backlog { measure, period },
            Because::Finding {
                document,
                date,
                text,
            } => Origin::Finding {
                document,
                date,
                text,
            },
            Because::YearlyPlan { document, item } => Origin::YearlyPlan { document, item },
        };
        Ok(Assignment {
            code: wanted.code,
            title: wanted.title,
            plan: wanted.plan,
            origin,
            holder: Holder {
                unit: unit.code,
                person: wanted.person,
            },
            due: wanted.due,
        })
    }

    /// A unit that exists today.
    pub(super) async fn present(&self, code: &UnitCode, at: Timestamp) -> Result<Present, Problem> {
        let today = day(at);
        let Some(unit) = self.units.ask(code, Some(today)).await? else {
            let message = format!(
                "unit {code} does not exist on {today}; name one that does, or its successor"
            );
            return Err(Problem::refused("UNKNOWN_UNIT", message).with("unit", code.to_string()));
        };
        Ok(Present {
            code: unit.code.parse().unwrap_or_else(|_| code.clone()),
            group: UnitGroup::try_from(unit.group).ok().and_then(group),
        })
    }

    /// By what a campaign judges a unit; what else the request says must be the same.
    async fn judged_in(
        &self,
        code: &CampaignCode,
        unit: &UnitCode,
        (index, period): (Option<&IndexCode>, Option<Period>),
    ) -> Result<Judged, Problem> {
        let campaign = load::<CampaignCodec>(&self.log, &campaign_stream(code)).await?;
        let plan = campaign.state.plan().ok_or_else(|| no_campaign(code))?;
        let rules = campaign
            .state
            .rules_of(unit)
            .ok_or_else(|| no_part(code, unit))?;
        if index.is_some_and(|index| *index != rules.index) {
            let why = format!(
                "is not that of campaign {code}, which is {}; leave it out",
                rules.index
            );
            return Err(Problem::invalid("origin.leaf.index", why));
        }
        if period.is_some_and(|period| period != plan.period) {
            let why = format!(
                "is not that of campaign {code}, which is {}; leave it out",
                plan.period
            );
            return Err(Problem::invalid("origin.leaf.period", why));
        }
        Ok(Judged {
            rules: rules.clone(),
            period: plan.period,
        })
    }

    /// By which edition a unit is judged without a campaign: the one in force for its group in the whole period.
    fn judged_by(
        &self,
        unit: &Present,
        (index, period): (Option<&IndexCode>, Option<Period>),
    ) -> Result<Judged, Problem> {
        let (Some(index), Some(period)) = (index, period) else {
            return Err(Problem::internal(
                "a leaf without a campaign has index and period",
            ));
        };
        let view = self.view.borrow();
        let kept = view.definitions.get(&definition_stream(index.as_str()));
        let mut editions = kept.into_iter().flat_map(|kept| kept.state.editions());
        let edition = editions.find(|edition| {
            let holds = |group| edition.scope.holds(group, period);
            unit.group.is_some_and(holds)
        });
        let edition = edition.ok_or_else(|| {
            let message = format!(
                "no edition of index {index} is in force for {} in all of {period}; list the definitions",
                unit.code
            );
            Problem::refused("EDITION_NOT_IN_FORCE", message).with("index", index.to_string())
        })?;
        let rules = Rules {
            index: index.clone(),
            edition: edition.name.clone(),
            sha256: edition.sha256,
        };
        Ok(Judged { rules, period })
    }

    fn has_leaf(&self, rules: &Rules, leaf: &LeafCode) -> Result<(), Problem> {
        let definition = self.editions.of(rules, &self.view)?;
        if definition.leaf(leaf).is_some() {
            return Ok(());
        }
        let Rules { index, edition, .. } = rules;
        let message = format!(
            "edition {edition} of index {index} has no leaf {leaf}; read it for those that it has"
        );
        Err(Problem::not_found("LEAF_NOT_FOUND", message))
    }

    /// The most points that a leaf gives by an edition.
    pub(super) fn max_of(&self, rules: &Rules, leaf: &LeafCode) -> Option<Decimal> {
        let definition = self.editions.of(rules, &self.view).ok()?;
        definition.leaf(leaf).map(index::Leaf::max)
    }
}

/// The day of a moment in the province.
pub(super) fn day(at: Timestamp) -> Date {
    LOCAL.to_datetime(at).date()
}
