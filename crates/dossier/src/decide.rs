//! What follows from a command.

use std::sync::Arc;

use calendar::{Calendar, Limit};
use decider::Decider;
use ids::UnitCode;
use jiff::Timestamp;

use crate::clock;
use crate::command::{Action, Command, Promise};
use crate::event::{CalendarVersion, Event, Fact, Filing, Receipt};
use crate::refusal::{Reason, Refusal};
use crate::state::{Dossier, Filed, Reception};
use crate::terms::{ClockPolicy, Timeliness};

type Decision = Result<Vec<Fact>, Reason>;

impl Decider for Dossier {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, Command { at, action }: Command) -> Result<Vec<Event>, Refusal> {
        if self.already_holds(at, &action) {
            return Ok(Vec::new());
        }
        let name = action.name();
        let decision = self.permits(name).and_then(|()| match self {
            Self::Unfiled => file(at, action),
            Self::Filed(filed) => filed.decide(at, action),
        });
        match decision {
            Ok(facts) => Ok(facts.into_iter().map(|fact| Event { at, fact }).collect()),
            Err(reason) => Err(self.refusal(name, reason)),
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.fold(event);
    }
}

fn file(at: Timestamp, action: Action) -> Decision {
    match action {
        Action::RegisterDossier(filing) => Ok(vec![Fact::Registered(filing)]),
        Action::ReceiveDossier {
            filing,
            promise,
            clock_policy,
            payment_duty,
        } => {
            let filing = filing.ok_or(Reason::NothingFiled)?;
            receive(at, filing, &promise, clock_policy, payment_duty)
        }
        _ => Err(Reason::NotFiled),
    }
}

fn receive(
    at: Timestamp,
    filing: Filing,
    promise: &Promise,
    clock_policy: ClockPolicy,
    payment_duty: bool,
) -> Decision {
    let (due_at, limit, calendar) = match promise {
        Promise::Unlimited => (None, None, None),
        Promise::Given(due_at) => (Some(*due_at), None, None),
        Promise::Computed { limit, calendar } => {
            let due_at = calendar.due(at, *limit)?;
            (
                Some(due_at),
                Some(*limit),
                Some(CalendarVersion::from(&**calendar)),
            )
        }
    };
    let receipt = Receipt {
        filing,
        due_at,
        limit,
        clock_policy,
        payment_duty,
        calendar,
    };
    Ok(vec![Fact::Received(receipt)])
}

fn digitise(digitised: u32, reused: u32) -> Result<Fact, Reason> {
    if digitised == 0 && reused == 0 {
        return Err(Reason::NothingDigitised);
    }
    Ok(Fact::ComponentsDigitised { digitised, reused })
}

impl Filed {
    fn decide(&self, at: Timestamp, action: Action) -> Decision {
        let fact = match action {
            Action::RegisterDossier(_) => return Err(Reason::AlreadyFiled),
            Action::ReceiveDossier {
                filing,
                promise,
                clock_policy,
                payment_duty,
            } => {
                let filing = self.refiled(filing)?;
                return receive(at, filing, &promise, clock_policy, payment_duty);
            }
            Action::RequestSupplement { reason } => return Ok(self.request_supplement(reason)),
            Action::RecomputeDueDate { reason, calendar } => {
                return self.recompute_due_date(reason, &calendar);
            }
            Action::LeaveUnit {
                from_unit,
                to_unit,
                reason,
            } => return Ok(self.leave_unit(&from_unit, &to_unit, &reason)),
            Action::RefuseReception { reason } => Fact::ReceptionRefused { reason },
            Action::StartProcessing { officer } => Fact::ProcessingStarted { officer },
            Action::NoteActivity { activity, officer } => Fact::ActivityNoted { activity, officer },
            Action::CompleteSupplement { calendar } => self.complete_supplement(at, &calendar)?,
            Action::RequestPayment { amount_dong, fee } => {
                Fact::PaymentRequested { amount_dong, fee }
            }
            Action::RecordPayment {
                amount_dong,
                method,
                reference,
            } => Fact::PaymentRecorded {
                amount_dong,
                method,
                reference,
            },
            Action::ExtendDueDate {
                due_at,
                reason,
                calendar,
            } => self.extend_due_date(at, due_at, reason, &calendar)?,
            Action::HandOverDossier { to_unit, reason } => self.hand_over(to_unit, reason),
            Action::StartStep {
                step,
                unit,
                name,
                limit,
            } => self.start_step(at, step, unit, name, limit)?,
            Action::CompleteStep { step } => self.complete_step(at, step)?,
            Action::StopHandling { reason } => self.stop(at, reason)?,
            Action::WithdrawDossier { reason } => self.withdraw(at, reason)?,
            Action::CompleteDossier => self.complete(at)?,
            Action::CorrectResult { reason } => Fact::ResultCorrected { reason },
            Action::DeliverResult => self.end_at(at).map(|_| Fact::ResultDelivered)?,
            Action::DigitiseComponents { digitised, reused } => digitise(digitised, reused)?,
            Action::IssueElectronicResult { sha256 } => Fact::ElectronicResultIssued { sha256 },
            Action::SignResult { signer } => Fact::ResultSigned { signer },
            Action::SynchroniseDossier { target } => Fact::Synchronised { target },
            Action::RateDossier { rating } => Fact::Rated { rating },
            Action::FilePetition { limit, calendar } => self.file_petition(at, limit, &calendar)?,
            Action::AnswerPetition {
                petition,
                satisfied,
            } => self.answer_petition(at, petition, satisfied)?,
            Action::MarkOverdue => self.mark_overdue(at)?,
        };
        Ok(vec![fact])
    }

