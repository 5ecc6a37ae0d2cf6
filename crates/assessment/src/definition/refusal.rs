//! Why a definition refuses.

use ids::{CampaignCode, Month, Period};

/// Why what is asked of a definition is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionRefusal {
    /// The edition is in force with another content.
    #[error(
        "edition {0} is in force with another content and cannot change; give the changed document a new edition"
    )]
    Immutable(String),
    /// Another edition is in force for the same units at the same time.
    #[error(
        "edition {edition} would be in force beside edition {other} for group {group} in {month}; let the new one \
         begin after the other ends, or judge another group"
    )]
    Overlap {
        /// The edition asked for.
        edition: String,
        /// The edition in force.
        other: String,
        /// A group that both judge.
        group: String,
        /// The first month that both are in force in.
        month: Month,
    },
    /// There is such a draft already.
    #[error(
        "edition {0} is drafted with another content; change that draft, or name another edition"
    )]
    Drafted(String),
    /// There is no such draft.
    #[error("there is no draft of edition {0}; draft it first, or list the drafts")]
    NoDraft(String),
    /// The draft is not what was checked.
    #[error("the draft of edition {0} was changed meanwhile; read it again and decide anew")]
    DraftMoved(String),
    /// No such edition was put in force.
    #[error("edition {0} is not in force; list those that are")]
    NoEdition(String),
    /// The edition does not judge the group in all of the period.
    #[error(
        "edition {edition} is not in force for group {group} in all of {period}; put it in force first"
    )]
    NotInForce {
        /// The edition.
        edition: String,
        /// The group.
        group: String,
        /// The period.
        period: Period,
    },
    /// Running campaigns judge by it.
    #[error(
        "edition {edition} is used by campaign {}, which is not published yet; retire it afterwards",
        .campaigns.iter().map(CampaignCode::as_str).collect::<Vec<_>>().join(", ")
    )]
    InUse {
        /// The edition.
        edition: String,
        /// The campaigns.
        campaigns: Vec<CampaignCode>,
    },
    /// It ends before that.
    #[error("edition {edition} ends with {until} already; retire it earlier, or leave it")]
    Ended {
        /// The edition.
        edition: String,
        /// Its last month.
        until: Month,
    },
}
