//! What may be asked of a dossier.

use std::fmt;
use std::sync::Arc;

use calendar::{Calendar, Limit};
use ids::UnitCode;
use jiff::Timestamp;

use crate::event::Filing;
use crate::terms::{ClockPolicy, PaymentMethod, Rating, SyncTarget};

/// A request and the moment in the world that it speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// When it happened.
    pub at: Timestamp,
    /// What is asked.
    pub action: Action,
}

/// The date that a receipt promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promise {
    /// The procedure has no limit.
    Unlimited,
    /// A date that the source of an import promised.
    Given(Timestamp),
    /// The procedure's limit, counted in that calendar from the reception.
    Computed {
        /// The procedure's limit.
        limit: Limit,
        /// The working calendar in force.
        calendar: Arc<Calendar>,
    },
}

/// What is asked. Every variant has the name of its RPC; `MarkOverdue` is the timer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Files it.
    RegisterDossier(Filing),
    /// Takes it in and promises a date.
    ReceiveDossier {
        /// What it is about; none for a registered one when nothing about it changes.
        filing: Option<Filing>,
        /// The date promised.
        promise: Promise,
        /// What a supplement will do to the clock.
        clock_policy: ClockPolicy,
        /// The applicant owes a fee for this procedure.
        payment_duty: bool,
    },
    /// Refuses to take it in.
    RefuseReception {
        /// Why.
        reason: String,
    },
    /// Takes it up, or takes it over from another officer.
    StartProcessing {
        /// Staff code; may be empty.
        officer: String,
    },
    /// Notes a step of the work.
    NoteActivity {
        /// What was done.
        activity: String,
        /// Staff code; may be empty.
        officer: String,
    },
    /// Asks the applicant for more.
    RequestSupplement {
        /// What is missing.
        reason: String,
    },
    /// The applicant brought what was missing.
    CompleteSupplement {
        /// The working calendar that the new due date is computed with.
        calendar: Arc<Calendar>,
    },
    /// Asks for a fee.
    RequestPayment {
        /// Dong.
        amount_dong: u64,
        /// What the fee is for.
        fee: String,
    },
    /// Records a payment, asked for or not.
    RecordPayment {
        /// Dong.
        amount_dong: u64,
        /// How.
        method: PaymentMethod,
        /// The payment system's reference; may be empty.
        reference: String,
    },
    /// Re-appoints, once, announced at the latest on the local day before the due date.
    ExtendDueDate {
        /// The new due date, later than the one in force.
        due_at: Timestamp,
        /// Why.
        reason: String,
        /// Says what the local day is.
        calendar: Arc<Calendar>,
    },
    /// Computes the due date again, with a calendar that has changed.
    RecomputeDueDate {
        /// Why.
        reason: String,
        /// The calendar as it is announced now.
        calendar: Arc<Calendar>,
    },
    /// Gives it to another unit to resolve.
    HandOverDossier {
        /// The unit that resolves it from now on.
        to_unit: UnitCode,
        /// Why.
        reason: String,
    },
    /// Gives what a unit that ended has to do with it to another one: the dossier if it resolves
    /// it, and every open step of its own. Called and refused as
    /// [`HandOverDossier`](Self::HandOverDossier).
    LeaveUnit {
        /// The unit that ended.
        from_unit: UnitCode,
        /// The unit that does its work from now on.
        to_unit: UnitCode,
        /// Why.
        reason: String,
    },
    /// Begins a step of a linked procedure.
    StartStep {
        /// 1, 2, 3, …
        step: u32,
        /// The unit whose step it is.
        unit: UnitCode,
        /// What is done in it.
        name: String,
        /// Its own limit, and the calendar to count it in.
        limit: Option<(Limit, Arc<Calendar>)>,
    },
    /// Ends a step of a linked procedure.
    CompleteStep {
        /// Which one.
        step: u32,
    },
    /// Stops the handling.
    StopHandling {
        /// Why.
        reason: String,
    },
    /// The applicant takes it back.
    WithdrawDossier {
        /// Why.
        reason: String,
    },
    /// Puts the result at the one-stop shop.
    CompleteDossier,
    /// Takes a wrong result back before delivery.
    CorrectResult {
        /// What was wrong.
        reason: String,
    },
    /// Hands the result over.
    DeliverResult,
    /// Records digitised and reused components; at least one of both counts is above 0.
    DigitiseComponents {
        /// Components digitised now.
        digitised: u32,
        /// Components taken from a store of digitised documents.
        reused: u32,
    },
    /// Issues an electronic result; a new one takes the place of the old, and of its signature.
    IssueElectronicResult {
        /// SHA-256 of the file.
        sha256: [u8; 32],
    },
    /// Signs the electronic result.
    SignResult {
        /// Staff code of the signer.
        signer: String,
    },
    /// Records that its data reached a national store.
    SynchroniseDossier {
        /// Which one.
        target: SyncTarget,
    },
    /// The applicant rates the handling, once.
    RateDossier {
        /// How.
        rating: Rating,
    },
    /// The applicant complains or petitions.
    FilePetition {
        /// The limit for the answer: 15 working days by the rules of 2025.
        limit: Limit,
        /// The calendar to count it in.
        calendar: Arc<Calendar>,
    },
    /// Answers a petition, once.
    AnswerPetition {
        /// Number of the petition within the dossier.
        petition: u32,
        /// The petitioner was satisfied.
        satisfied: bool,
    },
    /// The clock passed the due date.
    MarkOverdue,
}

