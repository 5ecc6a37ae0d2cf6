//! The registry as its log tells it, kept current by following the log.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use directory::{DecodeError, Directory};
use eventlog::{EventLog, Position, Recorded, StorageError};
use futures::StreamExt as _;
use runtime::grpc::Health;
use tokio::sync::watch;

/// Events read at a time while the view is filled.
const PAGE: i64 = 1_000;

/// Pause before the log is followed again after the database was away: short, as commands wait for
/// the view, and long enough not to add to its trouble.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// What the log says, up to a position.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// Everything that exists.
    pub(crate) directory: Directory,
    /// The newest event in it.
    pub(crate) position: Position,
    /// Position of each stream's newest event.
    changed: BTreeMap<String, Position>,
}

/// Where the view is read and waited for.
pub(crate) type Viewer = watch::Receiver<View>;

/// Why the view cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewError {
    /// The database did not answer when the view was filled.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log holds what this version cannot read; to skip it would be to answer wrongly.
    #[error("the event at position {position} of the registry's log cannot be read")]
    Unreadable {
        /// Where.
        position: Position,
        /// Why.
        #[source]
        source: DecodeError,
    },
}

/// Keeps the view current.
pub(crate) struct Follower {
    log: EventLog,
    view: watch::Sender<View>,
}

/// Fills a view up to the head of the log.
pub(crate) async fn open(log: &EventLog) -> Result<(Viewer, Follower), ViewError> {
    let mut view = View::default();
    loop {
        let events = log.read(view.position, PAGE).await?;
        if events.is_empty() {
            break;
        }
        view.apply(&events)?;
    }
    tracing::info!(position = view.position, "the registry is read");
    let (sender, viewer) = watch::channel(view);
    Ok((
        viewer,
        Follower {
            log: log.clone(),
            view: sender,
        },
    ))
}

impl View {
    /// Position of a stream's newest event; 0 when it has none.
    pub(crate) fn changed(&self, stream: &str) -> Position {
        self.changed.get(stream).copied().unwrap_or_default()
    }

    fn apply(&mut self, events: &[Recorded]) -> Result<(), ViewError> {
        for event in events {
            let position = event.position;
            self.directory
                .apply(&event.stream, &event.kind, &event.payload)
                .map_err(|source| ViewError::Unreadable { position, source })?;
            self.changed.insert(event.stream.clone(), position);
            self.position = position;
        }
        Ok(())
    }
}

impl Follower {
    /// Follows the log until it shuts down, through any absence of the database. Whoever waits for
    /// the view learns of the end, as the view's sender goes with the follower.
    pub(crate) async fn run(self, health: Health) -> Result<(), ViewError> {
        let Self { log, view } = self;
        health.set("view", true).await;
        loop {
            let after = view.borrow().position;
            let mut tail = pin!(log.tail(after));
            loop {
                match tail.next().await {
                    Some(Ok(events)) => {
                        let mut applied = Ok(());
                        view.send_modify(|view| applied = view.apply(&events));
                        if applied.is_err() {
                            health.set("view", false).await;
                            return applied;
                        }
                    }
                    Some(Err(error)) => {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "cannot follow the registry's log; trying again"
                        );
                        break;
                    }
                    None => return Ok(()),
                }
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}
