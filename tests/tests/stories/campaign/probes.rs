//! Every step of a campaign tried by everybody in every phase, about units that take part and one that does not: who may
//! not is told so by the one right reason, and no log has grown afterwards.

mod surveys;
mod tried;

use contracts::assessments::v1 as pb;
use futures::{StreamExt as _, stream};
use identity::table::{self, Access, Condition, Rule, rule};
use pb::CampaignStage as Stage;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::cast::{Cast, Person};

/// A department and a district that every step is about.
pub(super) const SUBJECTS: [&str; 2] = ["H40.05", "H40.24"];
/// A department that takes no part.
pub(super) const OUTSIDE: &str = "H40.11";
/// A leaf that departments claim.
pub(super) const LEAF: &str = "1.1.1";
/// A leaf that districts claim.
pub(super) const DISTRICT_LEAF: &str = "1.1";
/// Steps that are tried at the same time.
const AT_ONCE: usize = 6;

const PHASE: &str = "PHASE_DOES_NOT_ALLOW";
const STAGE: &str = "STAGE_NOT_OPEN";

/// A step that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Plan,
    Open,
    /// The council's stage.
    Close,
    /// The council's stage, for the unit.
    Extend,
    /// The explanation, for all.
    ExtendAll,
    /// The explanation, for the unit.
    Reopen,
    Assign,
    Claim,
    Submit,
    Upload,
    Appraise,
    AcceptAll,
    Explain,
    Contest,
    /// A remark that decides nothing.
    Remark,
    /// A remark that decides.
    Decide,
    Approve,
    Publish,
    Correct,
}

/// Steps that are about the campaign as a whole.
const OF_ALL: [Step; 7] = [
    Step::Plan,
    Step::Open,
    Step::Close,
    Step::ExtendAll,
    Step::Approve,
    Step::Publish,
    Step::Correct,
];
/// Steps that are about a unit.
const OF_A_UNIT: [Step; 12] = [
    Step::Extend,
    Step::Reopen,
    Step::Assign,
    Step::Claim,
    Step::Submit,
    Step::Upload,
    Step::Appraise,
    Step::AcceptAll,
    Step::Explain,
    Step::Contest,
    Step::Remark,
    Step::Decide,
];

/// Where a campaign is, as this test counts: planned, in a stage, or in what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Planned,
    In(Stage),
    Reviewed,
    Approved,
    Published,
}

impl Phase {
    fn in_table(self) -> table::Stage {
        match self {
            Self::Planned => table::Stage::Planned,
            Self::In(Stage::FirstAppraisal) => table::Stage::FirstAppraisal,
            Self::In(Stage::Explanation) => table::Stage::Explanation,
            Self::In(Stage::SecondAppraisal) => table::Stage::SecondAppraisal,
            Self::In(Stage::Council) => table::Stage::Council,
            Self::In(Stage::SelfAssessment | Stage::Unspecified) => table::Stage::SelfAssessment,
            Self::Reviewed => table::Stage::Reviewed,
            Self::Approved => table::Stage::Approved,
            Self::Published => table::Stage::Published,
        }
    }
}

