//! What the organiser, the council and the chair do with a campaign as a whole.

use anyhow::Context as _;
use contracts::assessments::v1 as pb;
use contracts::wire;
use jiff::{SignedDuration, Timestamp};
use pb::CampaignStage as Stage;

use super::cast::{APPRAISER, Cast, Homes, OTHER_APPRAISER};
use super::sets::Set;
use crate::Services;

/// What each stage would have; the demo closes it as soon as everybody is done.
const A_STAGE: SignedDuration = SignedDuration::from_hours(10 * 24);

/// Plans a campaign of a year among the units of a day.
pub(super) async fn plan(
    organiser: &Services,
    code: &str,
    year: i16,
    as_of: &str,
    sets: &[Set],
    now: Timestamp,
) -> anyhow::Result<pb::Campaign> {
    let mut until = now;
    let mut deadlines = Vec::new();
    for stage in [
        Stage::SelfAssessment,
        Stage::FirstAppraisal,
        Stage::Explanation,
        Stage::SecondAppraisal,
        Stage::Council,
    ] {
        until += A_STAGE;
        deadlines.push(pb::StageDeadline {
            stage: stage.into(),
            deadline: Some(wire::timestamp(until)),
        });
    }
    let request = pb::PlanCampaignRequest {
        context: None,
        code: code.to_owned(),
        title: format!("Chỉ số cải cách hành chính năm {year}"),
        period: year.to_string(),
        as_of: as_of.to_owned(),
        rules: sets.iter().map(Set::rules).collect(),
        deadlines,
        units: Vec::new(),
    };
    let planned = organiser.campaigns.clone().plan_campaign(request).await;
    Ok(planned.context("planning a campaign")?.into_inner())
}

/// Opens a campaign and says who appraises whom.
pub(super) async fn open(
    organiser: &Services,
    campaign: &pb::Campaign,
    homes: &Homes,
) -> anyhow::Result<()> {
    let mut campaigns = organiser.campaigns.clone();
    let open = pb::OpenCampaignRequest {
        context: None,
        campaign: campaign.code.clone(),
    };
    campaigns
        .open_campaign(open)
        .await
        .context("opening a campaign")?;
    let all = campaign.participants.iter().map(|it| &it.unit);
    let others = all.filter(|unit| **unit != homes.first).cloned().collect();
    for (appraiser, own, units) in [
        (APPRAISER, &homes.first, others),
        (OTHER_APPRAISER, &homes.second, vec![homes.first.clone()]),
    ] {
        let assign = pb::AssignAppraiserRequest {
            context: None,
            campaign: campaign.code.clone(),
            appraiser: appraiser.to_owned(),
            own_unit: own.clone(),
            units,
            components: Vec::new(),
        };
        let assigned = campaigns.assign_appraiser(assign).await;
        assigned.context("assigning an appraiser")?;
    }
    Ok(())
}

/// Ends a stage long before its deadline.
pub(super) async fn close(organiser: &Services, code: &str, stage: Stage) -> anyhow::Result<()> {
    let request = pb::CloseStageRequest {
        context: None,
        campaign: code.to_owned(),
        stage: stage.into(),
        reason: "Rút gọn để trình diễn: các đơn vị đã hoàn thành".to_owned(),
    };
    let closed = organiser.campaigns.clone().close_stage(request).await;
    closed
        .with_context(|| format!("closing {stage:?}"))
        .map(drop)
}

/// The council approves, and somebody else publishes.
pub(super) async fn publish(cast: &Cast, code: &str, year: i16) -> anyhow::Result<()> {
    let approve = pb::ApproveCampaignRequest {
        context: None,
        campaign: code.to_owned(),
        document: format!("12/BB-HĐ năm {year}"),
    };
    let mut council = cast.council()?.campaigns;
    let approved = council.approve_campaign(approve).await;
    approved.context("approving a campaign")?;
    let publish = pb::PublishCampaignRequest {
        context: None,
        campaign: code.to_owned(),
        document: format!("99/QĐ-UBND năm {year}"),
    };
    let published = cast.chair()?.campaigns.publish_campaign(publish).await;
    published.context("publishing a campaign").map(drop)
}
