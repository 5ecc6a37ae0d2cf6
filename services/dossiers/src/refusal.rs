//! Refusals as problems: the code by what the caller should do next.

use contracts::problem::Problem;
use dossier::Reason;
use eventlog::command::ExecuteError;

use crate::case::Refusal;

/// Why a command was not obeyed.
pub(crate) fn problem(error: ExecuteError<Refusal>) -> Problem {
    error.problem(|refusal| match refusal {
        Refusal::Reference(problem) => problem,
        Refusal::Dossier(refusal) => of_dossier(&refusal),
    })
}

/// Why a dossier refuses.
pub(crate) fn of_dossier(refusal: &dossier::Refusal) -> Problem {
    let (reason, message) = (name(&refusal.reason), refusal.to_string());
    let problem = match refusal.reason {
        Reason::NotFiled => Problem::not_found(reason, message),
        Reason::AlreadyFiled => Problem::already_exists(reason, message),
        _ => Problem::refused(reason, message),
    };
    let status = refusal.status.map_or(0, dossier::Status::code);
    problem
        .with("command", refusal.command.to_string())
        .with("status", status.to_string())
        .with("possible", refusal.possible.join(","))
}

/// The reason as programs know it. No wildcard: a new reason needs a name.
fn name(reason: &Reason) -> &'static str {
    match reason {
        Reason::NotFiled => "DOSSIER_NOT_FOUND",
        Reason::AlreadyFiled => "DOSSIER_EXISTS",
        Reason::NothingFiled => "DOSSIER_NOT_REGISTERED",
        Reason::OtherCode { .. } => "OTHER_DOSSIER",
        Reason::Status { .. } => "STATUS_DOES_NOT_ALLOW",
        Reason::AlreadyReceived { .. } => "ALREADY_RECEIVED",
        Reason::NotReceived => "NOT_RECEIVED",
        Reason::NoDueDate => "NO_DUE_DATE",
        Reason::DueDateNotComputed => "DUE_DATE_NOT_COMPUTED",
        Reason::AlreadyExtended { .. } => "ALREADY_EXTENDED",
        Reason::DueDateNotLater { .. } => "DUE_DATE_NOT_LATER",
        Reason::AnnouncedTooLate { .. } => "ANNOUNCED_TOO_LATE",
        Reason::BeforeReception { .. } => "BEFORE_RECEPTION",
        Reason::NotPastDue { .. } => "NOT_PAST_DUE",
        Reason::NoOpenStep => "NO_OPEN_STEP",
        Reason::UnknownStep { .. } => "UNKNOWN_STEP",
        Reason::StepTaken { .. } => "STEP_TAKEN",
        Reason::StepCompleted { .. } => "STEP_COMPLETED",
        Reason::NoElectronicResult => "NO_ELECTRONIC_RESULT",
        Reason::NothingDigitised => "NOTHING_DIGITISED",
        Reason::AlreadyRated { .. } => "ALREADY_RATED",
        Reason::NoOpenPetition => "NO_OPEN_PETITION",
        Reason::UnknownPetition { .. } => "UNKNOWN_PETITION",
        Reason::PetitionAnswered { .. } => "PETITION_ANSWERED",
        Reason::BeyondCalendar(_) => "BEYOND_CALENDAR",
    }
}
