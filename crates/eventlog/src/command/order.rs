//! One command on its way: decided on a state, appended as far as nobody else came first.

use std::marker::PhantomData;

use decider::Decider;
use prost::Message;

use super::receipt::{first_answer, replay};
use super::{Codec, Context, Decision, ExecuteError, Executed, Loaded, load};
use crate::error::AppendError;
use crate::event::{Append, Expected, Receipt, StreamAppend, Version};
use crate::log::EventLog;

/// How often a command is decided again because somebody else's came first. Each time means that
/// another command was obeyed, so this bounds how unlucky one may be.
const DECISIONS: usize = 8;

/// A command, and what to do about it.
pub(super) struct Order<'a, C, D, S>
where
    C: Codec,
{
    pub(super) log: &'a EventLog,
    pub(super) stream: &'a str,
    /// Other streams that the decision rests on, each at the version that it must still have.
    pub(super) beside: &'a [(String, Version)],
    pub(super) context: &'a Context,
    pub(super) decide: D,
    pub(super) respond: S,
    pub(super) codec: PhantomData<fn() -> C>,
}

/// What came of deciding on one state.
enum Outcome<A, R, F> {
    /// Appended; the state after it.
    Appended(Executed<R>, Loaded<A>),
    /// There is nothing to append: the answer in that state.
    Answered(Executed<R>),
    /// Not to be done in that state.
    Against(ExecuteError<F>),
    /// The stream is not in that state any more.
    Late(ExecuteError<F>),
    /// The command was obeyed before.
    Repeated(Box<Receipt>),
}

/// An obeyed command and, if it appended, the aggregate after it.
type Obeyed<A, R> = (Executed<R>, Option<Loaded<A>>);

impl<C, R, D, S> Order<'_, C, D, S>
where
    C: Codec,
    R: Message + Default,
    D: Fn(&C::Aggregate, Version) -> Decision<C>,
    S: Fn(&C::Aggregate, Version) -> R,
{
    /// Decides on what the log holds, again whenever somebody else comes first.
    pub(super) async fn on_what_is_stored(
        &self,
    ) -> Result<Obeyed<C::Aggregate, R>, ExecuteError<Refusal<C>>> {
        let mut conflict = None;
        for _ in 0..DECISIONS {
            let loaded = load::<C>(self.log, self.stream).await?;
            match self.attempt(loaded).await? {
                Outcome::Appended(executed, after) => return Ok((executed, Some(after))),
                Outcome::Answered(executed) => return Ok((executed, None)),
                Outcome::Repeated(receipt) => return Ok((replay(self.context, &receipt)?, None)),
                Outcome::Against(error) => return Ok((self.first_answer(error).await?, None)),
                Outcome::Late(error) if self.context.expected_version.is_some() => {
                    return Ok((self.first_answer(error).await?, None));
                }
                Outcome::Late(error) => conflict = Some(error),
            }
        }
        let error = conflict.expect("every decision but a late one returns");
        Ok((self.first_answer(error).await?, None))
    }

    /// Decides on a state that may be out of date. Only what the log accepted counts, as it accepts
    /// nothing that was decided on another version than the stream's; everything else is none.
    pub(super) async fn on_what_is_remembered(
        &self,
        remembered: Loaded<C::Aggregate>,
    ) -> Result<Option<Obeyed<C::Aggregate, R>>, ExecuteError<Refusal<C>>> {
        Ok(match self.attempt(remembered).await? {
            Outcome::Appended(executed, after) => Some((executed, Some(after))),
            Outcome::Repeated(receipt) => Some((replay(self.context, &receipt)?, None)),
            Outcome::Answered(_) | Outcome::Against(_) | Outcome::Late(_) => None,
        })
    }

    /// Decides on a state and appends.
    async fn attempt(
        &self,
        mut loaded: Loaded<C::Aggregate>,
    ) -> Result<Outcome<C::Aggregate, R, Refusal<C>>, ExecuteError<Refusal<C>>> {
        let version = loaded.version;
        let expected = self.context.expected_version.unwrap_or(version);
        if expected != version {
            let actual = version;
            return Ok(Outcome::Against(ExecuteError::Conflict {
                expected,
                actual,
            }));
        }
        let events = match (self.decide)(&loaded.state, version) {
            Ok(events) => events,
            Err(refusal) => return Ok(Outcome::Against(ExecuteError::Refused(refusal))),
        };
        let (append, response) = self.propose(&mut loaded, &events);
        let mut executed = Executed {
            response,
            position: loaded.last_position,
            replayed: false,
        };
        if self.context.validate_only || (events.is_empty() && append.receipts.is_empty()) {
            return Ok(Outcome::Answered(executed));
        }
        match self.log.append(append).await {
            Ok(appended) => {
                executed.position = appended.last;
                if !events.is_empty() {
                    loaded.last_position = appended.last;
                }
                Ok(Outcome::Appended(executed, loaded))
            }
            Err(AppendError::Conflict { stream, actual, .. }) => {
                let ground = self.beside.iter().find(|(name, _)| *name == stream);
                Ok(match ground {
                    // To decide again here would be to decide on the same old ground.
                    Some((_, expected)) if stream != self.stream => {
                        let expected = *expected;
                        Outcome::Against(ExecuteError::Conflict { expected, actual })
                    }
                    _ => Outcome::Late(ExecuteError::Conflict { expected, actual }),
                })
            }
            Err(AppendError::Receipt(receipt)) => Ok(Outcome::Repeated(receipt)),
            Err(AppendError::Storage(error)) => Err(ExecuteError::Storage(Box::new(error))),
            Err(error @ (AppendError::TooLarge { .. } | AppendError::Invalid { .. })) => {
                Err(ExecuteError::Unfit(error))
            }
        }
    }

    /// The append that a decision asks for, and the answer to give when it is made; folds the
    /// events.
    fn propose(
        &self,
        loaded: &mut Loaded<C::Aggregate>,
        events: &[<C::Aggregate as Decider>::Event],
    ) -> (Append, R) {
        let context = self.context;
        let expected = Expected::Version(loaded.version);
        let mut encoded = Vec::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            loaded.state.evolve(event);
            let (kind, payload) = C::encode(event);
            encoded.push(context.event(index, kind, payload));
        }
        loaded.version += crate::judge::count(events.len());
        let response = (self.respond)(&loaded.state, loaded.version);
        let receipt = context.receipt(&response);
        let own = StreamAppend {
            stream: self.stream.to_owned(),
            expected,
            events: encoded,
        };
        let beside = self.beside.iter().map(|(stream, version)| StreamAppend {
            stream: stream.clone(),
            expected: Expected::Version(*version),
            events: Vec::new(),
        });
        let append = Append {
            streams: [own].into_iter().chain(beside).collect(),
            receipts: receipt.into_iter().collect(),
        };
        (append, response)
    }

    /// A command that is now refused may have been obeyed before, and its caller not have heard.
    async fn first_answer(
        &self,
        refused: ExecuteError<Refusal<C>>,
    ) -> Result<Executed<R>, ExecuteError<Refusal<C>>> {
        first_answer(self.log, self.context).await?.ok_or(refused)
    }
}

type Refusal<C> = <<C as Codec>::Aggregate as Decider>::Refusal;
