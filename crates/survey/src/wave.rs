//! Waves: an edition of an instrument asked in some units over some time.

mod ballots;
mod plan;
mod refusal;

use std::collections::BTreeMap;

use decider::Decider;
use ids::UnitCode;
use jiff::Timestamp;

pub use self::plan::{MINIMUM, Plan, PlanFault};
pub use self::refusal::WaveRefusal;
use crate::tally::Tally;
use crate::{Ballot, Code};

/// Most tokens that a wave issues: more than a province's adults would answer.
pub const BALLOTS_MAX: u32 = 1_000_000;

/// Where a wave stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It takes tokens, but no ballots yet.
    Planned,
    /// It takes ballots.
    Open,
    /// It takes no more; the last ballots are on their way out of the box.
    Closed,
    /// All ballots are out, and the results are final.
    Counted,
}

/// Where counted ballots come from, as far as they still say.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The unit; none when too few came from it.
    pub unit: Option<UnitCode>,
    /// The group; none when too few of it answered.
    pub group: Option<Code>,
}

/// Ballots that left the box together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Where they come from.
    pub cell: Cell,
    /// At least [`COMPANY`](crate::mixing::COMPANY), in an order that says nothing.
    pub ballots: Vec<Ballot>,
}

/// The ballots of a cell, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) ballots: u64,
    pub(crate) tallies: BTreeMap<Code, Tally>,
}

/// One wave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wave {
    plan: Option<Plan>,
    stage: Option<Stage>,
    issued: BTreeMap<(UnitCode, Code), u32>,
    counted: BTreeMap<Cell, Counted>,
    cast: BTreeMap<(UnitCode, Code), u32>,
    destroyed: u32,
    withheld: Option<String>,
    withheld_units: BTreeMap<UnitCode, String>,
}

/// What may be asked of a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaveCommand {
    /// Plans it, or plans it anew while no token is out.
    Plan(Box<Plan>),
    /// Lets ballots in.
    Open {
        /// The moment.
        now: Timestamp,
    },
    /// Lets no more ballots in.
    Close,
    /// Issues tokens to respondents of a group about a unit.
    Issue {
        /// The unit.
        unit: UnitCode,
        /// The group.
        group: Code,
        /// How many.
        count: u32,
    },
    /// Puts ballots into the box that were cast elsewhere.
    Import {
        /// Where.
        source: String,
        /// How many, by unit and group.
        ballots: BTreeMap<(UnitCode, Code), u32>,
    },
    /// Lets ballots out of the box.
    Release(Vec<Batch>),
    /// States that the box is empty.
    Count {
        /// Ballots that came in, by unit and group.
        cast: BTreeMap<(UnitCode, Code), u32>,
        /// Ballots that were too few to leave it.
        destroyed: u32,
    },
    /// Takes the results of a unit, or all of them, out.
    Withhold {
        /// The unit; none: the wave.
        unit: Option<UnitCode>,
        /// Why: tampering, interference.
        reason: String,
    },
    /// Takes withheld results in again.
    Lift {
        /// The unit; none: the wave.
        unit: Option<UnitCode>,
        /// Why.
        reason: String,
    },
}

/// What happened to a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaveEvent {
    /// It is planned like this.
    Planned(Box<Plan>),
    /// It takes ballots.
    Opened,
    /// It takes no more.
    Closed,
    /// Tokens went out. What they are is nowhere.
    TokensIssued {
        /// The unit.
        unit: UnitCode,
        /// The group.
        group: Code,
        /// How many more.
        count: u32,
    },
    /// Ballots that were cast elsewhere went into the box.
    Imported {
        /// Where.
        source: String,
        /// How many, by unit and group.
        ballots: BTreeMap<(UnitCode, Code), u32>,
    },
    /// Ballots left the box.
    Released(Batch),
    /// The box is empty.
    Counted {
        /// Ballots that came in, by unit and group.
        cast: BTreeMap<(UnitCode, Code), u32>,
        /// Ballots that were too few to leave it.
        destroyed: u32,
    },
    /// Results are withheld.
    Withheld {
        /// The unit; none: the wave.
        unit: Option<UnitCode>,
        /// Why.
        reason: String,
    },
    /// Results are withheld no more.
    Lifted {
        /// The unit; none: the wave.
        unit: Option<UnitCode>,
        /// Why.
        reason: String,
    },
}

