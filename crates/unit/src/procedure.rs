//! Procedures: what is done for citizens, within which limit, by whom.

use std::collections::{BTreeMap, BTreeSet};

use decider::Decider;
use ids::{ProcedureCode, UnitCode};
use jiff::civil::Date;

use crate::text::{Name, Text};
use crate::unit::Group;

#[cfg(test)]
mod tests;

/// Longest limit in working days: four years, beyond any procedure.
pub const MAX_WORKING_DAYS: u16 = 1_000;

/// Longest limit in working hours: the same four years at eight hours a day.
pub const MAX_WORKING_HOURS: u16 = 8_000;

/// A limit for handling, counted in working time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimit {
    /// 0 to [`MAX_WORKING_DAYS`]; 0 is answered at once.
    WorkingDays(u16),
    /// 1 to [`MAX_WORKING_HOURS`]; eight hours are a day.
    WorkingHours(u16),
}

/// How much of a procedure is done online (Decree 42/2022/NĐ-CP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnlineLevel {
    /// Information only.
    Information,
    /// A part of it.
    Partial,
    /// All of it.
    Full,
}

/// What a procedure is from a day on: always whole, never a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it is called.
    pub name: Name,
    /// Its sector.
    pub sector: Text,
    /// Time for handling; none where no rule sets one.
    pub limit: Option<TimeLimit>,
    /// How much of it is done online.
    pub online: OnlineLevel,
    /// Whether it has a fee or another financial duty.
    pub payment_duty: bool,
    /// Whether that can be paid on the national portal.
    pub payment_integrated: bool,
    /// Whether it ends with a result on paper.
    pub result_paper: bool,
    /// Whether its form is connected with population data.
    pub identity_connected: bool,
    /// Group of the units that resolve it.
    pub authority: Group,
    /// The units that resolve it; none: every unit of the group.
    pub units: BTreeSet<UnitCode>,
}

/// What may be asked of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcedureCommand {
    /// It shall be so from a day on.
    Put {
        /// Its code.
        code: ProcedureCode,
        /// The whole wanted content.
        statement: Statement,
        /// First day.
        valid_from: Date,
    },
    /// It shall end, with whatever is announced for later.
    Withdraw {
        /// The first day on which it does not exist.
        valid_until: Date,
    },
}

/// What happens to a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcedureEvent {
    /// It is so from a day on.
    Published {
        /// Its code.
        code: ProcedureCode,
        /// The whole content.
        statement: Statement,
        /// First day.
        valid_from: Date,
    },
    /// It ends, with whatever was announced for later.
    Withdrawn {
        /// The first day on which it does not exist.
        valid_until: Date,
    },
}

/// Why a procedure does not do what is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcedureRefusal {
    /// It was never published.
    #[error("the procedure was never published; put it first")]
    NotPublished,
    /// It would end before it begins.
    #[error("the procedure exists from {published}; it cannot end on {asked}, end it later")]
    BeforePublication {
        /// Its first day.
        published: Date,
        /// The asked day.
        asked: Date,
    },
    /// A unit that shall resolve it does not exist, or belongs to another group.
    #[error("the unit {unit} is not one of that authority on {day}; put it first, or name another")]
    UnitNotThere {
        /// The named unit.
        unit: UnitCode,
        /// The first day.
        day: Date,
    },
    /// The limit is beyond any procedure.
    #[error(
        "the limit is beyond 1,000 working days or outside 1 to 8,000 working hours; shorten it"
    )]
    LimitOutOfRange,
    /// There is nothing that could be paid online.
    #[error(
        "payment cannot be integrated without a payment duty; set the duty or clear the integration"
    )]
    NothingToPay,
}

/// A procedure with its whole past and its announced future.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Procedure {
    code: Option<ProcedureCode>,
    /// From each day on: the statement, or none from a withdrawal on.
    statements: BTreeMap<Date, Option<Statement>>,
}

/// A statement with the days on which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce<'a> {
    /// The procedure's code.
    pub code: &'a ProcedureCode,
    /// What holds.
    pub statement: &'a Statement,
    /// The first day on which exactly this holds.
    pub valid_from: Date,
    /// The first day on which the procedure is withdrawn, when one is known.
    pub valid_until: Option<Date>,
}

