//! Deadlines lock by themselves.

use contracts::assessments::v1 as pb;
use tonic::Code;

use crate::given::*;
use crate::world::World;

fn stage_not_open() -> (Code, String) {
    (Code::FailedPrecondition, "STAGE_NOT_OPEN".to_owned())
}

fn late() -> pb::ClaimLeafRequest {
    claim(HEALTH, "plan", 0, vec![state("issued", "late")])
}

#[tokio::test]
async fn a_stage_locks_at_its_deadline_with_nobody_calling() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    // Two seconds before: the clock passes the deadline while the service runs.
    world.restart_at("2025-01-20T09:59:58Z").await;
    let stream = format!("campaign-{CAMPAIGN}");
    let (metadata, locked) = world.newest::<pb::CampaignStageLocked>(&stream, 1).await;
    assert_eq!(locked.stage(), pb::CampaignStage::SelfAssessment);
    assert_eq!(locked.deadline, at(DEADLINES[0]));
    assert_eq!(metadata.occurred_at, at(DEADLINES[0]));
    assert_eq!(metadata.actor, "timer");
    let head = world.head().await;
    let mut campaigns = world.campaigns.clone();
    assert_eq!(
        refused(campaigns.claim_leaf(late()).await),
        stage_not_open()
    );
    assert_eq!(
        refused(campaigns.submit_assessment(submit(HEALTH)).await),
        stage_not_open()
    );
    assert_eq!(world.head().await, head);
    assert_eq!(
        campaign(&world).await.stage(),
        pb::CampaignStage::FirstAppraisal
    );
}

#[tokio::test]
async fn deadlines_that_passed_while_the_service_was_away_lock_one_after_the_other() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    world.restart_at("2025-03-01T00:00:00Z").await;
    let stream = format!("campaign-{CAMPAIGN}");
    let (metadata, locked) = world.newest::<pb::CampaignStageLocked>(&stream, 5).await;
    assert_eq!(locked.stage(), pb::CampaignStage::Council);
    assert_eq!(metadata.occurred_at, at(DEADLINES[4]));
    world.restart_at("2025-03-01T00:00:00Z").await;
    assert_eq!(campaign(&world).await.phase(), pb::CampaignPhase::Reviewed);
    let events = world.events(&stream).await;
    assert_eq!(events.len(), 4 + 5, "each is locked once");
}

#[tokio::test]
async fn a_unit_has_longer_or_again_and_then_its_own_lock() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    filled_in(&world, TRADE, "on_time", "9").await;
    let extend = pb::ExtendStageRequest {
        context: by("anh", HOME),
        campaign: CAMPAIGN.to_owned(),
        unit: HEALTH.to_owned(),
        stage: pb::CampaignStage::SelfAssessment.into(),
        deadline: at("2025-01-22T10:00:00Z"),
        reason: "a flood".to_owned(),
    };
    world.campaigns.clone().extend_stage(extend).await.unwrap();
    world.restart_at("2025-01-21T00:00:00Z").await;
    let mut campaigns = world.campaigns.clone();
    campaigns.claim_leaf(late()).await.unwrap();
    let district = claim(DISTRICT, "plan", 0, vec![state("issued", "late")]);
    assert_eq!(
        refused(campaigns.claim_leaf(district).await),
        stage_not_open()
    );
    let early = appraise(
        ("binh", HOME),
        HEALTH,
        "plan",
        1,
        pb::AppraisalVerdict::Accept,
        ("", ""),
    );
    assert_eq!(
        refused(campaigns.appraise_leaf(early).await),
        stage_not_open()
    );

    let change = |version| claim(TRADE, "plan", version, vec![state("issued", "late")]);
    assert_eq!(
        refused(campaigns.claim_leaf(change(1)).await),
        stage_not_open()
    );
    let reopen = pb::ReopenStageRequest {
        context: by("anh", HOME),
        campaign: CAMPAIGN.to_owned(),
        unit: TRADE.to_owned(),
        stage: pb::CampaignStage::SelfAssessment.into(),
        deadline: at("2025-01-25T10:00:00Z"),
        reason: "a wrong document".to_owned(),
    };
    campaigns.reopen_stage(reopen).await.unwrap();
    let reopened = assessment(&world, TRADE).await;
    assert_eq!(
        (reopened.submitted_at, reopened.deadline),
        (None, at("2025-01-25T10:00:00Z"))
    );
    campaigns.claim_leaf(change(1)).await.unwrap();
    campaigns.submit_assessment(submit(TRADE)).await.unwrap();
    assert_eq!(
        refused(campaigns.claim_leaf(change(2)).await),
        stage_not_open()
    );

    world.restart_at("2025-01-26T00:00:00Z").await;
    let stream = format!("campaign-{CAMPAIGN}");
    let (_, locked) = world.newest::<pb::UnitStageLocked>(&stream, 2).await;
    assert_eq!(locked.unit, TRADE);
    let mut campaigns = world.campaigns.clone();
    assert_eq!(
        refused(campaigns.claim_leaf(late()).await),
        stage_not_open()
    );
}
