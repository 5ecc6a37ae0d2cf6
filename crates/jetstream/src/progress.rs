//! How far a service has followed other logs, for queries that must not answer too early.

use std::collections::BTreeMap;

use eventlog::Position;
use tokio::sync::watch;
use tokio::time::Instant;

/// How far each followed log is reflected in this service's database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Progress {
    positions: watch::Sender<BTreeMap<&'static str, Position>>,
}

/// Why a position is not reflected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// Not within the deadline.
    #[error(
        "position {position} of log {log} is not reflected yet: {reached} is; retry, or ask without it"
    )]
    Behind {
        /// Which log.
        log: String,
        /// What was asked for.
        position: Position,
        /// How far it is.
        reached: Position,
    },
    /// This service does not follow that log.
    #[error("log {log} is not followed here; ask for one of: {followed}")]
    NotFollowed {
        /// Which log was asked for.
        log: String,
        /// Which ones are followed.
        followed: String,
    },
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            positions: watch::Sender::new(BTreeMap::new()),
        }
    }

    /// The newest position of the log that is reflected; none when the log is not followed here.
    pub fn position(&self, log: &str) -> Option<Position> {
        self.positions.borrow().get(log).copied()
    }

    /// How far every followed log is reflected.
    pub fn positions(&self) -> BTreeMap<&'static str, Position> {
        self.positions.borrow().clone()
    }

    /// Waits until the position is reflected, and returns how far the log then is.
    ///
    /// # Errors
    /// When the deadline passes first, or the log is not followed here.
    pub async fn wait(
        &self,
        log: &str,
        position: Position,
        deadline: Instant,
    ) -> Result<Position, WaitError> {
        if self.position(log).is_none() {
            let followed: Vec<_> = self.positions().into_keys().collect();
            let followed = followed.join(", ");
            return Err(WaitError::NotFollowed {
                log: log.to_owned(),
                followed,
            });
        }
        let mut positions = self.positions.subscribe();
        let reflected = positions.wait_for(|all| all.get(log).is_some_and(|at| *at >= position));
        // The sender lives in `self`, so only the deadline can end the wait early.
        let in_time = tokio::time::timeout_at(deadline, reflected).await.is_ok();
        let reached = self.position(log).unwrap_or(0);
        if in_time {
            return Ok(reached);
        }
        Err(WaitError::Behind {
            log: log.to_owned(),
            position,
            reached,
        })
    }

    pub(crate) fn set(&self, log: &'static str, position: Position) {
        self.positions
            .send_if_modified(|all| all.insert(log, position) != Some(position));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_waiter_is_answered_as_soon_as_the_position_is_reflected() {
        let progress = Progress::new();
        progress.set("dossiers", 3);
        let waiting = tokio::spawn({
            let progress = progress.clone();
            let deadline = Instant::now() + Duration::from_secs(5);
            async move { progress.wait("dossiers", 5, deadline).await }
        });
        progress.set("dossiers", 6);
        assert_eq!(waiting.await.unwrap(), Ok(6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_says_how_far_it_got() {
        let progress = Progress::new();
        progress.set("dossiers", 3);
        let deadline = Instant::now() + Duration::from_millis(10);
        let behind = progress.wait("dossiers", 5, deadline).await.unwrap_err();
        assert_eq!(
            behind,
            WaitError::Behind {
                log: "dossiers".into(),
                position: 5,
                reached: 3
            }
        );
    }

    #[tokio::test]
    async fn a_log_that_is_not_followed_is_refused_at_once() {
        let progress = Progress::new();
        progress.set("dossiers", 3);
        let refused = progress
            .wait("registry", 1, Instant::now())
            .await
            .unwrap_err();
        assert!(
            refused.to_string().ends_with("one of: dossiers"),
            "{refused}"
        );
    }
}
