//! Commits of which nobody heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eventlog::{Append, AppendError, Appended, EventLog, Expected};
use sqlx::{Connection, PgConnection};
use stack::{Options, Stack};
use tokio_util::sync::CancellationToken;

use crate::proxy::Proxy;
use crate::support::{
    CEILING, Dice, all, append, assert_sound, database, eventually, open, payload, pool, receipt,
    story, ticking, to,
};

/// A log whose appender goes by the proxy, with the connection it needs already made.
async fn behind_a_proxy() -> (EventLog, EventLog, Proxy) {
    let options = database().await;
    let proxy = Proxy::before(&options).await;
    // Nothing but the appender may use the proxy: it counts answers.
    let plain = open(&options).await;
    let pool = pool(&proxy.options(&options)).await;
    // Cancelled from the start: this log does not listen.
    let deaf = CancellationToken::new();
    deaf.cancel();
    let log = EventLog::open(pool, "test", ticking(), deaf).await.unwrap();
    append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
    (log, plain, proxy)
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_and_not_repeated() {
    let (log, plain, proxy) = behind_a_proxy().await;
    proxy.swallow(1);
    let appended = append(&log, "a-1", Expected::Version(1), &["two"])
        .await
        .unwrap();
    assert_eq!(proxy.swallowed(), 1, "the answer was lost");
    assert_eq!(
        appended,
        Appended {
            first: 2,
            last: 2,
            versions: vec![2]
        }
    );
    append(&log, "a-1", Expected::Version(2), &["three"])
        .await
        .unwrap();
    assert_eq!(
        story(&plain).await,
        ["1 a-1@1 one", "2 a-1@2 two", "3 a-1@3 three"]
    );
    assert_sound(&plain).await;
}

#[tokio::test]
async fn a_lost_commit_is_found_even_when_others_appended_since() {
    let (log, plain, proxy) = behind_a_proxy().await;
    proxy.swallow(1);
    let lost = tokio::spawn({
        let log = log.clone();
        async move { append(&log, "a-1", Expected::Any, &["lost"]).await }
    });
    // Whoever comes first, the other process appends before or after the lost commit is looked for.
    append(&plain, "a-1", Expected::Any, &["other"])
        .await
        .unwrap();
    let appended = lost.await.unwrap().unwrap();
    let found = plain.read(appended.first - 1, 1).await.unwrap();
    assert_eq!(payload(&found[0]), "lost");
    assert_eq!(all(&plain).await.len(), 3);
    // What the appender remembers of the stream is not from before the other's append.
    append(&log, "a-1", Expected::Any, &["next"]).await.unwrap();
    assert_sound(&plain).await;
}

#[tokio::test]
async fn a_lost_receipt_without_events_is_found_too() {
    let (log, plain, proxy) = behind_a_proxy().await;
    proxy.swallow(1);
    let quiet = Append {
        streams: vec![],
        receipts: vec![receipt(1, 7, "done")],
    };
    let appended = log.append(quiet.clone()).await.unwrap();
    assert_eq!((proxy.swallowed(), appended.last), (1, 1));
    let repeat = log.append(quiet).await;
    assert!(matches!(repeat, Err(AppendError::Receipt(_))), "{repeat:?}");
    assert_sound(&plain).await;
}

/// Loses answers at every point of the quick and of the careful way, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_answer_is_lost_every_append_is_made_exactly_once() {
    let (log, plain, proxy) = behind_a_proxy().await;
    let mut dice = Dice::new(4);
    for round in 0..150u64 {
        proxy.swallow(1 + dice.roll(9));
        let (name, expected) = match round % 3 {
            0 => (format!("new-{round}"), Expected::NoStream),
            1 => ("a-1".to_owned(), Expected::Any),
            // In the way of what the appender remembers.
            _ => {
                append(&plain, "b-1", Expected::Any, &["other"])
                    .await
                    .unwrap();
                ("b-1".to_owned(), Expected::Any)
            }
        };
        let content = format!("round {round}");
        let appends = (0..1 + round % 2).map(|part| {
            let content = format!("{content}.{part}");
            let streams = vec![to(
                &name,
                if part == 0 { expected } else { Expected::Any },
                &[&content],
            )];
            // Without a receipt, only the hash chain can tell.
            let receipts = match round % 4 {
                0 | 1 => vec![receipt(u128::from(round * 2 + part) + 1, 7, "done")],
                _ => vec![],
            };
            log.append(Append { streams, receipts })
        });
        for appended in futures::future::join_all(appends).await {
            let appended = appended.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
            let event = plain.read(appended.first - 1, 1).await.unwrap().remove(0);
            assert!(
                payload(&event).starts_with(&content),
                "{event:?} is not {content}"
            );
        }
    }
    assert!(
        proxy.swallowed() > 50,
        "only {} answers were lost",
        proxy.swallowed()
    );
    let mut payloads: Vec<_> = all(&plain).await.iter().map(payload).collect();
    payloads.retain(|payload| payload.starts_with("round"));
    assert_eq!(payloads.len(), 225);
    payloads.sort();
    payloads.dedup();
    assert_eq!(payloads.len(), 225, "nothing is written twice");
    assert_sound(&plain).await;
}

