//! Initiatives: what people of a unit came up with and somebody recognised. Claims may cite them.

use decider::Decider;
use ids::{InitiativeNumber, Period, UnitCode};
use jiff::civil::Date;

/// Who recognised an initiative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The unit itself.
    Unit,
    /// The province, or a ministry for what is under it.
    Province,
    /// The whole country.
    Nation,
}

/// What was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognition {
    /// Its number, the same in every command to an initiative.
    pub number: InitiativeNumber,
    /// The day of the recognition.
    pub date: Date,
    /// Who recognised it.
    pub level: Level,
    /// Whose it is.
    pub unit: UnitCode,
    /// What it is called.
    pub title: String,
    /// Number of the document that recognises it.
    pub document: String,
}

/// An initiative as its events made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Initiative {
    recognition: Option<Recognition>,
    revoked: Option<String>,
}

/// What may be asked of an initiative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InitiativeCommand {
    /// Enters it as recognised.
    Recognise(Recognition),
    /// Takes the recognition back, with the reason.
    Revoke(String),
}

/// What happened to an initiative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InitiativeEvent {
    /// It is recognised from now on.
    Recognised(Recognition),
    /// The recognition was taken back, for this reason.
    Revoked(String),
}

/// Why an initiative does not do what it is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InitiativeRefusal {
    /// Another one has the number.
    #[error("the number {0} is that of another initiative; correct it, or revoke that one first")]
    Taken(InitiativeNumber),
    /// Nobody recognised it, or not any more.
    #[error("no recognised initiative has this number; list those that are recognised")]
    NotRecognised,
}

/// Why a claim cannot cite an initiative.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCitable {
    /// Nobody recognised it, or not any more.
    #[error("is not a recognised initiative; have it entered first, or leave it out")]
    NotRecognised,
    /// It is another unit's. Whose, is not said.
    #[error("is not an initiative of this unit; cite one of its own, or leave it out")]
    OtherUnit,
    /// It was recognised in another time.
    #[error(
        "was recognised on {date}, outside of {period}; cite one of that time, or leave it out"
    )]
    OtherTime {
        /// When it was.
        date: Date,
        /// What is assessed.
        period: Period,
    },
}

impl Initiative {
    /// What was recognised, also when it was revoked since.
    pub fn recognition(&self) -> Option<&Recognition> {
        self.recognition.as_ref()
    }

    /// Why the recognition was taken back; none while it stands.
    pub fn revoked(&self) -> Option<&str> {
        self.revoked.as_deref()
    }

    fn standing(&self) -> Option<&Recognition> {
        let standing = self.revoked.is_none();
        self.recognition.as_ref().filter(|_| standing)
    }

    /// Whether it stands, and was recognised within a period.
    pub fn counts_in(&self, period: Period) -> bool {
        self.standing().is_some_and(|it| is_within(it.date, period))
    }

    /// Whether a claim of `unit` for `period` may cite it.
    ///
    /// # Errors
    /// Why not.
    pub fn citable(&self, unit: &UnitCode, period: Period) -> Result<(), NotCitable> {
        let recognition = self.standing().ok_or(NotCitable::NotRecognised)?;
        if recognition.unit != *unit {
            return Err(NotCitable::OtherUnit);
        }
        let date = recognition.date;
        match is_within(date, period) {
            true => Ok(()),
            false => Err(NotCitable::OtherTime { date, period }),
        }
    }
}

fn is_within(date: Date, period: Period) -> bool {
    (period.first_day()..=period.last_day()).contains(&date)
}

impl Decider for Initiative {
    type Command = InitiativeCommand;
    type Event = InitiativeEvent;
    type Refusal = InitiativeRefusal;

