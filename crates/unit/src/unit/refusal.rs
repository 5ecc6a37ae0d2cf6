//! Why units refuse.

use ids::UnitCode;
use jiff::civil::Date;

/// Why a unit does not do what is asked.
///
/// The unit itself finds the first ones. Those about its surroundings are found by whoever holds
/// every unit, and are the same refusal to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitRefusal {
    /// It does not exist.
    #[error("the unit does not exist; put it first")]
    NotFounded,
    /// The change would begin before the unit does.
    #[error("the unit exists from {founded}; a change cannot begin on {asked}, before that day")]
    BeforeFounding {
        /// Its first day.
        founded: Date,
        /// The asked day.
        asked: Date,
    },
    /// The change would begin when the unit is no more.
    #[error("the unit ended on {valid_until}; a change cannot begin on {asked}, put its successor")]
    Ended {
        /// The first day on which it exists no more.
        valid_until: Date,
        /// The asked day.
        asked: Date,
    },
    /// It ends already, in another way or on another day.
    #[error("the unit ends on {valid_until} already, with other successors or in another way")]
    EndsOtherwise {
        /// The recorded end.
        valid_until: Date,
    },
    /// It would end before its newest statement begins.
    #[error(
        "the unit cannot end on {asked}: its newest statement begins on {begins}; end it later"
    )]
    EndsBeforeItsStatements {
        /// First day of the newest statement.
        begins: Date,
        /// The asked day.
        asked: Date,
    },
    /// It would succeed itself.
    #[error("a unit cannot be its own successor; name the units that come after it")]
    OwnSuccessor,
    /// The kind of succession does not go with that many successors.
    #[error("{actual} successors do not fit: {expected}")]
    SuccessorCount {
        /// What fits.
        expected: &'static str,
        /// How many were named.
        actual: usize,
    },
    /// It would be its own parent.
    #[error("a unit cannot be its own parent; name the unit above it")]
    OwnParent,
    /// A code is another unit's.
    #[error("the code {code} belongs to the unit {owner}; a code names one unit for ever")]
    CodeTaken {
        /// The code.
        code: UnitCode,
        /// Whose it is.
        owner: UnitCode,
    },
    /// Its parent does not exist when the unit shall stand under it.
    #[error("the parent {parent} does not exist on {day}; put the parent first, or name another")]
    ParentNotThere {
        /// The named parent.
        parent: UnitCode,
        /// The first day under it.
        day: Date,
    },
    /// It would stand above itself.
    #[error("{parent} stands below the unit itself on {day}; name a parent above it")]
    ParentBelow {
        /// The named parent.
        parent: UnitCode,
        /// The first day on which that is so.
        day: Date,
    },
    /// Another unit is the province.
    #[error("the unit {province} is the province; give another group")]
    ProvinceExists {
        /// Which one.
        province: UnitCode,
    },
    /// A successor does not exist when the unit ends.
    #[error("the successor {successor} does not exist on {day}; put it first, or name another")]
    SuccessorNotThere {
        /// The named successor.
        successor: UnitCode,
        /// The first day without the unit.
        day: Date,
    },
    /// Units would be left without a parent.
    #[error("the unit {unit} stands under it on {day} or later; move that unit first")]
    HasUnitsUnder {
        /// One of them.
        unit: UnitCode,
        /// The first day without the unit.
        day: Date,
    },
    /// A unit that ended would be left without a successor.
    #[error("the unit {unit}, which ends on {valid_until}, goes on in it; end it after that day")]
    IsSuccessor {
        /// One of its predecessors.
        unit: UnitCode,
        /// The predecessor's end.
        valid_until: Date,
    },
    /// A province with a parent, or another unit without one.
    #[error(
        "the province has no parent and every other unit has one; correct the parent or the group"
    )]
    ParentDoesNotFitGroup,
}
