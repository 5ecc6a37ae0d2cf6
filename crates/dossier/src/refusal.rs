//! Why a dossier refuses a command.

use std::fmt;

use calendar::BeyondCalendar;
use jiff::Timestamp;

use crate::command::CommandName;
use crate::terms::{Rating, Status};

/// A command that is not done: in which state, why, and what can be done instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was asked.
    pub command: CommandName,
    /// Where the dossier stands; none when it has not been filed.
    pub status: Option<Status>,
    /// Why it is not done.
    pub reason: Reason,
    /// Names of the commands that are possible in this state.
    pub possible: Vec<&'static str>,
}

/// Why a command is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is no such dossier yet.
    #[error("register or receive it first")]
    NotFiled,
    /// There is such a dossier already.
    #[error("its code is taken; use another code, or none to be given the next one")]
    AlreadyFiled,
    /// The content needed to file it is missing.
    #[error(
        "it was not registered before; give its procedure, units and channel with the reception"
    )]
    NothingFiled,
    /// The content names another dossier.
    #[error("the content names dossier {code}; send it to that dossier")]
    OtherCode {
        /// The code in the content.
        code: String,
    },
    /// The status does not permit it.
    #[error("this can be done only while it is {}", alternatives(.allowed))]
    Status {
        /// The statuses that permit it.
        allowed: &'static [Status],
    },
    /// It was received before.
    #[error("it was received at {received_at}; a dossier is received once")]
    AlreadyReceived {
        /// When.
        received_at: Timestamp,
    },
    /// It must be received first.
    #[error("it has not been received; receive it first, with what the applicant brought")]
    NotReceived,
    /// It has no due date.
    #[error("it has no due date, for its procedure has no limit")]
    NoDueDate,
    /// Its due date was not computed.
    #[error("its due date was given or re-appointed by hand; a date given stands")]
    DueDateNotComputed,
    /// It was extended before.
    #[error("it was re-appointed once, to {due_at}; a second re-appointment is not allowed")]
    AlreadyExtended {
        /// The date in force.
        due_at: Timestamp,
    },
    /// An extension that does not extend.
    #[error("an extension must move the due date of {due_at} to a later one; give a later date")]
    DueDateNotLater {
        /// The date in force.
        due_at: Timestamp,
    },
    /// An extension that comes too late.
    #[error(
        "an extension is announced at the latest one day before the due date of {due_at}; complete \
         the dossier, late if need be"
    )]
    AnnouncedTooLate {
        /// The date in force.
        due_at: Timestamp,
    },
    /// Handling would end before it began.
    #[error("it was received at {received_at}; handling cannot end before that: correct the time")]
    BeforeReception {
        /// When it was received.
        received_at: Timestamp,
    },
    /// The clock has not passed the due date.
    #[error("its clock has not passed the due date of {due_at}; ask again later")]
    NotPastDue {
        /// The date in force.
        due_at: Timestamp,
    },
    /// No step is open.
    #[error("no step of it is open; start one first")]
    NoOpenStep,
    /// There is no such step.
    #[error("it has no step {step}; start that step first")]
    UnknownStep {
        /// The number asked for.
        step: u32,
    },
    /// The number is in use.
    #[error("step {step} was started with other content; number the new step otherwise")]
    StepTaken {
        /// The number asked for.
        step: u32,
    },
    /// The step has ended.
    #[error("step {step} was completed at {at}; a step is completed once")]
    StepCompleted {
        /// The number asked for.
        step: u32,
        /// When it ended.
        at: Timestamp,
    },
    /// Nothing to sign.
    #[error("it has no electronic result; issue one before it is signed")]
    NoElectronicResult,
    /// Nothing was counted.
    #[error("no component was digitised or reused; give at least one")]
    NothingDigitised,
    /// It was rated before.
    #[error("it was rated {} before; a dossier is rated once", rated(.rating))]
    AlreadyRated {
        /// How.
        rating: Rating,
    },
    /// No petition is open.
    #[error("no petition about it waits for an answer")]
    NoOpenPetition,
    /// There is no such petition.
    #[error("it has no petition {petition}; name one that was filed")]
    UnknownPetition {
        /// The number asked for.
        petition: u32,
    },
    /// The petition has its answer.
    #[error("petition {petition} was answered at {at}; a petition is answered once")]
    PetitionAnswered {
        /// The number asked for.
        petition: u32,
        /// When.
        at: Timestamp,
    },
    /// The working calendar does not reach far enough.
    #[error(transparent)]
    BeyondCalendar(#[from] BeyondCalendar),
}

// === impl Refusal ===

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            None => f.write_str("the dossier has not been filed")?,
            Some(status) => write!(f, "the dossier is {status} (status {})", status.code())?,
        }
        write!(f, " and refuses {}: {}; ", self.command, self.reason)?;
        write!(f, "possible now: {}", self.possible.join(", "))
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::BeyondCalendar(error) => Some(error),
            _ => None,
        }
    }
}

fn alternatives(statuses: &[Status]) -> String {
    statuses
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" or ")
}

fn rated(rating: &Rating) -> &'static str {
    match rating {
        Rating::VerySatisfied => "very satisfied",
        Rating::Satisfied => "satisfied",
        Rating::Neutral => "neutral",
        Rating::Dissatisfied => "dissatisfied",
    }
}
