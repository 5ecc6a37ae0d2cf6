//! A database of its own for every test, and short ways to say what is appended.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use contracts::log::v1::Metadata;
use eventlog::{
    Append, AppendError, Appended, Clock, EventLog, Expected, NewEvent, NewReceipt, Recorded,
    StreamAppend,
};
use jiff::Timestamp;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Longest that any single thing may take on a busy machine.
pub(crate) const CEILING: Duration = Duration::from_secs(60);

/// How to connect to a new, empty database.
pub(crate) async fn database() -> PgConnectOptions {
    let url = stack::shared().fresh_database("eventlog").unwrap();
    url.parse().unwrap()
}

pub(crate) async fn pool(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(8)
        .connect_with(options.clone())
        .await
        .unwrap()
}

/// An open log on `options`; several on the same database stand for several processes.
pub(crate) async fn open(options: &PgConnectOptions) -> EventLog {
    open_until(options, CancellationToken::new()).await
}

pub(crate) async fn open_until(
    options: &PgConnectOptions,
    shutdown: CancellationToken,
) -> EventLog {
    EventLog::open(pool(options).await, "test", ticking(), shutdown)
        .await
        .unwrap()
}

/// A log in a new database.
pub(crate) async fn fresh() -> EventLog {
    open(&database().await).await
}

/// A clock that moves by a microsecond whenever it is read.
pub(crate) fn ticking() -> Clock {
    let micros = AtomicI64::new(1_713_169_800_000_000);
    Arc::new(move || {
        let now = micros.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_microsecond(now).unwrap()
    })
}

pub(crate) fn event(payload: &str) -> NewEvent {
    NewEvent {
        kind: "test.Happened",
        payload: payload.to_owned().into(),
        metadata: Metadata {
            actor: "tester".into(),
            ..Default::default()
        },
    }
}

pub(crate) fn to(stream: &str, expected: Expected, payloads: &[&str]) -> StreamAppend {
    StreamAppend {
        stream: stream.to_owned(),
        expected,
        events: payloads.iter().map(|payload| event(payload)).collect(),
    }
}

pub(crate) fn receipt(request_id: u128, content: u8, response: &str) -> NewReceipt {
    NewReceipt {
        request_id: Uuid::from_u128(request_id),
        method: "Test".into(),
        request_hash: [content; 32],
        response: response.to_owned().into(),
    }
}

/// Appends to one stream.
pub(crate) async fn append(
    log: &EventLog,
    stream: &str,
    expected: Expected,
    payloads: &[&str],
) -> Result<Appended, AppendError> {
    let streams = vec![to(stream, expected, payloads)];
    log.append(Append {
        streams,
        receipts: Vec::new(),
    })
    .await
}

/// The whole log.
pub(crate) async fn all(log: &EventLog) -> Vec<Recorded> {
    let mut events = Vec::new();
    loop {
        let after = events.last().map_or(0, |event: &Recorded| event.position);
        let page = log.read(after, 10_000).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

pub(crate) fn payload(event: &Recorded) -> String {
    String::from_utf8(event.payload.to_vec()).unwrap()
}

/// The log as `position stream@version payload`, to read at a glance.
pub(crate) async fn story(log: &EventLog) -> Vec<String> {
    let line = |event: &Recorded| {
        let Recorded {
            position,
            stream,
            version,
            ..
        } = event;
        format!("{position} {stream}@{version} {}", payload(event))
    };
    all(log).await.iter().map(line).collect()
}

/// Positions without a gap, streams in order, chain sound.
pub(crate) async fn assert_sound(log: &EventLog) {
    let mut versions = std::collections::BTreeMap::new();
    let mut recorded_at = Timestamp::MIN;
    for (event, position) in all(log).await.iter().zip(1..) {
        assert_eq!(event.position, position, "the log has a gap");
        let version = versions.entry(event.stream.clone()).or_insert(0);
        *version += 1;
        assert_eq!(
            event.version, *version,
            "stream {} is out of order",
            event.stream
        );
        assert!(
            event.recorded_at >= recorded_at,
            "time went back at {position}"
        );
        recorded_at = event.recorded_at;
    }
    assert_eq!(log.verify(0, |_| ()).await.unwrap().damage, None);
}

/// Waits for a condition, under one generous ceiling.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        tokio::time::timeout(CEILING, wait).await.is_ok(),
        "not in time: {what}"
    );
}

/// A small source of numbers that look random and are the same on every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}