    fn hand_over(&self, to_unit: UnitCode, reason: String) -> Fact {
        Fact::HandedOver {
            from_unit: self.filing.unit.clone(),
            to_unit,
            reason,
        }
    }

    fn leave_unit(&self, from_unit: &UnitCode, to_unit: &UnitCode, reason: &str) -> Vec<Fact> {
        let whole = (self.filing.unit == *from_unit)
            .then(|| self.hand_over(to_unit.clone(), reason.to_owned()));
        let steps = self
            .open_steps_of(from_unit)
            .map(|step| Fact::StepHandedOver {
                step,
                from_unit: from_unit.clone(),
                to_unit: to_unit.clone(),
                reason: reason.to_owned(),
            });
        whole.into_iter().chain(steps).collect()
    }

    fn stop(&self, at: Timestamp, reason: String) -> Result<Fact, Reason> {
        Ok(Fact::HandlingStopped {
            reason,
            timeliness: self.end_at(at)?,
        })
    }

    fn withdraw(&self, at: Timestamp, reason: String) -> Result<Fact, Reason> {
        Ok(Fact::Withdrawn {
            reason,
            timeliness: self.end_at(at)?,
        })
    }

    fn complete(&self, at: Timestamp) -> Result<Fact, Reason> {
        Ok(Fact::Completed {
            timeliness: self.end_at(at)?,
            due_at: self.due_at(),
        })
    }

    fn file_petition(
        &self,
        at: Timestamp,
        limit: Limit,
        calendar: &Calendar,
    ) -> Result<Fact, Reason> {
        let last = self.petitions.last_key_value().map_or(0, |(last, _)| *last);
        Ok(Fact::PetitionFiled {
            petition: last.saturating_add(1),
            due_at: calendar.due(at, limit)?,
        })
    }

    /// What a registered dossier is about when it is received: as registered, or as corrected.
    fn refiled(&self, filing: Option<Filing>) -> Result<Filing, Reason> {
        match filing {
            None => Ok(self.filing.clone()),
            Some(filing) if filing.code == self.filing.code => Ok(filing),
            Some(filing) => Err(Reason::OtherCode {
                code: filing.code.to_string(),
            }),
        }
    }

    fn request_supplement(&self, reason: String) -> Vec<Fact> {
        let (ordinal, due_at) = (self.supplements.saturating_add(1), self.due_at());
        let mut facts = vec![Fact::SupplementRequested {
            reason,
            ordinal,
            due_at,
        }];
        let too_often = self.reception.as_ref().is_some_and(|reception| {
            !reception.marked_overdue && clock::asked_too_often(reception.clock_policy, ordinal)
        });
        if let Some(due_at) = due_at.filter(|_| too_often) {
            facts.push(Fact::BecameOverdue { due_at });
        }
        facts
    }

