//! The relay: copies an event log to its JetStream stream, position for sequence.
//!
//! It keeps no checkpoint. The JetStream stream's own tail says what was published, and the server refuses whatever
//! is not exactly the next: every message states `Nats-Expected-Last-Sequence: position - 1`. So a deposed relay can
//! neither repeat nor skip anything, and a broker that lost its memory is simply published to again.

mod error;
mod meters;
mod session;

use std::time::Duration;

use eventlog::{EventLog, Position, Recorded};
use tokio_util::sync::CancellationToken;

pub use self::error::RelayError;
use self::meters::Meters;
use crate::bus::Bus;
use crate::health::{Condition, Health, Reporter};
use crate::lease::{LEASE_CHECK, Lease};
use crate::message::{Body, BodyError, Subject};

/// Names an event's subject.
pub type SubjectOf = fn(&Recorded) -> Subject;

/// Makes an event's body.
pub type BodyOf = fn(&Recorded) -> Result<Body, BodyError>;

/// First pause after a failure; doubled up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(50);

/// Longest pause after a failure: bounds how long a returned broker waits for the relay.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// How often to look again whether somebody has remedied what the relay refuses to work with.
const REFUSED_PAUSE: Duration = Duration::from_secs(10);

/// Failures in a row before the relay calls itself degraded: losing a race once is no news.
const QUIET_FAILURES: u32 = 2;

/// Copies one event log to its JetStream stream.
pub struct Relay {
    log: EventLog,
    bus: Bus,
    subject: SubjectOf,
    body: BodyOf,
    reporter: Reporter,
    meters: Meters,
    /// The log's head when the relay was made.
    inherited: Position,
    /// The newest position known to have been published, ever.
    highest: Position,
    /// The newest position acknowledged in this session.
    position: Position,
    /// Whether the session got anything done.
    worked: bool,
}

/// Runs a relay until `shutdown`; for a service that does not watch its health.
pub async fn run(
    log: EventLog,
    bus: Bus,
    subject: SubjectOf,
    body: BodyOf,
    shutdown: CancellationToken,
) {
    Relay::new(log, bus, subject, body).run(shutdown).await;
}

impl Relay {
    /// A relay for `log`, with [`Subject::of`] and [`Body::protobuf`] or functions of the service's own.
    pub fn new(log: EventLog, bus: Bus, subject: SubjectOf, body: BodyOf) -> Self {
        let meters = Meters::new(log.name());
        let inherited = *log.heads().borrow();
        let reporter = Reporter::new();
        Self {
            log,
            bus,
            subject,
            body,
            reporter,
            meters,
            inherited,
            highest: 0,
            position: 0,
            worked: false,
        }
    }

    /// How the relay is doing.
    pub fn health(&self) -> Health {
        self.reporter.health()
    }

    /// Relays until `shutdown`, taking over from a replica whenever that is gone. Never gives up: a broker that is away
    /// is waited for, and a JetStream stream that cannot be this log's is looked at again now and then.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let options = self.log.pool().connect_options().as_ref().clone();
        let mut lease = Lease::new(options, format!("chiso relay {}", self.log.name()));
        let work = async {
            loop {
                self.stand_by(&mut lease).await;
                tokio::select! {
                    () = lease.lost() => {
                        tracing::warn!(log = self.log.name(), "the relay lost its leadership");
                    }
                    () = self.lead() => {}
                }
            }
        };
        shutdown.run_until_cancelled(work).await;
        lease.release().await;
    }

    async fn stand_by(&self, lease: &mut Lease) {
        self.reporter.set(self.log.name(), Condition::Standby);
        loop {
            match lease.try_lead().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::debug!(
                    log = self.log.name(),
                    error = &error as &dyn std::error::Error,
                    "cannot ask for the relay's leadership; trying again"
                ),
            }
            tokio::time::sleep(LEASE_CHECK).await;
        }
    }

    /// Relays for as long as it is polled.
    async fn lead(&mut self) {
        let mut failures = 0_u32;
        loop {
            let error = self.relay().await;
            if std::mem::take(&mut self.worked) {
                failures = 0;
            }
            failures = failures.saturating_add(1);
            let pause = self.report(&error, failures);
            self.measure_lag().await;
            tokio::time::sleep(pause).await;
        }
    }

    /// Says what went wrong, once, and how long to wait.
    fn report(&self, error: &RelayError, failures: u32) -> Duration {
        let log = self.log.name();
        if error.is_refusal() {
            self.meters.refused.set(1.0);
            if self
                .reporter
                .set(log, Condition::Stopped(error.to_string()))
            {
                tracing::error!(
                    log,
                    error = error as &dyn std::error::Error,
                    "the relay stopped"
                );
            }
            return REFUSED_PAUSE;
        }
        if failures > QUIET_FAILURES
            && self
                .reporter
                .set(log, Condition::Degraded(error.to_string()))
        {
            let error = error as &dyn std::error::Error;
            tracing::warn!(log, error, "the relay cannot publish; it keeps trying");
        }
        (MIN_PAUSE * 2_u32.pow(failures.saturating_sub(1).min(6))).min(MAX_PAUSE)
    }

    /// Says that all is well (again).
    fn well(&mut self) {
        self.worked = true;
        self.meters.refused.set(0.0);
        if self.reporter.set(self.log.name(), Condition::Working) {
            tracing::info!(
                log = self.log.name(),
                position = self.position,
                "the relay publishes"
            );
        }
    }

    /// Updates the lag when nothing could be published; while publishing goes well, that keeps it up to date.
    async fn measure_lag(&self) {
        let head = *self.log.heads().borrow();
        let waiting = self.log.read(self.position, 1).await.unwrap_or_default();
        self.meters
            .lag(head, self.position, waiting.first(), self.log.now());
    }
}
