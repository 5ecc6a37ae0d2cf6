//! Which editions campaigns judge by. A plan takes its editions into use before it is stored, and is stored only if they are
//! as they were then; an edition is retired only if the campaigns that use it are as they were read. So neither can slip
//! past the other.

use std::collections::{BTreeMap, BTreeSet};

use assessment::campaign::{Action, Phase, Plan};
use assessment::{Campaign, Definition, DefinitionCommand, Role, Use};
use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::command::{Context, ExecuteError, execute, load};
use eventlog::{EventLog, Version};
use ids::{CampaignCode, IndexCode};

use super::api::{ATTEMPTS, Api};
use super::codec::{CampaignCodec, campaign_stream};
use super::refusal;
use super::who::Call;
use crate::codec::definition_stream;
use crate::definitions::DefinitionCodec;
use crate::view::Viewer;
use crate::wire;

/// Streams with the versions that were read of them.
type Beside = Vec<(String, Version)>;

/// The campaigns that judge by an edition and are not published yet, with what that was read from.
pub(crate) async fn running(
    log: &EventLog,
    view: &Viewer,
    definition: &Definition,
    (index, edition): (&IndexCode, &str),
) -> Result<(BTreeSet<CampaignCode>, Beside), Problem> {
    let mut named: BTreeSet<CampaignCode> = definition.uses(edition).cloned().collect();
    // Campaigns of the time before editions were taken into use.
    named.extend({
        let view = view.borrow();
        let campaigns = view.campaigns.all();
        let using = campaigns.filter(|(_, kept)| judges_by(&kept.state, index, edition));
        let codes: Vec<_> = using.filter_map(|(code, _)| code.parse().ok()).collect();
        codes
    });
    let mut running = BTreeSet::new();
    let mut beside = Vec::new();
    for code in named {
        let stream = campaign_stream(&code);
        let loaded = load::<CampaignCodec>(log, &stream).await?;
        beside.push((stream, loaded.version));
        if loaded.state.phase() != Phase::Published && judges_by(&loaded.state, index, edition) {
            running.insert(code);
        }
    }
    Ok((running, beside))
}

fn judges_by(campaign: &Campaign, index: &IndexCode, edition: &str) -> bool {
    let rules = campaign
        .plan()
        .into_iter()
        .flat_map(|plan| plan.rules.values());
    let mut rules = rules.filter(|rules| rules.index == *index && rules.edition == edition);
    rules.next().is_some()
}

impl Api {
    /// Plans a campaign. Editions are taken into use first, and only when the campaign would take the plan: a refused plan
    /// leaves nothing, and a crash in between no more than an edition that says so.
    pub(super) async fn order_plan(
        &self,
        call: Call,
        code: &CampaignCode,
        plan: Plan,
    ) -> Result<pb::Campaign, Problem> {
        let action = Action::Plan(plan.clone());
        let mut trial = call.clone();
        trial.context.validate_only = true;
        let tried = self
            .decided(
                &trial,
                Role::Organiser,
                code,
                &action,
                &[],
                self.responding(code, &trial),
            )
            .await?;
        if tried.is_err() || call.context.validate_only {
            // What is refused now may have been obeyed before: then this has the first answer.
            return self.order(call, Role::Organiser, code, action).await;
        }
        let mut conflict = None;
        for _ in 0..ATTEMPTS {
            let beside = self.take_into_use(&call.context, code, &plan).await?;
            let respond = self.responding(code, &call);
            let decided = self.decided(&call, Role::Organiser, code, &action, &beside, respond);
            match decided.await? {
                Ok(executed) => {
                    return Ok(pb::Campaign {
                        position: executed.position,
                        ..executed.response
                    });
                }
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

    async fn take_into_use(
        &self,
        context: &Context,
        campaign: &CampaignCode,
        plan: &Plan,
    ) -> Result<Beside, Problem> {
        let mut beside = BTreeMap::new();
        for (group, rules) in &plan.rules {
            let mut used = Context::internal(
                context.method,
                &context.actor,
                context.request_id,
                context.received_at,
            );
            // It is given again whenever the plan is, and then makes no event.
            used.repeatable = false;
            used.correlation_id = context.correlation_id;
            used.client.clone_from(&context.client);
            used.roles.clone_from(&context.roles);
            let stream = definition_stream(rules.index.as_str());
            let executed = execute::<DefinitionCodec, pb::Definition>(
                &self.log,
                &stream,
                &used,
                |definition, _| {
                    definition.decide(DefinitionCommand::Use(Use {
                        edition: rules.edition.clone(),
                        campaign: campaign.clone(),
                        group: group.clone(),
                        period: plan.period,
                    }))
                },
                |_, version| pb::Definition {
                    version,
                    ..pb::Definition::default()
                },
            )
            .await
            .map_err(|error| error.problem(wire::definition_refused))?;
            beside.insert(stream, executed.response.version);
        }
        Ok(beside.into_iter().collect())
    }
}
