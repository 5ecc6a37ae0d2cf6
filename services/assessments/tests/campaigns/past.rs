//! Campaigns and sheets as the log knew them at a moment.

use contracts::assessments::v1 as pb;
use contracts::log::v1::Event;
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::given::*;
use crate::play::{approve, publish, reviewed};
use crate::world::{World, eventually};

/// How far a read goes back: a version, or a moment.
type Then = (i64, Option<Timestamp>);

async fn campaign_then(world: &World, (version, as_of): Then) -> Result<pb::Campaign, Status> {
    let request = pb::GetCampaignRequest {
        code: CAMPAIGN.to_owned(),
        version,
        as_of,
    };
    let answer = world.campaigns.clone().get_campaign(request).await?;
    Ok(answer.into_inner())
}

async fn sheet_then(
    world: &World,
    unit: &str,
    (version, as_of): Then,
) -> Result<pb::Assessment, Status> {
    let request = pb::GetAssessmentRequest {
        campaign: CAMPAIGN.to_owned(),
        unit: unit.to_owned(),
        version,
        as_of,
    };
    let answer = world.campaigns.clone().get_assessment(request).await?;
    Ok(answer.into_inner())
}

async fn preview_then(
    world: &World,
    (version, as_of): Then,
) -> Result<pb::PreviewAssessmentResponse, Status> {
    let request = pb::PreviewAssessmentRequest {
        campaign: CAMPAIGN.to_owned(),
        unit: HEALTH.to_owned(),
        version,
        as_of,
    };
    let answer = world.campaigns.clone().preview_assessment(request).await?;
    Ok(answer.into_inner())
}

async fn flagged_then(
    world: &World,
    flag: pb::LeafFlag,
    as_of: Option<Timestamp>,
) -> Result<Vec<String>, Status> {
    let request = pb::ListDiscrepanciesRequest {
        campaign: CAMPAIGN.to_owned(),
        unit: HEALTH.to_owned(),
        flag: flag.into(),
        as_of,
        ..pb::ListDiscrepanciesRequest::default()
    };
    let answer = world.campaigns.clone().list_discrepancies(request).await?;
    let listed = answer.into_inner().discrepancies.into_iter();
    Ok(listed.map(|it| it.leaf).collect())
}

async fn sheet_events(world: &World) -> Vec<Event> {
    let stream = format!("assessment-{CAMPAIGN}-{HEALTH}");
    world.events(&stream).await
}

#[tokio::test]
async fn a_read_of_the_past_is_what_was_read_then() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let mut campaigns = world.campaigns.clone();
    let late = claim(HEALTH, "plan", 0, vec![state("issued", "late")]);
    campaigns.claim_leaf(late).await.unwrap();
    let (sheet, of_all) = (assessment(&world, HEALTH).await, campaign(&world).await);
    let preview = preview_then(&world, (0, None)).await.unwrap();
    let moment = sheet_events(&world).await[0].recorded_at;

    let better = claim(HEALTH, "plan", 1, vec![state("issued", "on_time")]);
    campaigns.claim_leaf(better).await.unwrap();
    let tasks = vec![number("done", "9"), number("planned", "10")];
    let tasks = claim(HEALTH, "tasks", 0, tasks);
    campaigns.claim_leaf(tasks).await.unwrap();
    campaigns.submit_assessment(submit(HEALTH)).await.unwrap();
    world.restart_at(DEADLINES[0]).await;
    let stream = format!("campaign-{CAMPAIGN}");
    world.newest::<pb::CampaignStageLocked>(&stream, 1).await;
    let mut campaigns = world.campaigns.clone();
    let accepted = accept("binh", HOME, HEALTH);
    campaigns.accept_leaves(accepted).await.unwrap();

    for then in [(0, moment), (1, None)] {
        // Days that were left then are those of then, as is everything else.
        let past = sheet_then(&world, HEALTH, then).await.unwrap();
        assert_eq!(past, sheet);
        assert_eq!(preview_then(&world, then).await.unwrap(), preview);
    }
    assert_eq!(campaign_then(&world, (0, moment)).await.unwrap(), of_all);
    let planned = campaign_then(&world, (1, None)).await.unwrap();
    assert_eq!(planned.phase(), pb::CampaignPhase::Planned);
    assert!(planned.assignments.is_empty());
    let now = assessment(&world, HEALTH).await;
    let newest = sheet_then(&world, HEALTH, (now.version, None));
    assert_eq!(newest.await.unwrap(), now);
    // The deadline locks by itself, whether or not anybody had recorded it yet.
    let at_the_deadline = (0, at(DEADLINES[0]));
    let stage = campaign_then(&world, at_the_deadline)
        .await
        .unwrap()
        .stage();
    assert_eq!(stage, pb::CampaignStage::FirstAppraisal);
    // A unit that never wrote anything had an empty sheet then, and has.
    let empty = sheet_then(&world, TRADE, (0, moment)).await.unwrap();
    assert_eq!((empty.version, empty.stage()), (0, sheet.stage()));

    let not_claimed = pb::LeafFlag::NotClaimed;
    let listed = flagged_then(&world, not_claimed, moment).await.unwrap();
    assert_eq!(listed, ["tasks"]);
    let listed = flagged_then(&world, not_claimed, None).await.unwrap();
    assert_eq!(listed, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_not_yet_and_what_never_was_is_refused() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let head = world.head().await;
    let nonsense = Some(Timestamp {
        seconds: 0,
        nanos: -1,
    });
    for (then, code) in [
        ((0, at("2025-01-01T00:00:00Z")), Code::NotFound),
        ((0, at("2099-01-01T00:00:00Z")), Code::OutOfRange),
        ((0, nonsense), Code::InvalidArgument),
        ((-1, None), Code::InvalidArgument),
        ((1, at(PLANNED)), Code::InvalidArgument),
        ((99, None), Code::OutOfRange),
    ] {
        let refusals = [
            campaign_then(&world, then).await.unwrap_err(),
            sheet_then(&world, HEALTH, then).await.unwrap_err(),
            preview_then(&world, then).await.unwrap_err(),
        ];
        for status in refusals {
            assert_eq!(status.code(), code, "{then:?}: {status:?}");
        }
        if then.0 == 0 {
            let any = pb::LeafFlag::Unspecified;
            let status = flagged_then(&world, any, then.1).await.unwrap_err();
            assert_eq!(status.code(), code, "{then:?}: {status:?}");
        }
    }
    let ahead = (0, at("2099-01-01T00:00:00Z"));
    let told = campaign_then(&world, ahead).await.unwrap_err();
    assert!(told.message().contains("up to now"), "{told:?}");
    let unknown = pb::GetCampaignRequest {
        code: "par-1999".to_owned(),
        version: 1,
        as_of: None,
    };
    let unknown = world.campaigns.clone().get_campaign(unknown).await;
    assert_eq!(refused(unknown).0, Code::NotFound);
    let stranger = sheet_then(&world, "H40.09", (0, at(PLANNED))).await;
    assert_eq!(refused(stranger).0, Code::NotFound);
    assert_eq!(world.head().await, head);
}

