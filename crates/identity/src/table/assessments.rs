//! Who may do what in the yearly assessment.

use super::{ADMINISTRATORS, EVERY_ROLE, Grant, Rule, any, granted, other, own, to};
use crate::Role::{
    Administrator, Appraiser, Assessor, Auditor, Chair, Clerk, Council, Integrator, Service as Peer,
};

const ASSESSMENTS: &str = "chiso.assessments.v1.AssessmentsService";
const CAMPAIGNS: &str = "chiso.assessments.v1.CampaignsService";
const EVIDENCE: &str = "chiso.assessments.v1.EvidenceService";
const IMPROVEMENTS: &str = "chiso.assessments.v1.ImprovementsService";
const INITIATIVES: &str = "chiso.assessments.v1.InitiativesService";
const OFFICIAL: &str = "chiso.assessments.v1.OfficialResultsService";
const PUBLICATIONS: &str = "chiso.assessments.v1.PublicationsService";
const SURVEYS: &str = "chiso.assessments.v1.SurveysService";

/// Units see their own sheet; who decides on it or checks it sees it before it is public.
const SHEET_READERS: &[Grant] = &[
    own(Assessor),
    other(Appraiser),
    any(Council),
    any(Chair),
    any(Administrator),
    any(Auditor),
    any(Peer),
];

/// Whoever has a task says how far it is; nobody of the unit says that it is done.
const RESPONSIBLE: &[Grant] = &[own(Assessor), own(Clerk)];
const JUDGES: &[Grant] = &[other(Appraiser), other(Administrator)];
/// Units see their own tasks; who judges them or looks over all units sees all.
const TASK_READERS: &[Grant] = &[
    own(Assessor),
    own(Clerk),
    any(Appraiser),
    any(Council),
    any(Chair),
    any(Administrator),
    any(Auditor),
    any(Peer),
];

pub(super) const RULES: &[Rule] = &[
    to(
        ASSESSMENTS,
        &[
            "DraftDefinition",
            "CopyDefinition",
            "ChangeDraft",
            "PutDefinitionInForce",
            "RetireDefinition",
        ],
        ADMINISTRATORS,
    ),
    to(
        ASSESSMENTS,
        &["ReportMeasure"],
        &[own(Clerk), own(Assessor), granted(Integrator)],
    ),
    to(
        ASSESSMENTS,
        &[
            "ValidateDefinition",
            "DiffDefinitions",
            "GetDefinition",
            "ListDefinitions",
            "ListReportedMeasures",
        ],
        EVERY_ROLE,
    ),
    to(OFFICIAL, &["ImportOfficialResults"], ADMINISTRATORS),
    to(
        OFFICIAL,
        &["ListOfficialResults", "GetOfficialResult"],
        EVERY_ROLE,
    ),
    to(
        CAMPAIGNS,
        &[
            "PlanCampaign",
            "OpenCampaign",
            "CloseStage",
            "ExtendStage",
            "ReopenStage",
            "AssignAppraiser",
        ],
        ADMINISTRATORS,
    ),
    to(
        CAMPAIGNS,
        &[
            "ClaimLeaf",
            "SubmitAssessment",
            "ExplainLeaf",
            "ContestLeaf",
        ],
        &[own(Assessor)],
    ),
    to(
        CAMPAIGNS,
        &["AppraiseLeaf", "AcceptLeaves"],
        &[other(Appraiser)],
    ),
    to(
        CAMPAIGNS,
        &["RemarkOnLeaf", "ApproveCampaign"],
        &[any(Council)],
    ),
    to(CAMPAIGNS, &["PublishCampaign"], &[any(Chair)]),
    to(CAMPAIGNS, &["GetCampaign", "ListCampaigns"], EVERY_ROLE),
    to(PUBLICATIONS, &["CorrectPublication"], &[any(Chair)]),
    // What is published is public.
    to(
        PUBLICATIONS,
        &["GetPublication", "ListPublications"],
        EVERY_ROLE,
    ),
    to(
        CAMPAIGNS,
        &["GetAssessment", "PreviewAssessment", "ListDiscrepancies"],
        SHEET_READERS,
    ),
    to(EVIDENCE, &["UploadEvidence"], &[own(Assessor)]),
    // An appraiser sees the files of units that it is assigned to.
    to(
        EVIDENCE,
        &["DownloadEvidence", "ListEvidence"],
        SHEET_READERS,
    ),
    to(
        IMPROVEMENTS,
        &[
            "AssignTask",
            "ReassignTask",
            "MoveDueDate",
            "CancelTask",
            "HandOverTasks",
        ],
        ADMINISTRATORS,
    ),
    to(
        IMPROVEMENTS,
        &["NoteProgress", "ReportCompletion"],
        RESPONSIBLE,
    ),
    to(IMPROVEMENTS, &["ConfirmCompletion", "ReturnTask"], JUDGES),
    to(IMPROVEMENTS, &["GetTask", "ListTasks"], TASK_READERS),
    to(
        INITIATIVES,
        &["RecogniseInitiative", "RevokeInitiative"],
        ADMINISTRATORS,
    ),
    to(INITIATIVES, &["ListInitiatives"], EVERY_ROLE),
    to(
        SURVEYS,
        &[
            "PutInstrument",
            "PlanWave",
            "OpenWave",
            "CloseWave",
            "IssueTokens",
        ],
        ADMINISTRATORS,
    ),
    // Respondents have a ballot's token and no other: their programs bring what they answer.
    to(
        SURVEYS,
        &["CastBallot", "ImportBallots"],
        &[any(Administrator), any(Integrator)],
    ),
    to(
        SURVEYS,
        &["WithholdResults", "ReleaseResults"],
        &[any(Council)],
    ),
    to(
        SURVEYS,
        &[
            "GetInstrument",
            "ListInstruments",
            "GetWave",
            "ListWaves",
            "GetSurveyResults",
        ],
        EVERY_ROLE,
    ),
];
