//! The sweep: what came in and was left behind, because a process ended between storing a content and saying so in the log.
//!
//! What the log names moves to its place, where nothing is ever deleted; what it does not name is deleted once it is older
//! than the grace. Only the upload that it is of could still name it, and that does not go on after half of the grace
//! ([`in_time`]); uploads of the same content have contents of their own. So replicas may all sweep at any time.

use std::time::{Duration, SystemTime};

use eventlog::EventLog;
use eventlog::command::load;
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use runtime::{Clock, Shutdown};
use tokio::time::Instant;

use super::codec::{EvidenceCodec, evidence_stream};
use super::incoming::Incoming;
use super::store::Store;

/// Pause between sweeps: what is left behind is rare, and waits for the grace anyway.
const PAUSE: Duration = Duration::from_mins(15);
/// Contents that a sweep looks at: many times what can come in at once; the rest is looked at next time.
const AT_A_TIME: usize = 10_000;

/// Sweeps.
pub(crate) struct Sweeper {
    log: EventLog,
    store: Store,
    grace: Duration,
    /// The time of the store's machine as well as it is known here: never that of a simulated deployment.
    clock: Clock,
}

/// What a sweep did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Swept {
    settled: u64,
    deleted: u64,
}

/// Whether an upload that began then may still say so in the log: after half of the grace its content may be gone before it
/// does.
pub(super) fn in_time(begun: Instant, grace: Duration) -> bool {
    begun.elapsed() < grace / 2
}

impl Sweeper {
    pub(crate) fn new(log: EventLog, store: Store, grace: Duration) -> Self {
        Self {
            log,
            store,
            grace,
            clock: Clock::system(),
        }
    }

    /// Sweeps at once and from time to time, until shutdown.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        let turns = async {
            loop {
                match self.sweep().await {
                    Ok(Swept {
                        settled: 0,
                        deleted: 0,
                    }) => {}
                    Ok(Swept { settled, deleted }) => tracing::info!(
                        settled,
                        deleted,
                        "swept what uploads had left behind in the store of evidence"
                    ),
                    Err(error) => tracing::warn!(
                        error = format!("{error:#}"),
                        "cannot sweep the store of evidence; trying again later"
                    ),
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        shutdown.run_until_cancelled(turns).await;
    }

    async fn sweep(&self) -> anyhow::Result<Swept> {
        let mut swept = Swept::default();
        let mut incoming = self.store.incoming().take(AT_A_TIME);
        while let Some(found) = incoming.next().await {
            let (found, came_at) = found?;
            self.judge(&found, came_at, &mut swept).await?;
        }
        let now = SystemTime::from(self.clock.now());
        swept.deleted += self.store.delete_halves(self.grace, now).await?;
        for (what, count) in [("settled", swept.settled), ("deleted", swept.deleted)] {
            metrics::counter!("chiso_assessments_evidence_swept_total", "what" => what)
                .increment(count);
        }
        Ok(swept)
    }

    async fn judge(
        &self,
        incoming: &Incoming,
        came_at: Timestamp,
        swept: &mut Swept,
    ) -> anyhow::Result<()> {
        // Seen before the log is asked: an upload that names it after that is younger than half of the grace.
        let age = self.clock.now().duration_since(came_at);
        let stream = evidence_stream(&incoming.unit, &incoming.sha256);
        let loaded = load::<EvidenceCodec>(&self.log, &stream).await?;
        if loaded.version > 0 {
            match self.store.settle(incoming).await {
                Ok(()) => swept.settled += 1,
                // The upload itself, or another replica, was faster.
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        } else if age >= SignedDuration::try_from(self.grace)? {
            self.store.discard(incoming).await?;
            swept.deleted += 1;
        }
        Ok(())
    }
}