    fn complete_supplement(&self, at: Timestamp, calendar: &Calendar) -> Result<Fact, Reason> {
        let reception = self.received()?;
        let requested_at = self
            .waiting
            .as_ref()
            .map_or(at, |waiting| waiting.requested_at);
        let resumed = clock::after_supplement(reception, calendar, requested_at, at)?;
        Ok(Fact::SupplementCompleted {
            due_before: reception.due_at,
            due_at: resumed.due_at,
            requested_at,
            waited_minutes: resumed.waited_minutes,
        })
    }

    /// One day is a calendar day: announced on the local day before the due date at the latest,
    /// whether or not that is a working day.
    fn extend_due_date(
        &self,
        at: Timestamp,
        due_at: Timestamp,
        reason: String,
        calendar: &Calendar,
    ) -> Result<Fact, Reason> {
        let due_before = self.due_at().ok_or(Reason::NoDueDate)?;
        if calendar.date_of(at) >= calendar.date_of(due_before) {
            return Err(Reason::AnnouncedTooLate { due_at: due_before });
        }
        if due_at <= due_before {
            return Err(Reason::DueDateNotLater { due_at: due_before });
        }
        Ok(Fact::DueDateExtended {
            due_before,
            due_at,
            reason,
        })
    }

    fn recompute_due_date(&self, reason: String, calendar: &Calendar) -> Decision {
        let reception = self.received()?;
        let due_before = reception.due_at.ok_or(Reason::NoDueDate)?;
        let due_at = clock::recomputed(reception, calendar)?.ok_or(Reason::DueDateNotComputed)?;
        if due_at == due_before {
            return Ok(Vec::new());
        }
        let calendar = CalendarVersion::from(calendar);
        Ok(vec![Fact::DueDateRecomputed {
            due_before,
            due_at,
            reason,
            calendar,
        }])
    }

    fn start_step(
        &self,
        at: Timestamp,
        step: u32,
        unit: UnitCode,
        name: String,
        limit: Option<(Limit, Arc<Calendar>)>,
    ) -> Result<Fact, Reason> {
        if self.steps.contains_key(&step) {
            return Err(Reason::StepTaken { step });
        }
        let due_at = limit
            .map(|(limit, calendar)| calendar.due(at, limit))
            .transpose()?;
        Ok(Fact::StepStarted {
            step,
            unit,
            name,
            due_at,
        })
    }

    fn complete_step(&self, at: Timestamp, step: u32) -> Result<Fact, Reason> {
        let started = self.steps.get(&step).ok_or(Reason::UnknownStep { step })?;
        if let Some(at) = started.completed_at {
            return Err(Reason::StepCompleted { step, at });
        }
        let late = started.due_at.is_some_and(|due| at > due);
        let timeliness = if late {
            Timeliness::Late
        } else {
            Timeliness::OnTime
        };
        Ok(Fact::StepCompleted { step, timeliness })
    }

    fn answer_petition(
        &self,
        at: Timestamp,
        petition: u32,
        satisfied: bool,
    ) -> Result<Fact, Reason> {
        let filed = self
            .petitions
            .get(&petition)
            .ok_or(Reason::UnknownPetition { petition })?;
        if let Some(answer) = &filed.answer {
            return Err(Reason::PetitionAnswered {
                petition,
                at: answer.at,
            });
        }
        Ok(Fact::PetitionAnswered {
            petition,
            on_time: at <= filed.due_at,
            satisfied,
        })
    }

    fn mark_overdue(&self, at: Timestamp) -> Result<Fact, Reason> {
        let due_at = self.due_at().ok_or(Reason::NoDueDate)?;
        if clock::is_past_due(self, at) {
            Ok(Fact::BecameOverdue { due_at })
        } else {
            Err(Reason::NotPastDue { due_at })
        }
    }

    /// How handling that ends at `at` is judged; it may not end before it began.
    fn end_at(&self, at: Timestamp) -> Result<Timeliness, Reason> {
        match self.received_at() {
            Some(received_at) if at < received_at => Err(Reason::BeforeReception { received_at }),
            _ => Ok(clock::judged(self, at)),
        }
    }

    fn received(&self) -> Result<&Reception, Reason> {
        self.reception.as_ref().ok_or(Reason::NotReceived)
    }
}
