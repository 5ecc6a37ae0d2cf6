//! Commands to campaigns.

use std::collections::{BTreeMap, BTreeSet};

use assessment::campaign::{Action, Assignment, Command, Plan, Reviewed, Rules};
use assessment::{Campaign, Role};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::Version;
use eventlog::command::{ExecuteError, Executed, execute_beside, load};
use ids::{CampaignCode, UnitCode};
use index::Inputs;
use prost::Message;

use super::{ATTEMPTS, Api};
use crate::campaigns::codec::{CampaignCodec, SheetCodec, campaign_stream, sheet_stream};
use crate::campaigns::figures::withheld;
use crate::campaigns::ground::no_campaign;
use crate::campaigns::publication::{Judged, outcomes};
use crate::campaigns::who::{Call, who};
use crate::campaigns::wish::Asked;
use crate::campaigns::{refusal, resource};
use crate::codec::definition_stream;

/// What a decision rests on beside the campaign: streams with the versions that were read of them.
type Beside = Vec<(String, Version)>;

impl Api {
    /// Gives a command to a campaign.
    pub(in crate::campaigns) async fn order(
        &self,
        call: Call,
        role: Role,
        code: &CampaignCode,
        action: Action,
    ) -> Result<pb::Campaign, Problem> {
        let respond = self.responding(code, &call);
        let decided = self.decided(&call, role, code, &action, &[], respond);
        let executed = decided.await?;
        let executed = executed.map_err(|error| error.problem(refusal::of_campaign))?;
        Ok(told(executed))
    }