impl Procedure {
    /// Its code; none before its first publication.
    pub fn code(&self) -> Option<&ProcedureCode> {
        self.code.as_ref()
    }

    /// What holds on `day`; none when it does not exist then.
    pub fn as_of(&self, day: Date) -> Option<InForce<'_>> {
        let (from, statement) = self.statements.range(..=day).next_back()?;
        self.in_force(*from, statement.as_ref()?)
    }

    /// What holds on `day`; when it does not exist then, what held last, or what will hold first.
    pub fn nearest(&self, day: Date) -> Option<InForce<'_>> {
        let stated = |(from, statement): (&Date, &Option<Statement>)| {
            Some((*from, statement.is_some()))
                .filter(|(_, stated)| *stated)
                .map(|(from, _)| from)
        };
        let past = self.statements.range(..=day).rev().find_map(stated);
        let from = past.or_else(|| self.statements.iter().find_map(stated))?;
        self.in_force(from, self.statements.get(&from)?.as_ref()?)
    }

    fn in_force<'a>(&'a self, from: Date, statement: &'a Statement) -> Option<InForce<'a>> {
        let withdrawn = self
            .statements
            .range(from..)
            .find(|(_, statement)| statement.is_none());
        Some(InForce {
            code: self.code.as_ref()?,
            statement,
            valid_from: from,
            valid_until: withdrawn.map(|(day, _)| *day),
        })
    }

    fn put(
        &self,
        code: ProcedureCode,
        statement: Statement,
        valid_from: Date,
    ) -> Result<Vec<ProcedureEvent>, ProcedureRefusal> {
        match statement.limit {
            Some(TimeLimit::WorkingDays(days)) if days > MAX_WORKING_DAYS => {
                return Err(ProcedureRefusal::LimitOutOfRange);
            }
            Some(TimeLimit::WorkingHours(hours)) if !(1..=MAX_WORKING_HOURS).contains(&hours) => {
                return Err(ProcedureRefusal::LimitOutOfRange);
            }
            _ => (),
        }
        if statement.payment_integrated && !statement.payment_duty {
            return Err(ProcedureRefusal::NothingToPay);
        }
        if self
            .as_of(valid_from)
            .is_some_and(|holds| *holds.statement == statement)
        {
            return Ok(vec![]);
        }
        Ok(vec![ProcedureEvent::Published {
            code,
            statement,
            valid_from,
        }])
    }

    fn withdraw(&self, valid_until: Date) -> Result<Vec<ProcedureEvent>, ProcedureRefusal> {
        let Some(published) = self.statements.keys().next().copied() else {
            return Err(ProcedureRefusal::NotPublished);
        };
        if valid_until <= published {
            return Err(ProcedureRefusal::BeforePublication {
                published,
                asked: valid_until,
            });
        }
        let later = self
            .statements
            .range(valid_until..)
            .any(|(_, statement)| statement.is_some());
        if self.as_of(valid_until).is_none() && !later {
            return Ok(vec![]);
        }
        Ok(vec![ProcedureEvent::Withdrawn { valid_until }])
    }
}

impl Decider for Procedure {
    type Command = ProcedureCommand;
    type Event = ProcedureEvent;
    type Refusal = ProcedureRefusal;

    fn decide(&self, command: ProcedureCommand) -> Result<Vec<ProcedureEvent>, ProcedureRefusal> {
        match command {
            ProcedureCommand::Put {
                code,
                statement,
                valid_from,
            } => self.put(code, statement, valid_from),
            ProcedureCommand::Withdraw { valid_until } => self.withdraw(valid_until),
        }
    }

    fn evolve(&mut self, event: &ProcedureEvent) {
        match event.clone() {
            ProcedureEvent::Published {
                code,
                statement,
                valid_from,
            } => {
                self.code = Some(code);
                self.statements.insert(valid_from, Some(statement));
            }
            ProcedureEvent::Withdrawn { valid_until } => {
                self.statements.split_off(&valid_until);
                self.statements.insert(valid_until, None);
            }
        }
    }
}
