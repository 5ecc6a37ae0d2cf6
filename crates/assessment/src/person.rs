//! Who acts, and as what.

use std::collections::BTreeSet;
use std::fmt;

use ids::UnitCode;

/// What somebody acts as in a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Plans the campaign and keeps its stages.
    Organiser,
    /// Fills in the self-assessment of its own unit.
    Assessor,
    /// Appraises other units that it is assigned to.
    Appraiser,
    /// Member of the council that decides what is open and approves.
    Council,
    /// Publishes.
    Chair,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Organiser => "organiser",
            Self::Assessor => "assessor",
            Self::Appraiser => "appraiser",
            Self::Council => "council",
            Self::Chair => "chair",
        })
    }
}

/// A person that acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What names the person: a staff code or a token's subject.
    pub id: String,
    /// What it acts as.
    pub role: Role,
    /// The units that it belongs to, by their first codes.
    pub units: BTreeSet<UnitCode>,
}

impl Person {
    /// Whether the person belongs to `unit`.
    pub fn is_of(&self, unit: &UnitCode) -> bool {
        self.units.contains(unit)
    }
}
