//! Where a campaign is, as far as it decides what may be done.

use std::fmt;

/// Where a campaign is, or one unit's part in it: units may have longer, or have a stage opened
/// again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nobody planned it.
    Absent,
    /// Planned; the plan may still change.
    Planned,
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
    /// Every stage is over; the council has to approve.
    Reviewed,
    /// The results stand.
    Approved,
    /// The results are public.
    Published,
}

impl Stage {
    /// Every one, in the order in which they follow.
    pub const ALL: [Self; 10] = [
        Self::Absent,
        Self::Planned,
        Self::SelfAssessment,
        Self::FirstAppraisal,
        Self::Explanation,
        Self::SecondAppraisal,
        Self::Council,
        Self::Reviewed,
        Self::Approved,
        Self::Published,
    ];
}

/// In the words in which refusals say it.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "not planned",
            Self::Planned => "planned",
            Self::SelfAssessment => "in self-assessment",
            Self::FirstAppraisal => "in first appraisal",
            Self::Explanation => "in explanation",
            Self::SecondAppraisal => "in second appraisal",
            Self::Council => "in council",
            Self::Reviewed => "waiting for the council's approval",
            Self::Approved => "approved",
            Self::Published => "published",
        })
    }
}
