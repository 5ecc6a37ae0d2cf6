//! Every step of a campaign tried by everybody in every phase: who may not is told so, and nothing is written.

use contracts::assessments::v1 as pb;
use contracts::log::v1::CommandContext;
use identity::table::{self, Access, Condition, Rule, rule};
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

impl Step {
    /// What the table says of it.
    fn rule(self) -> &'static Rule {
        let method = match self {
            Self::Plan => "PlanCampaign",
            Self::Open => "OpenCampaign",
            Self::Close => "CloseStage",
            Self::Extend => "ExtendStage",
            Self::Reopen => "ReopenStage",
            Self::Assign => "AssignAppraiser",
            Self::Claim => "ClaimLeaf",
            Self::Submit => "SubmitAssessment",
            Self::Appraise => "AppraiseLeaf",
            Self::AcceptAll => "AcceptLeaves",
            Self::Explain => "ExplainLeaf",
            Self::Contest => "ContestLeaf",
            Self::Remark => "RemarkOnLeaf",
            Self::Approve => "ApproveCampaign",
            Self::Publish => "PublishCampaign",
        };
        let path = format!("/chiso.assessments.v1.CampaignsService/{method}");
        rule(&path).expect("the table has every call")
    }

    /// Whether somebody may take it at all, for [`SUBJECT`].
    fn is_for(self, person: Person) -> bool {
        let Access::To(grants) = self.rule().access else {
            return true;
        };
        let (role, unit) = person.is();
        let mut grants = grants.iter().filter(|grant| grant.role == role);
        grants.any(|grant| match grant.condition {
            Condition::Any => true,
            Condition::OwnUnit | Condition::GrantedUnit => unit == SUBJECT,
            Condition::OtherUnit => unit != SUBJECT,
        })
    }

    /// Whether it belongs to a phase; none where it says again what holds already.
    fn belongs_to(self, phase: Phase) -> Option<bool> {
        let stages = self.rule().stages;
        let again = match self {
            Self::Open => matches!(phase, Phase::In(_)),
            Self::Close => phase == Phase::Reviewed,
            Self::Submit => !matches!(phase, Phase::Planned | Phase::In(Stage::SelfAssessment)),
            Self::Approve => matches!(phase, Phase::Approved | Phase::Published),
            Self::Publish => phase == Phase::Published,
            _ => false,
        };
        (!again).then(|| stages.contains(&phase.in_table()))
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
                assert_eq!(status.code(), Code::PermissionDenied, "{told}");
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