/// What a step must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Done,
    Denied,
    /// Who calls may not, for this reason.
    DeniedAs(&'static str),
    /// For this reason and no other.
    Refused(&'static str),
}

impl Answer {
    /// Done, unless the campaign is elsewhere: then refused.
    fn only(possible: bool, otherwise: &'static str) -> Self {
        if possible {
            Self::Done
        } else {
            Self::Refused(otherwise)
        }
    }

    /// What a call came to.
    fn is(self, answer: &Result<(), Status>) -> bool {
        match (self, answer) {
            (Self::Done, Ok(())) => true,
            (Self::Denied, Err(status)) => status.code() == Code::PermissionDenied,
            (Self::DeniedAs(reason), Err(status)) => {
                told(status) == reason && status.code() == Code::PermissionDenied
            }
            (Self::Refused(reason), Err(status)) => {
                told(status) == reason && status.code() != Code::PermissionDenied
            }
            (Self::Done, Err(_))
            | (Self::Denied | Self::DeniedAs(_) | Self::Refused(_), Ok(())) => false,
        }
    }
}

impl Step {
    /// What the table says of it.
    fn rule(self) -> &'static Rule {
        let method = match self {
            Self::Plan => "CampaignsService/PlanCampaign",
            Self::Open => "CampaignsService/OpenCampaign",
            Self::Close => "CampaignsService/CloseStage",
            Self::Extend | Self::ExtendAll => "CampaignsService/ExtendStage",
            Self::Reopen => "CampaignsService/ReopenStage",
            Self::Assign => "CampaignsService/AssignAppraiser",
            Self::Claim => "CampaignsService/ClaimLeaf",
            Self::Submit => "CampaignsService/SubmitAssessment",
            Self::Upload => "EvidenceService/UploadEvidence",
            Self::Appraise => "CampaignsService/AppraiseLeaf",
            Self::AcceptAll => "CampaignsService/AcceptLeaves",
            Self::Explain => "CampaignsService/ExplainLeaf",
            Self::Contest => "CampaignsService/ContestLeaf",
            Self::Remark | Self::Decide => "CampaignsService/RemarkOnLeaf",
            Self::Approve => "CampaignsService/ApproveCampaign",
            Self::Publish => "CampaignsService/PublishCampaign",
            Self::Correct => "PublicationsService/CorrectPublication",
        };
        rule(&format!("/chiso.assessments.v1.{method}")).expect("the table has every call")
    }

    /// Whether the table lets somebody take it for a unit.
    fn is_for(self, person: Person, about: &str) -> bool {
        let Access::To(grants) = self.rule().access else {
            return true;
        };
        let (role, unit) = person.is(about);
        let mut grants = grants.iter().filter(|grant| grant.role == role);
        grants.any(|grant| match grant.condition {
            Condition::Any => true,
            Condition::OwnUnit | Condition::GrantedUnit => unit == about,
            Condition::OtherUnit => unit != about,
        })
    }

    /// Whether it says again, in a phase, what holds already.
    fn is_said_again(self, phase: Phase) -> bool {
        match self {
            Self::Open => matches!(phase, Phase::In(_)),
            Self::Close => phase == Phase::Reviewed,
            Self::Submit => !matches!(phase, Phase::Planned | Phase::In(Stage::SelfAssessment)),
            Self::Approve => matches!(phase, Phase::Approved | Phase::Published),
            Self::Publish => phase == Phase::Published,
            _ => false,
        }
    }

    /// What it comes to for somebody, about a unit, in a phase.
    fn answer(self, person: Person, unit: &str, phase: Phase) -> Answer {
        if !self.is_for(person, unit) {
            return Answer::Denied;
        }
        let settled = matches!(phase, Phase::Approved | Phase::Published);
        if unit == OUTSIDE {
            return match self {
                Self::Assign if phase == Phase::Reviewed => Answer::Refused(PHASE),
                Self::Extend | Self::Reopen if phase == Phase::Planned => Answer::Refused(PHASE),
                Self::Assign | Self::Extend | Self::Reopen if settled => Answer::Refused(PHASE),
                Self::Assign | Self::Extend | Self::Reopen => Answer::Refused("NO_PARTICIPANT"),
                _ => Answer::Refused("ASSESSMENT_NOT_FOUND"),
            };
        }
        let within = |stages: &[Stage]| {
            let Phase::In(stage) = phase else {
                return false;
            };
            stages.contains(&stage)
        };
        let appraisal = [Stage::FirstAppraisal, Stage::SecondAppraisal];
        let running = matches!(phase, Phase::In(_));
        match self {
            Self::Plan => Answer::only(phase == Phase::Planned, PHASE),
            // Said again, it is the same opening, the same sheet, the same decision.
            Self::Open => Answer::only(phase == Phase::Planned || running, PHASE),
            Self::Close => {
                Answer::only(within(&[Stage::Council]) || phase == Phase::Reviewed, PHASE)
            }
            Self::ExtendAll => Answer::only(
                within(&[
                    Stage::SelfAssessment,
                    Stage::FirstAppraisal,
                    Stage::Explanation,
                ]),
                PHASE,
            ),
            Self::Extend | Self::Reopen if phase == Phase::Planned || settled => {
                Answer::Refused(PHASE)
            }
            Self::Extend => Answer::only(within(&[Stage::Council]), STAGE),
            // What has not begun cannot be opened again.
            Self::Reopen => Answer::only(
                !within(&[Stage::SelfAssessment, Stage::FirstAppraisal]),
                STAGE,
            ),
            Self::Assign => Answer::only(phase == Phase::Planned || running, PHASE),
            Self::Claim => Answer::only(within(&[Stage::SelfAssessment]), STAGE),
            Self::Submit if within(&[Stage::SelfAssessment]) => {
                Answer::Refused("ASSESSMENT_INCOMPLETE")
            }
            Self::Submit => Answer::only(phase != Phase::Planned, STAGE),
            Self::Upload => Answer::only(!settled, PHASE),
            Self::Appraise if within(&appraisal) && person != Person::Appraiser => {
                Answer::DeniedAs("NOT_ASSIGNED")
            }
            // Who is assigned to nothing accepts nothing.
            Self::Appraise | Self::AcceptAll => Answer::only(within(&appraisal), STAGE),
            Self::Explain => Answer::only(within(&[Stage::Explanation]), STAGE),
            Self::Contest => Answer::only(within(&[Stage::Explanation, Stage::Council]), STAGE),
            Self::Remark => Answer::only(within(&[Stage::Council]), STAGE),
            Self::Decide => Answer::only(
                within(&[Stage::Council]) || phase == Phase::Published,
                STAGE,
            ),
            Self::Approve => Answer::only(phase == Phase::Reviewed || settled, PHASE),
            Self::Publish => Answer::only(settled, PHASE),
            // Nobody decided anything since.
            Self::Correct if phase == Phase::Published => Answer::Refused("NOTHING_CORRECTED"),
            Self::Correct => Answer::Refused(PHASE),
        }
    }
}

