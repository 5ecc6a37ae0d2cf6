//! Who may do what in a campaign, and when.

use super::Proviso::{Assigned, ForOtherUnits, NotApprover, NotClaimant};
use super::{ADMINISTRATORS, EVERY_ROLE, Grant, Rule, Stage, any, other, own, to};
use crate::Role::{Administrator, Appraiser, Assessor, Auditor, Chair, Council, Service as Peer};

const CAMPAIGNS: &str = "chiso.assessments.v1.CampaignsService";
const EVIDENCE: &str = "chiso.assessments.v1.EvidenceService";
const PUBLICATIONS: &str = "chiso.assessments.v1.PublicationsService";

/// Units see their own sheet and its files, and so do those who appraise it; who decides on it or
/// checks it sees it before it is public.
const SHEET_READERS: &[Grant] = &[
    own(Assessor),
    other(Appraiser).if_all(&[Assigned]),
    any(Council),
    any(Chair),
    any(Administrator),
    any(Auditor),
    any(Peer),
];
const APPRAISERS: &[Grant] = &[other(Appraiser).if_all(&[Assigned, NotClaimant])];
const CHAIR: &[Grant] = &[any(Chair).if_all(&[NotApprover])];

/// What the organiser plans.
const BEFORE: &[Stage] = through(Stage::Absent, Stage::Planned);
const STAGES: &[Stage] = through(Stage::SelfAssessment, Stage::Council);
/// Appraisers may be assigned before there is anything to appraise.
const TO_APPRAISE: &[Stage] = through(Stage::Planned, Stage::Council);
/// A unit's own window may reach beyond the last stage.
const WINDOWS: &[Stage] = through(Stage::SelfAssessment, Stage::Reviewed);
/// Files may be gathered early, and are taken until what they show is approved.
const UNTIL_APPROVED: &[Stage] = through(Stage::Planned, Stage::Reviewed);
const APPRAISALS: &[Stage] = &[Stage::FirstAppraisal, Stage::SecondAppraisal];

/// All from one to another, which are among them.
const fn through(first: Stage, last: Stage) -> &'static [Stage] {
    const ALL: &[Stage] = &Stage::ALL;
    let (until, _) = ALL.split_at(last as usize + 1);
    until.split_at(first as usize).1
}

pub(super) const RULES: &[Rule] = &[
    to(CAMPAIGNS, &["PlanCampaign"], ADMINISTRATORS).in_stages(BEFORE),
    to(CAMPAIGNS, &["OpenCampaign"], ADMINISTRATORS).in_stages(&[Stage::Planned]),
    to(CAMPAIGNS, &["CloseStage"], ADMINISTRATORS).in_stages(STAGES),
    to(CAMPAIGNS, &["ExtendStage", "ReopenStage"], ADMINISTRATORS).in_stages(WINDOWS),
    to(CAMPAIGNS, &["AssignAppraiser"], ADMINISTRATORS).in_stages(TO_APPRAISE),
    to(
        CAMPAIGNS,
        &["ClaimLeaf", "SubmitAssessment"],
        &[own(Assessor)],
    )
    .in_stages(&[Stage::SelfAssessment]),
    to(CAMPAIGNS, &["AppraiseLeaf", "AcceptLeaves"], APPRAISERS).in_stages(APPRAISALS),
    to(CAMPAIGNS, &["ExplainLeaf"], &[own(Assessor)]).in_stages(&[Stage::Explanation]),
    to(CAMPAIGNS, &["ContestLeaf"], &[own(Assessor)])
        .in_stages(&[Stage::Explanation, Stage::Council]),
    // What is published is decided anew before it is corrected.
    to(
        CAMPAIGNS,
        &["RemarkOnLeaf"],
        &[any(Council).if_all(&[NotClaimant, ForOtherUnits])],
    )
    .in_stages(&[Stage::Council, Stage::Published]),
    to(CAMPAIGNS, &["ApproveCampaign"], &[any(Council)]).in_stages(&[Stage::Reviewed]),
    to(CAMPAIGNS, &["PublishCampaign"], CHAIR).in_stages(&[Stage::Approved]),
    to(
        CAMPAIGNS,
        &["GetAssessment", "PreviewAssessment", "ListDiscrepancies"],
        SHEET_READERS,
    ),
    to(CAMPAIGNS, &["GetCampaign", "ListCampaigns"], EVERY_ROLE),
    to(PUBLICATIONS, &["CorrectPublication"], CHAIR).in_stages(&[Stage::Published]),
    // What is published is public.
    to(
        PUBLICATIONS,
        &["GetPublication", "ListPublications"],
        EVERY_ROLE,
    ),
    to(EVIDENCE, &["UploadEvidence"], &[own(Assessor)]).in_stages(UNTIL_APPROVED),
    to(
        EVIDENCE,
        &["DownloadEvidence", "ListEvidence"],
        SHEET_READERS,
    ),
];
