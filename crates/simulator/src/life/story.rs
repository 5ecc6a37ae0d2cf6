//! The facts told so far, and the clocks of the dossier that they are about.

use calendar::{Calendar, Limit};
use contracts::dossiers::v1::ImportDossiersRequest;
use contracts::dossiers::v1::import_dossiers_request::Fact;
use contracts::wire;
use jiff::Timestamp;

use super::{SOURCE, seconds};
use crate::world::World;

/// Facts in the order of time: each as late as the one before it, or later.
pub(super) struct Story<'a> {
    calendar: &'a Calendar,
    code: String,
    officer: String,
    at: Timestamp,
    due: Option<Timestamp>,
    ended: Option<Timestamp>,
    facts: Vec<ImportDossiersRequest>,
}

impl<'a> Story<'a> {
    pub(super) fn new(world: &'a World, at: Timestamp, code: String) -> Self {
        Self {
            calendar: &world.calendar,
            code,
            officer: String::new(),
            at,
            due: None,
            ended: None,
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
        self.facts.push(ImportDossiersRequest {
            source: SOURCE.to_owned(),
            source_event_id: format!("{}/{}", self.code, self.facts.len() + 1),
            code: self.code.clone(),
            occurred_at: Some(wire::timestamp(self.at)),
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
