//! Callers in a closed loop, and what came of the rounds.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

/// Not counted at the beginning of a cell: connections, caches and batches settle.
const WARM_UP: Duration = Duration::from_millis(300);
/// Longer latencies count as this long: a minute, in microseconds.
const LONGEST: u64 = 60_000_000;
/// Digits that a histogram of microseconds keeps.
const DIGITS: u8 = 3;

/// A caller.
pub(crate) trait Caller: Send + 'static {
    /// Does one operation; says how many events it made.
    fn once(&mut self) -> impl Future<Output = anyhow::Result<u64>> + Send;
}

/// What a cell came to in one round.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Events in the counted time.
    events: u64,
    elapsed: Duration,
    /// Microseconds of each operation.
    latency: Histogram<u64>,
}

impl Measured {
    /// Events a second.
    pub(crate) fn rate(&self) -> f64 {
        self.events as f64 / self.elapsed.as_secs_f64()
    }
}

/// An empty histogram of microseconds.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, DIGITS).expect("the bounds are in order")
}

/// Microseconds of a time.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Lets every caller do one operation after the other until the time is over.
pub(crate) async fn closed_loop<C: Caller>(
    callers: Vec<C>,
    time: Duration,
) -> anyhow::Result<Measured> {
    let from = Instant::now() + WARM_UP;
    let until = from + time;
    let mut tasks = JoinSet::new();
    for mut caller in callers {
        tasks.spawn(async move {
            let (mut events, mut latency) = (0, histogram());
            loop {
                let began = Instant::now();
                let made = caller.once().await?;
                let ended = Instant::now();
                if ended > until {
                    return anyhow::Ok((events, latency));
                }
                if ended >= from {
                    events += made;
                    latency.saturating_record(micros(ended - began));
                }
            }
        });
    }
    let mut measured = Measured {
        events: 0,
        elapsed: time,
        latency: histogram(),
    };
    while let Some(ended) = tasks.join_next().await {
        let (events, latency) = ended.context("a caller panicked")??;
        measured.events += events;
        measured
            .latency
            .add(latency)
            .context("adding up latencies")?;
    }
    Ok(measured)
}

/// One cell over all rounds.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) name: String,
    rounds: Vec<Measured>,
}

impl Cell {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            rounds: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, measured: Measured) {
        self.rounds.push(measured);
    }

    /// Lowest, median and highest rate.
    pub(crate) fn rates(&self) -> (f64, f64, f64) {
        let rates = sorted(self.rounds.iter().map(Measured::rate));
        (rates[0], middle(&rates), rates[rates.len() - 1])
    }

    /// A quantile in milliseconds, the median of the rounds'.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        let values = self
            .rounds
            .iter()
            .map(|round| round.latency.value_at_quantile(quantile) as f64 / 1_000.0);
        middle(&sorted(values))
    }

    /// How many times as fast as another, round by round.
    pub(crate) fn ratio(&self, other: &Self) -> f64 {
        let rounds = self.rounds.iter().zip(&other.rounds);
        middle(&sorted(
            rounds.map(|(own, other)| own.rate() / other.rate()),
        ))
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The median of sorted values, of which there is at least one.
fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match sorted.len() % 2 {
        0 => f64::midpoint(sorted[half - 1], sorted[half]),
        _ => sorted[half],
    }
}
