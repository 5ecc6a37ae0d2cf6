//! Tasks of improvement plans from their assignment to their confirmation, and what became of what they are about.

use contracts::assessments::v1 as pb;
use contracts::scoring::v1::GetScoresRequest;
use pb::TaskEntryKind::{Assigned, Confirmed, ProgressNoted, Reported, Returned};
use pb::task_origin::Origin;
use tonic::{Code, Status};

use crate::files::{metadata, naming, scan, send, sha256};
use crate::given::*;
use crate::world::{World, eventually};

pub(crate) const TASK: &str = "kh-165-017";
pub(crate) const PLAN: &str = "165/KH-UBND";
pub(crate) const DUE: &str = "2025-01-20T10:00:00Z";

pub(crate) fn because(origin: Origin) -> Option<pb::TaskOrigin> {
    Some(pb::TaskOrigin {
        origin: Some(origin),
    })
}

pub(crate) fn yearly_plan() -> Option<pb::TaskOrigin> {
    because(Origin::YearlyPlan(pb::YearlyPlanOrigin {
        document: PLAN.to_owned(),
        item: "II.3".to_owned(),
    }))
}

/// The leaf that is measured, by its live score.
pub(crate) fn speed() -> Option<pb::TaskOrigin> {
    because(Origin::Leaf(pb::LeafOrigin {
        index: "par-departments".to_owned(),
        period: "2024".to_owned(),
        leaf: "speed".to_owned(),
        ..Default::default()
    }))
}

/// A task of Health, by the organiser.
pub(crate) fn wanted(code: &str, origin: Option<pb::TaskOrigin>) -> pb::AssignTaskRequest {
    pb::AssignTaskRequest {
        context: by("anh", HOME),
        code: code.to_owned(),
        title: "Công khai đủ thủ tục hành chính".to_owned(),
        plan: PLAN.to_owned(),
        origin,
        unit: HEALTH.to_owned(),
        person: assessor(HEALTH),
        due_at: at(DUE),
    }
}

pub(crate) async fn assigned(
    world: &World,
    request: pb::AssignTaskRequest,
) -> Result<pb::Task, Status> {
    let answer = world.improvements.clone().assign_task(request).await?;
    Ok(answer.into_inner())
}

pub(crate) fn note(percent: i32) -> pb::NoteProgressRequest {
    pb::NoteProgressRequest {
        context: by(&assessor(HEALTH), HEALTH),
        code: TASK.to_owned(),
        percent,
        text: "đã rà soát".to_owned(),
    }
}

pub(crate) fn report(code: &str, evidence: Vec<pb::Evidence>) -> pb::ReportCompletionRequest {
    pb::ReportCompletionRequest {
        context: by(&assessor(HEALTH), HEALTH),
        code: code.to_owned(),
        text: "đã công khai".to_owned(),
        evidence,
    }
}

pub(crate) fn confirm(code: &str) -> pb::ConfirmCompletionRequest {
    pb::ConfirmCompletionRequest {
        context: by("binh", HOME),
        code: code.to_owned(),
    }
}

pub(crate) async fn get(world: &World, code: &str) -> pb::Task {
    as_of_version(world, code, 0).await.unwrap()
}

async fn as_of_version(world: &World, code: &str, version: i64) -> Result<pb::Task, Status> {
    let request = pb::GetTaskRequest {
        code: code.to_owned(),
        version,
        as_of: None,
    };
    let answer = world.improvements.clone().get_task(request).await?;
    Ok(answer.into_inner())
}

/// Every page of a list, as codes.
pub(crate) async fn codes(world: &World, mut request: pb::ListTasksRequest) -> Vec<String> {
    let mut codes = Vec::new();
    loop {
        let page = world.improvements.clone().list_tasks(request.clone()).await;
        let page = page.unwrap().into_inner();
        codes.extend(page.tasks.into_iter().map(|task| task.code));
        if page.next_page_token.is_empty() {
            return codes;
        }
        request.page_token = page.next_page_token;
    }
}

/// A figure is reported, and the leaf has these points by it.
async fn published(world: &World, month: &str, value: &str, points: &str) {
    let report = pb::ReportMeasureRequest {
        unit: HEALTH.to_owned(),
        month: month.to_owned(),
        measure: "published".to_owned(),
        value: value.to_owned(),
        source: "portal".to_owned(),
        ..Default::default()
    };
    let mut assessments = world.assessments.clone();
    assessments.report_measure(report).await.unwrap();
    let request = GetScoresRequest {
        index: "par-departments".to_owned(),
        period: month[..4].to_owned(),
        subject: HEALTH.to_owned(),
        ..Default::default()
    };
    eventually("scoring knows the figure", async || {
        let answer = world.scoring().get_scores(request.clone()).await.ok()?;
        let mut leaves = answer
            .into_inner()
            .subjects
            .into_iter()
            .flat_map(|it| it.leaves);
        leaves.find(|leaf| leaf.leaf == "speed" && leaf.points == points)
    })
    .await;
}

