//! The timer: records the lock of a deadline when the clock passes it, with nobody calling.
//!
//! It keeps nothing: what is next follows from the log, so a restart changes nothing, and replicas may all run it, as a
//! deadline is locked once.

use std::time::Duration;

use assessment::campaign::{Action, Command};
use contracts::assessments::v1 as pb;
use decider::Decider as _;
use eventlog::EventLog;
use eventlog::command::{Context, execute};
use jiff::Timestamp;
use runtime::{Clock, Ids, Shutdown};

use super::codec::CampaignCodec;
use crate::view::Viewer;

/// Longest sleep: bounds what a clock that was set forward in the meantime can delay.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// Pause after a fault.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest wait for the view to show a lock: one that stands still must not stop the timer for good.
const CATCH_UP: Duration = Duration::from_secs(30);
/// The name of its commands in metadata, and who acts.
const METHOD: &str = "LockStage";
const ACTOR: &str = "timer";

/// Wakes when the next deadline passes.
pub(crate) struct Timer {
    log: EventLog,
    view: Viewer,
    clock: Clock,
    ids: Ids,
}

impl Timer {
    pub(crate) fn new(log: EventLog, view: Viewer, clock: Clock, ids: Ids) -> Self {
        Self {
            log,
            view,
            clock,
            ids,
        }
    }

    /// Runs until shutdown.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let turns = async {
            loop {
                self.turn().await;
            }
        };
        shutdown.run_until_cancelled(turns).await;
    }

    /// Locks what is due, or sleeps until something is or the view changes.
    async fn turn(&mut self) {
        let next = {
            let view = self.view.borrow_and_update();
            let next = view.campaigns.next_lock();
            next.map(|(at, stream)| (at, stream.to_owned()))
        };
        let now = self.clock.now();
        if let Some((deadline, stream)) = &next
            && *deadline <= now
        {
            self.lock(stream, *deadline, now).await;
            return;
        }
        let wait = next.and_then(|(at, _)| Duration::try_from(at.duration_since(now)).ok());
        tokio::select! {
            changed = self.view.changed() => {
                if changed.is_err() {
                    // The view ended, and the service with it.
                    std::future::pending::<()>().await;
                }
            }
            () = tokio::time::sleep(wait.map_or(SLEEP_MAX, |wait| wait.min(SLEEP_MAX))) => {}
        }
    }

    /// Locks the deadline of a campaign that passed first, and waits until the view shows it.
    async fn lock(&mut self, stream: &str, deadline: Timestamp, now: Timestamp) {
        let context = Context {
            // Nobody repeats it: after a fault the view says what is still due.
            repeatable: false,
            // It locked when the clock passed the deadline, whenever the timer noticed.
            occurred_at: deadline,
            ..Context::internal(METHOD, ACTOR, self.ids.uuid(), now)
        };
        let locked = execute::<CampaignCodec, pb::Campaign>(
            &self.log,
            stream,
            &context,
            |campaign, _| {
                campaign.decide(Command {
                    at: deadline,
                    by: None,
                    action: Action::Lock,
                })
            },
            |_, _| pb::Campaign::default(),
        )
        .await;
        match locked {
            Ok(executed) => {
                metrics::counter!("chiso_assessments_deadlines_locked_total").increment(1);
                let shown = self
                    .view
                    .wait_for(|view| view.position >= executed.position);
                let _ = tokio::time::timeout(CATCH_UP, shown).await;
            }
            Err(error) => {
                let problem = error.problem(super::refusal::of_campaign);
                tracing::warn!(%problem, stream, "a deadline cannot be locked; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