/// The name of a command, as its RPC is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "each is the name of the action of the same name"
)]
pub enum CommandName {
    RegisterDossier,
    ReceiveDossier,
    RefuseReception,
    StartProcessing,
    NoteActivity,
    RequestSupplement,
    CompleteSupplement,
    RequestPayment,
    RecordPayment,
    ExtendDueDate,
    RecomputeDueDate,
    HandOverDossier,
    StartStep,
    CompleteStep,
    StopHandling,
    WithdrawDossier,
    CompleteDossier,
    CorrectResult,
    DeliverResult,
    DigitiseComponents,
    IssueElectronicResult,
    SignResult,
    SynchroniseDossier,
    RateDossier,
    FilePetition,
    AnswerPetition,
    MarkOverdue,
}

// === impl Action ===

impl Action {
    /// What it is called.
    pub fn name(&self) -> CommandName {
        match self {
            Self::RegisterDossier(_) => CommandName::RegisterDossier,
            Self::ReceiveDossier { .. } => CommandName::ReceiveDossier,
            Self::RefuseReception { .. } => CommandName::RefuseReception,
            Self::StartProcessing { .. } => CommandName::StartProcessing,
            Self::NoteActivity { .. } => CommandName::NoteActivity,
            Self::RequestSupplement { .. } => CommandName::RequestSupplement,
            Self::CompleteSupplement { .. } => CommandName::CompleteSupplement,
            Self::RequestPayment { .. } => CommandName::RequestPayment,
            Self::RecordPayment { .. } => CommandName::RecordPayment,
            Self::ExtendDueDate { .. } => CommandName::ExtendDueDate,
            Self::RecomputeDueDate { .. } => CommandName::RecomputeDueDate,
            Self::HandOverDossier { .. } | Self::LeaveUnit { .. } => CommandName::HandOverDossier,
            Self::StartStep { .. } => CommandName::StartStep,
            Self::CompleteStep { .. } => CommandName::CompleteStep,
            Self::StopHandling { .. } => CommandName::StopHandling,
            Self::WithdrawDossier { .. } => CommandName::WithdrawDossier,
            Self::CompleteDossier => CommandName::CompleteDossier,
            Self::CorrectResult { .. } => CommandName::CorrectResult,
            Self::DeliverResult => CommandName::DeliverResult,
            Self::DigitiseComponents { .. } => CommandName::DigitiseComponents,
            Self::IssueElectronicResult { .. } => CommandName::IssueElectronicResult,
            Self::SignResult { .. } => CommandName::SignResult,
            Self::SynchroniseDossier { .. } => CommandName::SynchroniseDossier,
            Self::RateDossier { .. } => CommandName::RateDossier,
            Self::FilePetition { .. } => CommandName::FilePetition,
            Self::AnswerPetition { .. } => CommandName::AnswerPetition,
            Self::MarkOverdue => CommandName::MarkOverdue,
        }
    }
}

// === impl CommandName ===

impl CommandName {
    /// Every command that a caller may send, in the order of a dossier's life. The timer's
    /// [`MarkOverdue`](Self::MarkOverdue) is not among them.
    pub const CALLABLE: [Self; 26] = [
        Self::RegisterDossier,
        Self::ReceiveDossier,
        Self::RefuseReception,
        Self::StartProcessing,
        Self::NoteActivity,
        Self::RequestSupplement,
        Self::CompleteSupplement,
        Self::RequestPayment,
        Self::RecordPayment,
        Self::ExtendDueDate,
        Self::RecomputeDueDate,
        Self::HandOverDossier,
        Self::StartStep,
        Self::CompleteStep,
        Self::StopHandling,
        Self::WithdrawDossier,
        Self::CompleteDossier,
        Self::CorrectResult,
        Self::DeliverResult,
        Self::DigitiseComponents,
        Self::IssueElectronicResult,
        Self::SignResult,
        Self::SynchroniseDossier,
        Self::RateDossier,
        Self::FilePetition,
        Self::AnswerPetition,
    ];

    /// The name as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RegisterDossier => "RegisterDossier",
            Self::ReceiveDossier => "ReceiveDossier",
            Self::RefuseReception => "RefuseReception",
            Self::StartProcessing => "StartProcessing",
            Self::NoteActivity => "NoteActivity",
            Self::RequestSupplement => "RequestSupplement",
            Self::CompleteSupplement => "CompleteSupplement",
            Self::RequestPayment => "RequestPayment",
            Self::RecordPayment => "RecordPayment",
            Self::ExtendDueDate => "ExtendDueDate",
            Self::RecomputeDueDate => "RecomputeDueDate",
            Self::HandOverDossier => "HandOverDossier",
            Self::StartStep => "StartStep",
            Self::CompleteStep => "CompleteStep",
            Self::StopHandling => "StopHandling",
            Self::WithdrawDossier => "WithdrawDossier",
            Self::CompleteDossier => "CompleteDossier",
            Self::CorrectResult => "CorrectResult",
            Self::DeliverResult => "DeliverResult",
            Self::DigitiseComponents => "DigitiseComponents",
            Self::IssueElectronicResult => "IssueElectronicResult",
            Self::SignResult => "SignResult",
            Self::SynchroniseDossier => "SynchroniseDossier",
            Self::RateDossier => "RateDossier",
            Self::FilePetition => "FilePetition",
            Self::AnswerPetition => "AnswerPetition",
            Self::MarkOverdue => "MarkOverdue",
        }
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
