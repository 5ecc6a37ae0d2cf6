//! Assessments as their log tells them, kept current by following the log.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use assessment::{Definition, Report};
use decider::Decider as _;
use eventlog::command::{Codec as _, DecodeError};
use eventlog::{EventLog, Position, Recorded, StorageError, Version};
use futures::StreamExt as _;
use runtime::grpc::Health;
use tokio::sync::watch;

use crate::campaigns::Campaigns;
use crate::codec::ReportCodec;
use crate::definitions::DefinitionCodec;
use crate::evidence::Files;
use crate::improvements::Tasks;
use crate::initiatives::Register;
use crate::official::Tables;
use crate::surveys::Book;

/// Events read at a time while the view is filled.
const PAGE: i64 = 1_000;
/// Pause before the log is followed again after the database was away: short, as commands wait for the view, and long
/// enough not to add to its trouble.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// An aggregate with the version and position of its newest event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept<A> {
    pub(crate) state: A,
    pub(crate) version: Version,
    pub(crate) position: Position,
}

/// What the log says, up to a position.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// By stream.
    pub(crate) definitions: BTreeMap<String, Kept<Definition>>,
    /// By stream.
    pub(crate) reports: BTreeMap<String, Kept<Report>>,
    /// Official results, by index and year.
    pub(crate) official: Tables,
    /// Campaigns and their sheets.
    pub(crate) campaigns: Campaigns,
    /// Files that units uploaded.
    pub(crate) evidence: Files,
    /// Recognised initiatives.
    pub(crate) initiatives: Register,
    /// Instruments and waves of surveys.
    pub(crate) surveys: Book,
    /// Tasks of improvement plans.
    pub(crate) tasks: Tasks,
    /// The newest event in it.
    pub(crate) position: Position,
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
    #[error("the event at position {position} of the log of assessments cannot be read")]
    Unreadable {
        /// Where.
        position: Position,
        /// Why.
        #[source]
        source: DecodeError,
    },
}

/// Keeps the view current.
pub(crate) struct Keeper {
    log: EventLog,
    view: watch::Sender<View>,
}

/// Fills a view up to the head of the log.
pub(crate) async fn open(log: &EventLog) -> Result<(Viewer, Keeper), ViewError> {
    let mut view = View::default();
    loop {
        let events = log.read(view.position, PAGE).await?;
        if events.is_empty() {
            break;
        }
        view.apply(&events)?;
    }
    let (sender, viewer) = watch::channel(view);
    Ok((
        viewer,
        Keeper {
            log: log.clone(),
            view: sender,
        },
    ))
}

impl View {
    fn apply(&mut self, events: &[Recorded]) -> Result<(), ViewError> {
        for event in events {
            let position = event.position;
            let stream = event.stream.clone();
            let applied = if stream.starts_with("definition-") {
                DefinitionCodec::read(event).map(|told| {
                    self.definitions
                        .entry(stream)
                        .or_default()
                        .apply(event, |state| state.evolve(&told));
                })
            } else if Tables::holds(&stream) {
                self.official.apply(event)
            } else if Campaigns::holds(&stream) {
                self.campaigns.apply(event)
            } else if Files::holds(&stream) {
                self.evidence.apply(event)
            } else if Register::holds(&stream) {
                self.initiatives.apply(event)
            } else if Book::holds(&stream) {
                self.surveys.apply(event)
            } else if Tasks::holds(&stream) {
                self.tasks.apply(event)
            } else {
                ReportCodec::read(event).map(|told| {
                    self.reports
                        .entry(stream)
                        .or_default()
                        .apply(event, |state| state.evolve(&told));
                })
            };
            applied.map_err(|source| ViewError::Unreadable { position, source })?;
            self.position = position;
        }
        Ok(())
    }
}

impl<A> Kept<A> {
    pub(crate) fn apply(&mut self, event: &Recorded, evolve: impl FnOnce(&mut A)) {
        evolve(&mut self.state);
        self.version = event.version;
        self.position = event.position;
    }
}

impl Keeper {
    /// Follows the log until it shuts down, through any absence of the database.
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
                            "cannot follow the log of assessments; trying again"
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
