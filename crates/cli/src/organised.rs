//! `--organised`: whose figures of a past period are meant.

use clap::ValueEnum;
use contracts::scoring::v1 as pb;

/// Units as they were, or as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Organised {
    /// The units of the period
    #[default]
    Then,
    /// The units of today
    Now,
}

impl Organised {
    /// For a request.
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Then => pb::Organised::Then.into(),
            Self::Now => pb::Organised::Now.into(),
        }
    }
}

/// A line for each unit of before: whether it is part of the figures, and why not.
pub(crate) fn predecessors(predecessors: &[pb::Predecessor]) -> Vec<String> {
    let lines = predecessors.iter().map(|before| {
        let inputs = before.inputs.iter();
        let inputs: Vec<String> = inputs
            .map(|input| format!("{} {}", input.name, input.value))
            .collect();
        let unit = format!("{} until {}", before.unit, before.valid_until);
        match (before.counted, inputs.is_empty()) {
            (true, true) => format!("  with {unit}"),
            (true, false) => format!("  with {unit}: {}", inputs.join(", ")),
            (false, _) => format!("  without {unit}: {}", before.reason),
        }
    });
    lines.collect()
}
