//! A campaign: one round of assessing units, from its plan to its publication.
//!
//! Its stages follow one another at their deadlines. A deadline locks by itself: what comes at or after it is refused
//! whether or not anybody has recorded the lock yet.

mod command;
mod decide;
mod evolve;
mod publication;
mod refusal;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ids::{IndexCode, LeafCode, Period, UnitCode};
use index::Inputs;
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

pub use self::command::{Action, Command, Reviewed};
pub use self::publication::{Basis, FiguresBasis, Issue, Publication, Seal, Summed, outcomes};
pub use self::refusal::Refusal;
pub use self::standing::Standing;

/// A stage with a deadline, in the order in which they follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Units claim points and attach evidence.
    SelfAssessment,
    /// Appraisers accept, change or ask.
    FirstAppraisal,
    /// Units answer and contest.
    Explanation,
    /// Appraisers decide what is open.
    SecondAppraisal,
    /// The council remarks and decides, units contest.
    Council,
}

/// All stages in order.
pub const STAGES: [Stage; 5] = [
    Stage::SelfAssessment,
    Stage::FirstAppraisal,
    Stage::Explanation,
    Stage::SecondAppraisal,
    Stage::Council,
];

/// Where a campaign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// Nobody planned it.
    #[default]
    Absent,
    /// Planned; the plan may still change.
    Planned,
    /// In a stage.
    In(Stage),
    /// Every stage is over; the council has to approve.
    Reviewed,
    /// The results stand.
    Approved,
    /// The results are public.
    Published,
}

/// By which edition units of a group are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Code of the index.
    pub index: IndexCode,
    /// Its edition, which was in force when the campaign was planned.
    pub edition: String,
    /// SHA-256 of the edition's document.
    pub sha256: [u8; 32],
}

/// What a campaign sets out to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What it is called.
    pub title: String,
    /// What is assessed.
    pub period: Period,
    /// The day as of which units and their groups are taken.
    pub as_of: Date,
    /// By group of units, a word of [`ids::GROUPS`].
    pub rules: BTreeMap<String, Rules>,
    /// Each unit with its group on that day.
    pub participants: BTreeMap<UnitCode, String>,
    /// When each stage ends, each later than the one before.
    pub deadlines: BTreeMap<Stage, Timestamp>,
}

/// A stage that is open for one unit although it is over, or longer than, for the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The stage.
    pub stage: Stage,
    /// When it was opened again; none where it only lasts longer.
    pub reopened_at: Option<Timestamp>,
    /// Its deadline.
    pub until: Timestamp,
}

/// What an appraiser is to appraise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The appraiser's own unit.
    pub own: UnitCode,
    /// The units.
    pub units: BTreeSet<UnitCode>,
    /// Codes of the components; none means all.
    pub components: BTreeSet<LeafCode>,
}

/// The approved index of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Points; none when the definition withholds the total.
    pub total: Option<Decimal>,
    /// The most points that were possible.
    pub max: Decimal,
    /// Points over the maximum, times 100.
    pub percent: Option<Decimal>,
    /// What ranks look at, before the last rounding.
    pub exact_value: Option<Decimal>,
    /// Code of the band; empty where there is none.
    pub band: String,
    /// Rank among the units of its group; none when it is not ranked.
    pub rank: Option<u32>,
    /// Version of the unit's sheet that it follows from.
    pub sheet_version: i64,
}

/// A campaign as its events made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Campaign {
    phase: Phase,
    plan: Option<Plan>,
    windows: BTreeMap<UnitCode, Window>,
    assignments: BTreeMap<String, Assignment>,
    approved_by: Option<String>,
    outcomes: BTreeMap<UnitCode, Outcome>,
    /// Frozen for the publication that comes next.
    frozen: BTreeMap<UnitCode, Inputs>,
    publications: BTreeMap<u32, Publication>,
}

