//! What a verification came to.

use std::collections::BTreeMap;
use std::fmt;

use super::{Damaged, Difference, Unreadable};

/// Something that is wrong with a document or with what it rests on.
#[derive(Debug)]
pub enum Finding {
    /// The signature is not of this document and key.
    Signature,
    /// A log is damaged.
    Log {
        /// Which.
        log: String,
        /// How.
        damaged: Damaged,
    },
    /// A log of that name, but another one.
    OtherLog(String),
    /// A value does not follow from the logs.
    Differs(Difference),
    /// Scoring never told a measured leaf in its log, though it had figures of the unit to score it by.
    Untold {
        /// Code of the unit.
        unit: String,
        /// Code of the leaf.
        leaf: String,
    },
    /// Nothing can be recomputed.
    Unreadable(Unreadable),
}

/// Something that was not recomputed, and is no finding: the document does not claim that it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproven {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// What a verification came to. Nothing that was skipped is counted as recomputed.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What is wrong; nothing when the document is what the logs say.
    pub findings: Vec<Finding>,
    /// Leaves that were recomputed, with every figure that they take.
    pub leaves: usize,
    /// Events that were read.
    pub events: u64,
    /// Frozen figures that were recomputed, by the log that they come from: registry, dossiers, assessments.
    pub figures: BTreeMap<String, usize>,
    /// Of those of assessments: figures that counted waves state, recomputed from their ballots.
    pub surveyed: usize,
    /// Measured leaves that scoring told with the same points in its log.
    pub told: usize,
    /// What was not recomputed, and why.
    pub unproven: Vec<Unproven>,
}

impl Verdict {
    /// The logs that figures were recomputed from, each with how many, as people read it; empty when none were.
    pub fn recomputed(&self) -> String {
        let of = self.figures.iter().map(|(log, figures)| {
            let surveyed = match (log.as_str(), self.surveyed) {
                ("assessments", surveyed) if surveyed > 0 => {
                    format!(" ({surveyed} of counted waves)")
                }
                _ => String::new(),
            };
            format!("{figures} from {log}{surveyed}")
        });
        of.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature => f.write_str("the signature is not of this document by that key"),
            Self::Log { log, damaged } => write!(f, "log of {log}: {damaged}"),
            Self::OtherLog(log) => write!(
                f,
                "log of {log}: it is another log than the publication rests on; ask the services of that deployment"
            ),
            Self::Differs(difference) => difference.fmt(f),
            Self::Untold { unit, leaf } => write!(
                f,
                "{unit} {leaf}: the log of scoring never told it, though it had figures of the unit"
            ),
            Self::Unreadable(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}
