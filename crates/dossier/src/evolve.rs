//! What an event makes of a dossier.

use jiff::Timestamp;

use crate::clock;
use crate::event::{CalendarVersion, Event, Fact, Filing, Receipt};
use crate::state::{
    Dossier, End, Filed, Payment, Petition, PetitionAnswer, Reception, Step, Waiting,
};
use crate::terms::{ClockPolicy, Status, Timeliness};

impl Dossier {
    /// Folds an event in. Total: facts about a dossier that was never filed leave it unfiled.
    pub(crate) fn fold(&mut self, event: &Event) {
        if let Self::Filed(filed) = self {
            filed.fold(event.at, &event.fact);
            return;
        }
        let (Fact::Registered(filing) | Fact::Received(Receipt { filing, .. })) = &event.fact
        else {
            return;
        };
        let mut filed = Filed::new(filing.clone());
        filed.fold(event.at, &event.fact);
        *self = Self::Filed(Box::new(filed));
    }
}

impl Filed {
    fn fold(&mut self, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::Registered(filing) => self.register(at, filing),
            Fact::Received(receipt) => self.receive(at, receipt),
            Fact::ReceptionRefused { reason } => {
                self.finish(Status::Refused, at, Timeliness::OnTime, reason);
            }
            Fact::ProcessingStarted { officer } => self.start(officer),
            Fact::ActivityNoted { activity, officer } => {
                self.activity = Some((at, activity.clone(), officer.clone()));
            }
            Fact::SupplementRequested {
                reason, ordinal, ..
            } => self.wait(at, reason, *ordinal),
            Fact::SupplementCompleted {
                due_at,
                waited_minutes,
                ..
            } => {
                self.resume(at, *due_at, *waited_minutes);
            }
            Fact::PaymentRequested { .. } | Fact::PaymentRecorded { .. } => self.fold_fee(at, fact),
            Fact::DueDateExtended { due_at, .. } => self.extend(at, *due_at),
            Fact::DueDateRecomputed {
                due_at, calendar, ..
            } => {
                self.recompute(at, *due_at, calendar);
            }
            Fact::HandedOver { to_unit, .. } => self.filing.unit.clone_from(to_unit),
            Fact::StepStarted { .. } | Fact::StepHandedOver { .. } | Fact::StepCompleted { .. } => {
                self.fold_step(at, fact);
            }
            Fact::HandlingStopped { reason, timeliness } => {
                self.finish(Status::Stopped, at, *timeliness, reason);
            }
            Fact::Withdrawn { reason, timeliness } => {
                self.finish(Status::Withdrawn, at, *timeliness, reason);
            }
            Fact::Completed { timeliness, .. } => {
                self.finish(Status::Completed, at, *timeliness, "");
            }
            Fact::ResultCorrected { reason } => self.correct(at, reason),
            Fact::ResultDelivered => self.deliver(at),
            Fact::ComponentsDigitised { digitised, reused } => {
                self.digitise(at, *digitised, *reused);
            }
            Fact::ElectronicResultIssued { sha256 } => self.issue(*sha256),
            Fact::ResultSigned { signer } => self.signer = Some(signer.clone()),
            Fact::Synchronised { target } => drop(self.synchronised.insert(*target)),
            Fact::Rated { rating } => self.rating = Some(*rating),
            Fact::PetitionFiled { .. } | Fact::PetitionAnswered { .. } => {
                self.fold_petition(at, fact);
            }
            Fact::BecameOverdue { .. } => self.mark(),
        }
    }

    /// Changes the status; a request is waited for only in the status that it brought.
    fn enter(&mut self, status: Status) {
        self.status = status;
        if status != Status::SupplementRequested {
            self.waiting = None;
        }
        if status != Status::PaymentRequested {
            self.fee_due = None;
        }
    }

    fn register(&mut self, at: Timestamp, filing: &Filing) {
        self.filing.clone_from(filing);
        self.registered_at = Some(at);
    }

    fn receive(&mut self, at: Timestamp, receipt: &Receipt) {
        self.filing.clone_from(&receipt.filing);
        self.enter(Status::Received);
        self.reception = Some(Reception {
            at,
            first_due_at: receipt.due_at,
            due_at: receipt.due_at,
            limit: receipt.limit,
            clock_policy: receipt.clock_policy,
            payment_duty: receipt.payment_duty,
            calendar: receipt.calendar.clone(),
            counts_from: at,
            waited_minutes: 0,
            extended: false,
            marked_overdue: false,
        });
    }

    fn start(&mut self, officer: &str) {
        self.enter(Status::InProcess);
        self.officer = Some(officer.to_owned());
    }

    fn wait(&mut self, at: Timestamp, reason: &str, ordinal: u32) {
        self.enter(Status::SupplementRequested);
        self.supplements = ordinal;
        self.waiting = Some(Waiting {
            requested_at: at,
            reason: reason.to_owned(),
        });
    }

    fn resume(&mut self, at: Timestamp, due_at: Option<Timestamp>, waited_minutes: i64) {
        self.enter(Status::InProcess);
        self.supplemented_at = Some(at);
        let Some(reception) = &mut self.reception else {
            return;
        };
        match reception.clock_policy {
            ClockPolicy::Restart => {
                reception.counts_from = at;
                reception.waited_minutes = 0;
            }
            ClockPolicy::Pause | ClockPolicy::Subtract => {
                reception.waited_minutes = reception.waited_minutes.saturating_add(waited_minutes);
            }
        }
        reception.due_at = due_at;
        self.judge_mark(at);
    }

    fn extend(&mut self, at: Timestamp, due_at: Timestamp) {
        let Some(reception) = &mut self.reception else {
            return;
        };
        reception.due_at = Some(due_at);
        reception.extended = true;
        self.judge_mark(at);
    }

    fn recompute(&mut self, at: Timestamp, due_at: Timestamp, calendar: &CalendarVersion) {
        let Some(reception) = &mut self.reception else {
            return;
        };
        reception.due_at = Some(due_at);
        reception.calendar = Some(calendar.clone());
        self.judge_mark(at);
    }

    fn mark(&mut self) {
        if let Some(reception) = &mut self.reception {
            reception.marked_overdue = true;
        }
    }

    /// A due date that moved beyond the present can be missed again, and is then marked again; one
    /// that is past all the same stays marked, so that it is not reported twice.
    fn judge_mark(&mut self, at: Timestamp) {
        let past_due = clock::is_past_due(self, at);
        if let Some(reception) = &mut self.reception {
            reception.marked_overdue &= past_due;
        }
    }

    fn fold_fee(&mut self, at: Timestamp, fact: &Fact) {
        if let Fact::PaymentRequested { amount_dong, fee } = fact {
            self.enter(Status::PaymentRequested);
            self.fee_due = Some((*amount_dong, fee.clone()));
        } else if let Fact::PaymentRecorded {
            amount_dong,
            method,
            reference,
        } = fact
        {
            if self.status == Status::PaymentRequested {
                // The portal's table leads to status 6 from status 4 alone.
                self.enter(Status::InProcess);
            }
            self.paid_online |= method.is_online();
            let (amount_dong, method) = (*amount_dong, *method);
            let reference = reference.clone();
            self.payment = Some(Payment {
                at,
                amount_dong,
                method,
                reference,
            });
        }
    }

    fn fold_step(&mut self, at: Timestamp, fact: &Fact) {
        if let Fact::StepStarted {
            step,
            unit,
            name,
            due_at,
        } = fact
        {
            let (unit, name, due_at) = (unit.clone(), name.clone(), *due_at);
            let started = Step {
                unit,
                name,
                due_at,
                completed_at: None,
            };
            self.steps.insert(*step, started);
        } else if let Fact::StepHandedOver { step, to_unit, .. } = fact
            && let Some(step) = self.steps.get_mut(step)
        {
            step.unit.clone_from(to_unit);
        } else if let Fact::StepCompleted { step, .. } = fact
            && let Some(step) = self.steps.get_mut(step)
        {
            step.completed_at = Some(at);
        }
    }

    fn finish(&mut self, status: Status, at: Timestamp, timeliness: Timeliness, reason: &str) {
        self.enter(status);
        self.end = Some(End {
            at,
            timeliness,
            reason: reason.to_owned(),
        });
    }

    fn correct(&mut self, at: Timestamp, reason: &str) {
        self.enter(Status::InProcess);
        self.end = None;
        self.correction = Some((at, reason.to_owned()));
    }

    fn deliver(&mut self, at: Timestamp) {
        if self.end.is_none() {
            let timeliness = clock::judged(self, at);
            self.end = Some(End {
                at,
                timeliness,
                reason: String::new(),
            });
        }
        self.enter(Status::Delivered);
        self.delivered_at = Some(at);
    }

    fn digitise(&mut self, at: Timestamp, digitised: u32, reused: u32) {
        self.digitised = self.digitised.saturating_add(digitised);
        self.reused = self.reused.saturating_add(reused);
        self.digitisation = Some((at, digitised, reused));
    }

    fn issue(&mut self, sha256: [u8; 32]) {
        self.electronic_result = Some(sha256);
        self.signer = None;
    }

    fn fold_petition(&mut self, at: Timestamp, fact: &Fact) {
        if let Fact::PetitionFiled { petition, due_at } = fact {
            let filed = Petition {
                filed_at: at,
                due_at: *due_at,
                answer: None,
            };
            self.petitions.insert(*petition, filed);
        } else if let Fact::PetitionAnswered {
            petition,
            on_time,
            satisfied,
        } = fact
            && let Some(petition) = self.petitions.get_mut(petition)
        {
            let (on_time, satisfied) = (*on_time, *satisfied);
            petition.answer = Some(PetitionAnswer {
                at,
                on_time,
                satisfied,
            });
        }
    }
}
