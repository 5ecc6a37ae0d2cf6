//! What is refused leaves the log as it is.

use contracts::assessments::v1 as pb;
use pb::AppraisalVerdict::{Accept, Change};
use tonic::{Code, Status};

use crate::given::*;
use crate::world::World;

/// A call must be refused for a reason, and nothing may be appended.
async fn expect<T: std::fmt::Debug>(
    world: &World,
    call: impl Future<Output = Result<T, Status>>,
    code: Code,
    reason: &str,
) {
    let head = world.head().await;
    let answer = call.await;
    assert_eq!(refused(answer), (code, reason.to_owned()));
    assert_eq!(world.head().await, head, "{reason}");
}

#[tokio::test]
async fn plans_that_do_not_hold_together_are_refused() {
    let world = World::start_at(PLANNED).await;
    province(&world).await;
    let with = |change: fn(&mut pb::PlanCampaignRequest)| {
        let mut request = plan();
        change(&mut request);
        let mut campaigns = world.campaigns.clone();
        async move { campaigns.plan_campaign(request).await }
    };
    let (refused, invalid) = (Code::FailedPrecondition, Code::InvalidArgument);
    for (change, code, reason) in [
        (
            (|it| it.rules[0].edition = "2023".into()) as fn(&mut pb::PlanCampaignRequest),
            refused,
            "EDITION_NOT_IN_FORCE",
        ),
        (
            |it| it.period = "2023".into(),
            refused,
            "EDITION_NOT_IN_FORCE",
        ),
        (
            |it| it.rules[0].index = "par-districts".into(),
            refused,
            "EDITION_NOT_IN_FORCE",
        ),
        (
            |it| it.deadlines[1].deadline = at(DEADLINES[0]),
            refused,
            "DEADLINES_NOT_RISING",
        ),
        (
            |it| it.as_of = "2019-01-01".into(),
            refused,
            "NO_PARTICIPANTS",
        ),
        (
            |it| it.units = vec!["H40.09".into()],
            refused,
            "UNIT_NOT_IN_GROUPS",
        ),
        (
            |it| it.units = vec!["H40.77".into()],
            refused,
            "UNKNOWN_UNIT",
        ),
        (|it| it.code = "PAR".into(), invalid, "INVALID_ARGUMENT"),
        (|it| it.title = String::new(), invalid, "INVALID_ARGUMENT"),
        (
            |it| it.rules[1].group = "department".into(),
            invalid,
            "INVALID_ARGUMENT",
        ),
        (|it| it.context = None, invalid, "INVALID_ARGUMENT"),
    ] {
        expect(&world, with(change), code, reason).await;
    }
    let missing = pb::OpenCampaignRequest {
        context: by("anh", HOME),
        campaign: "par-2025".into(),
    };
    let mut campaigns = world.campaigns.clone();
    let call = async { campaigns.open_campaign(missing).await };
    expect(&world, call, Code::NotFound, "CAMPAIGN_NOT_FOUND").await;
}

#[tokio::test]
async fn an_edition_that_a_campaign_uses_cannot_change() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let before = campaign(&world).await.rules;
    let request = pb::GetDefinitionRequest {
        code: "par-departments".into(),
        edition: "2024".into(),
        as_of: None,
    };
    let definition = world.assessments.clone().get_definition(request).await;
    let document = definition.unwrap().into_inner().document;
    let changed = document.replace("late: 1,", "late: 0.5,").replace(
        "issued: late }, points: 1 }",
        "issued: late }, points: 0.5 }",
    );
    assert_ne!(changed, document);
    let mut assessments = world.assessments.clone();
    let request = pb::PutDefinitionInForceRequest {
        context: None,
        document: changed,
        ..pb::PutDefinitionInForceRequest::default()
    };
    let call = async { assessments.put_definition_in_force(request).await };
    expect(&world, call, Code::FailedPrecondition, "EDITION_IMMUTABLE").await;
    assert_eq!(campaign(&world).await.rules, before);
}