impl Wave {
    /// What was planned; none of a wave that was not.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// Where it stands; none of a wave that was not planned.
    pub fn stage(&self) -> Option<Stage> {
        self.stage
    }

    /// Tokens issued to a group about a unit.
    pub fn issued(&self, unit: &UnitCode, group: &Code) -> u32 {
        let key = (unit.clone(), group.clone());
        self.issued.get(&key).copied().unwrap_or_default()
    }

    /// Ballots that came in by unit and group, once the wave is counted.
    pub fn cast(&self) -> &BTreeMap<(UnitCode, Code), u32> {
        &self.cast
    }

    /// Ballots that left the box.
    pub fn released(&self) -> u64 {
        self.counted.values().map(|counted| counted.ballots).sum()
    }

    /// Ballots that were too few to leave the box.
    pub fn destroyed(&self) -> u32 {
        self.destroyed
    }

    /// Why the whole wave is withheld, if it is.
    pub fn withheld(&self) -> Option<&str> {
        self.withheld.as_deref()
    }

    /// Why a unit is withheld, if it is.
    pub fn unit_withheld(&self, unit: &UnitCode) -> Option<&str> {
        self.withheld_units.get(unit).map(String::as_str)
    }

    /// Whether results of a unit are withheld, with those of the whole wave or by themselves.
    pub fn withholds(&self, unit: &UnitCode) -> bool {
        self.withheld().is_some() || self.unit_withheld(unit).is_some()
    }

    /// The withheld units, with the reasons.
    pub fn withheld_units(&self) -> impl Iterator<Item = (&UnitCode, &str)> {
        self.withheld_units
            .iter()
            .map(|(unit, reason)| (unit, reason.as_str()))
    }

    pub(crate) fn counted(&self) -> impl Iterator<Item = (&Cell, &Counted)> {
        self.counted.iter()
    }

    /// Whether a cell counts nowhere: that of a withheld unit, and while any unit is withheld what lost its unit, as it
    /// may be of that one.
    pub(crate) fn left_out(&self, cell: &Cell) -> bool {
        match &cell.unit {
            Some(unit) => self.withheld_units.contains_key(unit),
            None => !self.withheld_units.is_empty(),
        }
    }

    fn planned(&self) -> Result<(&Plan, Stage), WaveRefusal> {
        self.plan
            .as_ref()
            .zip(self.stage)
            .ok_or(WaveRefusal::NotPlanned)
    }

    fn issue(&self, unit: UnitCode, group: Code, count: u32) -> Result<WaveEvent, WaveRefusal> {
        let (plan, stage) = self.planned()?;
        if stage > Stage::Open {
            return Err(WaveRefusal::Closed);
        }
        if plan.cell(&unit, &group).is_none() {
            return Err(WaveRefusal::NoCell { unit, group });
        }
        let out: u32 = self.issued.values().sum();
        if count == 0 || count > BALLOTS_MAX - out.min(BALLOTS_MAX) {
            return Err(WaveRefusal::TooMany(BALLOTS_MAX));
        }
        Ok(WaveEvent::TokensIssued { unit, group, count })
    }

    fn tally(&mut self, batch: &Batch) {
        let Some(plan) = &self.plan else { return };
        let counted = self.counted.entry(batch.cell.clone()).or_default();
        for ballot in &batch.ballots {
            counted.ballots += 1;
            for (code, answer) in ballot.answers() {
                if let Some(question) = plan.edition.question(code) {
                    let tally = counted.tallies.entry(code.clone()).or_default();
                    tally.add(question, answer, ballot.weight());
                }
            }
        }
    }

    fn set_withheld(&mut self, unit: Option<&UnitCode>, reason: Option<&String>) {
        match (unit, reason) {
            (None, reason) => self.withheld = reason.cloned(),
            (Some(unit), Some(reason)) => {
                self.withheld_units.insert(unit.clone(), reason.clone());
            }
            (Some(unit), None) => {
                self.withheld_units.remove(unit);
            }
        }
    }
}

