//! Who may do what in the yearly assessment.

use super::{ADMINISTRATORS, EVERY_ROLE, Rule, granted, own, to};
use crate::Role::{Assessor, Clerk, Integrator};

const ASSESSMENTS: &str = "chiso.assessments.v1.AssessmentsService";

pub(super) const RULES: &[Rule] = &[
    to(ASSESSMENTS, &["PutDefinitionInForce"], ADMINISTRATORS),
    to(
        ASSESSMENTS,
        &["ReportMeasure"],
        &[own(Clerk), own(Assessor), granted(Integrator)],
    ),
    to(
        ASSESSMENTS,
        &["GetDefinition", "ListDefinitions", "ListReportedMeasures"],
        EVERY_ROLE,
    ),
];
