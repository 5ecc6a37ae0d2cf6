//! Every step of a campaign tried by everybody in every phase: who may not is told so, and nothing is written.

use contracts::assessments::v1 as pb;
use contracts::log::v1::CommandContext;
use pb::CampaignStage as Stage;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::cast::{CAMPAIGN, Campaigns, Cast, Person};
use super::{at, plan};

/// The unit that every step is about.
pub(super) const SUBJECT: &str = "H40.05";
/// A leaf that departments claim.
pub(super) const LEAF: &str = "1.1.1";
/// A leaf that districts claim.
pub(super) const DISTRICT_LEAF: &str = "1.1";

/// A step that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Plan,
    Open,
    Close,
    Extend,
    Reopen,
    Assign,
    Claim,
    Submit,
    Appraise,
    AcceptAll,
    Explain,
    Contest,
    Remark,
    Approve,
    Publish,
}

const STEPS: [Step; 15] = [
    Step::Plan,
    Step::Open,
    Step::Close,
    Step::Extend,
    Step::Reopen,
    Step::Assign,
    Step::Claim,
    Step::Submit,
    Step::Appraise,
    Step::AcceptAll,
    Step::Explain,
    Step::Contest,
    Step::Remark,
    Step::Approve,
    Step::Publish,
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

impl Step {
    /// Whether somebody may take it at all, for [`SUBJECT`].
    fn is_for(self, person: Person) -> bool {
        match self {
            Self::Plan | Self::Open | Self::Close | Self::Extend | Self::Reopen | Self::Assign => {
                person == Person::Organiser
            }
            Self::Claim | Self::Submit | Self::Explain | Self::Contest => {
                person == Person::Assessor
            }
            Self::Appraise | Self::AcceptAll => {
                matches!(person, Person::Appraiser | Person::Unassigned)
            }
            Self::Remark | Self::Approve => person == Person::Council,
            Self::Publish => person == Person::Chair,
        }
    }

    /// Whether it belongs to a phase; none where that is not the question.
    fn belongs_to(self, phase: Phase) -> Option<bool> {
        let within = |stages: &[Stage]| {
            let Phase::In(stage) = phase else {
                return false;
            };
            stages.contains(&stage)
        };
        match self {
            Self::Plan => (phase != Phase::Planned).then_some(false),
            // Said again, it is the same opening, the same sheet, the same decision.
            Self::Open => None,
            Self::Submit => (phase == Phase::Planned).then_some(false),
            // Windows may reach beyond the last stage.
            Self::Close | Self::Extend | Self::Reopen | Self::Assign => {
                matches!(phase, Phase::Approved | Phase::Published).then_some(false)
            }
            Self::Claim => Some(within(&[Stage::SelfAssessment])),
            Self::Appraise => Some(within(&[Stage::FirstAppraisal, Stage::SecondAppraisal])),
            Self::AcceptAll => Some(within(&[Stage::FirstAppraisal, Stage::SecondAppraisal])),
            Self::Explain => Some(within(&[Stage::Explanation])),
            Self::Contest => Some(within(&[Stage::Explanation, Stage::Council])),
            Self::Remark => Some(within(&[Stage::Council])),
            Self::Approve => {
                let later = matches!(phase, Phase::Reviewed | Phase::Approved | Phase::Published);
                (!later).then_some(false)
            }
            Self::Publish => {
                let later = matches!(phase, Phase::Approved | Phase::Published);
                (!later).then_some(false)
            }
        }
    }

    async fn tried(self, mut by: Campaigns, leaf_version: i64) -> Result<(), Status> {
        let context = || {
            Some(CommandContext {
                validate_only: true,
                ..CommandContext::default()
            })
        };
        let campaign = || CAMPAIGN.to_owned();
        let unit = || SUBJECT.to_owned();
        let leaf = || LEAF.to_owned();
        let text = || "to see whether it is refused".to_owned();
        let mark = || {
            Some(pb::Mark {
                points: "0".to_owned(),
                not_applicable: false,
            })
        };
        let document = || "1/QĐ".to_owned();
        match self {
            Self::Plan => {
                let request = pb::PlanCampaignRequest {
                    context: context(),
                    title: text(),
                    ..plan()
                };
                by.plan_campaign(request).await.map(drop)
            }
            Self::Open => {
                let request = pb::OpenCampaignRequest {
                    context: context(),
                    campaign: campaign(),
                };
                by.open_campaign(request).await.map(drop)
            }
            Self::Close => {
                let request = pb::CloseStageRequest {
                    context: context(),
                    campaign: campaign(),
                    stage: Stage::Council.into(),
                    reason: text(),
                };
                by.close_stage(request).await.map(drop)
            }
            Self::Extend => {
                let request = pb::ExtendStageRequest {
                    context: context(),
                    campaign: campaign(),
                    unit: unit(),
                    stage: Stage::Council.into(),
                    deadline: at("2026-01-01T00:00:00Z"),
                    reason: text(),
                };
                by.extend_stage(request).await.map(drop)
            }
            Self::Reopen => {
                let request = pb::ReopenStageRequest {
                    context: context(),
                    campaign: campaign(),
                    unit: unit(),
                    stage: Stage::SelfAssessment.into(),
                    deadline: at("2026-01-01T00:00:00Z"),
                    reason: text(),
                };
                by.reopen_stage(request).await.map(drop)
            }
            Self::Assign => {
                let request = pb::AssignAppraiserRequest {
                    context: context(),
                    campaign: campaign(),
                    appraiser: "somebody".to_owned(),
                    own_unit: "H40.01".to_owned(),
                    units: vec![unit()],
                    components: vec![],
                };
                by.assign_appraiser(request).await.map(drop)
            }
            Self::Claim => {
                let request = pb::ClaimLeafRequest {
                    context: context(),
                    campaign: campaign(),
                    unit: unit(),
                    leaf: leaf(),
                    leaf_version,
                    explanation: text(),
                    ..pb::ClaimLeafRequest::default()
                };
                by.claim_leaf(request).await.map(drop)
            }
            Self::Submit => {
                let request = pb::SubmitAssessmentRequest {
                    context: context(),
                    campaign: campaign(),
                    unit: unit(),
                };
                by.submit_assessment(request).await.map(drop)
            }
            Self::Appraise => {
                let request = pb::AppraiseLeafRequest {
                    context: context(),
                    campaign: campaign(),
                    unit: unit(),
                    leaf: leaf(),
                    leaf_version,
                    verdict: pb::AppraisalVerdict::Change.into(),
                    mark: mark(),
                    text: text(),
                };
                by.appraise_leaf(request).await.map(drop)
            }
            Self::AcceptAll => {
                let request = pb::AcceptLeavesRequest {
                    context: context(),
                    campaign: campaign(),
                    unit: unit(),
                };
                by.accept_leaves(request).await.map(drop)
            }
            Self::Explain => {
                let request = pb::ExplainLeafRequest {
                    context: context(),
                    campaign: campaign(),
                    unit: unit(),
                    leaf: leaf(),
                    leaf_version,
                    text: text(),
                    evidence: vec![],
                };
                by.explain_leaf(request).await.map(drop)
            }
            Self::Contest => {
                let request = pb::ContestLeafRequest {
                    context: context(),
                    campaign: campaign(),
                    unit: unit(),
                    leaf: leaf(),
                    leaf_version,
                    wanted: mark(),
                    reason: text(),
                };
                by.contest_leaf(request).await.map(drop)
            }
            Self::Remark => {
                let request = pb::RemarkOnLeafRequest {
                    context: context(),
                    campaign: campaign(),
                    unit: unit(),
                    leaf: leaf(),
                    leaf_version,
                    mark: None,
                    remark: text(),
                };
                by.remark_on_leaf(request).await.map(drop)
            }
            Self::Approve => {
                let request = pb::ApproveCampaignRequest {
                    context: context(),
                    campaign: campaign(),
                    document: document(),
                };
                by.approve_campaign(request).await.map(drop)
            }
            Self::Publish => {
                let request = pb::PublishCampaignRequest {
                    context: context(),
                    campaign: campaign(),
                    document: document(),
                };
                by.publish_campaign(request).await.map(drop)
            }
        }
    }
}

/// Tries every step as everybody; what nobody may do now is refused with the right code. Returns how many were refused.
pub(super) async fn everybody_tries(cast: &Cast<'_>, phase: Phase, leaf_version: i64) -> usize {
    let mut refused = 0;
    for step in STEPS {
        for person in Person::ALL {
            let answer = step.tried(cast.campaigns(person), leaf_version).await;
            let told = format!("{step:?} by {person:?} in {phase:?}: {answer:?}");
            let code = answer.as_ref().err().map(Status::code);
            if !step.is_for(person) {
                assert_eq!(code, Some(Code::PermissionDenied), "{told}");
            } else if step.belongs_to(phase) == Some(false) {
                let Err(status) = answer else {
                    panic!("{told}")
                };
                let details = status.get_details_error_info().expect("a reason");
                let reasons = ["PHASE_DOES_NOT_ALLOW", "STAGE_NOT_OPEN"];
                assert!(reasons.contains(&details.reason.as_str()), "{told}");
            } else if person == Person::Unassigned && step == Step::Appraise {
                let Err(status) = answer else {
                    panic!("{told}")
                };
                let details = status.get_details_error_info().expect("a reason");
                assert_eq!(details.reason, "NOT_ASSIGNED", "{told}");
            } else {
                assert_ne!(code, Some(Code::PermissionDenied), "{told}");
                assert_ne!(code, Some(Code::Internal), "{told}");
                continue;
            }
            refused += 1;
        }
    }
    refused
}
