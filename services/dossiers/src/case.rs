//! A dossier beside the registry: what a command needs to know is looked up, then the dossier
//! decides.

use std::sync::Arc;

use calendar::Limit;
use contracts::problem::Problem;
use decider::Decider;
use dossier::{Action, Dossier, Event, Filing, Promise};
use identity::Permit;
use ids::{DossierCode, UnitCode};
use jiff::Timestamp;

use crate::reference::Reference;
use crate::wire::wishes::{Content, Wish};

/// Time for the answer to a petition: complaints are settled within 15 working days of their
/// filing.
const PETITION_LIMIT: Limit = Limit::Days(15);

/// A dossier whose commands are decided with what the registry says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Case(pub(crate) Dossier);

/// A command as it was asked, with all that is needed to decide it.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// The dossier's code.
    pub(crate) code: DossierCode,
    /// When it happened in the world.
    pub(crate) at: Timestamp,
    /// What is asked.
    pub(crate) wish: Wish,
    /// What the registry says.
    pub(crate) reference: Arc<Reference>,
    /// For which units the caller may act.
    pub(crate) permit: Permit,
}

/// Why a case refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The dossier's state does not allow it.
    #[error(transparent)]
    Dossier(Box<dossier::Refusal>),
    /// The registry does not know what the command names, or not on that day.
    #[error(transparent)]
    Reference(#[from] Problem),
}

impl Decider for Case {
    type Command = Ask;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, ask: Ask) -> Result<Vec<Event>, Refusal> {
        self.admit(&ask)?;
        let at = ask.at;
        let action = self.action(ask)?;
        self.0
            .decide(dossier::Command { at, action })
            .map_err(|refusal| Refusal::Dossier(Box::new(refusal)))
    }

    fn evolve(&mut self, event: &Event) {
        self.0.evolve(event);
    }
}

impl Case {
    /// Whether the caller may act for a unit that has to do with the dossier: the one that received
    /// it, the one that resolves it, or one that has a step of it open. Of a dossier that is not
    /// filed, the one that shall receive it.
    pub(crate) fn admit(&self, ask: &Ask) -> Result<(), Problem> {
        if !ask.permit.depends_on_unit() {
            return Ok(());
        }
        let units: Vec<&UnitCode> = match (self.0.filed(), &ask.wish) {
            (Some(filed), _) => {
                let open = filed
                    .steps
                    .values()
                    .filter(|step| step.completed_at.is_none());
                let filing = &filed.filing;
                let steps = open.map(|step| &step.unit);
                [&filing.receiving_unit, &filing.unit]
                    .into_iter()
                    .chain(steps)
                    .collect()
            }
            (
                None,
                Wish::Register(content)
                | Wish::Receive {
                    content: Some(content),
                    ..
                },
            ) => vec![&content.receiving_unit],
            // Whether there is such a dossier is not for everybody to know.
            (None, _) => Vec::new(),
        };
        ask.reference.admit(&ask.permit, &units)
    }

    /// The wish with everything that the registry says about it.
    fn action(
        &self,
        Ask {
            code,
            at,
            wish,
            reference,
            permit: _,
        }: Ask,
    ) -> Result<Action, Problem> {
        let calendar = || reference.calendar().cloned();
        Ok(match wish {
            Wish::Plain(action) => action,
            Wish::Register(content) => {
                Action::RegisterDossier(filing(&reference, at, code, content)?)
            }
            Wish::Receive { content, due_at } => {
                self.receive(&reference, at, code, content, due_at)?
            }
            Wish::CompleteSupplement => Action::CompleteSupplement {
                calendar: calendar()?,
            },
            Wish::Extend { due_at, reason } => Action::ExtendDueDate {
                due_at,
                reason,
                calendar: calendar()?,
            },
            Wish::Recompute { reason } => Action::RecomputeDueDate {
                reason,
                calendar: calendar()?,
            },
            Wish::HandOver { to_unit, reason } => {
                let to_unit = reference.unit("to_unit", &to_unit, at)?;
                self.hand_over(&reference, at, to_unit, reason)
            }
            Wish::LeaveUnit {
                from_unit,
                to_unit,
                reason,
            } => Action::LeaveUnit {
                from_unit,
                to_unit: reference.unit("to_unit", &to_unit, at)?,
                reason,
            },
            Wish::StartStep {
                step,
                unit,
                name,
                limit,
            } => Action::StartStep {
                step,
                unit: reference.unit("unit", &unit, at)?,
                name,
                limit: limit
                    .map(|limit| Ok::<_, Problem>((limit, calendar()?)))
                    .transpose()?,
            },
            Wish::FilePetition => Action::FilePetition {
                limit: PETITION_LIMIT,
                calendar: calendar()?,
            },
        })
    }

    /// A hand-over from whoever resolves it; from a unit that has ended its open steps go as well, as
    /// nobody is left to do them.
    fn hand_over(
        &self,
        reference: &Reference,
        at: Timestamp,
        to_unit: UnitCode,
        reason: String,
    ) -> Action {
        let from_unit = self.0.filed().map(|filed| filed.filing.unit.clone());
        match from_unit.filter(|unit| reference.ended(unit, at).is_ok()) {
            Some(from_unit) => Action::LeaveUnit {
                from_unit,
                to_unit,
                reason,
            },
            None => Action::HandOverDossier { to_unit, reason },
        }
    }

    /// The reception, with the promise that the rules of its day make.
    fn receive(
        &self,
        reference: &Reference,
        at: Timestamp,
        code: DossierCode,
        content: Option<Content>,
        due_at: Option<Timestamp>,
    ) -> Result<Action, Problem> {
        let filing = content
            .map(|content| filing(reference, at, code, content))
            .transpose()?;
        let registered = self.0.filed().map(|filed| &filed.filing);
        let Some(about) = filing.as_ref().or(registered) else {
            // Nothing is known of it: the decider says what is missing.
            let promise = Promise::Unlimited;
            let clock_policy = reference.clock_policy(at)?;
            return Ok(Action::ReceiveDossier {
                filing,
                promise,
                clock_policy,
                payment_duty: false,
            });
        };
        let rules = reference.rules(&about.procedure, at)?;
        let promise = match (due_at, rules.limit) {
            (Some(due_at), _) => Promise::Given(due_at),
            (None, None) => Promise::Unlimited,
            (None, Some(limit)) => Promise::Computed {
                limit,
                calendar: reference.calendar()?.clone(),
            },
        };
        let (clock_policy, payment_duty) = (reference.clock_policy(at)?, rules.payment_duty);
        Ok(Action::ReceiveDossier {
            filing,
            promise,
            clock_policy,
            payment_duty,
        })
    }
}

/// What a dossier is about, with units by the codes that name them.
fn filing(
    reference: &Reference,
    at: Timestamp,
    code: DossierCode,
    content: Content,
) -> Result<Filing, Problem> {
    reference.rules(&content.procedure, at)?;
    Ok(Filing {
        code,
        procedure: content.procedure,
        receiving_unit: reference.unit("receiving_unit", &content.receiving_unit, at)?,
        unit: reference.unit("unit", &content.unit, at)?,
        channel: content.channel,
        applicant: content.applicant,
        identity_verified: content.identity_verified,
        source: content.source,
    })
}
