//! One thing that a catalog wants to be so.

use std::fmt;

use contracts::assessments::v1 as assessments;
use contracts::registry::v1 as registry;

/// One thing of a catalog, with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: usize,
    /// What is wanted.
    pub wanted: Wanted,
}

/// What is wanted, as the command that asks for it. The order is the order of applying.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// A working calendar.
    Calendar(registry::PutCalendarRequest),
    /// A dated policy.
    Policy(registry::PutPolicyRequest),
    /// A unit, from a day on.
    Unit(registry::PutUnitRequest),
    /// A procedure, from a day on.
    Procedure(registry::PutProcedureRequest),
    /// The end of a unit.
    Succession(registry::SucceedUnitRequest),
    /// An index definition.
    Definition {
        /// Code of the index.
        code: String,
        /// The document and its command.
        request: assessments::PutDefinitionInForceRequest,
    },
    /// A reported figure.
    Report(assessments::ReportMeasureRequest),
}

impl Wanted {
    /// Its turn: what others refer to comes first.
    pub(super) fn turn(&self) -> u8 {
        match self {
            Self::Calendar(_) => 0,
            Self::Policy(_) => 1,
            Self::Unit(_) => 2,
            Self::Procedure(_) => 3,
            Self::Succession(_) => 4,
            Self::Definition { .. } => 5,
            Self::Report(_) => 6,
        }
    }

    /// The day from which it holds, as an ISO date; empty where it is not dated.
    pub(super) fn since(&self) -> &str {
        match self {
            Self::Policy(it) => &it.valid_from,
            Self::Unit(it) => &it.valid_from,
            Self::Procedure(it) => &it.valid_from,
            Self::Succession(it) => &it.valid_until,
            Self::Calendar(_) | Self::Definition { .. } | Self::Report(_) => "",
        }
    }

    /// What kind of thing it is, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Calendar(_) => "calendar",
            Self::Policy(_) => "policy",
            Self::Unit(_) => "unit",
            Self::Procedure(_) => "procedure",
            Self::Succession(_) => "succession",
            Self::Definition { .. } => "definition",
            Self::Report(_) => "report",
        }
    }

    /// What it is called: its code or name.
    pub fn name(&self) -> String {
        match self {
            Self::Calendar(it) => it.name.clone(),
            Self::Policy(it) => it.name.clone(),
            Self::Unit(it) => it.code.clone(),
            Self::Procedure(it) => it.code.clone(),
            Self::Succession(it) => it.code.clone(),
            Self::Definition { code, .. } => code.clone(),
            Self::Report(it) => format!("{} {} {}", it.unit, it.month, it.measure),
        }
    }

    /// Codes by which others may refer to it.
    pub(super) fn codes(&self) -> Vec<&str> {
        match self {
            Self::Unit(it) => {
                let others = it.other_codes.iter().map(String::as_str);
                others.chain([it.code.as_str()]).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Units that must exist before it.
    pub(super) fn refers_to(&self) -> Vec<&str> {
        match self {
            Self::Calendar(_) | Self::Policy(_) | Self::Definition { .. } => Vec::new(),
            Self::Unit(it) => vec![it.parent.as_str()],
            Self::Procedure(it) => it.units.iter().map(String::as_str).collect(),
            Self::Succession(it) => it
                .successors
                .iter()
                .map(String::as_str)
                .chain([it.code.as_str()])
                .collect(),
            Self::Report(it) => vec![it.unit.as_str()],
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = match self {
            Self::Calendar(it) => format!("{} to {}", it.covers_from, it.covers_until),
            Self::Policy(it) => format!("{} from {}", it.value, it.valid_from),
            Self::Unit(it) => it
                .name
                .as_ref()
                .map_or_else(String::new, |name| name.vi.clone()),
            Self::Procedure(it) => it
                .name
                .as_ref()
                .map_or_else(String::new, |name| name.vi.clone()),
            Self::Succession(it) => {
                format!("into {} on {}", it.successors.join(", "), it.valid_until)
            }
            Self::Definition { .. } => String::new(),
            Self::Report(it) => it.value.clone(),
        };
        write!(f, "{} {} {detail}", self.kind(), self.name())
    }
}
