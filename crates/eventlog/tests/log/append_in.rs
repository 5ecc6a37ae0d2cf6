//! Appends within the caller's own transaction.

use eventlog::{AppendError, Appended, Expected};
use sqlx::Connection;

use crate::support::{append, assert_sound, database, eventually, fresh, open, story, to};

#[tokio::test]
async fn events_and_the_callers_rows_are_committed_together() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
    sqlx::query("create table checkpoint (position bigint)")
        .execute(log.pool())
        .await
        .unwrap();

    let mut tx = log.pool().begin().await.unwrap();
    sqlx::query("insert into checkpoint values (7)")
        .execute(&mut *tx)
        .await
        .unwrap();
    let streams = vec![
        to("a-1", Expected::Version(1), &["two"]),
        to("b-1", Expected::Any, &["three", "four"]),
    ];
    let appended = log.append_in(&mut tx, streams).await.unwrap();
    assert_eq!(
        appended,
        Appended {
            first: 2,
            last: 4,
            versions: vec![2, 2]
        }
    );
    assert_eq!(log.head().await.unwrap().position, 1, "not yet committed");
    tx.commit().await.unwrap();
    log.committed(&appended);

    assert_eq!(*log.heads().borrow(), 4);
    append(&log, "b-1", Expected::Version(2), &["five"])
        .await
        .unwrap();
    assert_eq!(
        story(&log).await,
        [
            "1 a-1@1 one",
            "2 a-1@2 two",
            "3 b-1@1 three",
            "4 b-1@2 four",
            "5 b-1@3 five"
        ]
    );
    assert_sound(&log).await;
}

#[tokio::test]
async fn a_rolled_back_transaction_leaves_no_gap() {
    let log = fresh().await;
    let mut tx = log.pool().begin().await.unwrap();
    log.append_in(&mut tx, vec![to("a-1", Expected::NoStream, &["never"])])
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    let appended = append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
    assert_eq!(appended.first, 1);
    assert_sound(&log).await;
}

#[tokio::test]
async fn after_a_conflict_the_transaction_can_go_on() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
    let mut tx = log.pool().begin().await.unwrap();
    let refused = log
        .append_in(&mut tx, vec![to("a-1", Expected::NoStream, &["late"])])
        .await;
    assert!(
        matches!(refused, Err(AppendError::Conflict { actual: 1, .. })),
        "{refused:?}"
    );
    let appended = log
        .append_in(&mut tx, vec![to("a-1", Expected::Version(1), &["two"])])
        .await
        .unwrap();
    assert_eq!(appended.first, 2);
    tx.commit().await.unwrap();
    assert_sound(&log).await;
}

#[tokio::test]
async fn appenders_wait_for_an_open_transaction_and_then_judge_by_it() {
    let options = database().await;
    let log = open(&options).await;
    append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
    let mut tx = log.pool().begin().await.unwrap();
    log.append_in(&mut tx, vec![to("a-1", Expected::Any, &["two"])])
        .await
        .unwrap();

    let (stale, next) = (log.clone(), log.clone());
    let stale =
        tokio::spawn(async move { append(&stale, "a-1", Expected::Version(1), &["late"]).await });
    let next =
        tokio::spawn(async move { append(&next, "b-1", Expected::NoStream, &["three"]).await });
    let mut watcher = sqlx::PgConnection::connect_with(&options).await.unwrap();
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() \
        and wait_event_type = 'Lock'";
    let mut blocked = 0;
    while blocked == 0 {
        blocked = sqlx::query_scalar::<_, i64>(waiting)
            .fetch_one(&mut watcher)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    let stale = stale.await.unwrap();
    assert!(
        matches!(stale, Err(AppendError::Conflict { actual: 2, .. })),
        "{stale:?}"
    );
    assert_eq!(next.await.unwrap().unwrap().first, 3);
    assert_sound(&log).await;
}

#[tokio::test]
async fn another_process_hears_of_it_without_being_told() {
    let options = database().await;
    let (log, other) = (open(&options).await, open(&options).await);
    let mut tx = log.pool().begin().await.unwrap();
    log.append_in(&mut tx, vec![to("a-1", Expected::NoStream, &["one"])])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for log in [&log, &other] {
        eventually("the head is heard of", || async {
            *log.heads().borrow() == 1
        })
        .await;
    }
    // Both remembered an empty log.
    append(&other, "a-1", Expected::Version(1), &["two"])
        .await
        .unwrap();
    append(&log, "a-1", Expected::Version(2), &["three"])
        .await
        .unwrap();
    assert_sound(&log).await;
}