/// Something that happened to a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who brought it about.
    pub by: String,
    /// What.
    pub fact: Fact,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// It was planned, or planned anew.
    Planned(Plan),
    /// The self-assessment began.
    Opened,
    /// A stage reached its deadline.
    StageLocked {
        /// Which.
        stage: Stage,
        /// The deadline.
        deadline: Timestamp,
    },
    /// The organiser ended a stage before its deadline.
    StageClosed {
        /// Which.
        stage: Stage,
        /// Why.
        reason: String,
    },
    /// The deadline of a stage was put off for all.
    StageExtended {
        /// Which.
        stage: Stage,
        /// The new deadline.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// A unit has longer than the others.
    UnitExtended {
        /// The unit.
        unit: UnitCode,
        /// For which stage.
        stage: Stage,
        /// The unit's deadline.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// A stage is open again for a unit.
    UnitReopened {
        /// The unit.
        unit: UnitCode,
        /// Which stage.
        stage: Stage,
        /// The unit's deadline.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// A unit's own deadline passed.
    UnitLocked {
        /// The unit.
        unit: UnitCode,
        /// In which stage.
        stage: Stage,
        /// The deadline.
        deadline: Timestamp,
    },
    /// Somebody is to appraise, in place of what was assigned before.
    AppraiserAssigned {
        /// Who.
        appraiser: String,
        /// What.
        assignment: Assignment,
    },
    /// Somebody appraises no more.
    AppraiserReleased {
        /// Who.
        appraiser: String,
    },
    /// The council approved.
    Approved {
        /// Number of the council's minutes.
        document: String,
        /// What stands, by unit.
        outcomes: BTreeMap<UnitCode, Outcome>,
    },
    /// The counted figures of a unit are these in the publication that follows.
    FiguresFrozen {
        /// The unit.
        unit: UnitCode,
        /// Its figures.
        figures: Inputs,
    },
    /// The chair published, or published a correction.
    Published {
        /// Number of the decision.
        document: String,
        /// What makes it provable; none of what was published before publications were sealed.
        seal: Option<Box<Seal>>,
    },
}

impl Stage {
    /// The stage after it.
    pub fn next(self) -> Option<Self> {
        match self {
            Self::SelfAssessment => Some(Self::FirstAppraisal),
            Self::FirstAppraisal => Some(Self::Explanation),
            Self::Explanation => Some(Self::SecondAppraisal),
            Self::SecondAppraisal => Some(Self::Council),
            Self::Council => None,
        }
    }

    /// Where a campaign is when the stage is over.
    fn over(self) -> Phase {
        self.next().map_or(Phase::Reviewed, Phase::In)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SelfAssessment => "self-assessment",
            Self::FirstAppraisal => "first appraisal",
            Self::Explanation => "explanation",
            Self::SecondAppraisal => "second appraisal",
            Self::Council => "council",
        })
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("not planned"),
            Self::Planned => f.write_str("planned"),
            Self::In(stage) => write!(f, "in {stage}"),
            Self::Reviewed => f.write_str("waiting for the council's approval"),
            Self::Approved => f.write_str("approved"),
            Self::Published => f.write_str("published"),
        }
    }
}

impl Campaign {
    /// Where it is as recorded; by the clock it may be further: see [`phase_at`](Self::phase_at).
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What it sets out to do; none before it is planned.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// What appraisers are assigned to, by appraiser.
    pub fn assignments(&self) -> &BTreeMap<String, Assignment> {
        &self.assignments
    }

    /// Units with a window of their own.
    pub fn windows(&self) -> &BTreeMap<UnitCode, Window> {
        &self.windows
    }

    /// What stands, by unit: what the council approved, or what was published last; empty before.
    pub fn outcomes(&self) -> &BTreeMap<UnitCode, Outcome> {
        &self.outcomes
    }

    /// By which rules a unit is judged; none when it takes no part.
    pub fn rules_of(&self, unit: &UnitCode) -> Option<&Rules> {
        let plan = self.plan.as_ref()?;
        plan.rules.get(plan.participants.get(unit)?)
    }
}
