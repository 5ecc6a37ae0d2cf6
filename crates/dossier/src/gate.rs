//! The one table of what a state permits.

use crate::command::CommandName;
use crate::refusal::{Reason, Refusal};
use crate::state::{Dossier, Filed};
use crate::terms::Status;

use Status::{
    Completed, Delivered, InProcess, PaymentRequested, Received, Refused, Registered, Stopped,
    SupplementRequested,
};

/// The statuses in which a filed dossier permits a command. A move between statuses stands here
/// exactly if the national portal's table has it.
fn permitting(command: CommandName) -> &'static [Status] {
    const FILED: &[Status] = &Status::ALL;
    const UNFINISHED: &[Status] = &[
        Registered,
        Received,
        InProcess,
        SupplementRequested,
        PaymentRequested,
    ];
    const RECEIVED_UNFINISHED: &[Status] =
        &[Received, InProcess, SupplementRequested, PaymentRequested];
    const WITH_RESULT: &[Status] = &[Received, InProcess, PaymentRequested, Completed, Delivered];

    match command {
        CommandName::RegisterDossier => &[],
        CommandName::ReceiveDossier => &[Registered, SupplementRequested],
        CommandName::RefuseReception => &[Registered],
        CommandName::StartProcessing => &[Received, InProcess],
        CommandName::RequestSupplement => &[Registered, Received, InProcess],
        CommandName::CompleteSupplement => &[SupplementRequested],
        CommandName::RequestPayment => &[InProcess],
        // Fees are also taken when a dossier is filed, and with its result.
        CommandName::RecordPayment => &[
            Registered,
            Received,
            InProcess,
            SupplementRequested,
            PaymentRequested,
            Completed,
        ],
        CommandName::ExtendDueDate => &[Received, InProcess, PaymentRequested],
        CommandName::RecomputeDueDate
        | CommandName::StartStep
        | CommandName::CompleteStep
        | CommandName::MarkOverdue => RECEIVED_UNFINISHED,
        CommandName::HandOverDossier | CommandName::WithdrawDossier => UNFINISHED,
        CommandName::StopHandling => &[InProcess, SupplementRequested, PaymentRequested],
        CommandName::CompleteDossier => &[Received, InProcess, PaymentRequested],
        CommandName::CorrectResult => &[Completed],
        CommandName::DeliverResult => &[Stopped, Completed],
        CommandName::DigitiseComponents => &[
            Registered,
            Received,
            InProcess,
            SupplementRequested,
            PaymentRequested,
            Completed,
            Delivered,
        ],
        CommandName::IssueElectronicResult | CommandName::SignResult => WITH_RESULT,
        CommandName::RateDossier => &[Refused, Stopped, Completed, Delivered],
        CommandName::NoteActivity
        | CommandName::SynchroniseDossier
        | CommandName::FilePetition
        | CommandName::AnswerPetition => FILED,
    }
}

impl Dossier {
    /// Names of the commands that may be given now, with sound arguments, in the order of a
    /// dossier's life.
    pub fn possible(&self) -> Vec<&'static str> {
        CommandName::CALLABLE
            .into_iter()
            .filter(|command| self.permits(*command).is_ok())
            .map(CommandName::as_str)
            .collect()
    }

    /// Whether the state permits a command, whatever its arguments.
    pub(crate) fn permits(&self, command: CommandName) -> Result<(), Reason> {
        match (self, command) {
            (Self::Unfiled, CommandName::RegisterDossier | CommandName::ReceiveDossier) => Ok(()),
            (Self::Unfiled, _) => Err(Reason::NotFiled),
            (Self::Filed(_), CommandName::RegisterDossier) => Err(Reason::AlreadyFiled),
            (Self::Filed(filed), command) => filed.permits(command),
        }
    }

    pub(crate) fn refusal(&self, command: CommandName, reason: Reason) -> Refusal {
        Refusal {
            command,
            status: self.status(),
            reason,
            possible: self.possible(),
        }
    }
}

impl Filed {
    fn permits(&self, command: CommandName) -> Result<(), Reason> {
        let allowed = permitting(command);
        if command == CommandName::ReceiveDossier
            && let Some(received_at) = self.received_at()
        {
            return Err(Reason::AlreadyReceived { received_at });
        }
        if !allowed.contains(&self.status) {
            return Err(Reason::Status { allowed });
        }
        match command {
            CommandName::CompleteSupplement | CommandName::StartStep => {
                self.received_at().map(drop).ok_or(Reason::NotReceived)
            }
            CommandName::MarkOverdue => self.due_at().map(drop).ok_or(Reason::NoDueDate),
            CommandName::ExtendDueDate => self.permits_extension(),
            CommandName::RecomputeDueDate => self.permits_recomputation(),
            CommandName::CompleteStep if self.steps.values().all(|s| s.completed_at.is_some()) => {
                Err(Reason::NoOpenStep)
            }
            CommandName::SignResult if self.electronic_result.is_none() => {
                Err(Reason::NoElectronicResult)
            }
            CommandName::RateDossier => match self.rating {
                Some(rating) => Err(Reason::AlreadyRated { rating }),
                None => Ok(()),
            },
            CommandName::AnswerPetition if self.petitions.values().all(|p| p.answer.is_some()) => {
                Err(Reason::NoOpenPetition)
            }
            _ => Ok(()),
        }
    }

    fn permits_extension(&self) -> Result<(), Reason> {
        let reception = self.reception.as_ref().ok_or(Reason::NotReceived)?;
        match reception.due_at {
            None => Err(Reason::NoDueDate),
            Some(due_at) if reception.extended => Err(Reason::AlreadyExtended { due_at }),
            Some(_) => Ok(()),
        }
    }

    fn permits_recomputation(&self) -> Result<(), Reason> {
        let reception = self.reception.as_ref().ok_or(Reason::NotReceived)?;
        match (reception.due_at, reception.limit) {
            (None, _) => Err(Reason::NoDueDate),
            (Some(_), Some(_)) if !reception.extended => Ok(()),
            (Some(_), _) => Err(Reason::DueDateNotComputed),
        }
    }
}