    fn decide(
        &self,
        command: InitiativeCommand,
    ) -> Result<Vec<InitiativeEvent>, InitiativeRefusal> {
        match (command, self.standing()) {
            (InitiativeCommand::Recognise(wanted), Some(standing)) if *standing == wanted => {
                Ok(vec![])
            }
            (InitiativeCommand::Recognise(wanted), Some(_)) => {
                Err(InitiativeRefusal::Taken(wanted.number))
            }
            (InitiativeCommand::Recognise(wanted), None) => {
                Ok(vec![InitiativeEvent::Recognised(wanted)])
            }
            (InitiativeCommand::Revoke(reason), Some(_)) => {
                Ok(vec![InitiativeEvent::Revoked(reason)])
            }
            (InitiativeCommand::Revoke(reason), None) if self.revoked.as_ref() == Some(&reason) => {
                Ok(vec![])
            }
            (InitiativeCommand::Revoke(_), None) => Err(InitiativeRefusal::NotRecognised),
        }
    }

    fn evolve(&mut self, event: &InitiativeEvent) {
        match event {
            InitiativeEvent::Recognised(recognition) => {
                self.recognition = Some(recognition.clone());
                self.revoked = None;
            }
            InitiativeEvent::Revoked(reason) => self.revoked = Some(reason.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use decider::fold;
    use jiff::civil::date;

    use super::*;

    fn recognition(title: &str) -> Recognition {
        Recognition {
            number: "SK-2024-017".parse().unwrap(),
            date: date(2024, 12, 31),
            level: Level::Province,
            unit: "H40.02".parse().unwrap(),
            title: title.to_owned(),
            document: "2796/QĐ-UBND".to_owned(),
        }
    }

    fn recognised() -> Initiative {
        fold([&InitiativeEvent::Recognised(recognition(
            "one form for two procedures",
        ))])
    }

    #[test]
    fn a_number_stands_for_one_initiative_until_it_is_revoked() {
        let mut initiative = recognised();
        let same = InitiativeCommand::Recognise(recognition("one form for two procedures"));
        let other = InitiativeCommand::Recognise(recognition("another"));
        assert_eq!(initiative.decide(same), Ok(vec![]));
        let number = recognition("").number;
        let taken = Err(InitiativeRefusal::Taken(number));
        assert_eq!(initiative.decide(other.clone()), taken);
        let revoke = InitiativeCommand::Revoke("copied".to_owned());
        let none = Initiative::default();
        assert_eq!(
            none.decide(revoke.clone()),
            Err(InitiativeRefusal::NotRecognised)
        );
        let events = initiative.decide(revoke.clone()).unwrap();
        events.iter().for_each(|event| initiative.evolve(event));
        assert_eq!(initiative.revoked(), Some("copied"));
        assert_eq!(initiative.decide(revoke), Ok(vec![]), "once is enough");
        let again = InitiativeCommand::Revoke("for another reason".to_owned());
        assert_eq!(
            initiative.decide(again),
            Err(InitiativeRefusal::NotRecognised)
        );
        assert_eq!(initiative.decide(other).map(|events| events.len()), Ok(1));
    }

    #[test]
    fn a_claim_cites_what_stands_for_its_unit_and_time() {
        let (unit, other) = ("H40.02".parse().unwrap(), "H40.03".parse().unwrap());
        let period = |text: &str| text.parse::<Period>().unwrap();
        let mut initiative = recognised();
        for within in ["2024", "2024-Q4", "2024-12"] {
            assert_eq!(initiative.citable(&unit, period(within)), Ok(()));
            assert!(initiative.counts_in(period(within)));
        }
        let late = initiative.citable(&unit, period("2025"));
        assert!(matches!(late, Err(NotCitable::OtherTime { .. })));
        let foreign = initiative.citable(&other, period("2024"));
        assert_eq!(foreign, Err(NotCitable::OtherUnit));
        initiative.evolve(&InitiativeEvent::Revoked("copied".to_owned()));
        let gone = initiative.citable(&unit, period("2024"));
        assert_eq!(gone, Err(NotCitable::NotRecognised));
        assert!(!initiative.counts_in(period("2024")));
    }
}
