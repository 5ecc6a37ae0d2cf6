//! What one process appends.

use std::sync::Arc;

use eventlog::{Append, AppendError, Appended, EventLog, Expected, MAX_EVENT_BYTES, ZERO_HASH};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::support::{
    all, append, assert_sound, database, eventually, fresh, open, pool, story, to,
};

#[tokio::test]
async fn events_get_positions_and_versions_in_order() {
    let log = fresh().await;
    let first = append(&log, "a-1", Expected::NoStream, &["one", "two"])
        .await
        .unwrap();
    assert_eq!(
        first,
        Appended {
            first: 1,
            last: 2,
            versions: vec![2]
        }
    );
    let second = append(&log, "b-1", Expected::Version(0), &["three"])
        .await
        .unwrap();
    assert_eq!(
        second,
        Appended {
            first: 3,
            last: 3,
            versions: vec![1]
        }
    );
    let third = append(&log, "a-1", Expected::Version(2), &["four"])
        .await
        .unwrap();
    assert_eq!(
        third,
        Appended {
            first: 4,
            last: 4,
            versions: vec![3]
        }
    );
    append(&log, "a-1", Expected::Any, &["five"]).await.unwrap();

    assert_eq!(
        story(&log).await,
        [
            "1 a-1@1 one",
            "2 a-1@2 two",
            "3 b-1@1 three",
            "4 a-1@3 four",
            "5 a-1@4 five"
        ]
    );
    let loaded = log.load("a-1").await.unwrap();
    assert_eq!(
        loaded.iter().map(|event| event.version).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    assert_eq!(loaded[0].metadata().unwrap().actor, "tester");
    assert_sound(&log).await;
}

#[tokio::test]
async fn an_empty_log_has_a_head_of_zero() {
    let log = fresh().await;
    let head = log.head().await.unwrap();
    assert_eq!((head.position, head.hash), (0, ZERO_HASH));
    assert!(log.load("a-1").await.unwrap().is_empty());
    assert_sound(&log).await;
}

#[tokio::test]
async fn a_stale_append_is_told_the_actual_version() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one", "two"])
        .await
        .unwrap();
    for expected in [
        Expected::NoStream,
        Expected::Version(1),
        Expected::Version(3),
    ] {
        match append(&log, "a-1", expected, &["late"]).await {
            Err(AppendError::Conflict {
                stream,
                expected: told,
                actual: 2,
            }) => {
                assert_eq!((stream.as_str(), told), ("a-1", expected));
            }
            other => panic!("{expected:?}: {other:?}"),
        }
    }
    assert_eq!(log.head().await.unwrap().position, 2);
}

#[tokio::test]
async fn several_streams_are_appended_together_or_not_at_all() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
    let streams = vec![
        to("b-1", Expected::NoStream, &["never"]),
        to("a-1", Expected::NoStream, &["never"]),
    ];
    let refused = log
        .append(Append {
            streams,
            receipts: vec![],
        })
        .await;
    assert!(
        matches!(refused, Err(AppendError::Conflict { actual: 1, .. })),
        "{refused:?}"
    );

    let streams = vec![
        to("b-1", Expected::NoStream, &["two"]),
        to("a-1", Expected::Version(1), &["three"]),
        to("b-1", Expected::Version(1), &["four"]),
    ];
    let appended = log
        .append(Append {
            streams,
            receipts: vec![],
        })
        .await
        .unwrap();
    assert_eq!(
        appended,
        Appended {
            first: 2,
            last: 4,
            versions: vec![1, 2, 2]
        }
    );
    assert_eq!(
        story(&log).await,
        [
            "1 a-1@1 one",
            "2 b-1@1 two",
            "3 a-1@2 three",
            "4 b-1@2 four"
        ]
    );
}

#[tokio::test]
async fn appends_to_one_stream_may_ride_in_one_batch_in_order() {
    let log = fresh().await;
    // Polled together before the appender runs, so they wait together.
    let appends = (0..50).map(|version| {
        let log = log.clone();
        async move { append(&log, "a-1", Expected::Version(version), &["next"]).await }
    });
    let answers = futures::future::join_all(appends).await;
    for (answer, position) in answers.into_iter().zip(1..) {
        assert_eq!(answer.unwrap().first, position);
    }
    assert_sound(&log).await;
}

#[tokio::test]
async fn a_stale_append_fails_alone_in_its_batch() {
    let log = fresh().await;
    let appends = (0..60).map(|number| {
        let (log, stream) = (log.clone(), format!("a-{number}"));
        let expected = if number % 3 == 0 {
            Expected::Version(9)
        } else {
            Expected::NoStream
        };
        async move { append(&log, &stream, expected, &["x"]).await }
    });
    let answers = futures::future::join_all(appends).await;
    for (answer, number) in answers.into_iter().zip(0..) {
        let conflict = matches!(answer, Err(AppendError::Conflict { actual: 0, .. }));
        assert_eq!(conflict, number % 3 == 0, "append {number}: {answer:?}");
    }
    assert_eq!(all(&log).await.len(), 40);
    assert_sound(&log).await;
}

