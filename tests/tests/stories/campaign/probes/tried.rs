//! What each step asks for. It is only to be validated, so that also what is allowed changes nothing.

use cli::{Service, Services};
use contracts::assessments::v1 as pb;
use contracts::assessments::v1::evidence_service_client::EvidenceServiceClient;
use contracts::log::v1::CommandContext;
use futures::stream;
use pb::CampaignStage as Stage;
use pb::upload_evidence_request::Part;
use tonic::Status;

use super::super::cast::{CAMPAIGN, Campaigns, campaigns, publications};
use super::super::{at, group, plan};
use super::{DISTRICT_LEAF, LEAF, Step};

/// The file that would be uploaded.
const FILE: &[u8] = b"%PDF-1.7\na plan";

/// Decide and answer, but change nothing.
pub(super) fn validated() -> Option<CommandContext> {
    Some(CommandContext {
        validate_only: true,
        ..CommandContext::default()
    })
}

fn campaign() -> String {
    CAMPAIGN.to_owned()
}

/// A leaf that the unit claims.
fn leaf(unit: &str) -> String {
    match group(unit) {
        "district" => DISTRICT_LEAF.to_owned(),
        _ => LEAF.to_owned(),
    }
}

fn text() -> String {
    "to see whether it is refused".to_owned()
}

fn document() -> String {
    "1/QĐ".to_owned()
}

fn mark() -> Option<pb::Mark> {
    Some(pb::Mark {
        points: "0".to_owned(),
        not_applicable: false,
    })
}

impl Step {
    /// Takes it, about a unit.
    pub(super) async fn tried(
        self,
        services: &Services,
        unit: &str,
        leaf_version: i64,
    ) -> Result<(), Status> {
        let mut by = campaigns(services);
        match self {
            Self::Plan
            | Self::Open
            | Self::Close
            | Self::ExtendAll
            | Self::Extend
            | Self::Reopen
            | Self::Assign => self.organised(by, unit).await,
            Self::Claim | Self::Submit | Self::Explain | Self::Contest => {
                self.said(by, unit, leaf_version).await
            }
            Self::Appraise | Self::AcceptAll | Self::Remark | Self::Decide => {
                self.judged(by, unit, leaf_version).await
            }
            Self::Upload => uploaded(services, unit).await,
            Self::Approve => {
                let request = pb::ApproveCampaignRequest {
                    context: validated(),
                    campaign: campaign(),
                    document: document(),
                };
                by.approve_campaign(request).await.map(drop)
            }
            Self::Publish => {
                let request = pb::PublishCampaignRequest {
                    context: validated(),
                    campaign: campaign(),
                    document: document(),
                };
                by.publish_campaign(request).await.map(drop)
            }
            Self::Correct => {
                let request = pb::CorrectPublicationRequest {
                    context: validated(),
                    campaign: campaign(),
                    document: document(),
                    reason: text(),
                };
                let mut by = publications(services);
                by.correct_publication(request).await.map(drop)
            }
        }
    }

    /// What organisers do.
    async fn organised(self, mut by: Campaigns, unit: &str) -> Result<(), Status> {
        let extended = |unit: &str, stage: Stage, deadline| pb::ExtendStageRequest {
            context: validated(),
            campaign: campaign(),
            unit: unit.to_owned(),
            stage: stage.into(),
            deadline: at(deadline),
            reason: text(),
        };
        match self {
            Self::Plan => {
                let request = pb::PlanCampaignRequest {
                    context: validated(),
                    title: text(),
                    ..plan()
                };
                by.plan_campaign(request).await.map(drop)
            }
            Self::Open => {
                let request = pb::OpenCampaignRequest {
                    context: validated(),
                    campaign: campaign(),
                };
                by.open_campaign(request).await.map(drop)
            }
            Self::Close => {
                let request = pb::CloseStageRequest {
                    context: validated(),
                    campaign: campaign(),
                    stage: Stage::Council.into(),
                    reason: text(),
                };
                by.close_stage(request).await.map(drop)
            }
            // After the deadline of the explanation, and before that of what follows.
            Self::ExtendAll => {
                let request = extended("", Stage::Explanation, "2025-02-15T10:00:00Z");
                by.extend_stage(request).await.map(drop)
            }
            Self::Extend => {
                let request = extended(unit, Stage::Council, "2026-01-01T00:00:00Z");
                by.extend_stage(request).await.map(drop)
            }
            Self::Reopen => {
                let request = pb::ReopenStageRequest {
                    context: validated(),
                    campaign: campaign(),
                    unit: unit.to_owned(),
                    stage: Stage::Explanation.into(),
                    deadline: at("2026-01-01T00:00:00Z"),
                    reason: text(),
                };
                by.reopen_stage(request).await.map(drop)
            }
            other => {
                assert_eq!(other, Self::Assign);
                let request = pb::AssignAppraiserRequest {
                    context: validated(),
                    campaign: campaign(),
                    appraiser: "somebody".to_owned(),
                    own_unit: "H40.01".to_owned(),
                    units: vec![unit.to_owned()],
                    components: vec![],
                };
                by.assign_appraiser(request).await.map(drop)
            }
        }
    }

