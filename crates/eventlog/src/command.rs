//! From a command to its events: load, decide, append, answer.

mod aggregates;
mod context;
mod error;
mod order;
mod receipt;

use std::marker::PhantomData;

use decider::Decider;
use prost::Message;
use prost::bytes::Bytes;

pub use self::aggregates::Aggregates;
pub use self::context::Context;
pub use self::error::{DecodeError, ExecuteError, LoadError};
use self::order::Order;
pub use self::receipt::{first_answer, replay};
use crate::event::{Position, Recorded, Version};
use crate::log::EventLog;

/// Events of a stream that are folded at a time.
const PAGE: i64 = 1_000;

/// How the events of an aggregate are stored. Old versions of an event are brought up to date here,
/// and only here.
pub trait Codec {
    /// The aggregate.
    type Aggregate: Decider;

    /// An event as the full name of its message and the encoded message.
    fn encode(event: &<Self::Aggregate as Decider>::Event) -> (&'static str, Bytes);

    /// A stored event.
    ///
    /// # Errors
    /// When `kind` is unknown or the bytes are not what it says.
    fn decode(
        kind: &str,
        payload: &[u8],
    ) -> Result<<Self::Aggregate as Decider>::Event, DecodeError>;

    /// A stored event with its envelope, for an aggregate whose events carry the moment that the
    /// envelope knows. Otherwise the payload says it all.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    fn read(event: &Recorded) -> Result<<Self::Aggregate as Decider>::Event, DecodeError> {
        Self::decode(&event.kind, &event.payload)
    }
}

/// An aggregate as its events made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded<A> {
    /// Its state.
    pub state: A,
    /// The version of its newest event; 0 when it has none.
    pub version: Version,
    /// The position of its newest event; 0 when it has none.
    pub last_position: Position,
}

/// A command that was obeyed.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed<R> {
    /// The answer, now or of the first time.
    pub response: R,
    /// Position of the command's last event; when it made none, of the newest event that its answer
    /// rests on.
    pub position: Position,
    /// Whether this is the answer of an earlier call with the same request id.
    pub replayed: bool,
}

impl<A: Decider> Loaded<A> {
    /// Folds one stored event.
    ///
    /// # Errors
    /// When it cannot be decoded.
    pub fn apply<C: Codec<Aggregate = A>>(&mut self, event: &Recorded) -> Result<(), LoadError> {
        let position = event.position;
        let decoded = C::read(event).map_err(|source| LoadError::Decode { position, source })?;
        self.state.evolve(&decoded);
        self.version = event.version;
        self.last_position = position;
        Ok(())
    }
}

impl<A: Decider> Default for Loaded<A> {
    fn default() -> Self {
        Self {
            state: A::default(),
            version: 0,
            last_position: 0,
        }
    }
}

/// Folds the events of a stream; a stream without events is the aggregate's default.
///
/// # Errors
/// When the database does not answer or an event cannot be decoded.
pub async fn load<C: Codec>(
    log: &EventLog,
    stream: &str,
) -> Result<Loaded<C::Aggregate>, LoadError> {
    let mut loaded = Loaded::default();
    loop {
        let page = log.stream_page(stream, loaded.version, PAGE).await?;
        for event in &page.events {
            loaded.apply::<C>(event)?;
        }
        if page.end {
            return Ok(loaded);
        }
    }
}

/// Loads the aggregate, decides, appends with a receipt, and answers.
///
/// `decide` says which events follow in a state at a version. `respond` makes the answer from the
/// state and version after them; the position is not known by then and is [`Executed::position`].
///
/// A repeat under the same request id gets the first answer again. When somebody else comes first,
/// the command is decided anew, unless the caller said which version it expects. With
/// `validate_only` nothing is appended.
///
/// # Errors
/// See [`ExecuteError`].
pub async fn execute<C, R>(
    log: &EventLog,
    stream: &str,
    context: &Context,
    decide: impl Fn(&C::Aggregate, Version) -> Decision<C>,
    respond: impl Fn(&C::Aggregate, Version) -> R,
) -> Result<Executed<R>, ExecuteError<<C::Aggregate as Decider>::Refusal>>
where
    C: Codec,
    R: Message + Default,
{
    execute_beside::<C, R>(log, stream, &[], context, decide, respond).await
}

/// As [`execute`], for a decision that also rests on `beside`: other streams, each at the version
/// that was read of it. Nothing is appended when one of them has moved on; that is a
/// [`Conflict`](ExecuteError::Conflict) about that stream, upon which the caller reads them again.
///
/// # Errors
/// See [`ExecuteError`].
pub async fn execute_beside<C, R>(
    log: &EventLog,
    stream: &str,
    beside: &[(String, Version)],
    context: &Context,
    decide: impl Fn(&C::Aggregate, Version) -> Decision<C>,
    respond: impl Fn(&C::Aggregate, Version) -> R,
) -> Result<Executed<R>, ExecuteError<<C::Aggregate as Decider>::Refusal>>
where
    C: Codec,
    R: Message + Default,
{
    let order = Order::<'_, C, _, _> {
        log,
        stream,
        beside,
        context,
        decide,
        respond,
        codec: PhantomData,
    };
    let (executed, _) = order.on_what_is_stored().await?;
    Ok(executed)
}

/// What `decide` says.
pub type Decision<C> = Result<
    Vec<<<C as Codec>::Aggregate as Decider>::Event>,
    <<C as Codec>::Aggregate as Decider>::Refusal,
>;