    /// Answers with the campaign.
    pub(in crate::campaigns) fn responding<'a>(
        &self,
        code: &'a CampaignCode,
        call: &Call,
    ) -> impl Fn(&Campaign, Version) -> pb::Campaign + use<'a> {
        let at = call.context.received_at;
        move |campaign, version| resource::campaign(code.as_str(), campaign, version, at)
    }

    /// Gives a command to a campaign, if what it rests on beside it is still as it was.
    pub(in crate::campaigns) async fn decided<R: Message + Default>(
        &self,
        call: &Call,
        role: Role,
        code: &CampaignCode,
        action: &Action,
        beside: &[(String, Version)],
        respond: impl Fn(&Campaign, Version) -> R,
    ) -> Result<Result<Executed<R>, ExecuteError<assessment::campaign::Refusal>>, Problem> {
        let by = who(call, role, &self.units).await?;
        let at = call.context.received_at;
        let executed = execute_beside::<CampaignCodec, R>(
            &self.log,
            &campaign_stream(code),
            beside,
            &call.context,
            |campaign, _| {
                campaign.decide(Command {
                    at,
                    by: Some(by.clone()),
                    action: action.clone(),
                })
            },
            respond,
        )
        .await;
        if let Ok(executed) = &executed {
            self.shown(executed.position).await;
        }
        Ok(executed)
    }

    /// An assignment with the units' first codes, whichever were named.
    pub(super) async fn assignment(
        &self,
        appraiser: String,
        assignment: Assignment,
    ) -> Result<Action, Problem> {
        let mut units = BTreeSet::new();
        for unit in assignment.units {
            units.insert(self.units.resolve(unit).await?);
        }
        let assignment = Assignment {
            own: self.units.resolve(assignment.own).await?,
            units,
            ..assignment
        };
        Ok(Action::Assign {
            appraiser,
            assignment,
        })
    }

    /// The plan with its participants, as the registry has them, and the editions in force.
    pub(super) async fn plan(&self, asked: &Asked) -> Result<Plan, Problem> {
        let mut rules = BTreeMap::new();
        for (group, (index, edition)) in &asked.rules {
            let sha256 = self.in_force(group, index.as_str(), edition, asked)?;
            let by = Rules {
                index: index.clone(),
                edition: edition.clone(),
                sha256,
            };
            rules.insert(group.clone(), by);
        }
        let mut participants = BTreeMap::new();
        for group in rules.keys() {
            participants.extend(self.participants.of(group, asked.as_of).await?);
        }
        if !asked.units.is_empty() {
            let mut only = BTreeSet::new();
            for unit in &asked.units {
                only.insert(self.units.resolve(unit.clone()).await?);
            }
            if let Some(unit) = only.iter().find(|unit| !participants.contains_key(*unit)) {
                let message = format!(
                    "unit {unit} is in none of the groups on {}; leave it out or name its group",
                    asked.as_of
                );
                let problem = Problem::refused("UNIT_NOT_IN_GROUPS", message);
                return Err(problem.with("unit", unit.to_string()));
            }
            participants.retain(|unit, _| only.contains(unit));
        }
        Ok(Plan {
            title: asked.title.clone(),
            period: asked.period,
            as_of: asked.as_of,
            rules,
            participants,
            deadlines: asked.deadlines.clone(),
        })
    }

    /// The digest of an edition that is in force for a group in the whole period.
    fn in_force(
        &self,
        group: &str,
        index: &str,
        edition: &str,
        asked: &Asked,
    ) -> Result<[u8; 32], Problem> {
        let view = self.view.borrow();
        let kept = view.definitions.get(&definition_stream(index));
        let found = kept
            .filter(|_| !edition.is_empty())
            .and_then(|kept| kept.state.edition(edition))
            .filter(|found| {
                let scope = &found.scope;
                scope.groups.contains(group)
                    && scope.from <= asked.period.first_month()
                    && scope
                        .until
                        .is_none_or(|until| asked.period.last_month() <= until)
            });
        found.map(|found| found.sha256).ok_or_else(|| {
            let message = format!(
                "edition {edition:?} of index {index} is not in force for group {group} in all of {}; \
                 put it in force first",
                asked.period
            );
            Problem::refused("EDITION_NOT_IN_FORCE", message).with("group", group)
        })
    }

    /// Approves what follows from every unit's sheet as it is; anew when a sheet or the campaign moves on meanwhile.
    pub(super) async fn approve(
        &self,
        call: Call,
        code: &CampaignCode,
        document: &str,
    ) -> Result<pb::Campaign, Problem> {
        let mut conflict = None;
        for _ in 0..ATTEMPTS {
            let (sheets, beside) = self.reviewed(code).await?;
            let action = Action::Approve {
                document: document.to_owned(),
                sheets,
            };
            let respond = self.responding(code, &call);
            let decided = self.decided(&call, Role::Council, code, &action, &beside, respond);
            match decided.await? {
                Ok(executed) => return Ok(told(executed)),
                Err(error @ ExecuteError::Conflict { .. })
                    if call.context.expected_version.is_none() =>
                {
                    conflict = Some(error);
                }
                Err(error) => return Err(error.problem(refusal::of_campaign)),
            }
        }
        let error = conflict.expect("every attempt but one that came too late returns");
        Err(error.problem(refusal::of_campaign))
    }

    /// Every unit's sheet with what follows from it.
    async fn reviewed(
        &self,
        code: &CampaignCode,
    ) -> Result<(BTreeMap<UnitCode, Reviewed>, Beside), Problem> {
        let loaded = load::<CampaignCodec>(&self.log, &campaign_stream(code)).await?;
        let campaign = loaded.state;
        let plan = campaign.plan().ok_or_else(|| no_campaign(code))?;
        let editions = self.editions_of(plan)?;
        let withheld: BTreeMap<UnitCode, Inputs> = {
            let view = self.view.borrow();
            let judged = plan.participants.iter().filter_map(|(unit, group)| {
                let inputs = withheld(&view, editions.get(group)?, unit, plan.period);
                Some((unit.clone(), inputs))
            });
            judged.collect()
        };
        let no_figures = Inputs::new();
        let (mut beside, mut loaded) = (Vec::new(), BTreeMap::new());
        for unit in plan.participants.keys() {
            let stream = sheet_stream(code, unit);
            let sheet = load::<SheetCodec>(&self.log, &stream).await?;
            beside.push((stream, sheet.version));
            loaded.insert(unit.clone(), sheet);
        }
        let judged = loaded.iter().map(|(unit, sheet)| {
            let judged = Judged {
                sheet: &sheet.state,
                version: sheet.version,
                figures: withheld.get(unit).unwrap_or(&no_figures),
            };
            (unit.clone(), judged)
        });
        let judged: BTreeMap<_, _> = judged.collect();
        let mut sheets = BTreeMap::new();
        for (unit, outcome) in outcomes(plan, &editions, &judged) {
            let definition = editions.get(&plan.participants[&unit]);
            let Judged { sheet, figures, .. } = judged[&unit];
            let undecided = definition.map(|it| sheet.undecided(it, figures));
            let undecided = undecided.unwrap_or_default();
            sheets.insert(unit, Reviewed { undecided, outcome });
        }
        Ok((sheets, beside))
    }
}

/// A campaign as it was answered, with the position of the answer.
pub(in crate::campaigns) fn told(executed: Executed<pb::Campaign>) -> pb::Campaign {
    pb::Campaign {
        position: executed.position,
        ..executed.response
    }
}
