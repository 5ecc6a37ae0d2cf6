//! Tasks become overdue when the clock passes their due date: each once by a due date.

use assessment::improvement::{Action, Command, Refusal};
use contracts::problem::Problem;
use jiff::Timestamp;

use super::codec::TaskCodec;
use super::refusal;
use crate::timer::Alarm;
use crate::view::View;

/// Makes tasks overdue.
pub(crate) struct DueDates;

impl Alarm for DueDates {
    type Codec = TaskCodec;

    const METHOD: &'static str = "MarkTaskOverdue";
    const METRIC: &'static str = "chiso_assessments_tasks_overdue_total";

    fn next(view: &View) -> Option<(Timestamp, &str)> {
        view.tasks.next_overdue()
    }

    fn command(at: Timestamp) -> Command {
        Command {
            at,
            by: None,
            action: Action::MarkOverdue,
        }
    }

    fn problem(refusal: Refusal) -> Problem {
        refusal::of_task(refusal)
    }
}
