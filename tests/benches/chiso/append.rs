//! Appends to an event log, beside the same rows written without one.

use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use contracts::log::v1::Metadata;
use eventlog::{Append, EventLog, Expected, NewEvent, NewReceipt, StreamAppend};
use runtime::{Clock, Ids, Shutdown};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use stack::Stack;

use crate::Plan;
use crate::measure::{Caller, Cell, Measured, closed_loop};
use crate::peers::{self, BatchCaller, SingleCaller, make_table};
use crate::report::{Part, head, quantiles, rate, row};

/// Streams that the commands go round.
pub(crate) const STREAMS: usize = 20_000;
/// Bytes of a payload.
pub(crate) const PAYLOAD: usize = 256;
/// Events of a bulk append, rows of a batched insert.
pub(crate) const BULK: usize = 1_000;
/// Connections of one-transaction-per-command, at most: more make it slower.
const CONNECTIONS: usize = 64;
const CALLERS: [usize; 3] = [1, 32, 512];
/// What a type of event is called.
pub(crate) const KIND: &str = "chiso.dossiers.v1.ActivityNoted";

/// What is appended again and again.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) payload: Bytes,
    pub(crate) metadata: Metadata,
}

impl Sample {
    pub(crate) fn new() -> Self {
        let id = "0199d5c6-7b1f-7c3a-9a55-0f6f6c3f6a11".to_owned();
        Self {
            payload: Bytes::from(vec![42; PAYLOAD]),
            metadata: Metadata {
                event_id: id.clone(),
                request_id: id,
                actor: "cb01".to_owned(),
                ..Default::default()
            },
        }
    }

    fn event(&self) -> NewEvent {
        NewEvent {
            kind: KIND,
            payload: self.payload.clone(),
            metadata: self.metadata.clone(),
        }
    }
}

/// The streams of one caller in turn, with the version of each.
pub(crate) struct Streams {
    own: Vec<(String, i64)>,
    next: usize,
}

impl Streams {
    pub(crate) fn of(caller: usize, callers: usize) -> Self {
        let own = (caller..STREAMS).step_by(callers);
        Self {
            own: own
                .map(|stream| (format!("dossier-{stream:06}"), 0))
                .collect(),
            next: 0,
        }
    }

    /// The next stream and its version so far.
    pub(crate) fn next(&mut self) -> (&str, i64) {
        self.next = (self.next + 1) % self.own.len();
        let (stream, version) = &mut self.own[self.next];
        *version += 1;
        (stream, *version - 1)
    }
}

/// One command after the other through the log.
struct LogCaller {
    log: EventLog,
    streams: Streams,
    sample: Sample,
    receipts: Option<Ids>,
    /// Events of a command, each for a stream of its own.
    events: usize,
}

impl Caller for LogCaller {
    async fn once(&mut self) -> anyhow::Result<u64> {
        let mut append = Append::default();
        for _ in 0..self.events {
            let (stream, version) = self.streams.next();
            append.streams.push(StreamAppend {
                stream: stream.to_owned(),
                expected: Expected::Version(version),
                events: vec![self.sample.event()],
            });
        }
        append
            .receipts
            .extend(self.receipts.as_ref().map(|ids| NewReceipt {
                request_id: ids.uuid(),
                method: "NoteActivity".to_owned(),
                request_hash: [3; 32],
                response: self.sample.payload.clone(),
            }));
        self.log.append(append).await.context("appending")?;
        Ok(self.events as u64)
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Log,
    LogWithReceipts,
    Pooled,
    Transactions,
    LogBulk,
    RawBulk,
}

pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let stack = Stack::start(&stack::Options::named("bench-append"))?;
    let part = Part::begin("Appends", stack.folder())?;
    let mut table: Vec<(Way, usize, Cell)> = Vec::new();
    for callers in CALLERS {
        for (way, name) in [
            (Way::Log, "event log"),
            (Way::LogWithReceipts, "event log, with receipts"),
            (Way::Pooled, "one transaction per command, pool"),
            (Way::Transactions, "one transaction per command, no pool"),
        ] {
            table.push((way, callers, Cell::new(name)));
        }
    }
    table.push((
        Way::LogBulk,
        1,
        Cell::new("event log, 1,000 events an append"),
    ));
    table.push((
        Way::RawBulk,
        1,
        Cell::new("raw insert, 1,000 rows a statement"),
    ));
    for _ in 0..plan.rounds {
        for (way, callers, cell) in &mut table {
            let url = stack.fresh_database("append")?;
            cell.add(measure(&url, *way, *callers, plan).await?);
        }
    }
    print(&table);
    part.end()
}