#[tokio::test]
async fn figures_of_the_past_are_those_that_a_publication_froze() {
    let world = reviewed().await;
    let report = pb::ReportMeasureRequest {
        unit: HEALTH.to_owned(),
        month: "2024-12".to_owned(),
        measure: "published".to_owned(),
        value: "7".to_owned(),
        source: "portal".to_owned(),
        ..pb::ReportMeasureRequest::default()
    };
    let mut assessments = world.assessments.clone();
    assessments.report_measure(report).await.unwrap();
    eventually("scoring knows the figure", async || {
        leaf(&world, HEALTH, "speed").await.measured
    })
    .await;
    let mut campaigns = world.campaigns.clone();
    campaigns.approve_campaign(approve("hoa")).await.unwrap();
    campaigns.publish_campaign(publish("lan")).await.unwrap();
    let events = world.events(&format!("campaign-{CAMPAIGN}")).await;
    let recorded = |kind: &str| {
        let mut events = events.iter();
        let event = events.find(|event| event.r#type.ends_with(kind));
        (0, event.expect(kind).recorded_at)
    };
    let now = assessment(&world, HEALTH).await;
    let measured = |sheet: &pb::Assessment| {
        let speed = sheet.leaves.iter().find(|it| it.leaf == "speed");
        speed.expect("a leaf").measured.clone()
    };
    assert_eq!((now.measured, measured(&now)), (true, mark("0.7")));
    let approved = recorded(".CampaignApproved");
    let before = sheet_then(&world, HEALTH, approved).await.unwrap();
    assert_eq!(before.phase(), pb::CampaignPhase::Approved);
    assert!(!before.measured && measured(&before).is_none());
    let published = recorded(".CampaignPublished");
    let after = sheet_then(&world, HEALTH, published).await.unwrap();
    assert_eq!(after, now);
}

#[tokio::test]
async fn definitions_of_the_past_are_those_of_then() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let get = |as_of| {
        let request = pb::GetDefinitionRequest {
            code: "par-departments".to_owned(),
            edition: "2024".to_owned(),
            as_of,
        };
        let mut assessments = world.assessments.clone();
        async move { assessments.get_definition(request).await }
    };
    let before = get(None).await.unwrap().into_inner();
    let events = world.events("definition-par-departments").await;
    let moment = events.last().unwrap().recorded_at;
    let draft = pb::DraftDefinitionRequest {
        code: "par-departments".to_owned(),
        edition: "2025".to_owned(),
        document: before.document.clone(),
        ..pb::DraftDefinitionRequest::default()
    };
    let mut assessments = world.assessments.clone();
    assessments.draft_definition(draft).await.unwrap();
    assert_ne!(get(None).await.unwrap().into_inner(), before);
    assert_eq!(get(moment).await.unwrap().into_inner(), before);
    let early = get(at("2025-01-01T00:00:00Z")).await;
    assert_eq!(refused(early).0, Code::NotFound);
    let ahead = get(at("2099-01-01T00:00:00Z")).await;
    assert_eq!(refused(ahead).0, Code::OutOfRange);
}
