//! What is refused of tasks leaves the log as it is.

use contracts::assessments::v1 as pb;
use pb::task_origin::Origin;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::given::*;
use crate::tasks::*;
use crate::world::World;

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

/// The leaf of an origin, to change.
fn leaf(request: &mut pb::AssignTaskRequest) -> &mut pb::LeafOrigin {
    match request.origin.as_mut().and_then(|it| it.origin.as_mut()) {
        Some(Origin::Leaf(leaf)) => leaf,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tasks_refer_to_what_is_there() {
    let world = World::start_at(PLANNED).await;
    open_campaign(&world).await;
    let (refused, invalid, absent) = (
        Code::FailedPrecondition,
        Code::InvalidArgument,
        Code::NotFound,
    );
    type Change = fn(&mut pb::AssignTaskRequest);
    let cases: [(Change, Code, &str); 19] = [
        (|it| it.code = "KH 165".into(), invalid, "INVALID_ARGUMENT"),
        (|it| it.title = " ".into(), invalid, "INVALID_ARGUMENT"),
        (|it| it.title = "x".repeat(201), invalid, "INVALID_ARGUMENT"),
        (|it| it.plan = "x".repeat(201), invalid, "INVALID_ARGUMENT"),
        (
            |it| it.person = "x".repeat(101),
            invalid,
            "INVALID_ARGUMENT",
        ),
        (|it| it.origin = None, invalid, "INVALID_ARGUMENT"),
        (|it| it.due_at = None, invalid, "INVALID_ARGUMENT"),
        (|it| it.due_at = at(PLANNED), refused, "DUE_DATE_PASSED"),
        (|it| it.unit = "H40.77".into(), refused, "UNKNOWN_UNIT"),
        (|it| it.unit = "x".into(), invalid, "INVALID_ARGUMENT"),
        (
            |it| leaf(it).edition = "2024".into(),
            invalid,
            "INVALID_ARGUMENT",
        ),
        (
            |it| leaf(it).index = String::new(),
            invalid,
            "INVALID_ARGUMENT",
        ),
        (
            |it| leaf(it).period = "2024-13".into(),
            invalid,
            "INVALID_ARGUMENT",
        ),
        (
            |it| leaf(it).period = "2023".into(),
            refused,
            "EDITION_NOT_IN_FORCE",
        ),
        (
            |it| leaf(it).index = "par-districts".into(),
            refused,
            "EDITION_NOT_IN_FORCE",
        ),
        (
            |it| leaf(it).leaf = "no-such".into(),
            absent,
            "LEAF_NOT_FOUND",
        ),
        (
            |it| leaf(it).campaign = "par-1999".into(),
            absent,
            "CAMPAIGN_NOT_FOUND",
        ),
        (
            |it| {
                leaf(it).campaign = CAMPAIGN.into();
                leaf(it).period = "2023".into();
            },
            invalid,
            "INVALID_ARGUMENT",
        ),
        (
            |it| {
                // Founded after the campaign's day.
                leaf(it).campaign = CAMPAIGN.into();
                it.unit = "H40.09".into();
            },
            absent,
            "ASSESSMENT_NOT_FOUND",
        ),
    ];
    for (change, code, reason) in cases {
        let mut request = wanted(TASK, speed());
        change(&mut request);
        expect(&world, assigned(&world, request), code, reason).await;
    }
    let finding = because(Origin::Finding(pb::FindingOrigin {
        document: String::new(),
        date: "31/3/2025".to_owned(),
        text: String::new(),
    }));
    let status = assigned(
        &world,
        pb::AssignTaskRequest {
            title: String::new(),
            ..wanted(TASK, finding)
        },
    );
    let status = status.await.unwrap_err();
    let named: Vec<_> = status
        .get_details_bad_request()
        .unwrap()
        .field_violations
        .into_iter()
        .map(|it| it.field)
        .collect();
    let origin = "origin.finding";
    assert_eq!(
        named,
        [
            "title".to_owned(),
            format!("{origin}.document"),
            format!("{origin}.date"),
            format!("{origin}.text")
        ],
        "all faults at once"
    );
}

#[tokio::test]
async fn everybody_keeps_to_what_is_theirs_and_to_the_order_of_things() {
    let world = World::start_at(PLANNED).await;
    province(&world).await;
    let refused = Code::FailedPrecondition;
    let mut improvements = world.improvements.clone();
    let none = improvements.confirm_completion(confirm("no-such"));
    expect(&world, none, Code::NotFound, "TASK_NOT_FOUND").await;
    assigned(&world, wanted(TASK, yearly_plan())).await.unwrap();
    let other = pb::AssignTaskRequest {
        title: "khác".to_owned(),
        ..wanted(TASK, yearly_plan())
    };
    expect(
        &world,
        assigned(&world, other),
        Code::AlreadyExists,
        "CODE_TAKEN",
    )
    .await;
    let foreign = pb::NoteProgressRequest {
        context: by("lan", TRADE),
        ..note(10)
    };
    expect(
        &world,
        improvements.note_progress(foreign),
        refused,
        "OTHER_UNIT",
    )
    .await;
    let nobody = pb::NoteProgressRequest {
        context: by("", HEALTH),
        ..note(10)
    };
    let invalid = (Code::InvalidArgument, "INVALID_ARGUMENT");
    expect(
        &world,
        improvements.note_progress(nobody),
        invalid.0,
        invalid.1,
    )
    .await;
    for percent in [-1, 101] {
        let noted = improvements.note_progress(note(percent));
        expect(&world, noted, invalid.0, invalid.1).await;
    }
    let mut cited = evidence();
    cited[0].initiative = "SK-2024-017".to_owned();
    for proof in [vec![], cited] {
        let reported = improvements.report_completion(report(TASK, proof));
        expect(&world, reported, invalid.0, invalid.1).await;
    }
    let early = improvements.confirm_completion(confirm(TASK));
    expect(&world, early, refused, "STATE_DOES_NOT_ALLOW").await;
    improvements
        .report_completion(report(TASK, evidence()))
        .await
        .unwrap();
    for (actor, unit, reason) in [
        (assessor(HEALTH), HEALTH, "OWN_UNIT"),
        ("nam".to_owned(), HEALTH, "OWN_UNIT"),
        (assessor(HEALTH), HOME, "OWN_WORK"),
        ("binh".to_owned(), "", "NO_UNIT"),
    ] {
        let request = pb::ConfirmCompletionRequest {
            context: by(&actor, unit),
            ..confirm(TASK)
        };
        let confirmed = improvements.confirm_completion(request);
        expect(&world, confirmed, refused, reason).await;
    }
    let late = improvements.note_progress(note(10));
    expect(&world, late, refused, "STATE_DOES_NOT_ALLOW").await;
    let mut stale = confirm(TASK);
    stale.context.as_mut().unwrap().expected_version = Some(1);
    let stale = improvements.confirm_completion(stale);
    expect(&world, stale, Code::Aborted, "VERSION_CONFLICT").await;
    let head = world.head().await;
    let mut trial = confirm(TASK);
    trial.context.as_mut().unwrap().validate_only = true;
    let trial = improvements.confirm_completion(trial).await.unwrap();
    assert_eq!(trial.into_inner().state(), pb::TaskState::Confirmed);
    assert_eq!(world.head().await, head);
    let confirmed = improvements.confirm_completion(confirm(TASK)).await;
    confirmed.unwrap();
    let cancel = improvements.cancel_task(pb::CancelTaskRequest {
        context: by("anh", HOME),
        code: TASK.to_owned(),
        reason: "trùng".to_owned(),
    });
    expect(&world, cancel, refused, "STATE_DOES_NOT_ALLOW").await;
}