impl Decider for Wave {
    type Command = WaveCommand;
    type Event = WaveEvent;
    type Refusal = WaveRefusal;

    fn decide(&self, command: WaveCommand) -> Result<Vec<WaveEvent>, WaveRefusal> {
        match command {
            WaveCommand::Plan(plan) => match (&self.plan, self.stage) {
                (Some(known), _) if *known == *plan => Ok(vec![]),
                (None, _) => Ok(vec![WaveEvent::Planned(plan)]),
                (_, Some(Stage::Planned)) if self.issued.is_empty() => {
                    Ok(vec![WaveEvent::Planned(plan)])
                }
                _ => Err(WaveRefusal::Fixed),
            },
            WaveCommand::Open { now } => match self.planned()? {
                (_, Stage::Open) => Ok(vec![]),
                (plan, Stage::Planned) if now < plan.opens_at => {
                    Err(WaveRefusal::TooEarly(plan.opens_at))
                }
                (plan, Stage::Planned) if now < plan.closes_at => Ok(vec![WaveEvent::Opened]),
                _ => Err(WaveRefusal::Closed),
            },
            WaveCommand::Close => match self.planned()?.1 {
                Stage::Planned => Err(WaveRefusal::NotOpen),
                Stage::Open => Ok(vec![WaveEvent::Closed]),
                Stage::Closed | Stage::Counted => Ok(vec![]),
            },
            WaveCommand::Issue { unit, group, count } => Ok(vec![self.issue(unit, group, count)?]),
            WaveCommand::Import { source, ballots } => self.import(source, ballots),
            WaveCommand::Release(batches) => self.release(batches),
            WaveCommand::Count { cast, destroyed } => self.count(cast, destroyed),
            WaveCommand::Withhold { unit, reason } => {
                self.known_unit(unit.as_ref())?;
                Ok(match self.reason(unit.as_ref()) {
                    Some(known) if *known == reason => vec![],
                    _ => vec![WaveEvent::Withheld { unit, reason }],
                })
            }
            WaveCommand::Lift { unit, reason } => {
                self.known_unit(unit.as_ref())?;
                match self.reason(unit.as_ref()) {
                    Some(_) => Ok(vec![WaveEvent::Lifted { unit, reason }]),
                    None => Err(WaveRefusal::NotWithheld),
                }
            }
        }
    }

    fn evolve(&mut self, event: &WaveEvent) {
        match event {
            WaveEvent::Planned(plan) => {
                self.plan = Some(Plan::clone(plan));
                self.stage = Some(Stage::Planned);
            }
            WaveEvent::Opened => self.stage = Some(Stage::Open),
            WaveEvent::Closed => self.stage = Some(Stage::Closed),
            WaveEvent::TokensIssued { unit, group, count } => {
                let issued = self
                    .issued
                    .entry((unit.clone(), group.clone()))
                    .or_default();
                *issued = issued.saturating_add(*count);
            }
            // It is for the record: what counts is what leaves the box.
            WaveEvent::Imported { .. } => {}
            WaveEvent::Released(batch) => self.tally(batch),
            WaveEvent::Counted { cast, destroyed } => {
                self.stage = Some(Stage::Counted);
                self.cast = cast.clone();
                self.destroyed = *destroyed;
            }
            WaveEvent::Withheld { unit, reason } => {
                self.set_withheld(unit.as_ref(), Some(reason));
            }
            WaveEvent::Lifted { unit, .. } => self.set_withheld(unit.as_ref(), None),
        }
    }
}

impl Wave {
    fn reason(&self, unit: Option<&UnitCode>) -> Option<&str> {
        match unit {
            None => self.withheld(),
            Some(unit) => self.unit_withheld(unit),
        }
    }

    fn known_unit(&self, unit: Option<&UnitCode>) -> Result<(), WaveRefusal> {
        let (plan, _) = self.planned()?;
        match unit {
            Some(unit) if !plan.units.contains(unit) => Err(WaveRefusal::NoUnit(unit.clone())),
            _ => Ok(()),
        }
    }
}