async fn measure(url: &str, way: Way, callers: usize, plan: Plan) -> anyhow::Result<Measured> {
    let connections = u32::try_from(callers.clamp(2, CONNECTIONS))?;
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .connect(url)
        .await
        .context("connecting")?;
    let measured = match way {
        Way::Log | Way::LogWithReceipts => {
            let receipts = matches!(way, Way::LogWithReceipts);
            through_log(&pool, callers, 1, receipts, plan).await
        }
        Way::LogBulk => through_log(&pool, 1, BULK, false, plan).await,
        Way::Pooled | Way::Transactions => {
            make_table(&pool).await?;
            settle(&pool).await?;
            let ways = match way {
                Way::Pooled => vec![peers::Way::Pool(pool.clone())],
                _ => peers::own(url, callers.min(CONNECTIONS)).await?,
            };
            let callers = (0..callers).map(|caller| {
                let way = ways[caller % ways.len()].clone();
                SingleCaller::new(way, Streams::of(caller, callers))
            });
            closed_loop(callers.collect(), plan.cell).await
        }
        Way::RawBulk => {
            make_table(&pool).await?;
            settle(&pool).await?;
            let caller = BatchCaller::new(url, Streams::of(0, 1)).await?;
            closed_loop(vec![caller], plan.cell).await
        }
    }?;
    pool.close().await;
    Ok(measured)
}

async fn through_log(
    pool: &PgPool,
    callers: usize,
    events: usize,
    receipts: bool,
    plan: Plan,
) -> anyhow::Result<Measured> {
    let shutdown = Shutdown::new();
    let log = open(pool.clone(), shutdown.clone()).await?;
    settle(pool).await?;
    let callers = (0..callers).map(|caller| LogCaller {
        log: log.clone(),
        streams: Streams::of(caller, callers),
        sample: Sample::new(),
        receipts: receipts.then(Ids::random),
        events,
    });
    let measured = closed_loop(callers.collect(), plan.cell).await;
    shutdown.cancel();
    measured
}

/// A log on a database of its own.
pub(crate) async fn open(pool: PgPool, shutdown: Shutdown) -> anyhow::Result<EventLog> {
    let clock: eventlog::Clock = Arc::new({
        let clock = Clock::system();
        move || clock.now()
    });
    EventLog::open(pool, "bench", clock, shutdown)
        .await
        .context("opening a log")
}

/// No cell pays for the pages that the one before it left.
async fn settle(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::query("checkpoint").execute(pool).await?;
    Ok(())
}

fn print(table: &[(Way, usize, Cell)]) {
    head(&[
        "256-byte events",
        "callers",
        "events/s",
        "p50 ms",
        "p99 ms",
        "× pool (p50)",
        "× no pool (p50)",
    ]);
    for (way, callers, cell) in table {
        let beside = |wanted: Way| {
            let peer = table
                .iter()
                .find(|(way, count, _)| *way == wanted && count == callers);
            match (way, peer) {
                (Way::Log | Way::LogWithReceipts, Some((_, _, peer))) => {
                    let latency = cell.quantile(0.5) / peer.quantile(0.5);
                    format!("**{:.2}** ({latency:.2})", cell.ratio(peer))
                }
                _ => String::new(),
            }
        };
        let [p50, p99] = quantiles(cell);
        row(&[
            cell.name.clone(),
            callers.to_string(),
            rate(cell),
            p50,
            p99,
            beside(Way::Pooled),
            beside(Way::Transactions),
        ]);
    }
    println!(
        "\nStated: at 32 callers at least 2.3 times one transaction per command, at half its p50 or less."
    );
    if let [.., (_, _, log), (_, _, raw)] = table {
        let share = 100.0 * log.ratio(raw);
        println!(
            "In bulk the event log (versions, hash chain) reaches {share:.0} % of the raw insert."
        );
    }
}
