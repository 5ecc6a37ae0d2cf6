//! Refusals as problems: the code by what the caller should do next. What is refused for who calls, somebody else has to
//! do, and the server counts and logs it as a denial.

use assessment::{campaign, sheet};
use contracts::problem::Problem;

/// Why a campaign refuses.
pub(super) fn of_campaign(refusal: campaign::Refusal) -> Problem {
    use campaign::Refusal;
    let message = refusal.to_string();
    match refusal {
        Refusal::Absent => Problem::not_found("CAMPAIGN_NOT_FOUND", message),
        Refusal::Phase { phase, .. } => {
            Problem::refused("PHASE_DOES_NOT_ALLOW", message).with("phase", phase.to_string())
        }
        Refusal::Role { needed, .. } => {
            Problem::denied("ROLE_MISSING", message).with("role", needed.to_string())
        }
        Refusal::Clock => Problem::refused("CLOCK_ONLY", message),
        Refusal::NobodyTakesPart => Problem::refused("NO_PARTICIPANTS", message),
        Refusal::NoRules(group) => Problem::refused("NO_RULES", message).with("group", group),
        Refusal::Deadlines(stage) => {
            Problem::refused("DEADLINES_NOT_RISING", message).with("stage", stage.to_string())
        }
        Refusal::Passed(deadline) | Refusal::NotLater(deadline) | Refusal::IntoNext(deadline) => {
            Problem::refused("DEADLINE_NOT_POSSIBLE", message)
                .with("deadline", deadline.to_string())
        }
        Refusal::NoPart(unit) => {
            Problem::refused("NO_PARTICIPANT", message).with("unit", unit.to_string())
        }
        Refusal::NotOpen { unit, stage } => Problem::refused("STAGE_NOT_OPEN", message)
            .with("unit", unit.to_string())
            .with("stage", stage.to_string()),
        // Of whom is assigned, not of who calls.
        Refusal::OwnUnit(unit) => {
            Problem::refused("OWN_UNIT", message).with("unit", unit.to_string())
        }
        Refusal::WindowOpen { unit, .. } => {
            Problem::refused("WINDOW_OPEN", message).with("unit", unit.to_string())
        }
        Refusal::Undecided(leaves) => {
            let problem = Problem::refused("LEAVES_UNDECIDED", message);
            leaves.into_iter().fold(problem, |problem, (unit, leaf)| {
                problem.lacking("DECISION", format!("{unit} {leaf}"))
            })
        }
        Refusal::NoSheet(unit) => {
            Problem::refused("SHEET_MISSING", message).with("unit", unit.to_string())
        }
        Refusal::MovedOn => Problem::unavailable(message),
        Refusal::NothingCorrected(_) => Problem::refused("NOTHING_CORRECTED", message),
        Refusal::ApprovedByYou(_) => Problem::denied("APPROVED_BY_YOU", message),
    }
}

/// Why a sheet refuses.
pub(super) fn of_sheet(refusal: sheet::Refusal) -> Problem {
    use sheet::Refusal;
    let message = refusal.to_string();
    let of_leaf = |reason, leaf: ids::LeafCode| {
        Problem::refused(reason, message.clone()).with("leaf", leaf.to_string())
    };
    match refusal {
        Refusal::NoPart(_) => Problem::not_found("ASSESSMENT_NOT_FOUND", message),
        Refusal::OtherEdition(_) => Problem::refused("OTHER_EDITION", message),
        Refusal::NoLeaf(_) => Problem::not_found("LEAF_NOT_FOUND", message),
        Refusal::Role { needed, .. } => {
            Problem::denied("ROLE_MISSING", message).with("role", needed.to_string())
        }
        Refusal::Stage { needed, .. } => {
            Problem::refused("STAGE_NOT_OPEN", message).with("stage", needed.to_string())
        }
        Refusal::Submitted => Problem::refused("SUBMITTED", message),
        Refusal::OtherUnit(_) => Problem::denied("OTHER_UNIT", message),
        Refusal::OwnUnit(_) => Problem::denied("OWN_UNIT", message),
        Refusal::NoUnit => Problem::denied("NO_UNIT", message),
        Refusal::NotAssigned { leaf, .. } => {
            Problem::denied("NOT_ASSIGNED", message).with("leaf", leaf.to_string())
        }
        Refusal::ClaimedByYou(_) => Problem::denied("CLAIMED_BY_YOU", message),
        Refusal::Surveyed(leaf) => of_leaf("LEAF_SURVEYED", leaf),
        Refusal::Computed(leaf) => of_leaf("LEAF_COMPUTED", leaf),
        Refusal::NotDeclared { leaf, input } => {
            of_leaf("FIGURE_NOT_DECLARED", leaf).with("input", input)
        }
        Refusal::NoPoints { leaf, .. } => of_leaf("NO_POINTS", leaf),
        Refusal::OutOfRange { leaf, max, .. } => {
            of_leaf("POINTS_OUT_OF_RANGE", leaf).with("max", max.to_string())
        }
        Refusal::NoReason(leaf) => of_leaf("REASON_MISSING", leaf),
        Refusal::Unmeasured(_) => Problem::unavailable(message),
        Refusal::NothingToAccept(leaf) => of_leaf("NOTHING_TO_ACCEPT", leaf),
        Refusal::NothingToKeep(leaf) => of_leaf("NOTHING_TO_KEEP", leaf),
        Refusal::OtherRound { leaf, needed } => {
            of_leaf("OTHER_ROUND", leaf).with("stage", needed.to_string())
        }
        Refusal::NothingDecided(leaf) => of_leaf("NOTHING_DECIDED", leaf),
        Refusal::Incomplete(lacks) => {
            let problem = Problem::refused("ASSESSMENT_INCOMPLETE", message);
            lacks.into_iter().fold(problem, |problem, (leaf, lack)| {
                problem.lacking(kind_of(&lack), leaf.to_string())
            })
        }
        Refusal::Unfounded(items) => {
            let problem = Problem::refused("EVIDENCE_UNFOUNDED", message);
            items.into_iter().fold(problem, |problem, (item, why)| {
                let kind = match why {
                    sheet::Unfounded::NotUploaded => "FILE",
                    sheet::Unfounded::NotCitable(_) => "INITIATIVE",
                };
                problem.lacking(kind, format!("evidence[{item}].{}", why.field()))
            })
        }
        Refusal::Changed {
            leaf,
            expected,
            actual,
            change,
        } => Problem::conflict(message, expected, actual)
            .with("leaf", leaf.to_string())
            .with("changed", change.what)
            .with("changed_by", change.by.clone())
            .with("changed_at", change.at.to_string())
            .with("from", change.from.clone())
            .with("to", change.to.clone()),
        Refusal::UnknownVersion {
            leaf,
            expected,
            actual,
        } => Problem::conflict(message, expected, actual).with("leaf", leaf.to_string()),
    }
}

/// What a leaf lacks, for programs.
fn kind_of(lack: &sheet::Lack) -> &'static str {
    match lack {
        sheet::Lack::Claim => "CLAIM",
        sheet::Lack::Figures(_) => "FIGURES",
        sheet::Lack::Evidence => "EVIDENCE",
        sheet::Lack::Contradiction { .. } => "CONTRADICTION",
    }
}
