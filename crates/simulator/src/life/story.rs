//! The facts told so far, and the clocks of the dossier that they are about.

use calendar::{Calendar, Limit};
use contracts::dossiers::v1::import_dossiers_request::Fact;
use contracts::dossiers::v1::{ImportDossiersRequest, ImportedHandOver};
use contracts::wire;
use jiff::Timestamp;
use jiff::civil::Time;

use super::{SOURCE, seconds};
use crate::world::World;
use crate::year::Filing;

/// Facts in the order of time: each as late as the one before it, or later.
pub(super) struct Story<'a> {
    calendar: &'a Calendar,
    code: String,
    officer: String,
    at: Timestamp,
    due: Option<Timestamp>,
    ended: Option<Timestamp>,
    /// Nothing is left to hand over.
    over: bool,
    /// When and to whom everything that is open goes over, as the unit ends.
    succession: Option<(Timestamp, String)>,
    facts: Vec<ImportDossiersRequest>,
}

impl<'a> Story<'a> {
    pub(super) fn new(world: &'a World, filing: &Filing, code: String) -> Self {
        let end = world.units[filing.unit].end.as_ref();
        let succession = end.and_then(|end| {
            let midnight = world.moment(end.on.to_datetime(Time::midnight()))?;
            let opening = world.calendar.next_opening(midnight).ok()?;
            Some((opening, end.successor.clone()))
        });
        Self {
            calendar: &world.calendar,
            code,
            officer: String::new(),
            at: filing.at,
            due: None,
            ended: None,
            over: false,
            succession,
            facts: Vec::new(),
        }
    }

    pub(super) fn calendar(&self) -> &Calendar {
        self.calendar
    }

    /// When the newest fact happened, or the next one will.
    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    /// The due date in force.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// A fact happens now.
    pub(super) fn happens(&mut self, fact: Fact) {
        self.succeed_until(self.at);
        match &fact {
            Fact::Refused(_) | Fact::Stopped(_) | Fact::Withdrawn(_) | Fact::Completed(_) => {
                self.over = true;
            }
            Fact::ResultCorrected(_) => self.over = false,
            // What another unit has by then stays with it.
            Fact::HandedOver(_) => self.succession = None,
            _ => {}
        }
        self.tell(self.at, fact);
    }

    /// The unit's end, when it comes before `at` and finds the dossier open.
    fn succeed_until(&mut self, at: Timestamp) {
        let due = self.succession.take_if(|(when, _)| *when <= at);
        if let Some((when, to_unit)) = due.filter(|_| !self.over && !self.facts.is_empty()) {
            let reason = "Sắp xếp đơn vị hành chính".to_owned();
            self.tell(when, Fact::HandedOver(ImportedHandOver { to_unit, reason }));
        }
    }

    fn tell(&mut self, at: Timestamp, fact: Fact) {
        self.facts.push(ImportDossiersRequest {
            source: SOURCE.to_owned(),
            source_event_id: format!("{}/{}", self.code, self.facts.len() + 1),
            code: self.code.clone(),
            occurred_at: Some(wire::timestamp(at)),
            officer: self.officer.clone(),
            fact: Some(fact),
        });
    }

    /// Who acts from here on.
    pub(super) fn officer(&mut self, officer: String) {
        self.officer = officer;
    }

    /// Time passes, whether or not anybody works.
    pub(super) fn passes(&mut self, count: u32) {
        self.at += seconds(count);
    }

    /// Working minutes pass. None at the end of the calendar.
    pub(super) fn work(&mut self, minutes: u32) -> Option<()> {
        self.at = self.calendar.add_working_minutes(self.at, minutes).ok()?;
        Some(())
    }

    /// The story goes on at `at`, or at once when that has passed.
    pub(super) fn goes_on_at(&mut self, at: Timestamp) {
        self.at = self.at.max(at);
    }

    /// The clock starts here, or starts again.
    pub(super) fn received(&mut self, limit: Limit) -> Option<()> {
        let due = self.calendar.due(self.at, limit).ok()?;
        self.due = Some(self.due.map_or(due, |before| before.max(due)));
        Some(())
    }

    /// The due date moves.
    pub(super) fn extended(&mut self, due: Timestamp) {
        self.due = Some(due);
    }

    /// Handling ends here.
    pub(super) fn ends(&mut self) {
        self.ended = Some(self.at);
    }

    /// Whether handling ended late.
    pub(super) fn is_late(&self) -> bool {
        matches!((self.due, self.ended), (Some(due), Some(ended)) if ended > due)
    }

    /// Working minutes until the due date.
    pub(super) fn minutes_left(&self) -> u32 {
        let left = self
            .due
            .and_then(|due| self.calendar.working_minutes_between(self.at, due).ok());
        left.and_then(|left| u32::try_from(left).ok())
            .unwrap_or_default()
    }

    /// Whether a fee was paid.
    pub(super) fn has_paid(&self) -> bool {
        self.facts
            .iter()
            .any(|row| matches!(row.fact, Some(Fact::PaymentRecorded(_))))
    }

    /// What happened up to `now`.
    pub(super) fn until(mut self, now: Timestamp) -> Vec<ImportDossiersRequest> {
        self.succeed_until(now);
        let happened = |fact: &ImportDossiersRequest| {
            fact.occurred_at
                .as_ref()
                .and_then(wire::instant)
                .is_some_and(|at| at <= now)
        };
        self.facts.retain(happened);
        self.facts
    }
}
