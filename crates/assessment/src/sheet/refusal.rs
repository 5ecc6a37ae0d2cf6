//! Why a sheet does not do what it is asked.

use ids::{LeafCode, UnitCode};
use rust_decimal::Decimal;

use super::Change;
use crate::campaign::{Phase, Stage};
use crate::initiative::NotCitable;
use crate::person::Role;

/// What a leaf lacks before the sheet can be handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// Nothing is claimed.
    Claim,
    /// These figures are missing.
    Figures(Vec<String>),
    /// Neither evidence nor an explanation in its place.
    Evidence,
    /// The same figure is declared otherwise in another leaf.
    Contradiction {
        /// Name of the input.
        input: String,
        /// The other leaf.
        other: LeafCode,
    },
}

/// Why an item of evidence shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfounded {
    /// It names a file that the unit does not have.
    #[error("is not the SHA-256 of a file that was uploaded for this unit; upload it first")]
    NotUploaded,
    /// It names an initiative that cannot be cited.
    #[error(transparent)]
    NotCitable(NotCitable),
}

/// Why a command to a sheet is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The unit takes no part.
    #[error("unit {0} takes no part in the campaign; list its participants")]
    NoPart(UnitCode),
    /// Another edition than the unit is judged by.
    #[error("the unit is judged by edition {0}, which cannot change during the campaign")]
    OtherEdition(String),
    /// The definition has no such leaf.
    #[error("the index has no leaf {0}; read the sheet for the leaves that it has")]
    NoLeaf(LeafCode),
    /// Somebody with another role has to do it.
    #[error("this is for the {needed} to do, not for the {acting}")]
    Role {
        /// Who has to.
        needed: Role,
        /// Who tried.
        acting: Role,
    },
    /// The unit is in another stage.
    #[error("the unit is {phase}; this is done in {needed}")]
    Stage {
        /// Where the unit is.
        phase: Phase,
        /// Where it would have to be.
        needed: Stage,
    },
    /// The sheet is handed in.
    #[error("the sheet is handed in; ask the organiser to reopen it with a reason")]
    Submitted,
    /// Somebody of another unit.
    #[error("only somebody of unit {0} may do this")]
    OtherUnit(UnitCode),
    /// An appraiser of the unit itself.
    #[error("nobody appraises the own unit, {0}; leave it to appraisers of other units")]
    OwnUnit(UnitCode),
    /// An appraiser without a unit, so that it might be the assessed one.
    #[error("an appraiser has to name its unit, as nobody appraises the own one")]
    NoUnit,
    /// Nobody assigned the appraiser.
    #[error("{appraiser} is not assigned to leaf {leaf} of unit {unit}; ask the organiser")]
    NotAssigned {
        /// Who.
        appraiser: String,
        /// The unit.
        unit: UnitCode,
        /// The leaf.
        leaf: LeafCode,
    },
    /// Who claimed would confirm.
    #[error("{0} claimed this leaf; somebody else has to decide on it")]
    ClaimedByYou(String),
    /// A leaf of a survey.
    #[error("leaf {0} is scored by a survey, never by the unit")]
    Surveyed(LeafCode),
    /// The rule makes the points.
    #[error("the points of leaf {0} follow from its figures; declare those")]
    Computed(LeafCode),
    /// Not an input that the unit declares for this leaf.
    #[error("{input} is not a figure that the unit declares for leaf {leaf}")]
    NotDeclared {
        /// The leaf.
        leaf: LeafCode,
        /// The input.
        input: String,
    },
    /// The rule gives no points for these figures.
    #[error("leaf {leaf}: {why}")]
    NoPoints {
        /// The leaf.
        leaf: LeafCode,
        /// Why.
        why: String,
    },
    /// Points outside what the leaf can have.
    #[error("{points} points for leaf {leaf} are outside 0 to {max}")]
    OutOfRange {
        /// The leaf.
        leaf: LeafCode,
        /// What was given.
        points: Decimal,
        /// Its maximum.
        max: Decimal,
    },
    /// Words are needed.
    #[error("leaf {0} needs a reason in words")]
    NoReason(LeafCode),
    /// The measured figures cannot be had now.
    #[error("the measured figures of leaf {0} cannot be had now; try again")]
    Unmeasured(LeafCode),
    /// There is nothing to accept.
    #[error(
        "leaf {0} has neither a claim nor a measured value to accept; give a value with a reason"
    )]
    NothingToAccept(LeafCode),
    /// There is nothing to keep.
    #[error("leaf {0} has no value of the first round to keep; give a value with a reason")]
    NothingToKeep(LeafCode),
    /// It is too late, or too early, for that.
    #[error("this verdict on leaf {leaf} belongs to the {needed}")]
    OtherRound {
        /// The leaf.
        leaf: LeafCode,
        /// The stage that it belongs to.
        needed: Stage,
    },
    /// There is nothing to contest.
    #[error("nobody has decided on leaf {0}, so there is nothing to contest")]
    NothingDecided(LeafCode),
    /// Evidence that is not there, each by its place in the list, from 0.
    #[error("evidence names what is not there: {}", in_words(.0))]
    Unfounded(Vec<(usize, Unfounded)>),
    /// Leaves are incomplete.
    #[error("{} leaves are incomplete; complete all of them, then submit", .0.len())]
    Incomplete(Vec<(LeafCode, Lack)>),
    /// Somebody else came first.
    #[error(
        "leaf {leaf} was changed by {}: {} from {} to {}; read it again and decide anew",
        .change.by, .change.what, .change.from, .change.to
    )]
    Changed {
        /// The leaf.
        leaf: LeafCode,
        /// The version that the author saw.
        expected: usize,
        /// The version that it has.
        actual: usize,
        /// The newest change.
        change: Box<Change>,
    },
    /// A version that the leaf does not have yet.
    #[error("leaf {leaf} has version {actual}, not {expected}; read it again")]
    UnknownVersion {
        /// The leaf.
        leaf: LeafCode,
        /// The version that was named.
        expected: usize,
        /// The version that it has.
        actual: usize,
    },
}

impl Unfounded {
    /// Which field of the item is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NotUploaded => "sha256",
            Self::NotCitable(_) => "initiative",
        }
    }
}

fn in_words(unfounded: &[(usize, Unfounded)]) -> String {
    let words = unfounded
        .iter()
        .map(|(item, why)| format!("evidence[{item}].{} {why}", why.field()));
    words.collect::<Vec<_>>().join("; ")
}
