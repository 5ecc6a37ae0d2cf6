//! Due dates pass by themselves.

use contracts::assessments::v1 as pb;

use crate::given::*;
use crate::tasks::*;
use crate::world::World;

const LATER: &str = "2025-01-25T10:00:00Z";

fn overdue() -> pb::ListTasksRequest {
    pb::ListTasksRequest {
        overdue: true,
        ..Default::default()
    }
}

#[tokio::test]
async fn an_open_task_becomes_overdue_with_nobody_calling_once_by_a_date() {
    let mut world = World::start_at(PLANNED).await;
    province(&world).await;
    for code in [TASK, "in-time"] {
        assigned(&world, wanted(code, yearly_plan())).await.unwrap();
    }
    let mut improvements = world.improvements.clone();
    let in_time = report("in-time", evidence());
    improvements.report_completion(in_time).await.unwrap();
    // Two seconds before: the clock passes the date while the service runs.
    world.restart_at("2025-01-20T09:59:58Z").await;
    let stream = format!("task-{TASK}");
    let (metadata, event) = world.newest::<pb::TaskOverdue>(&stream, 1).await;
    assert_eq!((event.due_at, metadata.occurred_at), (at(DUE), at(DUE)));
    assert_eq!(metadata.actor, "timer");
    let task = get(&world, TASK).await;
    assert!(task.overdue);
    assert_eq!(task.overdue_since, at(DUE));
    assert_eq!(codes(&world, overdue()).await, [TASK]);

    let mut improvements = world.improvements.clone();
    let moved = pb::MoveDueDateRequest {
        context: by("anh", HOME),
        code: TASK.to_owned(),
        due_at: at(LATER),
        reason: "bão".to_owned(),
    };
    let task = improvements
        .move_due_date(moved)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((task.overdue, task.overdue_since), (false, None));
    assert_eq!((task.due_at, task.first_due_at), (at(LATER), at(DUE)));
    let entry = task.history.last().unwrap();
    assert_eq!((entry.previous_due_at, entry.due_at), (at(DUE), at(LATER)));

    // The date passes while nobody runs.
    world.restart_at("2025-02-01T00:00:00Z").await;
    let (metadata, event) = world.newest::<pb::TaskOverdue>(&stream, 2).await;
    assert_eq!((event.due_at, metadata.occurred_at), (at(LATER), at(LATER)));
    world.restart_at("2025-02-02T00:00:00Z").await;
    let mut improvements = world.improvements.clone();
    let late = improvements
        .report_completion(report(TASK, evidence()))
        .await;
    let late = late.unwrap().into_inner();
    assert_eq!((late.overdue, late.overdue_since), (false, at(LATER)));
    assert_eq!(world.events(&stream).await.len(), 5, "each date once");

    let confirmed = improvements.confirm_completion(confirm("in-time")).await;
    let confirmed = confirmed.unwrap().into_inner();
    assert_eq!(confirmed.overdue_since, None, "it was reported in time");
    assert_eq!(world.events("task-in-time").await.len(), 3);
    assert!(codes(&world, overdue()).await.is_empty());
}

#[tokio::test]
async fn what_comes_back_after_its_date_is_overdue_from_then_on() {
    let mut world = World::start_at(PLANNED).await;
    province(&world).await;
    assigned(&world, wanted(TASK, yearly_plan())).await.unwrap();
    let mut improvements = world.improvements.clone();
    improvements
        .report_completion(report(TASK, evidence()))
        .await
        .unwrap();
    world.restart_at("2025-01-22T00:00:00Z").await;
    let back = pb::ReturnTaskRequest {
        context: by("binh", HOME),
        code: TASK.to_owned(),
        reason: "thiếu phụ lục".to_owned(),
    };
    let mut improvements = world.improvements.clone();
    let back = improvements.return_task(back).await.unwrap().into_inner();
    assert!(back.overdue);
    let stream = format!("task-{TASK}");
    let (metadata, event) = world.newest::<pb::TaskOverdue>(&stream, 1).await;
    let returned_at = back.history.last().unwrap().at;
    assert_eq!((event.due_at, metadata.occurred_at), (at(DUE), returned_at));
    assert_eq!(get(&world, TASK).await.overdue_since, returned_at);
}
