//! Refusals as problems: the code by what the caller should do next.

use assessment::improvement::{Refusal, State};
use contracts::problem::Problem;
use ids::TaskCode;

/// There is no such task.
pub(super) fn no_task(code: &TaskCode) -> Problem {
    let message = format!("there is no task {code}; list those that are assigned");
    Problem::not_found("TASK_NOT_FOUND", message)
}

/// Why a task refuses.
pub(super) fn of_task(refusal: Refusal) -> Problem {
    let message = refusal.to_string();
    match refusal {
        Refusal::Absent => Problem::not_found("TASK_NOT_FOUND", message),
        Refusal::Taken(code) => {
            Problem::already_exists("CODE_TAKEN", message).with("code", code.to_string())
        }
        Refusal::Role { needed, .. } => {
            Problem::refused("ROLE_MISSING", message).with("role", needed.to_string())
        }
        Refusal::Clock => Problem::refused("CLOCK_ONLY", message),
        Refusal::State { state, .. } => {
            Problem::refused("STATE_DOES_NOT_ALLOW", message).with("state", word(state))
        }
        Refusal::OtherUnit(unit) => {
            Problem::refused("OTHER_UNIT", message).with("unit", unit.to_string())
        }
        Refusal::OwnUnit(unit) => {
            Problem::refused("OWN_UNIT", message).with("unit", unit.to_string())
        }
        Refusal::NoUnit => Problem::refused("NO_UNIT", message),
        Refusal::OwnWork => Problem::refused("OWN_WORK", message),
        Refusal::Passed(due) => {
            Problem::refused("DUE_DATE_PASSED", message).with("due_at", due.to_string())
        }
        Refusal::Elsewhere(unit) => {
            Problem::refused("TASK_ELSEWHERE", message).with("unit", unit.to_string())
        }
        Refusal::Unfounded(items) => {
            let problem = Problem::refused("EVIDENCE_UNFOUNDED", message);
            items.into_iter().fold(problem, |problem, item| {
                problem.lacking("FILE", format!("evidence[{item}].sha256"))
            })
        }
        Refusal::Full => Problem::refused("TOO_MANY_ENTRIES", message),
    }
}

/// A state in one word, for programs.
fn word(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Reported => "reported",
        State::Confirmed => "confirmed",
        State::Cancelled => "cancelled",
    }
}
