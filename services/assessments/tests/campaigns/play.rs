//! A whole campaign, played by role from its plan to its publication.

use contracts::assessments::v1 as pb;
use contracts::scoring::v1::GetProgressRequest;
use pb::AppraisalVerdict::{Accept, Ask, Change, Keep};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::given::*;
use crate::world::{World, eventually};

const BINH: (&str, &str) = ("binh", HOME);
const CHAU: (&str, &str) = ("chau", HEALTH);
const ALL: [&str; 4] = [HOME, HEALTH, TRADE, DISTRICT];

/// Who appraises a unit.
fn appraiser(unit: &str) -> (&'static str, &'static str) {
    if unit == HOME { CHAU } else { BINH }
}

fn points(mark: Option<pb::Mark>) -> String {
    mark.map(|mark| mark.points).unwrap_or_default()
}

async fn self_assessment(world: &World) {
    let mut campaigns = world.campaigns.clone();
    // Nothing is filled in: every leaf that lacks something is named.
    let status = campaigns
        .submit_assessment(submit(HEALTH))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let failure = status.get_details_precondition_failure().unwrap();
    let named = failure.violations.iter().skip(1);
    let named: Vec<_> = named
        .map(|it| (it.r#type.as_str(), it.subject.as_str()))
        .collect();
    assert_eq!(named, [("CLAIM", "plan"), ("CLAIM", "tasks")]);

    let answer = campaigns
        .claim_leaf(claim(HEALTH, "tasks", 0, vec![number("done", "9")]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((answer.claimed, answer.leaf_version), (None, 1));
    assert_eq!(answer.lacks, ["figures: planned"]);
    let progress = assessment(world, HEALTH).await.progress.unwrap();
    assert_eq!(
        (progress.leaves, progress.filled, progress.days_left),
        (2, 0, 10)
    );

    let tasks = vec![number("done", "9"), number("planned", "10")];
    let answer = campaigns
        .claim_leaf(claim(HEALTH, "tasks", 1, tasks))
        .await
        .unwrap();
    assert_eq!(points(answer.into_inner().claimed), "4.5");
    let plan = claim(HEALTH, "plan", 0, vec![state("issued", "on_time")]);
    campaigns.claim_leaf(plan).await.unwrap();
    let request = pb::PreviewAssessmentRequest {
        campaign: CAMPAIGN.to_owned(),
        unit: HEALTH.to_owned(),
        ..Default::default()
    };
    let preview = campaigns
        .preview_assessment(request)
        .await
        .unwrap()
        .into_inner();
    let claimed = preview.claimed.unwrap();
    assert_eq!(claimed.components[0].points, "6.50");
    assert_eq!(
        (claimed.total.as_str(), claimed.unscored),
        ("", vec!["speed".into(), "survey".into()])
    );

    let handed_in = campaigns
        .submit_assessment(submit(HEALTH))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(handed_in.submitted_by, assessor(HEALTH));
    filled_in(world, HOME, "on_time", "10").await;
    filled_in(world, TRADE, "late", "4").await;
    filled_in(world, DISTRICT, "none", "8").await;
}

async fn first_appraisal(world: &World) {
    let mut campaigns = world.campaigns.clone();
    for unit in ALL {
        let (actor, of) = appraiser(unit);
        if unit == HEALTH {
            let asked = appraise(BINH, HEALTH, "plan", 1, Ask, ("", "where is its number?"));
            campaigns.appraise_leaf(asked).await.unwrap();
            let changed = appraise(BINH, HEALTH, "tasks", 2, Change, ("4", "one is not done"));
            let leaf = campaigns.appraise_leaf(changed).await.unwrap().into_inner();
            assert_eq!(points(leaf.decided), "4");
        }
        let accepted = campaigns
            .accept_leaves(accept(actor, of, unit))
            .await
            .unwrap();
        let accepted = accepted.into_inner().leaves;
        let all = if unit == HEALTH {
            vec![]
        } else {
            vec!["plan", "tasks"]
        };
        assert_eq!(accepted, all, "{unit}");
        for (leaf, value) in [("speed", "0.5"), ("survey", "1.5")] {
            let reason = (value, "by the report of the survey");
            let changed = appraise((actor, of), unit, leaf, 0, Change, reason);
            campaigns.appraise_leaf(changed).await.unwrap();
        }
    }
}

async fn explanation(world: &World) {
    let mut campaigns = world.campaigns.clone();
    let explain = pb::ExplainLeafRequest {
        context: by(&assessor(HEALTH), HEALTH),
        campaign: CAMPAIGN.to_owned(),
        unit: HEALTH.to_owned(),
        leaf: "plan".to_owned(),
        leaf_version: 2,
        text: "it stands on page 4".to_owned(),
        evidence: evidence(),
    };
    campaigns.explain_leaf(explain).await.unwrap();
    let contest = contest(3, "4.5");
    let leaf = campaigns.contest_leaf(contest).await.unwrap().into_inner();
    assert!(leaf.flags.contains(&pb::LeafFlag::Contested.into()));
}

fn contest(leaf_version: i64, wanted: &str) -> pb::ContestLeafRequest {
    pb::ContestLeafRequest {
        context: by(&assessor(HEALTH), HEALTH),
        campaign: CAMPAIGN.to_owned(),
        unit: HEALTH.to_owned(),
        leaf: "tasks".to_owned(),
        leaf_version,
        wanted: mark(wanted),
        reason: "all nine are done".to_owned(),
    }
}

async fn second_appraisal(world: &World) {
    let mut campaigns = world.campaigns.clone();
    let accepted = appraise(BINH, HEALTH, "plan", 3, Accept, ("", ""));
    campaigns.appraise_leaf(accepted).await.unwrap();
    let kept = appraise(BINH, HEALTH, "tasks", 4, Keep, ("", ""));
    campaigns.appraise_leaf(kept).await.unwrap();
}

async fn council(world: &World) {
    let mut campaigns = world.campaigns.clone();
    campaigns.contest_leaf(contest(5, "")).await.unwrap();
    let remark = pb::RemarkOnLeafRequest {
        context: by("hoa", ""),
        campaign: CAMPAIGN.to_owned(),
        unit: HEALTH.to_owned(),
        leaf: "tasks".to_owned(),
        leaf_version: 6,
        mark: mark("4.25"),
        remark: "half of the ninth task is done".to_owned(),
    };
    let leaf = campaigns.remark_on_leaf(remark).await.unwrap().into_inner();
    let side_by_side = [
        points(leaf.claimed),
        points(leaf.first.unwrap().mark),
        points(leaf.second.unwrap().mark),
        points(leaf.council.unwrap().mark),
        points(leaf.decided),
    ];
    assert_eq!(side_by_side, ["4.5", "4", "4", "4.25", "4.25"]);
}

pub(crate) fn approve(actor: &str) -> pb::ApproveCampaignRequest {
    pb::ApproveCampaignRequest {
        context: by(actor, ""),
        campaign: CAMPAIGN.to_owned(),
        document: "12/BB-HĐ".to_owned(),
    }
}

pub(crate) fn publish(actor: &str) -> pb::PublishCampaignRequest {
    pb::PublishCampaignRequest {
        context: by(actor, ""),
        campaign: CAMPAIGN.to_owned(),
        document: "99/QĐ-UBND".to_owned(),
    }
}

async fn closed(world: &World, stage: pb::CampaignStage) {
    let request = pb::CloseStageRequest {
        context: by("anh", HOME),
        campaign: CAMPAIGN.to_owned(),
        stage: stage.into(),
        reason: "everybody is done".to_owned(),
    };
    world.campaigns.clone().close_stage(request).await.unwrap();
}

async fn listed(world: &World, flag: pb::LeafFlag) -> Vec<String> {
    let mut request = pb::ListDiscrepanciesRequest {
        campaign: CAMPAIGN.to_owned(),
        flag: flag.into(),
        page_size: 2,
        ..Default::default()
    };
    let mut listed = Vec::new();
    loop {
        let page = world
            .campaigns
            .clone()
            .list_discrepancies(request.clone())
            .await;
        let page = page.unwrap().into_inner();
        let rows = page.discrepancies.into_iter();
        listed.extend(rows.map(|row| format!("{} {}", row.unit, row.leaf)));
        if page.next_page_token.is_empty() {
            return listed;
        }
        request.page_token = page.next_page_token;
    }
}

/// The campaign with the results reviewed and waiting for the council's approval.
pub(crate) async fn reviewed() -> World {
    let mut world = World::start_at(PLANNED).await.with_scoring().await;
    open_campaign(&world).await;
    let planned = campaign(&world).await;
    let units: Vec<_> = planned
        .participants
        .iter()
        .map(|it| it.unit.as_str())
        .collect();
    assert_eq!(units, ALL, "a unit founded later takes no part");
    assert_eq!(planned.participants[3].group, "district");

    self_assessment(&world).await;
    closed(&world, pb::CampaignStage::SelfAssessment).await;
    first_appraisal(&world).await;
    assert_eq!(
        listed(&world, pb::LeafFlag::Unanswered).await,
        [format!("{HEALTH} plan")]
    );
    world.restart_at(DEADLINES[1]).await;
    explanation(&world).await;
    closed(&world, pb::CampaignStage::Explanation).await;
    second_appraisal(&world).await;
    world.restart_at(DEADLINES[3]).await;
    council(&world).await;
    assert_eq!(
        listed(&world, pb::LeafFlag::FirstDiffers).await,
        [format!("{HEALTH} tasks")]
    );
    let mut campaigns = world.campaigns.clone();
    let early = refused(campaigns.approve_campaign(approve("hoa")).await);
    assert_eq!(
        early,
        (Code::FailedPrecondition, "PHASE_DOES_NOT_ALLOW".to_owned())
    );

    world.restart_at(DEADLINES[4]).await;
    world
}

/// The campaign with its results published by `lan`.
pub(crate) async fn published() -> World {
    let world = reviewed().await;
    eventually("scoring knows the units", async || {
        let mut scoring = world.scoring();
        let asked = scoring.get_progress(GetProgressRequest::default()).await;
        let applied = asked.ok()?.into_inner().applied;
        let known = applied.iter().find(|it| it.log == "registry");
        known.filter(|it| it.position > 0).map(|_| ())
    })
    .await;
    let mut campaigns = world.campaigns.clone();
    campaigns.approve_campaign(approve("hoa")).await.unwrap();
    campaigns.publish_campaign(publish("lan")).await.unwrap();
    world
}

#[tokio::test]
async fn a_campaign_is_played_from_its_plan_to_its_publication() {
    let world = reviewed().await;
    let mut campaigns = world.campaigns.clone();
    let early = refused(campaigns.publish_campaign(publish("lan")).await);
    assert_eq!(
        early,
        (Code::FailedPrecondition, "PHASE_DOES_NOT_ALLOW".to_owned())
    );
    campaigns.approve_campaign(approve("hoa")).await.unwrap();
    let same = refused(campaigns.publish_campaign(publish("hoa")).await);
    assert_eq!(same, (Code::PermissionDenied, "APPROVED_BY_YOU".to_owned()));
    let published = campaigns
        .publish_campaign(publish("lan"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(published.phase(), pb::CampaignPhase::Published);
    let outcomes: Vec<_> = published
        .outcomes
        .iter()
        .map(|it| {
            (
                it.unit.as_str(),
                it.total.as_str(),
                it.percent.as_str(),
                it.band.as_str(),
                it.rank,
            )
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            (HOME, "9.00", "90.00", "a", 1),
            (HEALTH, "8.25", "82.50", "a", 2),
            (TRADE, "5.00", "50.00", "b", 3),
            (DISTRICT, "6.00", "60.00", "b", 1),
        ]
    );
}
