//! Many writers over several appenders on one database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use eventlog::{Append, AppendError, EventLog, Expected, Version};

use crate::support::{CEILING, Dice, all, assert_sound, database, open, payload, to};

const APPENDERS: u64 = 3;
const WRITERS: u64 = 24;
const STREAMS: u64 = 12;
const ROUNDS: usize = 60;

/// What one writer was told.
#[derive(Default)]
struct Told {
    /// Position of each acknowledged event, by its payload.
    acknowledged: BTreeMap<String, i64>,
    refused: BTreeSet<String>,
    longest: Duration,
}

/// Appends until [`ROUNDS`] appends were acknowledged, to streams that others write too.
async fn write(log: EventLog, writer: u64) -> Told {
    let mut dice = Dice::new(writer);
    let mut seen: BTreeMap<String, Version> = BTreeMap::new();
    let mut told = Told::default();
    let mut tries = 0;
    while told.acknowledged.len() < ROUNDS {
        tries += 1;
        let names: BTreeSet<String> = (0..1 + dice.roll(2))
            .map(|_| format!("a-{}", dice.roll(STREAMS)))
            .collect();
        let names: Vec<String> = names.into_iter().collect();
        let payloads: Vec<String> = names
            .iter()
            .map(|name| format!("{writer}.{tries} {name}"))
            .collect();
        let streams = names.iter().zip(&payloads).map(|(name, payload)| {
            let expected = match (dice.roll(4), seen.get(name)) {
                (0, _) => Expected::Any,
                (_, Some(version)) => Expected::Version(*version),
                (_, None) => Expected::NoStream,
            };
            to(name, expected, &[payload])
        });
        let append = Append {
            streams: streams.collect(),
            receipts: vec![],
        };
        let asked: BTreeMap<_, _> = append
            .streams
            .iter()
            .map(|stream| (stream.stream.clone(), stream.expected))
            .collect();

        let started = Instant::now();
        let answer = log.append(append).await;
        told.longest = told.longest.max(started.elapsed());
        match answer {
            Ok(appended) => {
                told.acknowledged
                    .extend(payloads.into_iter().zip(appended.first..));
                seen.extend(names.into_iter().zip(appended.versions));
            }
            Err(AppendError::Conflict {
                stream,
                expected,
                actual,
            }) => {
                assert_eq!(
                    asked.get(&stream),
                    Some(&expected),
                    "somebody else's conflict"
                );
                let wrong = match expected {
                    Expected::Any => true,
                    Expected::NoStream => actual == 0,
                    Expected::Version(version) => actual <= version,
                };
                assert!(!wrong, "{stream} is at {actual}, {expected} was asked for");
                seen.insert(stream, actual);
                told.refused.extend(payloads);
            }
            Err(error) => panic!("writer {writer}: {error:?}"),
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_over_three_appenders_lose_nothing_and_wait_for_nobody() {
    let options = database().await;
    let mut logs = Vec::new();
    for _ in 0..APPENDERS {
        logs.push(open(&options).await);
    }
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let log = logs[(writer % APPENDERS) as usize].clone();
            tokio::spawn(write(log, writer))
        })
        .collect();
    let mut acknowledged = BTreeMap::new();
    let mut refused = BTreeSet::new();
    for writer in writers {
        let told = tokio::time::timeout(CEILING, writer)
            .await
            .expect("nobody starves")
            .unwrap();
        assert!(
            told.longest < Duration::from_secs(10),
            "one waited for {:?}",
            told.longest
        );
        acknowledged.extend(told.acknowledged);
        refused.extend(told.refused);
    }

    let written: BTreeMap<_, _> = all(&logs[0])
        .await
        .iter()
        .map(|event| (payload(event), event.position))
        .collect();
    assert_eq!(
        written, acknowledged,
        "what is in the log is what was acknowledged, and where"
    );
    assert!(refused.iter().all(|payload| !written.contains_key(payload)));
    assert!(
        !refused.is_empty(),
        "writers of the same streams must have met"
    );
    assert_sound(&logs[0]).await;
    for log in &logs {
        assert_eq!(log.head().await.unwrap().position, written.len() as i64);
    }
}

/// What one caller asks of a fresh appender must not depend on what that appender happens to
/// remember.
#[tokio::test]
async fn an_appender_learns_from_a_caller_who_knows_more() {
    let options = database().await;
    let (one, other) = (open(&options).await, open(&options).await);
    for version in 0..20 {
        let log = if version % 2 == 0 { &one } else { &other };
        let streams = vec![to("a-1", Expected::Version(version), &["next"])];
        let appended = log
            .append(Append {
                streams,
                receipts: vec![],
            })
            .await
            .unwrap();
        assert_eq!(appended.versions, [version + 1]);
    }
    assert_sound(&one).await;
}
