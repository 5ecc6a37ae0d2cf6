//! The gRPC service: parse, obey or ask, answer.

pub(super) mod campaigns;
mod handlers;
mod sheets;

use std::time::Duration;

use contracts::log::v1::CommandContext;
use contracts::problem::Problem;
use eventlog::command::Context;
use eventlog::{EventLog, Position};
use identity::Permit;
use prost::Message;
use runtime::{Clock, Ids};
use tonic::transport::Channel;

use super::figures::Figures;
use super::ground::Editions;
use super::participants::Participants;
use super::publication::PublicationKey;
use super::who::Call;
use crate::units::Units;
use crate::view::Viewer;

/// How long a command waits for the view to hold what it appended, so that the next query sees it.
const CATCH_UP: Duration = Duration::from_secs(5);
/// How often a command is decided anew because what it rests on moved on meanwhile: a stage ended, or somebody else
/// wrote into the same sheet.
pub(super) const ATTEMPTS: usize = 4;

/// Answers calls.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(super) log: EventLog,
    pub(super) view: Viewer,
    pub(super) units: Units,
    pub(super) editions: Editions,
    pub(super) figures: Figures,
    pub(super) participants: Participants,
    /// Signs publications; none where nothing is published.
    pub(super) key: Option<PublicationKey>,
    pub(super) clock: Clock,
    ids: Ids,
}

impl Api {
    pub(crate) fn new(
        log: EventLog,
        view: Viewer,
        registry: Channel,
        scoring: Channel,
        key: Option<PublicationKey>,
        clock: Clock,
        ids: Ids,
    ) -> Self {
        Self {
            log,
            view,
            units: Units::new(registry.clone()),
            editions: Editions::new(),
            figures: Figures::new(scoring),
            participants: Participants::new(registry),
            key,
            clock,
            ids,
        }
    }

    /// The call of a command. Deadlines are kept by this service's clock, so what happens here happens when it comes
    /// in, whatever the caller says of the time.
    pub(super) fn call(
        &self,
        context: Option<CommandContext>,
        permit: Permit,
        method: &'static str,
        content: &impl Message,
    ) -> Result<Call, Problem> {
        let context = Context::parse(context, method, content, self.clock.now(), self.ids.uuid())?;
        Call::now(context, permit)
    }

    /// Waits until queries show what was appended; what was obeyed is answered as obeyed, also when they are late.
    async fn shown(&self, position: Position) {
        let mut view = self.view.clone();
        let reached = view.wait_for(|view| view.position >= position);
        let _ = tokio::time::timeout(CATCH_UP, reached).await;
    }
}
