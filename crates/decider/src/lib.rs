//! The decider: an aggregate as two pure functions.
//!
//! `decide` says which events follow from a command, or why none may; `evolve` folds an event into the state.
//! Neither does I/O, reads a clock or draws a random number: what they need to know comes in the command.
#![forbid(unsafe_code)]

pub mod spec;

use std::fmt::Debug;

/// An aggregate: its state, the commands it takes, the events it makes, and the reasons it refuses.
pub trait Decider: Default + Clone + Debug + PartialEq + Send + Sync + 'static {
    /// What may be asked of the aggregate.
    type Command: Debug + Send;
    /// What happened to the aggregate.
    type Event: Clone + Debug + PartialEq + Send + Sync;
    /// Why a command is not done.
    type Refusal: Debug + PartialEq + std::error::Error + Send + Sync + 'static;

    /// The events that follow from `command` in this state; none when what it asks for already holds.
    ///
    /// # Errors
    /// The reason why the command may not be done in this state.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Folds one event into the state. Total: a recorded event is a fact and is never refused.
    fn evolve(&mut self, event: &Self::Event);
}

/// The state after `events`, oldest first.
pub fn fold<'a, D: Decider>(events: impl IntoIterator<Item = &'a D::Event>) -> D
where
    D::Event: 'a,
{
    let mut state = D::default();
    for event in events {
        state.evolve(event);
    }
    state
}
