//! A unit ends, and its tasks go on with a successor.

use contracts::assessments::v1 as pb;
use contracts::registry::v1::{SucceedUnitRequest, SuccessionKind};
use tonic::{Code, Status};

use crate::given::*;
use crate::tasks::*;
use crate::world::World;

/// Before Health ends, and the day after it did.
const BEFORE: &str = "2025-01-06T02:00:00Z";
const ENDED: &str = "2025-01-08";

fn request() -> pb::HandOverTasksRequest {
    pb::HandOverTasksRequest {
        context: by("anh", HOME),
        unit: HEALTH.to_owned(),
        to_unit: TRADE.to_owned(),
        person: "lan".to_owned(),
        reason: "sáp nhập".to_owned(),
        ..Default::default()
    }
}

async fn ask(
    world: &World,
    request: pb::HandOverTasksRequest,
) -> Result<pb::HandOverTasksResponse, Status> {
    let answer = world.improvements.clone().hand_over_tasks(request).await?;
    Ok(answer.into_inner())
}

/// Four tasks of Health, one of them reported and one cancelled; then Health ends within Trade.
async fn ended() -> World {
    let mut world = World::start_at(BEFORE).await;
    province(&world).await;
    for code in ["t-1", "t-2", "t-3", "t-4"] {
        assigned(&world, wanted(code, yearly_plan())).await.unwrap();
    }
    let mut improvements = world.improvements.clone();
    improvements
        .report_completion(report("t-2", evidence()))
        .await
        .unwrap();
    let cancel = pb::CancelTaskRequest {
        context: by("anh", HOME),
        code: "t-4".to_owned(),
        reason: "trùng".to_owned(),
    };
    improvements.cancel_task(cancel).await.unwrap();
    let head = world.head().await;
    assert_eq!(
        refused(ask(&world, request()).await),
        (Code::FailedPrecondition, "UNIT_EXISTS".to_owned())
    );
    assert_eq!(world.head().await, head);
    let end = SucceedUnitRequest {
        code: HEALTH.to_owned(),
        kind: SuccessionKind::Merged.into(),
        successors: vec![TRADE.to_owned()],
        valid_until: ENDED.to_owned(),
        ..Default::default()
    };
    world.registry.clone().succeed_unit(end).await.unwrap();
    world.restart_at(PLANNED).await;
    world
}

#[tokio::test]
async fn unfinished_tasks_go_over_to_a_successor_in_batches_with_their_dates() {
    let world = ended().await;
    let gone = assigned(&world, wanted("t-5", yearly_plan())).await;
    assert_eq!(
        refused(gone),
        (Code::FailedPrecondition, "UNKNOWN_UNIT".to_owned())
    );
    let head = world.head().await;
    let with = |change: fn(&mut pb::HandOverTasksRequest)| {
        let mut request = request();
        change(&mut request);
        request
    };
    let unfit = Code::FailedPrecondition;
    for (asked, code, reason) in [
        (
            with(|it| it.to_unit = DISTRICT.into()),
            unfit,
            "NOT_A_SUCCESSOR",
        ),
        (
            with(|it| it.to_unit = "H40.77".into()),
            unfit,
            "UNKNOWN_UNIT",
        ),
        (with(|it| it.unit = TRADE.into()), unfit, "UNIT_EXISTS"),
        (with(|it| it.unit = "H40.77".into()), unfit, "UNKNOWN_UNIT"),
        (
            with(|it| it.codes = vec!["t-9".into()]),
            Code::NotFound,
            "TASK_NOT_FOUND",
        ),
        (
            with(|it| it.batch_size = 1_001),
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
        ),
        (
            with(|it| it.reason = String::new()),
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
        ),
    ] {
        assert_eq!(refused(ask(&world, asked).await), (code, reason.to_owned()));
    }
    let mut first = with(|it| it.batch_size = 2);
    let context = first.context.as_mut().unwrap();
    context.request_id = runtime::Ids::random().uuid().to_string();
    context.validate_only = true;
    let trial = ask(&world, first.clone()).await.unwrap();
    assert_eq!(
        (trial.codes.len(), trial.position, world.head().await),
        (2, 0, head)
    );
    first.context.as_mut().unwrap().validate_only = false;
    let answer = ask(&world, first.clone()).await.unwrap();
    assert_eq!(answer.codes, ["t-1", "t-2"]);
    assert_eq!((answer.remaining, answer.position), (1, head + 2));
    assert_eq!(
        (answer.unit.as_str(), answer.to_unit.as_str()),
        (HEALTH, TRADE)
    );
    assert_eq!(ask(&world, first).await.unwrap(), answer);
    assert_eq!(world.head().await, head + 2, "a repeat changes nothing");
    let rest = ask(&world, request()).await.unwrap();
    assert_eq!((rest.codes, rest.remaining), (vec!["t-3".to_owned()], 0));
    let nothing = ask(&world, request()).await.unwrap();
    assert_eq!((nothing.codes.len(), nothing.position), (0, 0));
    assert_eq!(world.head().await, head + 3);

    let moved = get(&world, "t-1").await;
    assert_eq!((moved.unit.as_str(), moved.person.as_str()), (TRADE, "lan"));
    assert_eq!(moved.due_at, at(DUE));
    assert_eq!(
        get(&world, "t-4").await.unit,
        HEALTH,
        "what is finished stays"
    );
    let mut improvements = world.improvements.clone();
    let noted = pb::NoteProgressRequest {
        context: by("lan", TRADE),
        code: "t-1".to_owned(),
        ..note(10)
    };
    improvements.note_progress(noted).await.unwrap();
    // What Health reported is judged by neither of them.
    let own = pb::ConfirmCompletionRequest {
        context: by("lan", TRADE),
        ..confirm("t-2")
    };
    assert_eq!(
        refused(improvements.confirm_completion(own).await).1,
        "OWN_UNIT"
    );
    improvements
        .confirm_completion(confirm("t-2"))
        .await
        .unwrap();
}

#[tokio::test]
async fn only_the_named_tasks_go_over_where_several_units_succeed() {
    let world = ended().await;
    let named = pb::HandOverTasksRequest {
        codes: vec!["t-3".to_owned(), "t-4".to_owned()],
        ..request()
    };
    let answer = ask(&world, named.clone()).await.unwrap();
    assert_eq!(
        (answer.codes, answer.remaining),
        (vec!["t-3".to_owned()], 2)
    );
    let head = world.head().await;
    let again = ask(&world, named).await.unwrap();
    assert_eq!((again.codes.len(), again.remaining), (0, 2));
    assert_eq!(world.head().await, head);
}
