//! What the year is played with.

use calendar::{Calendar, Limit};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// Units, procedures and the working calendar.
#[derive(Debug, Clone)]
pub struct World {
    /// Units that handle dossiers.
    pub units: Vec<Unit>,
    /// Procedures that they handle.
    pub procedures: Vec<Procedure>,
    /// Their working calendar, covering the year and some weeks after it.
    pub calendar: Calendar,
    /// Local time's offset from UTC.
    pub offset: Offset,
}

/// A unit that handles dossiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its code in the registry.
    pub code: String,
    /// The code that its dossiers' codes begin with: the style `000.00.12.H40` where it has one.
    pub prefix: String,
    /// Which group it is in.
    pub group: Group,
    /// How much it has to do beside others of its group; 100 is usual.
    pub size: u32,
    /// When it ends, if it does.
    pub end: Option<End>,
}

/// The end of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The first day on which it exists no more.
    pub on: Date,
    /// Code of the unit that goes on with its work.
    pub successor: String,
}

/// Groups of units that handle dossiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Departments of the province.
    Department,
    /// Districts and cities.
    District,
}

/// A procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Its code.
    pub code: String,
    /// How long handling may take.
    pub limit: Limit,
    /// How much of it is done online.
    pub online: Online,
    /// The applicant owes a fee.
    pub payment_duty: bool,
    /// The fee can be paid on the national portal.
    pub payment_integrated: bool,
    /// Group of the units that handle it.
    pub group: Group,
    /// The units of that group that do; none: all.
    pub units: Vec<String>,
}

/// How much of a procedure is done online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Online {
    /// Nothing.
    None,
    /// A part.
    Partial,
    /// All.
    Full,
}

impl World {
    /// Whether the unit handles the procedure.
    pub(crate) fn handles(&self, unit: &Unit, procedure: &Procedure) -> bool {
        let named = procedure.units.is_empty() || procedure.units.contains(&unit.code);
        unit.group == procedure.group && named
    }

    /// The unit that does another one's work on a day: itself, or who took it over.
    pub(crate) fn at_work(&self, unit: usize, day: Date) -> usize {
        let end = self.units[unit].end.as_ref().filter(|end| end.on <= day);
        let successor =
            end.and_then(|end| self.units.iter().position(|of| of.code == end.successor));
        successor.unwrap_or(unit)
    }

    /// A moment of local time.
    pub(crate) fn moment(&self, local: DateTime) -> Option<Timestamp> {
        self.offset.to_timestamp(local).ok()
    }

    /// The local date of a moment.
    pub(crate) fn date(&self, at: Timestamp) -> Date {
        self.offset.to_datetime(at).date()
    }
}