#[tokio::test]
async fn the_wrong_person_unit_or_stage_changes_nothing() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    filled_in(&world, HEALTH, "on_time", "9").await;
    filled_in(&world, HOME, "on_time", "9").await;
    let refused = Code::FailedPrecondition;
    let campaigns = || world.campaigns.clone();

    let foreign = pb::ClaimLeafRequest {
        context: by("assessor-H40.03", TRADE),
        ..claim(HEALTH, "plan", 1, vec![state("issued", "late")])
    };
    expect(
        &world,
        async { campaigns().claim_leaf(foreign).await },
        Code::PermissionDenied,
        "OTHER_UNIT",
    )
    .await;
    let again = claim(HEALTH, "plan", 1, vec![state("issued", "late")]);
    expect(
        &world,
        async { campaigns().claim_leaf(again).await },
        refused,
        "SUBMITTED",
    )
    .await;
    let surveyed = claim(TRADE, "survey", 0, vec![]);
    expect(
        &world,
        async { campaigns().claim_leaf(surveyed).await },
        refused,
        "LEAF_SURVEYED",
    )
    .await;
    let unknown = claim(TRADE, "nothing", 0, vec![]);
    let call = async { campaigns().claim_leaf(unknown).await };
    expect(&world, call, Code::NotFound, "LEAF_NOT_FOUND").await;
    let nobody = claim("H40.09", "plan", 0, vec![]);
    let call = async { campaigns().claim_leaf(nobody).await };
    expect(&world, call, Code::NotFound, "ASSESSMENT_NOT_FOUND").await;
    let own = assign("binh", HOME, &[HOME]);
    expect(
        &world,
        async { campaigns().assign_appraiser(own).await },
        refused,
        "OWN_UNIT",
    )
    .await;
    let early = appraise(("binh", HOME), HEALTH, "plan", 1, Accept, ("", ""));
    expect(
        &world,
        async { campaigns().appraise_leaf(early).await },
        refused,
        "STAGE_NOT_OPEN",
    )
    .await;

    world.restart_at(DEADLINES[0]).await;
    world
        .newest::<pb::CampaignStageLocked>(&format!("campaign-{CAMPAIGN}"), 1)
        .await;
    let campaigns = || world.campaigns.clone();
    let own = appraise(("binh", HOME), HOME, "plan", 1, Accept, ("", ""));
    expect(
        &world,
        async { campaigns().appraise_leaf(own).await },
        Code::PermissionDenied,
        "OWN_UNIT",
    )
    .await;
    let unassigned = appraise(("dao", TRADE), HEALTH, "plan", 1, Accept, ("", ""));
    let call = async { campaigns().appraise_leaf(unassigned).await };
    expect(&world, call, Code::PermissionDenied, "NOT_ASSIGNED").await;
    let nowhere = appraise(("binh", ""), HEALTH, "plan", 1, Accept, ("", ""));
    expect(
        &world,
        async { campaigns().appraise_leaf(nowhere).await },
        Code::PermissionDenied,
        "NO_UNIT",
    )
    .await;
    let beyond = appraise(("binh", HOME), HEALTH, "plan", 1, Change, ("2.5", "more"));
    let call = async { campaigns().appraise_leaf(beyond).await };
    expect(&world, call, refused, "POINTS_OUT_OF_RANGE").await;
    let silent = appraise(("binh", HOME), HEALTH, "plan", 1, Change, ("1", ""));
    let call = async { campaigns().appraise_leaf(silent).await };
    expect(&world, call, Code::InvalidArgument, "INVALID_ARGUMENT").await;
    let unmeasured = appraise(("binh", HOME), HEALTH, "speed", 0, Accept, ("", ""));
    let call = async { campaigns().appraise_leaf(unmeasured).await };
    expect(&world, call, Code::Unavailable, "UNAVAILABLE").await;
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_a_trial_changes_nothing() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let mut request = claim(HEALTH, "plan", 0, vec![state("issued", "late")]);
    let context = request.context.as_mut().unwrap();
    context.request_id = runtime::Ids::random().uuid().to_string();
    context.validate_only = true;
    let mut campaigns = world.campaigns.clone();
    let head = world.head().await;
    let tried = campaigns
        .claim_leaf(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((tried.leaf_version, world.head().await), (1, head));
    request.context.as_mut().unwrap().validate_only = false;
    let first = campaigns
        .claim_leaf(request.clone())
        .await
        .unwrap()
        .into_inner();
    let mut other = claim(HEALTH, "plan", 1, vec![state("issued", "none")]);
    other.evidence.clear();
    campaigns.claim_leaf(other).await.unwrap();
    let again = campaigns.claim_leaf(request).await.unwrap().into_inner();
    assert_eq!(again, first);
    assert_eq!(world.head().await, head + 2);
}