    /// What units say.
    async fn said(self, mut by: Campaigns, unit: &str, leaf_version: i64) -> Result<(), Status> {
        let (unit, leaf) = (unit.to_owned(), leaf(unit));
        match self {
            Self::Claim => {
                let request = pb::ClaimLeafRequest {
                    context: validated(),
                    campaign: campaign(),
                    unit,
                    leaf,
                    leaf_version,
                    explanation: text(),
                    ..pb::ClaimLeafRequest::default()
                };
                by.claim_leaf(request).await.map(drop)
            }
            Self::Submit => {
                let request = pb::SubmitAssessmentRequest {
                    context: validated(),
                    campaign: campaign(),
                    unit,
                };
                by.submit_assessment(request).await.map(drop)
            }
            Self::Explain => {
                let request = pb::ExplainLeafRequest {
                    context: validated(),
                    campaign: campaign(),
                    unit,
                    leaf,
                    leaf_version,
                    text: text(),
                    evidence: vec![],
                };
                by.explain_leaf(request).await.map(drop)
            }
            other => {
                assert_eq!(other, Self::Contest);
                let request = pb::ContestLeafRequest {
                    context: validated(),
                    campaign: campaign(),
                    unit,
                    leaf,
                    leaf_version,
                    wanted: mark(),
                    reason: text(),
                };
                by.contest_leaf(request).await.map(drop)
            }
        }
    }

    /// What appraisers and the council make of it.
    async fn judged(self, mut by: Campaigns, unit: &str, leaf_version: i64) -> Result<(), Status> {
        let (unit, leaf) = (unit.to_owned(), leaf(unit));
        match self {
            Self::Appraise => {
                let request = pb::AppraiseLeafRequest {
                    context: validated(),
                    campaign: campaign(),
                    unit,
                    leaf,
                    leaf_version,
                    verdict: pb::AppraisalVerdict::Change.into(),
                    mark: mark(),
                    text: text(),
                };
                by.appraise_leaf(request).await.map(drop)
            }
            Self::AcceptAll => {
                let request = pb::AcceptLeavesRequest {
                    context: validated(),
                    campaign: campaign(),
                    unit,
                };
                by.accept_leaves(request).await.map(drop)
            }
            other => {
                assert!(matches!(other, Self::Remark | Self::Decide));
                let request = pb::RemarkOnLeafRequest {
                    context: validated(),
                    campaign: campaign(),
                    unit,
                    leaf,
                    leaf_version,
                    mark: mark().filter(|_| other == Self::Decide),
                    remark: text(),
                };
                by.remark_on_leaf(request).await.map(drop)
            }
        }
    }
}

async fn uploaded(services: &Services, unit: &str) -> Result<(), Status> {
    let metadata = Part::Metadata(pb::EvidenceUpload {
        context: validated(),
        campaign: campaign(),
        unit: unit.to_owned(),
        leaf: leaf(unit),
        file_name: "plan.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size: i64::try_from(FILE.len()).expect("small"),
        sha256: vec![],
    });
    let parts = [metadata, Part::Chunk(FILE.into())];
    let parts = parts.map(|part| pb::UploadEvidenceRequest { part: Some(part) });
    let mut by = EvidenceServiceClient::new(services.link(Service::Assessments));
    let answer = by.upload_evidence(stream::iter(parts)).await;
    answer.map(drop)
}
