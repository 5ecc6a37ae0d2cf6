//! From a command to its events: load, decide, append, answer.

mod context;
mod error;

use decider::Decider;
use prost::Message;
use prost::bytes::Bytes;

pub use self::context::Context;
pub use self::error::{DecodeError, ExecuteError, LoadError};
use crate::error::AppendError;
use crate::event::{
    Append, Expected, NewReceipt, Position, Receipt, Recorded, StreamAppend, Version,
};
use crate::log::EventLog;

/// How often a command is decided again because somebody else's came first. Each time means that
/// another command was obeyed, so this bounds how unlucky one may be.
const DECISIONS: usize = 8;

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
    let mut conflict = None;
    for _ in 0..DECISIONS {
        let loaded = load::<C>(log, stream).await?;
        let expected = context.expected_version.unwrap_or(loaded.version);
        if expected != loaded.version {
            let actual = loaded.version;
            return first_answer(log, context, ExecuteError::Conflict { expected, actual }).await;
        }
        let events = match decide(&loaded.state, loaded.version) {
            Ok(events) => events,
            Err(refusal) => {
                return first_answer(log, context, ExecuteError::Refused(refusal)).await;
            }
        };
        let last_position = loaded.last_position;
        let (append, response) = propose::<C, R>(stream, context, loaded, &events, &respond);
        if context.validate_only || (events.is_empty() && append.receipts.is_empty()) {
            return Ok(Executed {
                response,
                position: last_position,
                replayed: false,
            });
        }
        match log.append(append).await {
            Ok(appended) => {
                return Ok(Executed {
                    response,
                    position: appended.last,
                    replayed: false,
                });
            }
            Err(AppendError::Conflict { actual, .. }) => {
                let error = ExecuteError::Conflict { expected, actual };
                if context.expected_version.is_some() {
                    return first_answer(log, context, error).await;
                }
                conflict = Some(error);
            }
            Err(AppendError::Receipt(receipt)) => return replay(context, &receipt),
            Err(AppendError::Storage(error)) => {
                return Err(ExecuteError::Storage(Box::new(error)));
            }
            Err(error @ (AppendError::TooLarge { .. } | AppendError::Invalid { .. })) => {
                return Err(ExecuteError::Unfit(error));
            }
        }
    }
    let error = conflict.expect("every decision but a conflict returns");
    first_answer(log, context, error).await
}

/// What `decide` says.
pub type Decision<C> = Result<
    Vec<<<C as Codec>::Aggregate as Decider>::Event>,
    <<C as Codec>::Aggregate as Decider>::Refusal,
>;

/// The append that a decision asks for, and the answer to give when it is made.
fn propose<C, R>(
    stream: &str,
    context: &Context,
    loaded: Loaded<C::Aggregate>,
    events: &[<C::Aggregate as Decider>::Event],
    respond: impl Fn(&C::Aggregate, Version) -> R,
) -> (Append, R)
where
    C: Codec,
    R: Message + Default,
{
    let Loaded {
        mut state, version, ..
    } = loaded;
    let mut encoded = Vec::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        state.evolve(event);
        let (kind, payload) = C::encode(event);
        encoded.push(context.event(index, kind, payload));
    }
    let response = respond(&state, version + crate::judge::count(events.len()));
    let receipt = context.repeatable.then(|| NewReceipt {
        request_id: context.request_id,
        method: context.method.to_owned(),
        request_hash: context.request_hash,
        response: response.encode_to_vec().into(),
    });
    let expected = Expected::Version(version);
    let streams = vec![StreamAppend {
        stream: stream.to_owned(),
        expected,
        events: encoded,
    }];
    (
        Append {
            streams,
            receipts: receipt.into_iter().collect(),
        },
        response,
    )
}

/// A command that is now refused may have been obeyed before, and its caller not have heard.
async fn first_answer<R, F>(
    log: &EventLog,
    context: &Context,
    refused: ExecuteError<F>,
) -> Result<Executed<R>, ExecuteError<F>>
where
    R: Message + Default,
{
    if !context.repeatable || context.validate_only {
        return Err(refused);
    }
    match log.receipt(context.request_id).await? {
        Some(receipt) => replay(context, &receipt),
        None => Err(refused),
    }
}

fn replay<R, F>(context: &Context, receipt: &Receipt) -> Result<Executed<R>, ExecuteError<F>>
where
    R: Message + Default,
{
    if receipt.method != context.method || receipt.request_hash != context.request_hash {
        return Err(ExecuteError::RequestIdReused);
    }
    let response = R::decode(receipt.response.clone()).map_err(|source| {
        let source = DecodeError::Malformed {
            kind: format!("answer to {}", receipt.method),
            source,
        };
        ExecuteError::Decode {
            position: receipt.last,
            source,
        }
    })?;
    Ok(Executed {
        response,
        position: receipt.last,
        replayed: true,
    })
}