/// Before, now and the difference, as text.
fn figures(task: &pb::Task) -> [String; 3] {
    let effect = task.effect.clone().unwrap();
    let value = |reading: Option<pb::TaskReading>| reading.unwrap_or_default().value;
    [value(effect.before), value(effect.now), effect.difference]
}

async fn reported_with_a_file(world: &World) {
    let mut improvements = world.improvements.clone();
    let bytes = scan(1);
    let proof = [evidence(), naming(&sha256(&bytes))].concat();
    let head = world.head().await;
    let early = improvements
        .report_completion(report(TASK, proof.clone()))
        .await
        .unwrap_err();
    assert!(early.message().contains("evidence[1].sha256"), "{early:?}");
    assert_eq!(
        refused(Err::<(), _>(early)),
        (Code::FailedPrecondition, "EVIDENCE_UNFOUNDED".to_owned())
    );
    assert_eq!(world.head().await, head);
    send(world, metadata(HEALTH, &bytes), &bytes).await.unwrap();
    let head = world.head().await;
    let first = improvements
        .report_completion(report(TASK, proof.clone()))
        .await;
    let first = first.unwrap().into_inner();
    assert_eq!(
        (first.state(), first.percent),
        (pb::TaskState::Reported, 100)
    );
    let again = improvements.report_completion(report(TASK, proof)).await;
    assert_eq!(again.unwrap().into_inner(), first);
    assert_eq!(world.head().await, head + 1);
}

#[tokio::test]
async fn a_shortcoming_is_followed_up_until_somebody_else_finds_it_mended() {
    let world = World::start_at(PLANNED).await.with_scoring().await;
    open_campaign(&world).await;
    published(&world, "2024-12", "7", "0.70").await;
    let mut improvements = world.improvements.clone();
    let mut request = wanted(TASK, speed());
    let id = runtime::Ids::random().uuid().to_string();
    request.context.as_mut().unwrap().request_id = id;
    let first = assigned(&world, request.clone()).await.unwrap();
    assert_eq!(assigned(&world, request.clone()).await.unwrap(), first);
    request.context = by("anh", HOME);
    let head = world.head().await;
    let again = assigned(&world, request).await.unwrap();
    assert_eq!((again, world.head().await), (first.clone(), head));
    let Some(Origin::Leaf(leaf)) = first.origin.and_then(|it| it.origin) else {
        panic!("another origin");
    };
    assert_eq!(leaf.edition, "2024", "the service found it");
    let before = first.effect.unwrap().before.unwrap();
    assert_eq!(
        (
            before.value.as_str(),
            before.max.as_str(),
            before.period.as_str()
        ),
        ("0.70", "1", "2024")
    );
    // Nothing is counted in the running year yet.
    assert_eq!(figures(&get(&world, TASK).await), ["0.70", "0.70", "0.00"]);
    published(&world, "2025-01", "6", "0.60").await;
    assert_eq!(figures(&get(&world, TASK).await), ["0.70", "0.60", "-0.10"]);

    let noted = improvements.note_progress(note(60)).await.unwrap();
    assert_eq!(noted.into_inner().percent, 60);
    reported_with_a_file(&world).await;
    let back = pb::ReturnTaskRequest {
        context: by("binh", HOME),
        code: TASK.to_owned(),
        reason: "thiếu phụ lục".to_owned(),
    };
    let back = improvements.return_task(back).await.unwrap().into_inner();
    assert_eq!((back.state(), back.percent), (pb::TaskState::Open, 60));
    let proof = evidence();
    improvements
        .report_completion(report(TASK, proof))
        .await
        .unwrap();
    let done = improvements.confirm_completion(confirm(TASK)).await;
    let done = done.unwrap().into_inner();
    assert_eq!(done.state(), pb::TaskState::Confirmed);
    assert!(done.effect.as_ref().unwrap().frozen);
    assert_eq!(figures(&done), ["0.70", "0.60", "-0.10"]);
    published(&world, "2025-02", "4", "1.00").await;
    assert_eq!(get(&world, TASK).await, done, "its effect is frozen");

    let kinds: Vec<_> = done.history.iter().map(pb::TaskEntry::kind).collect();
    assert_eq!(
        kinds,
        [
            Assigned,
            ProgressNoted,
            Reported,
            Returned,
            Reported,
            Confirmed
        ]
    );
    assert_eq!(done.history[2].evidence.len(), 2);
    assert_eq!(done.history[5].by, "binh");
    let as_assigned = as_of_version(&world, TASK, 1).await.unwrap();
    assert_eq!(
        (as_assigned.state(), as_assigned.history.len()),
        (pb::TaskState::Open, 1)
    );
    assert_eq!(
        as_assigned.effect.unwrap().now,
        None,
        "what was live then is not kept"
    );
    let beyond = as_of_version(&world, TASK, 7).await;
    assert_eq!(beyond.unwrap_err().code(), Code::OutOfRange);
    let as_of = |moment: &str| pb::GetTaskRequest {
        code: TASK.to_owned(),
        version: 0,
        as_of: at(moment),
    };
    let to_come = improvements.get_task(as_of("2099-01-01T00:00:00Z")).await;
    assert_eq!(to_come.unwrap_err().code(), Code::OutOfRange);
    let before = as_of("2020-01-01T00:00:00Z");
    assert_eq!(
        refused(improvements.get_task(before).await),
        (Code::NotFound, "TASK_NOT_FOUND".to_owned())
    );
}

