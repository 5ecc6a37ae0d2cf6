//! The consumer: follows other services' logs into this service's own database, exactly once in effect.
//!
//! The checkpoint is a log position in this service's own database, moved in the transaction that applies the events.
//! The broker keeps nothing for a consumer and is trusted with nothing: what it loses, alters or keeps back is read
//! from the owner of the log, and everything must chain by hash onto what was applied before.

mod apply;
pub(crate) mod checkpoint;
mod error;
mod feeder;
mod lane;
mod meters;

use std::collections::BTreeMap;

use eventlog::Position;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

pub use self::error::{FollowError, StopCause};
use crate::bus::Bus;
use crate::feed::OwnerFeed;
use crate::gate::BatchGate;
use crate::handler::{Handler, HandlerError};
use crate::health::{Condition, Health, Reporter};
use crate::lease::{LEASE_CHECK, Lease};
use crate::progress::Progress;

/// Follows any number of logs. One of the replicas of a service does so at a time; the others stand by.
pub struct Follower {
    pool: PgPool,
    bus: Bus,
    feeds: Vec<OwnerFeed>,
    progress: Progress,
    gate: BatchGate,
    reporter: Reporter,
}

impl Follower {
    /// A consumer that applies events to the database of `pool`.
    pub fn new(pool: PgPool, bus: Bus) -> Self {
        Self {
            pool,
            bus,
            feeds: Vec::new(),
            progress: Progress::new(),
            gate: BatchGate::default(),
            reporter: Reporter::new(),
        }
    }

    /// Follows `log` too, whose owner serves `chiso.log.v1.LogService` on `owner` (a lazy channel will do: an owner
    /// that is away is no reason not to start).
    #[must_use]
    pub fn source(mut self, log: &'static str, owner: Channel) -> Self {
        self.feeds.push(OwnerFeed::new(log, owner));
        self.progress.set(log, 0);
        self
    }

    /// How far every log is followed.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Keeps batches out while it is held.
    pub fn gate(&self) -> BatchGate {
        self.gate.clone()
    }

    /// How far every log was followed by whoever followed last: for what has to be done before going on.
    ///
    /// # Errors
    /// When the tables of the checkpoints cannot be made or read.
    pub async fn checkpoints(&self) -> Result<BTreeMap<String, Position>, FollowError> {
        checkpoint::migrate(&self.pool).await?;
        Ok(checkpoint::positions(&self.pool).await?)
    }

    /// How the consumer of every log is doing.
    pub fn health(&self) -> Health {
        self.reporter.health()
    }

    /// Follows until `shutdown`. A log that cannot be followed any further stops alone, loudly; the others go on.
    ///
    /// # Errors
    /// When the tables of the checkpoints cannot be made.
    pub async fn run<H: Handler>(
        self,
        mut handler: H,
        shutdown: CancellationToken,
    ) -> Result<(), FollowError> {
        checkpoint::migrate(&self.pool).await?;
        let options = self.pool.connect_options().as_ref().clone();
        let mut logs: Vec<_> = self.feeds.iter().map(|feed| feed.log).collect();
        logs.sort_unstable();
        let mut lease = Lease::new(options, format!("chiso follower {}", logs.join(" ")));
        let work = async {
            loop {
                self.stand_by(&mut lease, &mut handler).await;
                tokio::select! {
                    () = lease.lost() => tracing::warn!(?logs, "the consumer lost its leadership"),
                    () = self.lead(&mut handler) => lease.release().await,
                }
                for log in &logs {
                    handler.discarded(log);
                }
            }
        };
        shutdown.run_until_cancelled(work).await;
        lease.release().await;
        Ok(())
    }

    /// Waits until this replica is the one to follow, keeping what it answers from as far as the other one is.
    async fn stand_by<H: Handler>(&self, lease: &mut Lease, handler: &mut H) {
        for feed in &self.feeds {
            self.reporter.set(feed.log, Condition::Standby);
        }
        let mut shown = None;
        loop {
            match lease.try_lead().await {
                Ok(true) => return,
                Ok(false) => match self.refresh(handler, shown.as_ref()).await {
                    Ok(positions) => shown = Some(positions),
                    Err(error) => tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "standing by, and cannot read how far the other replica is; trying again"
                    ),
                },
                Err(error) => tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "cannot ask for the consumer's leadership; trying again"
                ),
            }
            tokio::time::sleep(LEASE_CHECK).await;
        }
    }

    /// Lets the handler read the tables again unless they still are at the positions `shown`, and then tells whoever
    /// waits for a position.
    async fn refresh<H: Handler>(
        &self,
        handler: &mut H,
        shown: Option<&BTreeMap<String, Position>>,
    ) -> Result<BTreeMap<String, Position>, HandlerError> {
        let mut tx = self.pool.begin().await?;
        // Checkpoints and tables of the same moment, though the other replica goes on.
        sqlx::query("set transaction isolation level repeatable read, read only")
            .execute(&mut *tx)
            .await?;
        let positions = checkpoint::positions(&mut *tx).await?;
        if shown != Some(&positions) {
            handler.refresh(&mut tx, &positions).await?;
        }
        tx.rollback().await?;
        for feed in &self.feeds {
            let position = positions.get(feed.log).copied().unwrap_or(0);
            self.progress.set(feed.log, position);
        }
        Ok(positions)
    }
}