/// Appends with a receipt until acknowledged, as a client does that repeats its calls.
async fn persist(log: &EventLog, caller: u64, call: u64) -> i64 {
    let content = format!("{caller}.{call}");
    loop {
        let streams = vec![to(&format!("a-{}", call % 5), Expected::Any, &[&content])];
        let receipts = vec![receipt(u128::from(caller << 32 | call) + 1, 7, "done")];
        match log.append(Append { streams, receipts }).await {
            Ok(appended) => return appended.first,
            Err(AppendError::Receipt(receipt)) => return receipt.first,
            Err(AppendError::Storage(_)) => {}
            Err(error) => panic!("{content}: {error:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_outlive_a_crash_of_the_database() {
    let stack = Stack::start(&Options::named("eventlog-crash")).unwrap();
    let options = stack.fresh_database("eventlog").unwrap().parse().unwrap();
    let log = open(&options).await;
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let log = log.clone();
            tokio::spawn(async move {
                let mut positions = Vec::new();
                for call in 0..200 {
                    positions.push((
                        persist(&log, caller, call).await,
                        format!("{caller}.{call}"),
                    ));
                }
                positions
            })
        })
        .collect();
    for crash in 1..=2 {
        eventually("some appends between crashes", || async {
            *log.heads().borrow() > crash * 300
        })
        .await;
        tokio::task::block_in_place(|| stack.kill_postgres()).unwrap();
        // It does not start before the last process of the crashed one has noticed and gone.
        eventually("PostgreSQL starts again", || async {
            tokio::task::block_in_place(|| stack.start_postgres()).is_ok()
        })
        .await;
    }
    let mut acknowledged = Vec::new();
    for caller in callers {
        acknowledged.extend(
            tokio::time::timeout(CEILING, caller)
                .await
                .unwrap()
                .unwrap(),
        );
    }
    acknowledged.sort();
    let written: Vec<_> = all(&log)
        .await
        .iter()
        .map(|event| (event.position, payload(event)))
        .collect();
    assert_eq!(
        written, acknowledged,
        "each is in the log once, where it was said to be"
    );
    assert_sound(&log).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_under_killed_connections_are_in_the_log_exactly_once() {
    let options = database().await;
    let logs = [open(&options).await, open(&options).await];
    let stop = Arc::new(AtomicBool::new(false));
    let killer = tokio::spawn({
        let (stop, options) = (stop.clone(), options.clone());
        async move {
            let mut killer = PgConnection::connect_with(&options).await.unwrap();
            let mut dice = Dice::new(7);
            while !stop.load(Ordering::Relaxed) {
                sqlx::query(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                    where datname = current_database() and application_name like '%appender'",
                )
                .execute(&mut killer)
                .await
                .unwrap();
                tokio::time::sleep(Duration::from_millis(5 + dice.roll(80))).await;
            }
        }
    });
    let callers: Vec<_> = (0..16u64)
        .map(|caller| {
            let log = logs[(caller % 2) as usize].clone();
            tokio::spawn(async move {
                let mut positions = Vec::new();
                for call in 0..25 {
                    positions.push((
                        persist(&log, caller, call).await,
                        format!("{caller}.{call}"),
                    ));
                }
                positions
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    for caller in callers {
        acknowledged.extend(
            tokio::time::timeout(CEILING, caller)
                .await
                .unwrap()
                .unwrap(),
        );
    }
    stop.store(true, Ordering::Relaxed);
    killer.await.unwrap();
    acknowledged.sort();
    let check = open(&options).await;
    let written: Vec<_> = all(&check)
        .await
        .iter()
        .map(|event| (event.position, payload(event)))
        .collect();
    assert_eq!(
        written, acknowledged,
        "each is in the log once, where it was said to be"
    );
    assert_sound(&check).await;
}
