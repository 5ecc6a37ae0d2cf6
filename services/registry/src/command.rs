//! From a command to its answer: one at a time, decided on everything that exists.

use std::sync::Arc;
use std::time::Duration;

use contracts::problem::Problem;
use decider::Decider;
use directory::{Directory, Event, codec};
use eventlog::command::{Codec, Context, Decision, DecodeError, execute};
use eventlog::{EventLog, Position, Version};
use prost::Message;
use prost::bytes::Bytes;
use tokio::sync::Semaphore;
use unit::{
    Policy, PolicyEvent, Procedure, ProcedureEvent, Unit, UnitEvent, WorkingCalendar,
    WorkingCalendarEvent,
};

use crate::view::{View, Viewer};
use crate::wire::Refused;

/// How long a command waits for the view to catch up with the log: far longer than the milliseconds
/// that it takes, so that running out means trouble.
const CATCH_UP: Duration = Duration::from_secs(5);

/// Obeys commands.
///
/// They take turns, because rules between units (a code that only one may have, a parent that must
/// exist) are decided on the view, which must hold everything that was obeyed before. So one process
/// at a time may take commands; others over the same database can only answer questions: of two that
/// both obeyed, the one behind could accept a reference that the other had just ended.
#[derive(Debug, Clone)]
pub(crate) struct Commands {
    log: EventLog,
    view: Viewer,
    turn: Arc<Semaphore>,
}

impl Commands {
    pub(crate) fn new(log: EventLog, view: Viewer) -> Self {
        Self {
            log,
            view,
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Decides on the newest view, appends, and waits until the view holds what was appended. Goes on to its
    /// end even when the caller does not wait for it, so that the next command finds it done.
    pub(crate) async fn obey<C, R>(
        &self,
        stream: String,
        context: Context,
        decide: impl Fn(&C::Aggregate, &Directory) -> Decision<C> + Send + Sync + 'static,
        respond: impl Fn(&C::Aggregate, Version) -> R + Send + Sync + 'static,
    ) -> Result<(R, Position), Problem>
    where
        C: Codec + 'static,
        <C::Aggregate as Decider>::Refusal: Refused,
        R: Message + Default + 'static,
    {
        let Self {
            log,
            mut view,
            turn,
        } = self.clone();
        let obeyed = tokio::spawn(async move {
            let _turn = turn.acquire_owned().await.map_err(|_| behind())?;
            let head = *log.heads().borrow();
            if !caught_up(&mut view, head).await {
                return Err(behind());
            }
            let deciding = view.clone();
            let executed = execute::<C, R>(
                &log,
                &stream,
                &context,
                |state, _| decide(state, &deciding.borrow().directory),
                respond,
            )
            .await
            .map_err(|error| error.problem(Refused::problem))?;
            // What was obeyed is answered as obeyed, also when the view is behind.
            let _ = caught_up(&mut view, executed.position).await;
            Ok((executed.response, executed.position))
        });
        match obeyed.await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, "a command ended before its time");
                Err(Problem::internal(
                    "the command ended before its time; tell the operator",
                ))
            }
        }
    }
}

/// Waits until the view holds a position; false when it does not come to that.
async fn caught_up(view: &mut Viewer, position: Position) -> bool {
    let reached = view.wait_for(|view: &View| view.position >= position);
    matches!(tokio::time::timeout(CATCH_UP, reached).await, Ok(Ok(_)))
}

fn behind() -> Problem {
    Problem::unavailable("the registry is behind its log or ending; repeat the call")
}

/// Stores units.
pub(crate) struct UnitCodec;
/// Stores procedures.
pub(crate) struct ProcedureCodec;
/// Stores calendars.
pub(crate) struct CalendarCodec;
/// Stores policies.
pub(crate) struct PolicyCodec;

macro_rules! codec {
    ($codec:ident, $aggregate:ident, $event:ident, $variant:ident, $encode:ident) => {
        impl Codec for $codec {
            type Aggregate = $aggregate;

            fn encode(event: &$event) -> (&'static str, Bytes) {
                codec::$encode(event)
            }

            fn decode(kind: &str, payload: &[u8]) -> Result<$event, DecodeError> {
                match codec::decode(kind, payload).map_err(unreadable)? {
                    Event::$variant(event) => Ok(event),
                    _ => Err(DecodeError::UnknownKind(kind.to_owned())),
                }
            }
        }
    };
}

codec!(UnitCodec, Unit, UnitEvent, Unit, encode_unit);
codec!(
    ProcedureCodec,
    Procedure,
    ProcedureEvent,
    Procedure,
    encode_procedure
);
codec!(
    CalendarCodec,
    WorkingCalendar,
    WorkingCalendarEvent,
    Calendar,
    encode_calendar
);
codec!(PolicyCodec, Policy, PolicyEvent, Policy, encode_policy);

fn unreadable(error: directory::DecodeError) -> DecodeError {
    match error {
        directory::DecodeError::UnknownKind { kind } => DecodeError::UnknownKind(kind),
        directory::DecodeError::Malformed { kind, source } => {
            DecodeError::Malformed { kind, source }
        }
        directory::DecodeError::Invalid { kind, source } => DecodeError::Invalid {
            kind,
            why: source.to_string(),
        },
        directory::DecodeError::Misplaced { kind, stream } => DecodeError::Invalid {
            kind,
            why: format!("it cannot be in the stream {stream}"),
        },
    }
}
