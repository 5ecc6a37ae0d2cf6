//! What a consumer measures.

use eventlog::Position;
use metrics::{Counter, Gauge, Histogram};
use tokio::time::Instant;

/// Why events were read from the owner of a log instead of the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detour {
    /// The broker skipped positions.
    Gap,
    /// The broker had something else at a position.
    Mismatch,
    /// The relay left an event out that is too large for the broker.
    Omitted,
    /// The broker kept silent although there were events.
    Silence,
    /// The broker cannot be reached or has no such JetStream stream.
    NoBroker,
}

/// One consumer's metrics, looked up once.
#[derive(Clone)]
pub(crate) struct Meters {
    log: &'static str,
    pub(crate) position: Gauge,
    lag_events: Gauge,
    lag_seconds: Gauge,
    gaps: Counter,
    gap_events: Counter,
    pub(crate) stopped: Gauge,
    pub(crate) retries: Counter,
    pub(crate) events: Counter,
    pub(crate) batch_events: Histogram,
    pub(crate) batch_seconds: Histogram,
}

impl Meters {
    pub(crate) fn new(log: &'static str) -> Self {
        let gaps = metrics::counter!("chiso_consumer_gaps_total", "log" => log);
        let gap_events = metrics::counter!("chiso_consumer_gap_events_total", "log" => log);
        // There from the start, so that an alert can tell "none" from "not measured".
        gaps.increment(0);
        gap_events.increment(0);
        Self {
            log,
            position: metrics::gauge!("chiso_consumer_position", "log" => log),
            lag_events: metrics::gauge!("chiso_consumer_lag_events", "log" => log),
            lag_seconds: metrics::gauge!("chiso_consumer_lag_seconds", "log" => log),
            gaps,
            gap_events,
            stopped: metrics::gauge!("chiso_consumer_stopped", "log" => log),
            retries: metrics::counter!("chiso_consumer_retries_total", "log" => log),
            events: metrics::counter!("chiso_consumer_events_total", "log" => log),
            batch_events: metrics::histogram!("chiso_consumer_batch_events", "log" => log),
            batch_seconds: metrics::histogram!("chiso_consumer_batch_seconds", "log" => log),
        }
    }

    /// The broker lost something that had to be read from the owner.
    pub(crate) fn gap(&self, events: u64) {
        self.gaps.increment(1);
        self.gap_events.increment(events);
    }

    /// Events came from the owner.
    pub(crate) fn detour(&self, detour: Detour, events: u64) {
        let cause = match detour {
            Detour::Gap => "gap",
            Detour::Mismatch => "mismatch",
            Detour::Omitted => "omitted",
            Detour::Silence => "silence",
            Detour::NoBroker => "no-broker",
        };
        metrics::counter!("chiso_consumer_feed_events_total", "log" => self.log, "cause" => cause)
            .increment(events);
    }
}

/// Since when a consumer has been behind. Counted from when its owner's head was first seen ahead, so that no clock of
/// another machine takes part.
#[derive(Default)]
pub(crate) struct Lag {
    behind: Option<(Position, Instant)>,
}

impl Lag {
    pub(crate) fn measure(&mut self, meters: &Meters, head: Position, position: Position) {
        let now = Instant::now();
        if self.behind.is_none_or(|(target, _)| position >= target) {
            self.behind = (head > position).then_some((head, now));
        }
        let since = self.behind.map_or(now, |(_, since)| since);
        meters.lag_events.set((head - position).max(0) as f64);
        meters
            .lag_seconds
            .set(now.duration_since(since).as_secs_f64());
    }
}
