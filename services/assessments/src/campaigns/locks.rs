//! The lock of a deadline when the clock passes it: a deadline is locked once.

use assessment::campaign::{Action, Command, Refusal};
use contracts::problem::Problem;
use jiff::Timestamp;

use super::codec::CampaignCodec;
use super::refusal;
use crate::timer::Alarm;
use crate::view::View;

/// Locks deadlines.
pub(crate) struct Locks;

impl Alarm for Locks {
    type Codec = CampaignCodec;

    const METHOD: &'static str = "LockStage";
    const METRIC: &'static str = "chiso_assessments_deadlines_locked_total";

    fn next(view: &View) -> Option<(Timestamp, &str)> {
        view.campaigns.next_lock()
    }

    fn command(at: Timestamp) -> Command {
        Command {
            at,
            by: None,
            action: Action::Lock,
        }
    }

    fn problem(refusal: Refusal) -> Problem {
        refusal::of_campaign(refusal)
    }
}
