use std::sync::LazyLock;

use contracts::log::v1::Metadata;
use eventlog::{Append, Expected, NewEvent, StreamAppend};
use runtime::Clock;
use sqlx::PgPool;
use stack::{Options, Stack};
use tonic::Code;

use super::*;

static STACK: LazyLock<Stack> =
    LazyLock::new(|| Stack::start(&Options::named("projection").without_fsync()).expect("a stack"));

/// Batches kept for watchers in these tests.
const KEPT: usize = 2;
/// Longest wait for a message: far above what one takes.
const CEILING: Duration = Duration::from_secs(30);

type Messages = mpsc::Receiver<Result<pb::WatchIndicesResponse, Status>>;

/// A log of indices with its watchers.
struct World {
    log: EventLog,
    live: Broadcast,
    shutdown: Shutdown,
}

impl World {
    async fn start() -> Self {
        let database = STACK.fresh_database("projection").expect("a database");
        let pool = PgPool::connect(&database).await.expect("a connection");
        let (clock, shutdown) = (Clock::system().as_fn(), Shutdown::new());
        let log = EventLog::open(pool, "projection", clock, shutdown.clone());
        let log = log.await.expect("a log");
        let live = Broadcast::keeping(KEPT, log.clone(), shutdown.clone());
        Self {
            log,
            live,
            shutdown,
        }
    }

    /// Tells that the index of a subject has other totals, one after the other.
    async fn tell(&self, subject: &str, totals: std::ops::RangeInclusive<u32>) {
        for total in totals {
            let told = pb::IndexChanged {
                index: "x".into(),
                period: "2024-01".into(),
                subject: subject.into(),
                total: total.to_string(),
                ..Default::default()
            };
            let event = NewEvent {
                kind: "chiso.projection.v1.IndexChanged",
                payload: told.encode_to_vec().into(),
                metadata: Metadata::default(),
            };
            let streams = vec![StreamAppend {
                stream: format!("index-x-{subject}"),
                expected: Expected::Any,
                events: vec![event],
            }];
            let append = Append {
                streams,
                receipts: Vec::new(),
            };
            self.log.append(append).await.expect("appended");
        }
    }

    fn watch(&self, filter: Filter, token: &str) -> Result<Messages, Problem> {
        let position = if token.is_empty() {
            0
        } else {
            resume(&self.log, &filter, token)?
        };
        Ok(start(&self.live, filter, position, VecDeque::new()))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn of(subjects: &[&str]) -> Filter {
    Filter {
        index: String::new(),
        period: String::new(),
        subjects: subjects.iter().map(ToString::to_string).collect(),
    }
}

/// The next message that is no heartbeat.
async fn next(messages: &mut Messages) -> Kind {
    loop {
        let message = tokio::time::timeout(CEILING, messages.recv()).await;
        let message = message
            .expect("in time")
            .expect("it goes on")
            .expect("no error");
        match message.kind.expect("a kind") {
            Kind::Checkpoint(_) => {}
            kind => return kind,
        }
    }
}

/// The totals told until the watcher is caught up, and the token that says so.
async fn caught_up(messages: &mut Messages) -> (Vec<u32>, String) {
    let mut totals = Vec::new();
    loop {
        match next(messages).await {
            Kind::IndexChanged(told) => totals.push(told.total.parse().expect("a number")),
            Kind::CaughtUp(up) => return (totals, up.resume_token),
            other => panic!("not to be told now: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_where_its_token_was_given_and_skips_and_repeats_nothing() {
    let world = World::start().await;
    world.tell("H40.01", 1..=3).await;
    world.tell("H40.02", 4..=4).await;
    let filter = of(&["H40.01"]);
    let mut messages = world.watch(filter.clone(), "").expect("a watch");
    let (totals, token) = caught_up(&mut messages).await;
    assert_eq!(totals, [1, 2, 3]);
    drop(messages);
    world.tell("H40.01", 5..=6).await;
    let mut messages = world.watch(filter.clone(), &token).expect("a watch");
    let (totals, _) = caught_up(&mut messages).await;
    assert_eq!(totals, [5, 6]);
    world.tell("H40.01", 7..=7).await;
    let Kind::IndexChanged(live) = next(&mut messages).await else {
        panic!("a change is told as it happens");
    };
    assert_eq!(live.total, "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_its_filter_and_its_log_only() {
    let (world, other) = (World::start().await, World::start().await);
    world.tell("H40.01", 1..=1).await;
    let mut messages = world.watch(of(&["H40.01"]), "").expect("a watch");
    let (_, token) = caught_up(&mut messages).await;
    let refused = |world: &World, filter, token: &str| {
        let refused = world.watch(filter, token).expect_err("it is refused");
        refused.code()
    };
    assert_eq!(refused(&world, of(&[]), &token), Code::InvalidArgument);
    assert_eq!(refused(&world, of(&["H40.01"]), "x"), Code::InvalidArgument);
    assert_eq!(refused(&other, of(&["H40.01"]), &token), Code::OutOfRange);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_falls_behind_is_told_so_and_misses_nothing() {
    let world = World::start().await;
    let mut messages = world.watch(of(&[]), "").expect("a watch");
    caught_up(&mut messages).await;
    // More than its queue and the kept batches hold.
    let told = u32::try_from(QUEUE).expect("few") + 100;
    world.tell("H40.01", 1..=told).await;
    let (mut totals, mut fell_behind) = (Vec::new(), 0);
    while totals.last() != Some(&told) {
        match next(&mut messages).await {
            Kind::IndexChanged(change) => totals.push(change.total.parse().expect("a number")),
            Kind::FellBehind(behind) => {
                fell_behind += 1;
                assert!(resume(&world.log, &of(&[]), &behind.resume_token).is_ok());
            }
            Kind::CaughtUp(_) => {}
            other => panic!("not to be told: {other:?}"),
        }
    }
    assert!(fell_behind > 0);
    assert_eq!(totals, (1..=told).collect::<Vec<_>>());
}
