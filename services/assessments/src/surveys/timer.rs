//! The timer: closes waves at their end, lets ballots out of full pools, counts closed waves, and states what they feed,
//! with nobody calling.
//!
//! It keeps nothing: what is next follows from the log and the box, so a restart changes nothing.

use std::sync::Arc;
use std::time::Duration;

use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::EventLog;
use eventlog::command::{Context, execute};
use jiff::Timestamp;
use runtime::{Clock, Ids};
use survey::{Code, Plan, Stage, Wave, WaveCommand};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::codec::{WaveCodec, wave_stream};
use super::count::Counter;
use super::feeding::Feeder;
use super::wire;
use crate::view::Viewer;

/// Pools let go at a time.
const POOLS: i64 = 100;
/// Longest sleep: bounds what a clock that was set forward in the meantime can delay.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// Least time between two looks at the view.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Pause after a fault.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the view may take to show what was appended.
const CATCH_UP: Duration = Duration::from_secs(5);
/// The name of its commands in metadata, and who acts.
const METHOD: &str = "CloseWave";
const ACTOR: &str = "timer";

/// Wakes when a wave ends or ballots may go.
pub(crate) struct Timer {
    pub(crate) log: EventLog,
    pub(crate) view: Viewer,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) counter: Counter,
    pub(crate) feeder: Feeder,
    /// Told when a pool is full.
    pub(crate) full: Arc<Notify>,
}

impl Timer {
    /// Runs until shutdown.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        shutdown
            .run_until_cancelled(async {
                loop {
                    if let Err(problem) = self.turn().await {
                        tracing::warn!(%problem, "surveys are not taken care of; trying again");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            })
            .await;
    }

    /// Does what is due, then sleeps until something may be.
    async fn turn(&mut self) -> Result<(), Problem> {
        let now = self.clock.now();
        let mut next = None;
        for (code, stage, closes_at) in self.waves() {
            match stage {
                Stage::Open if closes_at <= now => self.close(&code, now).await?,
                Stage::Open => next = next.into_iter().chain([closes_at]).min(),
                _ => {
                    if let Some((plan, wave)) = self.wave(code.as_str()) {
                        self.counter.count(&plan, &wave).await?;
                        self.shown().await?;
                    }
                }
            }
        }
        let full = self.counter.urn.full(POOLS).await?;
        let mut released = false;
        for (code, cell) in full {
            if let (Some((plan, wave)), Ok(cell)) = (self.wave(&code), u16::try_from(cell)) {
                self.counter.release(&plan, &wave, cell).await?;
                released = true;
            }
        }
        let fed = self.feeder.feed().await?;
        if fed {
            self.shown().await?;
        }
        if !released && !fed {
            self.sleep(now, next).await;
        }
        Ok(())
    }

    /// Waves that take ballots, or did and are not counted, and when they end.
    fn waves(&mut self) -> Vec<(Code, Stage, Timestamp)> {
        let view = self.view.borrow_and_update();
        let waves = view.surveys.waves.values().filter_map(|kept| {
            let (plan, stage) = (kept.state.plan()?, kept.state.stage()?);
            let live = matches!(stage, Stage::Open | Stage::Closed);
            live.then(|| (plan.wave.clone(), stage, plan.closes_at))
        });
        waves.collect()
    }

    fn wave(&self, code: &str) -> Option<(Plan, Wave)> {
        let view = self.view.borrow();
        let wave = &view.surveys.waves.get(code)?.state;
        Some((wave.plan()?.clone(), wave.clone()))
    }

    async fn close(&self, code: &Code, now: Timestamp) -> Result<(), Problem> {
        let context = Context::internal(METHOD, ACTOR, self.ids.uuid(), now);
        let closed = execute::<WaveCodec, pb::Wave>(
            &self.log,
            &wave_stream(code),
            &context,
            |wave, _| wave.decide(WaveCommand::Close),
            wire::wave,
        )
        .await;
        closed.map_err(|error| error.problem(wire::wave_refused))?;
        self.shown().await
    }

    /// Waits until the view shows what the log says, so that nothing is done twice.
    async fn shown(&self) -> Result<(), Problem> {
        let head = self.log.head().await?.position;
        let mut view = self.view.clone();
        let reached = view.wait_for(|view| view.position >= head);
        // Bounded, as a view that stands still must not stop the timer for good.
        let _ = tokio::time::timeout(CATCH_UP, reached).await;
        Ok(())
    }

    async fn sleep(&mut self, now: Timestamp, next: Option<Timestamp>) {
        let wait = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
        let wait = wait.map_or(SLEEP_MAX, |wait| wait.min(SLEEP_MAX));
        tokio::select! {
            changed = self.view.changed() => {
                if changed.is_err() {
                    // The view ended, and the service with it.
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
            () = self.full.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}
