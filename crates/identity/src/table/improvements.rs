//! Who may do what with the tasks that answer shortcomings.

use super::Proviso::NotReporter;
use super::{ADMINISTRATORS, Grant, Rule, any, other, own, to};
use crate::Role::{
    Administrator, Appraiser, Assessor, Auditor, Chair, Clerk, Council, Service as Peer,
};

const IMPROVEMENTS: &str = "chiso.assessments.v1.ImprovementsService";

/// Whoever has a task says how far it is; nobody of the unit says that it is done.
const RESPONSIBLE: &[Grant] = &[own(Assessor), own(Clerk)];
const JUDGES: &[Grant] = &[
    other(Appraiser).if_all(&[NotReporter]),
    other(Administrator).if_all(&[NotReporter]),
];
/// Units see their own tasks; who judges them or looks over all units sees all.
const READERS: &[Grant] = &[
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
    to(IMPROVEMENTS, &["GetTask", "ListTasks"], READERS),
];
