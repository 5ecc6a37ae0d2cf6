//! Given, when, then: the way every aggregate is specified in tests.

use crate::{Decider, fold};

/// An aggregate with a past.
#[derive(Debug)]
pub struct Given<D: Decider> {
    state: D,
}

/// What came of a command.
#[derive(Debug)]
pub struct Outcome<D: Decider> {
    state: D,
    result: Result<Vec<D::Event>, D::Refusal>,
}

/// Starts from the events that already happened.
pub fn given<D: Decider>(events: impl IntoIterator<Item = D::Event>) -> Given<D> {
    let events: Vec<_> = events.into_iter().collect();
    Given {
        state: fold(&events),
    }
}

impl<D: Decider> Given<D> {
    /// Asks for `command`.
    pub fn when(self, command: D::Command) -> Outcome<D> {
        let result = self.state.decide(command);
        Outcome {
            state: self.state,
            result,
        }
    }
}

impl<D: Decider> Outcome<D> {
    /// Expects exactly these events.
    ///
    /// # Panics
    /// When the command was refused or decided otherwise.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = D::Event>) {
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(self.result, Ok(expected), "from state {:#?}", self.state);
    }

    /// Expects this refusal.
    ///
    /// # Panics
    /// When the command was accepted or refused otherwise.
    #[track_caller]
    pub fn then_refused(self, expected: &D::Refusal) {
        assert_eq!(
            self.result.as_ref(),
            Err(expected),
            "from state {:#?}",
            self.state
        );
    }
}
