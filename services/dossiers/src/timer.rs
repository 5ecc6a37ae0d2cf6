//! The timer: makes a dossier overdue when its clock passes the due date, with nobody calling.
//!
//! It keeps nothing: what is next stands in the read model, so a restart changes nothing, and
//! replicas may all run it, as each mark expects the version that it was decided on.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::problem::Problem;
use decider::Decider;
use dossier::{Action, Fact};
use eventlog::command::{Codec as _, Context, Loaded};
use eventlog::{Append, AppendError, EventLog, Expected, StorageError, StreamAppend};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use runtime::{Clock, Ids};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::case::Case;
use crate::model::Reached;
use crate::wire::events::{self, Codec};

/// Dossiers marked at a time.
const BATCH: i64 = 500;
/// Marks in flight: what fills the appender's batches.
const IN_FLIGHT: usize = 64;
/// Longest sleep: bounds what a clock that was set forward in the meantime can delay.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// Least time between two looks at the read model, which may change hundreds of times a second; far
/// below the second that counts.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Pause after a fault, and before looking again at what could not be marked.
const PAUSE: Duration = Duration::from_secs(1);
/// How long history must have been silent before what it left past due is marked. Most of what an
/// import leaves unfinished is finished by its next rows; to call it overdue in between is noise.
const SETTLING: SignedDuration = SignedDuration::from_secs(5);
/// Longest that a dossier waits for that silence.
const SETTLING_MAX: SignedDuration = SignedDuration::from_mins(5);
/// The name of its commands in metadata, and who acts.
const METHOD: &str = "MarkOverdue";
const ACTOR: &str = "timer";

/// Wakes when the next dossier becomes overdue.
pub(crate) struct Timer {
    log: EventLog,
    clock: Clock,
    ids: Ids,
    /// What the read model reflects.
    reached: watch::Receiver<Reached>,
}

impl Timer {
    pub(crate) fn new(
        log: EventLog,
        clock: Clock,
        ids: Ids,
        reached: watch::Receiver<Reached>,
    ) -> Self {
        Self {
            log,
            clock,
            ids,
            reached,
        }
    }

    /// Runs until shutdown.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        shutdown
            .run_until_cancelled(async {
                loop {
                    if let Err(problem) = self.turn().await {
                        tracing::warn!(%problem, "the timer cannot mark what is overdue; it tries again");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            })
            .await;
    }

    /// Marks what is overdue, or sleeps until something is or the read model changes.
    async fn turn(&mut self) -> Result<(), Problem> {
        let history_at = self.reached.borrow_and_update().history_at;
        let now = self.clock.now();
        let next = self.next(now, history_at).await?;
        if next.is_some_and(|next| next <= now) {
            return self.mark_all(now, history_at).await;
        }
        let wait = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
        tokio::select! {
            changed = self.reached.changed() => {
                if changed.is_err() {
                    // The read model ended, and the service with it.
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
            () = tokio::time::sleep(wait.map_or(SLEEP_MAX, |wait| wait.min(SLEEP_MAX))) => {}
        }
        Ok(())
    }

    /// When the next dossier has to be marked.
    async fn next(
        &self,
        now: Timestamp,
        history_at: Timestamp,
    ) -> Result<Option<Timestamp>, Problem> {
        let next = sqlx::query!(
            r#"select
                (select check_at from dossier where check_at is not null and not belated
                 order by check_at limit 1) as "live: jiff_sqlx::Timestamp",
                (select check_at from dossier where check_at is not null and belated
                 order by check_at limit 1) as "belated: jiff_sqlx::Timestamp""#
        )
        .fetch_one(self.log.pool())
        .await
        .map_err(StorageError::during("look for the next due date"))?;
        let live = next.live.map(jiff_sqlx::Timestamp::to_jiff);
        let belated = next.belated.map(|at| {
            let at = at.to_jiff();
            let settled = at <= belated_until(now, history_at);
            if settled {
                at
            } else {
                (history_at + SETTLING).min(at + SETTLING_MAX)
            }
        });
        Ok([live, belated].into_iter().flatten().min())
    }

    /// Marks a batch, and waits until the read model reflects it: what is left then is still due.
    async fn mark_all(&mut self, now: Timestamp, history_at: Timestamp) -> Result<(), Problem> {
        let codes = sqlx::query_scalar!(
            "select code from dossier
             where (not belated and check_at <= $1) or (belated and check_at <= $2)
             order by check_at, code limit $3",
            now.to_sqlx() as _,
            belated_until(now, history_at).to_sqlx() as _,
            BATCH,
        )
        .fetch_all(self.log.pool())
        .await
        .map_err(StorageError::during("look for overdue dossiers"))?;
        let streams: Vec<String> = codes.iter().map(|code| events::stream(code)).collect();
        let names: Vec<&str> = streams.iter().map(String::as_str).collect();
        let mut loaded: BTreeMap<String, Loaded<Case>> = BTreeMap::new();
        for event in self.log.load_many(&names).await? {
            loaded
                .entry(event.stream.clone())
                .or_default()
                .apply::<Codec>(&event)?;
        }
        let marks: Vec<_> = loaded
            .into_iter()
            .filter_map(|(s, l)| self.mark(s, &l, now))
            .collect();
        let log = &self.log;
        let marked: Vec<_> = stream::iter(marks)
            .map(|append| log.append(append))
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        let mut last = 0;
        for outcome in marked {
            match outcome {
                Ok(appended) => {
                    metrics::counter!("chiso_dossiers_marked_overdue_total").increment(1);
                    last = appended.last.max(last);
                }
                // Somebody else's event came first; the read model will tell what it means.
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if last == 0 {
            // Nothing to mark in what the log says: the read model is behind it.
            last = self.log.head().await?.position;
            tokio::time::sleep(PAUSE).await;
        }
        let reflected = self.reached.wait_for(|reached| reached.position >= last);
        // Bounded, as a read model that stands still must not stop the timer for good.
        let _ = tokio::time::timeout(SLEEP_MAX, reflected).await;
        Ok(())
    }

    /// The append that marks a dossier, if it is overdue in the state that the log says.
    fn mark(&self, stream: String, loaded: &Loaded<Case>, now: Timestamp) -> Option<Append> {
        let command = dossier::Command {
            at: now,
            action: Action::MarkOverdue,
        };
        let events = loaded.state.0.decide(command).ok()?;
        let mut context = Context::internal(METHOD, ACTOR, self.ids.uuid(), now);
        let mut marks = Vec::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            if let Fact::BecameOverdue { due_at } = event.fact {
                // It became so when the clock passed the date, whenever the timer noticed.
                context.occurred_at = due_at;
            }
            let (kind, payload) = Codec::encode(event);
            marks.push(context.event(index, kind, payload));
        }
        let expected = Expected::Version(loaded.version);
        let streams = vec![StreamAppend {
            stream,
            expected,
            events: marks,
        }];
        (!events.is_empty()).then_some(Append {
            streams,
            receipts: Vec::new(),
        })
    }
}

/// Up to when belated dossiers must have come to be marked now.
fn belated_until(now: Timestamp, history_at: Timestamp) -> Timestamp {
    if now >= history_at + SETTLING {
        now
    } else {
        now - SETTLING_MAX
    }
}
