//! Who may do what with definitions, figures, initiatives and surveys.

use super::{ADMINISTRATORS, EVERY_ROLE, Rule, any, granted, own, to};
use crate::Role::{Administrator, Assessor, Clerk, Council, Integrator};

const ASSESSMENTS: &str = "chiso.assessments.v1.AssessmentsService";
const INITIATIVES: &str = "chiso.assessments.v1.InitiativesService";
const OFFICIAL: &str = "chiso.assessments.v1.OfficialResultsService";
const SURVEYS: &str = "chiso.assessments.v1.SurveysService";

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
        &["CastBallot"],
        &[any(Administrator), any(Integrator)],
    ),
    to(
        SURVEYS,
        &["ImportBallots"],
        &[any(Administrator), granted(Integrator)],
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
