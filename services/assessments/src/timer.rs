//! The timer: brings about what follows from the clock alone, with nobody calling.
//!
//! It keeps nothing: what is next follows from the log, so a restart changes nothing, and replicas may all run it, as each
//! thing happens once.

use std::marker::PhantomData;
use std::time::Duration;

use contracts::problem::Problem;
use decider::Decider;
use eventlog::EventLog;
use eventlog::command::{Codec, Context, execute};
use jiff::Timestamp;
use runtime::{Clock, Ids, Shutdown};

use crate::view::{View, Viewer};

/// Longest sleep: bounds what a clock that was set forward in the meantime can delay.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// Pause after a fault.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest wait for the view to show what happened: one that stands still must not stop the timer for good.
const CATCH_UP: Duration = Duration::from_secs(30);
/// Who acts, in metadata.
const ACTOR: &str = "timer";

/// Something that the clock brings about in aggregates of a kind.
pub(crate) trait Alarm {
    /// How they are stored.
    type Codec: Codec;

    /// The name of its commands in metadata.
    const METHOD: &'static str;
    /// The metric that counts it.
    const METRIC: &'static str;

    /// When it happens next, and in which stream.
    fn next(view: &View) -> Option<(Timestamp, &str)>;

    /// What the aggregate is told when the clock passes that moment.
    fn command(at: Timestamp) -> <<Self::Codec as Codec>::Aggregate as Decider>::Command;

    /// Why it refuses.
    fn problem(refusal: <<Self::Codec as Codec>::Aggregate as Decider>::Refusal) -> Problem;
}

/// Wakes when the next thing happens.
pub(crate) struct Timer<A> {
    log: EventLog,
    view: Viewer,
    clock: Clock,
    ids: Ids,
    alarm: PhantomData<fn() -> A>,
}

impl<A: Alarm> Timer<A> {
    pub(crate) fn new(log: EventLog, view: Viewer, clock: Clock, ids: Ids) -> Self {
        Self {
            log,
            view,
            clock,
            ids,
            alarm: PhantomData,
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

    /// Brings about what is due, or sleeps until something is or the view changes.
    async fn turn(&mut self) {
        let next = {
            let view = self.view.borrow_and_update();
            A::next(&view).map(|(at, stream)| (at, stream.to_owned()))
        };
        let now = self.clock.now();
        if let Some((due, stream)) = &next
            && *due <= now
        {
            self.ring(stream, *due, now).await;
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

    /// Tells the aggregate that a moment passed, and waits until the view shows what it made of that.
    async fn ring(&mut self, stream: &str, due: Timestamp, now: Timestamp) {
        let context = Context {
            // Nobody repeats it: after a fault the view says what is still due.
            repeatable: false,
            // It happened when the clock passed the moment, whenever the timer noticed.
            occurred_at: due,
            ..Context::internal(A::METHOD, ACTOR, self.ids.uuid(), now)
        };
        let rung = execute::<A::Codec, ()>(
            &self.log,
            stream,
            &context,
            |aggregate, _| aggregate.decide(A::command(due)),
            |_, _| (),
        )
        .await;
        match rung {
            Ok(executed) => {
                metrics::counter!(A::METRIC).increment(1);
                let shown = self
                    .view
                    .wait_for(|view| view.position >= executed.position);
                let _ = tokio::time::timeout(CATCH_UP, shown).await;
            }
            Err(error) => {
                let problem = error.problem(A::problem);
                tracing::warn!(%problem, stream, method = A::METHOD, "the timer cannot do what is due; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