#[tokio::test]
async fn a_leaf_is_worth_what_its_campaign_decided() {
    let mut world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    filled_in(&world, HEALTH, "on_time", "9").await;
    world.restart_at(DEADLINES[0]).await;
    let stream = format!("campaign-{CAMPAIGN}");
    world.newest::<pb::CampaignStageLocked>(&stream, 1).await;
    let change = pb::AppraisalVerdict::Change;
    let changed = appraise(
        ("binh", HOME),
        HEALTH,
        "tasks",
        1,
        change,
        ("4", "one is late"),
    );
    let mut campaigns = world.campaigns.clone();
    campaigns.appraise_leaf(changed).await.unwrap();
    let tasks = |campaign: &str, leaf: &str| {
        because(Origin::Leaf(pb::LeafOrigin {
            campaign: campaign.to_owned(),
            leaf: leaf.to_owned(),
            ..Default::default()
        }))
    };
    let later = |code, origin| pb::AssignTaskRequest {
        due_at: at("2025-06-30T16:59:59Z"),
        ..wanted(code, origin)
    };
    let task = assigned(&world, later(TASK, tasks(CAMPAIGN, "tasks"))).await;
    let before = task.unwrap().effect.unwrap().before.unwrap();
    assert_eq!(
        before,
        pb::TaskReading {
            value: "4".to_owned(),
            max: "5".to_owned(),
            period: "2024".to_owned(),
            campaign: CAMPAIGN.to_owned(),
            reason: String::new(),
        }
    );
    assert_eq!(figures(&get(&world, TASK).await), ["4", "4", "0"]);
    // Nobody decided on this one, and nobody answers for scoring: the task is there all the same.
    let silent = assigned(&world, later("silent", tasks(CAMPAIGN, "speed"))).await;
    let before = silent.unwrap().effect.unwrap().before.unwrap();
    assert_eq!(
        (before.value.as_str(), before.reason.as_str()),
        ("", "scoring does not answer now")
    );
    assert_eq!(figures(&get(&world, "silent").await), ["", "", ""]);
}

#[tokio::test]
async fn tasks_are_listed_by_what_is_asked_and_page_by_page() {
    let world = World::start_at(PLANNED).await;
    province(&world).await;
    for (code, unit, plan) in [
        ("t-1", HEALTH, PLAN),
        ("t-2", TRADE, PLAN),
        ("t-3", HEALTH, ""),
    ] {
        let request = pb::AssignTaskRequest {
            unit: unit.to_owned(),
            plan: plan.to_owned(),
            ..wanted(code, yearly_plan())
        };
        assigned(&world, request).await.unwrap();
    }
    let cancel = pb::CancelTaskRequest {
        context: by("anh", HOME),
        code: "t-3".to_owned(),
        reason: "trùng".to_owned(),
    };
    world
        .improvements
        .clone()
        .cancel_task(cancel)
        .await
        .unwrap();
    let all = pb::ListTasksRequest {
        page_size: 1,
        ..Default::default()
    };
    let asked = |change: fn(&mut pb::ListTasksRequest)| {
        let mut request = all.clone();
        change(&mut request);
        request
    };
    for (request, expected) in [
        (asked(|_| ()), vec!["t-1", "t-2", "t-3"]),
        (asked(|it| it.unit = HEALTH.into()), vec!["t-1", "t-3"]),
        (asked(|it| it.plan = PLAN.into()), vec!["t-1", "t-2"]),
        (
            asked(|it| it.set_state(pb::TaskState::Open)),
            vec!["t-1", "t-2"],
        ),
        (asked(|it| it.overdue = true), vec![]),
    ] {
        assert_eq!(codes(&world, request).await, expected);
    }
    let mut improvements = world.improvements.clone();
    let page = improvements
        .list_tasks(all.clone())
        .await
        .unwrap()
        .into_inner();
    assert!(page.tasks[0].history.is_empty());
    let foreign = pb::ListTasksRequest {
        page_token: page.next_page_token,
        ..asked(|it| it.plan = PLAN.into())
    };
    let foreign = improvements.list_tasks(foreign).await.unwrap_err();
    assert_eq!(foreign.code(), Code::InvalidArgument);
}