/// The reason that a refusal gives.
fn told(status: &Status) -> String {
    let details = status.get_details_error_info();
    details.map(|details| details.reason).unwrap_or_default()
}

/// Tries every step as everybody; each comes to the one right answer, and none of them is written anywhere. Returns how
/// many were refused.
pub(super) async fn everybody_tries(cast: &Cast<'_>, phase: Phase, leaf_version: i64) -> usize {
    let before = cast.0.settled().await;
    let mut tries = Vec::new();
    for person in Person::ALL {
        tries.extend(OF_ALL.map(|step| (step, person, SUBJECTS[0])));
        for unit in [SUBJECTS[0], SUBJECTS[1], OUTSIDE] {
            tries.extend(OF_A_UNIT.map(|step| (step, person, unit)));
        }
    }
    let refused = stream::iter(tries)
        .map(async |(step, person, unit)| {
            let services = cast.services(person, unit);
            let answer = step.tried(&services, unit, leaf_version).await;
            let expected = step.answer(person, unit, phase);
            let in_table = step.rule().stages.contains(&phase.in_table());
            assert!(
                expected != Answer::Done || in_table || step.is_said_again(phase),
                "{step:?} in {phase:?} is not in the table"
            );
            assert!(
                expected.is(&answer),
                "{step:?} by {person:?} about {unit} in {phase:?} is to be {expected:?}: {answer:?}"
            );
            usize::from(expected != Answer::Done)
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let of_surveys = surveys::everybody_tries(cast, phase).await;
    assert_eq!(
        cast.0.heads().await,
        before,
        "{phase:?}: nothing is written"
    );
    refused.iter().sum::<usize>() + of_surveys
}
