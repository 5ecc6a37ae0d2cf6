//! What a command asks for may hold already: a retry is not news.

use jiff::Timestamp;

use crate::command::{Action, Promise};
use crate::state::{Dossier, Filed, Payment, Reception};
use crate::terms::{ClockPolicy, Status};

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
            Action::ReceiveDossier {
                filing,
                promise,
                clock_policy,
                payment_duty,
            } => self
                .reception
                .as_ref()
                .filter(|_| filing.as_ref().is_none_or(|filing| self.filing == *filing))
                .is_some_and(|was| was.same(at, promise, *clock_policy, *payment_duty)),
            Action::RefuseReception { reason } => self.ended(Status::Refused, at, reason),
            Action::StartProcessing { officer } => {
                self.status == Status::InProcess && self.officer.as_ref() == Some(officer)
            }
            Action::NoteActivity { activity, officer } => self
                .activity
                .as_ref()
                .is_some_and(|(when, what, who)| *when == at && what == activity && who == officer),
            Action::RequestSupplement { reason } => self
                .waiting
                .as_ref()
                .is_some_and(|w| w.requested_at == at && w.reason == *reason),
            Action::CompleteSupplement { .. } => {
                self.waiting.is_none() && self.supplemented_at == Some(at)
            }
            Action::RequestPayment { amount_dong, fee } => self
                .fee_due
                .as_ref()
                .is_some_and(|(dong, what)| dong == amount_dong && what == fee),
            Action::RecordPayment {
                amount_dong,
                method,
                reference,
            } => {
                let (amount_dong, method) = (*amount_dong, *method);
                let asked = Payment {
                    at,
                    amount_dong,
                    method,
                    reference: reference.clone(),
                };
                self.fee_due.is_none() && self.payment.as_ref() == Some(&asked)
            }
            Action::ExtendDueDate { due_at, .. } => self
                .reception
                .as_ref()
                .is_some_and(|r| r.extended && r.due_at == Some(*due_at)),
            Action::HandOverDossier { to_unit, .. } => self.filing.unit == *to_unit,
            Action::StartStep {
                step, unit, name, ..
            } => self
                .steps
                .get(step)
                .is_some_and(|step| step.unit == *unit && step.name == *name),
            Action::CompleteStep { step } => self
                .steps
                .get(step)
                .is_some_and(|step| step.completed_at == Some(at)),
            Action::StopHandling { reason } => self.ended(Status::Stopped, at, reason),
            Action::WithdrawDossier { reason } => self.ended(Status::Withdrawn, at, reason),
            Action::CompleteDossier => self.ended(Status::Completed, at, ""),
            Action::CorrectResult { reason } => {
                let last = self.correction.as_ref();
                self.status == Status::InProcess
                    && last.is_some_and(|(when, why)| *when == at && why == reason)
            }
            Action::DeliverResult => self.delivered_at == Some(at),
            Action::DigitiseComponents { digitised, reused } => {
                self.digitisation == Some((at, *digitised, *reused))
            }
            Action::IssueElectronicResult { sha256 } => self.electronic_result == Some(*sha256),
            Action::SignResult { signer } => self.signer.as_ref() == Some(signer),
            Action::SynchroniseDossier { target } => self.synchronised.contains(target),
            Action::RateDossier { rating } => self.rating == Some(*rating),
            Action::FilePetition { .. } => self
                .petitions
                .last_key_value()
                .is_some_and(|(_, last)| last.filed_at == at),
            Action::AnswerPetition {
                petition,
                satisfied,
            } => self
                .petitions
                .get(petition)
                .and_then(|petition| petition.answer.as_ref())
                .is_some_and(|answer| answer.at == at && answer.satisfied == *satisfied),
            // Whether a recomputation moves the date shows only when it is computed.
            Action::RecomputeDueDate { .. } => false,
            Action::MarkOverdue => {
                self.end.is_none() && self.reception.as_ref().is_some_and(|r| r.marked_overdue)
            }
        }
    }

    fn ended(&self, status: Status, at: Timestamp, reason: &str) -> bool {
        self.status == status
            && self
                .end
                .as_ref()
                .is_some_and(|end| end.at == at && end.reason == reason)
    }
}

impl Reception {
    fn same(
        &self,
        at: Timestamp,
        promise: &Promise,
        clock_policy: ClockPolicy,
        payment_duty: bool,
    ) -> bool {
        let promised = match promise {
            Promise::Unlimited => self.first_due_at.is_none(),
            Promise::Given(due_at) => self.limit.is_none() && self.first_due_at == Some(*due_at),
            Promise::Computed { limit, .. } => self.limit == Some(*limit),
        };
        promised
            && self.at == at
            && self.clock_policy == clock_policy
            && self.payment_duty == payment_duty
    }
}
