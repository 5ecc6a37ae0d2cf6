//! What a command asks for may hold already: a retry is not news.

use jiff::Timestamp;

use crate::command::{Action, Promise};
use crate::state::{Dossier, End, Filed, Reception, Waiting};
use crate::terms::Status;

impl Dossier {
    /// Whether what the command asks for holds already, so that nothing follows from it.
    ///
    /// Facts that may come about more than once (an activity, a payment, a petition) are the same
    /// when their moment and content are; only the latest of a kind is held against the command.
    /// Who resolves it, its marks and its electronic result are states: asking for the one that
    /// holds is a retry whenever it is asked.
    pub(crate) fn already_holds(&self, at: Timestamp, action: &Action) -> bool {
        match self {
            Self::Unfiled => false,
            Self::Filed(filed) => filed.already_holds(at, action),
        }
    }
}

impl Filed {
    fn already_holds(&self, at: Timestamp, action: &Action) -> bool {
        match action {
            Action::RegisterDossier(filing) => {
                self.registered_at == Some(at) && self.filing == *filing
            }
            Action::ReceiveDossier { .. } => self.received_so(at, action),
            Action::RefuseReception { reason } => self.ended(Status::Refused, at, reason),
            Action::StartProcessing { officer } => {
                self.status == Status::InProcess && self.officer.as_ref() == Some(officer)
            }
            Action::NoteActivity { activity, officer } => {
                self.activity == Some((at, activity.clone(), officer.clone()))
            }
            Action::RequestSupplement { reason } => {
                let asked =
                    |waiting: &Waiting| waiting.requested_at == at && waiting.reason == *reason;
                self.waiting.as_ref().is_some_and(asked)
            }
            Action::CompleteSupplement { .. } => {
                self.waiting.is_none() && self.supplemented_at == Some(at)
            }
            Action::RequestPayment { amount_dong, fee } => {
                self.fee_due == Some((*amount_dong, fee.clone()))
            }
            Action::RecordPayment { .. } => self.paid_so(at, action),
            Action::ExtendDueDate { due_at, .. } => {
                let so = |was: &Reception| was.extended && was.due_at == Some(*due_at);
                self.reception.as_ref().is_some_and(so)
            }
            // Whether a recomputation moves the date shows only when it is computed.
            Action::RecomputeDueDate { .. } => false,
            Action::HandOverDossier { to_unit, .. } => self.filing.unit == *to_unit,
            Action::LeaveUnit {
                from_unit, to_unit, ..
            } => {
                let is_its = self.filing.unit == *from_unit;
                let has_step = self.open_steps_of(from_unit).next().is_some();
                from_unit == to_unit || !(is_its || has_step)
            }
            Action::StartStep { .. } | Action::CompleteStep { .. } => self.stepped_so(at, action),
            Action::StopHandling { reason } => self.ended(Status::Stopped, at, reason),
            Action::WithdrawDossier { reason } => self.ended(Status::Withdrawn, at, reason),
            Action::CompleteDossier => self.ended(Status::Completed, at, ""),
            Action::CorrectResult { reason } => {
                self.status == Status::InProcess && self.correction == Some((at, reason.clone()))
            }
            Action::DeliverResult => self.delivered_at == Some(at),
            Action::DigitiseComponents { digitised, reused } => {
                self.digitisation == Some((at, *digitised, *reused))
            }
            Action::IssueElectronicResult { sha256 } => self.electronic_result == Some(*sha256),
            Action::SignResult { signer } => self.signer.as_ref() == Some(signer),
            Action::SynchroniseDossier { target } => self.synchronised.contains(target),
            Action::RateDossier { rating } => self.rating == Some(*rating),
            Action::FilePetition { .. } | Action::AnswerPetition { .. } => {
                self.petitioned_so(at, action)
            }
            Action::MarkOverdue => {
                let marked = |was: &Reception| was.marked_overdue;
                self.end.is_none() && self.reception.as_ref().is_some_and(marked)
            }
        }
    }

    fn received_so(&self, at: Timestamp, action: &Action) -> bool {
        let Action::ReceiveDossier {
            filing,
            promise,
            clock_policy,
            payment_duty,
        } = action
        else {
            return false;
        };
        let Some(was) = &self.reception else {
            return false;
        };
        let promised = match promise {
            Promise::Unlimited => was.first_due_at.is_none(),
            Promise::Given(due_at) => was.limit.is_none() && was.first_due_at == Some(*due_at),
            Promise::Computed { limit, .. } => was.limit == Some(*limit),
        };
        promised
            && was.at == at
            && was.clock_policy == *clock_policy
            && was.payment_duty == *payment_duty
            && filing.as_ref().is_none_or(|filing| self.filing == *filing)
    }

    fn paid_so(&self, at: Timestamp, action: &Action) -> bool {
        let Action::RecordPayment {
            amount_dong,
            method,
            reference,
        } = action
        else {
            return false;
        };
        // While a fee is due, the same payment again is another one.
        self.fee_due.is_none()
            && self.payment.as_ref().is_some_and(|paid| {
                paid.at == at
                    && paid.amount_dong == *amount_dong
                    && paid.method == *method
                    && paid.reference == *reference
            })
    }

    fn stepped_so(&self, at: Timestamp, action: &Action) -> bool {
        if let Action::StartStep {
            step, unit, name, ..
        } = action
        {
            let started = self.steps.get(step);
            started.is_some_and(|started| started.unit == *unit && started.name == *name)
        } else if let Action::CompleteStep { step } = action {
            self.steps
                .get(step)
                .is_some_and(|step| step.completed_at == Some(at))
        } else {
            false
        }
    }

    fn petitioned_so(&self, at: Timestamp, action: &Action) -> bool {
        if let Action::AnswerPetition {
            petition,
            satisfied,
        } = action
        {
            let answer = self
                .petitions
                .get(petition)
                .and_then(|it| it.answer.as_ref());
            answer.is_some_and(|answer| answer.at == at && answer.satisfied == *satisfied)
        } else {
            self.petitions
                .last_key_value()
                .is_some_and(|(_, last)| last.filed_at == at)
        }
    }

    fn ended(&self, status: Status, at: Timestamp, reason: &str) -> bool {
        let so = |end: &End| end.at == at && end.reason == reason;
        self.status == status && self.end.as_ref().is_some_and(so)
    }
}