#[tokio::test]
async fn an_append_that_the_database_refuses_fails_alone_in_its_batch() {
    let log = fresh().await;
    sqlx::query("alter table eventlog.events add check (payload <> 'poison')")
        .execute(log.pool())
        .await
        .unwrap();
    let appends = (0..9).map(|number| {
        let (log, stream) = (log.clone(), format!("a-{number}"));
        let payload = if number == 4 { "poison" } else { "food" };
        async move { append(&log, &stream, Expected::NoStream, &[payload]).await }
    });
    let answers = futures::future::join_all(appends).await;
    for (answer, number) in answers.into_iter().zip(0..) {
        assert_eq!(answer.is_err(), number == 4, "append {number}: {answer:?}");
    }
    assert_sound(&log).await;
}

#[tokio::test]
async fn what_no_log_takes_is_refused_by_name() {
    let log = fresh().await;
    for (stream, why) in [
        ("", "must have a name"),
        ("a\0b", "zero byte"),
        (&*"a".repeat(501), "500"),
    ] {
        let error = append(&log, stream, Expected::Any, &["x"])
            .await
            .unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    let error = append(&log, "a-1", Expected::Version(-1), &["x"])
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "expected_version must not be negative");
    let large = "x".repeat(MAX_EVENT_BYTES + 1);
    let error = append(&log, "a-1", Expected::Any, &[&large])
        .await
        .unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { .. }), "{error:?}");
    let many = vec!["x"; 10_001];
    let error = append(&log, "a-1", Expected::Any, &many).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the append has 10001 events and may have 10000; split it"
    );
    assert_eq!(log.head().await.unwrap().position, 0);
}

#[tokio::test]
async fn the_largest_append_and_the_largest_event_are_taken() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &vec!["x"; 10_000])
        .await
        .unwrap();
    let large = "x".repeat(MAX_EVENT_BYTES - 100);
    append(&log, "b-1", Expected::NoStream, &[&large])
        .await
        .unwrap();
    assert_eq!(log.load("a-1").await.unwrap().len(), 10_000);
    assert_sound(&log).await;
}

#[tokio::test]
async fn a_caller_who_leaves_loses_nothing() {
    let log = fresh().await;
    let mut leaving = Box::pin(append(&log, "a-1", Expected::NoStream, &["one"]));
    // Polled once, it is queued; then the caller goes.
    assert!(futures::poll!(&mut leaving).is_pending());
    drop(leaving);
    eventually("the append of the caller who left", || async {
        log.head().await.unwrap().position == 1
    })
    .await;
    append(&log, "a-1", Expected::Version(1), &["two"])
        .await
        .unwrap();
}

#[tokio::test]
async fn time_never_goes_back_even_when_the_clock_does() {
    let options = database().await;
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    for (time, stream) in [
        ("2024-04-15T08:30:00.123456789Z", "a-1"),
        ("2024-04-15T08:00:00Z", "a-2"),
    ] {
        let now = at(time);
        let token = CancellationToken::new();
        let log = EventLog::open(pool(&options).await, "test", Arc::new(move || now), token)
            .await
            .unwrap();
        append(&log, stream, Expected::NoStream, &["x"])
            .await
            .unwrap();
    }
    let log = open(&options).await;
    for event in all(&log).await {
        assert_eq!(event.recorded_at, at("2024-04-15T08:30:00.123456Z"));
        assert_eq!(event.occurred_at(), event.recorded_at);
    }
    assert_sound(&log).await;
}

#[tokio::test]
async fn a_log_keeps_its_epoch_and_another_has_its_own() {
    let options = database().await;
    let epoch = open(&options).await.epoch();
    assert_eq!(open(&options).await.epoch(), epoch);
    assert_ne!(fresh().await.epoch(), epoch);
}

#[tokio::test]
async fn history_is_not_rewritten_by_accident() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
    for statement in [
        "update eventlog.events set payload = ''",
        "delete from eventlog.events",
        "truncate eventlog.events",
        "delete from eventlog.head",
        "update eventlog.receipts set response = ''",
    ] {
        let error = sqlx::query(statement)
            .execute(log.pool())
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("append-only"),
            "{statement}: {error}"
        );
    }
}

#[tokio::test]
async fn a_failing_database_is_no_secret_but_its_words_are() {
    let log = fresh().await;
    sqlx::query("alter table eventlog.events rename to hidden")
        .execute(log.pool())
        .await
        .unwrap();
    let error = append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap_err();
    assert!(matches!(error, AppendError::Storage(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("repeat the call with the same request id")
    );
    let problem = contracts::problem::Problem::from(error);
    assert_eq!(problem.code(), tonic::Code::Unavailable);
    assert!(
        !problem.message().contains("eventlog.events"),
        "{}",
        problem.message()
    );
}

#[tokio::test]
async fn an_append_of_nothing_is_answered_with_the_head() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
    let appended = append(&log, "a-1", Expected::Version(1), &[])
        .await
        .unwrap();
    assert_eq!(
        appended,
        Appended {
            first: 1,
            last: 1,
            versions: vec![1]
        }
    );
    let appended = log.append(Append::default()).await.unwrap();
    assert_eq!(
        appended,
        Appended {
            first: 1,
            last: 1,
            versions: vec![]
        }
    );
}
