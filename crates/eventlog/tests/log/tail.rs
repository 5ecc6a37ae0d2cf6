//! Readers that follow the log miss nothing, whatever writers do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eventlog::{Append, EventLog, Expected, Position};
use futures::StreamExt;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::support::{
    CEILING, Dice, all, append, assert_sound, database, fresh, open, open_until, to,
};

#[tokio::test]
async fn a_tail_gives_what_is_there_and_then_what_comes() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one", "two"])
        .await
        .unwrap();
    let mut tail = Box::pin(log.tail(1));
    let page = tail.next().await.unwrap().unwrap();
    assert_eq!(
        page.iter().map(|event| event.position).collect::<Vec<_>>(),
        [2]
    );
    assert!(futures::poll!(tail.next()).is_pending());
    append(&log, "a-1", Expected::Any, &["three"])
        .await
        .unwrap();
    let page = tail.next().await.unwrap().unwrap();
    assert_eq!(
        page.iter().map(|event| event.position).collect::<Vec<_>>(),
        [3]
    );
}

#[tokio::test]
async fn a_tail_ends_when_the_log_shuts_down_but_appends_go_on() {
    let shutdown = CancellationToken::new();
    let log = open_until(&database().await, shutdown.clone()).await;
    let mut tail = Box::pin(log.tail(0));
    assert!(futures::poll!(tail.next()).is_pending());
    shutdown.cancel();
    assert!(tail.next().await.is_none());
    append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
}

/// Follows the log in one way or another until it has seen position `until`.
async fn follow(
    log: EventLog,
    until: tokio::sync::watch::Receiver<Option<Position>>,
) -> Vec<Position> {
    let mut seen = Vec::new();
    let mut tail = Box::pin(log.tail(0));
    loop {
        let done = until
            .borrow()
            .is_some_and(|until| seen.last() >= Some(&until));
        if done {
            return seen;
        }
        match tail.next().await {
            Some(Ok(page)) => seen.extend(page.iter().map(|event| event.position)),
            _ => tail = Box::pin(log.tail(seen.last().copied().unwrap_or(0))),
        }
    }
}

/// Reads `position > n` in a tight loop, as any outsider may.
async fn poll(
    log: EventLog,
    until: tokio::sync::watch::Receiver<Option<Position>>,
) -> Vec<Position> {
    let mut seen: Vec<Position> = Vec::new();
    loop {
        if let Some(until) = *until.borrow()
            && seen.last() >= Some(&until)
        {
            return seen;
        }
        // A connection may be killed under it; then it reads again.
        if let Ok(page) = log.read(seen.last().copied().unwrap_or(0), 100).await {
            seen.extend(page.iter().map(|event| event.position));
        }
        tokio::task::yield_now().await;
    }
}

/// Appends in transactions that stay open for a while; says which payloads were committed for
/// certain.
async fn hold(log: EventLog, writer: u64, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut dice = Dice::new(writer);
    let mut committed = Vec::new();
    for round in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let payload = format!("held {writer}.{round}");
        let Ok(mut tx) = log.pool().begin().await else {
            continue;
        };
        let streams = vec![to(&format!("h-{writer}"), Expected::Any, &[&payload])];
        let Ok(appended) = log.append_in(&mut tx, streams).await else {
            continue;
        };
        tokio::time::sleep(Duration::from_millis(dice.roll(5))).await;
        if tx.commit().await.is_ok() {
            log.committed(&appended);
            committed.push(payload);
        }
    }
    committed
}

async fn write(log: EventLog, writer: u64, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut committed = Vec::new();
    for round in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let payload = format!("written {writer}.{round}");
        let streams = vec![to(&format!("w-{writer}"), Expected::Any, &[&payload])];
        log.append(Append {
            streams,
            receipts: vec![],
        })
        .await
        .unwrap();
        committed.push(payload);
    }
    committed
}

/// Ends one of the database's connections at a time, now an appender's, now a reader's or a
/// holder's.
async fn kill(options: PgConnectOptions, stop: Arc<AtomicBool>) -> i64 {
    let mut killer = PgConnection::connect_with(&options).await.unwrap();
    let mut killed = 0;
    while !stop.load(Ordering::Relaxed) {
        killed += sqlx::query_scalar::<_, i64>(
            "select count(pg_terminate_backend(pid)) from (
                select pid from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()
                order by random() limit 1
            ) victim",
        )
        .fetch_one(&mut killer)
        .await
        .unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_miss_nothing_while_transactions_are_held_and_writers_killed() {
    let options = database().await;
    let (one, other) = (open(&options).await, open(&options).await);
    let stop = Arc::new(AtomicBool::new(false));
    let (end, until) = tokio::sync::watch::channel(None);
    let readers = [
        tokio::spawn(follow(one.clone(), until.clone())),
        tokio::spawn(follow(other.clone(), until.clone())),
        tokio::spawn(poll(other.clone(), until)),
    ];
    let mut writers = Vec::new();
    for writer in 0..4 {
        let log = if writer % 2 == 0 { &one } else { &other };
        writers.push(tokio::spawn(hold(log.clone(), writer, stop.clone())));
        writers.push(tokio::spawn(write(log.clone(), writer, stop.clone())));
    }
    let killer = tokio::spawn(kill(options.clone(), stop.clone()));
    tokio::time::sleep(Duration::from_secs(4)).await;
    stop.store(true, Ordering::Relaxed);

    let mut committed = Vec::new();
    for writer in writers {
        committed.extend(
            tokio::time::timeout(CEILING, writer)
                .await
                .unwrap()
                .unwrap(),
        );
    }
    assert!(killer.await.unwrap() > 20);
    let check = open(&options).await;
    let head = check.head().await.unwrap().position;
    end.send_replace(Some(head));
    // Wakes the followers, should they have seen it all before.
    append(&one, "end-1", Expected::Any, &["end"])
        .await
        .unwrap();
    for reader in readers {
        let seen = tokio::time::timeout(CEILING, reader)
            .await
            .unwrap()
            .unwrap();
        let missed = (1..=head)
            .zip(&seen)
            .filter(|(position, seen)| position != *seen)
            .count();
        assert_eq!(missed, 0, "events missed or out of order");
        assert!(seen.len() as i64 >= head);
    }
    let mut written: Vec<_> = all(&check)
        .await
        .iter()
        .map(crate::support::payload)
        .collect();
    let before = written.len();
    written.sort();
    written.dedup();
    assert_eq!(written.len(), before, "nothing is written twice");
    for payload in committed {
        assert!(
            written.binary_search(&payload).is_ok(),
            "{payload} was acknowledged and is gone"
        );
    }
    assert_sound(&check).await;
}
