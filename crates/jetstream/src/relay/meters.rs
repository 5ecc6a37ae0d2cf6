//! What a relay measures.

use eventlog::{Position, Recorded};
use jiff::Timestamp;
use metrics::{Counter, Gauge};

/// One relay's metrics, looked up once.
pub(crate) struct Meters {
    position: Gauge,
    lag_events: Gauge,
    lag_seconds: Gauge,
    pub(crate) republished: Counter,
    pub(crate) refused: Gauge,
}

impl Meters {
    pub(crate) fn new(log: &'static str) -> Self {
        Self {
            position: metrics::gauge!("chiso_relay_position", "log" => log),
            lag_events: metrics::gauge!("chiso_relay_lag_events", "log" => log),
            lag_seconds: metrics::gauge!("chiso_relay_lag_seconds", "log" => log),
            republished: metrics::counter!("chiso_relay_republished_total", "log" => log),
            refused: metrics::gauge!("chiso_relay_refused", "log" => log),
        }
    }

    /// How far the relay is behind the log's head, and how old the first event is that waits.
    pub(crate) fn lag(
        &self,
        head: Position,
        position: Position,
        waiting: Option<&Recorded>,
        now: Timestamp,
    ) {
        self.position.set(position as f64);
        self.lag_events.set((head - position).max(0) as f64);
        let age = waiting.map(|event| now.duration_since(event.recorded_at).as_millis().max(0));
        let seconds = std::time::Duration::from_millis(
            age.and_then(|millis| u64::try_from(millis).ok())
                .unwrap_or(0),
        );
        self.lag_seconds.set(seconds.as_secs_f64());
    }
}
