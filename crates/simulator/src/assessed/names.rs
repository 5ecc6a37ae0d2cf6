//! Figures by the names that the shipped sets of the PAR Index give them.

use std::ops::RangeInclusive;

/// How much of a whole is usually done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Usual {
    /// Mostly all, and where not, little is missing.
    Nearly {
        /// Whether the unit itself declares it.
        own: bool,
    },
    /// A part in permille: of the worst unit, and more for each point of quality.
    Part {
        /// The worst unit's.
        from: u32,
        /// For each point.
        slope: u32,
        /// Whether the unit itself declares it.
        own: bool,
    },
}

const OWN: Usual = Usual::Nearly { own: true };
const COUNTED: Usual = Usual::Nearly { own: false };

const fn declared(from: u32, slope: u32) -> Usual {
    let own = true;
    Usual::Part { from, slope, own }
}

const fn counted(from: u32, slope: u32) -> Usual {
    let own = false;
    Usual::Part { from, slope, own }
}

/// What is done of what: the part, the whole, how many that are, how many of them are done.
pub(super) const SHARES: &[(&str, &str, RangeInclusive<u32>, Usual)] = &[
    ("plan_tasks_done", "plan_tasks", 20..=48, OWN),
    (
        "units_inspected",
        "units_subordinate",
        6..=14,
        declared(200, 4),
    ),
    ("communes_inspected", "communes", 14..=32, declared(350, 4)),
    ("findings_resolved", "findings", 4..=16, OWN),
    ("documents_on_schedule", "documents_planned", 3..=9, OWN),
    ("reviews_done", "reviews_planned", 6..=14, OWN),
    ("review_results_handled", "review_results", 3..=9, OWN),
    (
        "procedures_published_on_time",
        "procedures_published",
        6..=30,
        OWN,
    ),
    (
        "procedures_at_one_stop",
        "procedures_in_charge",
        60..=140,
        OWN,
    ),
    (
        "late_files_apologised",
        "late_files",
        2..=20,
        declared(500, 5),
    ),
    ("complaints_answered", "complaints", 5..=30, OWN),
    (
        "delegated_tasks_inspected",
        "delegated_tasks",
        3..=8,
        declared(500, 5),
    ),
    ("staff_by_position", "staff", 40..=110, OWN),
    ("training_done", "training_planned", 5..=12, OWN),
    ("commune_staff_qualified", "commune_staff", 250..=600, OWN),
    (
        "audit_findings_done",
        "audit_findings",
        3..=12,
        declared(650, 4),
    ),
    (
        "service_units_autonomous",
        "service_units",
        3..=12,
        declared(550, 4),
    ),
    (
        "assigned_tasks_on_time",
        "assigned_tasks",
        60..=180,
        counted(800, 2),
    ),
    ("disbursed", "budget", 40..=220, counted(770, 2)),
    (
        "documents_signed_digitally",
        "documents_sent",
        900..=4_000,
        counted(900, 1),
    ),
    ("targets_met", "targets", 10..=18, COUNTED),
    ("handled_on_time", "handled", 300..=900, counted(900, 1)),
    ("petitions_on_time", "petitions", 3..=12, COUNTED),
    (
        "dossiers_received_online",
        "dossiers_received",
        300..=900,
        counted(400, 5),
    ),
    (
        "dossiers_paid_online",
        "dossiers_with_duty",
        200..=600,
        counted(300, 5),
    ),
    ("active_digitised", "active", 300..=900, counted(450, 5)),
];

/// What went wrong, and in how many years in a thousand for each point that a unit is worse than the best. Nobody is
/// caught at making false statements.
pub(super) const FAULTS: &[(&str, u32)] = &[
    ("reports_late_or_missing", 8),
    ("documents_set_aside", 3),
    ("unlawful_appointments", 1),
    ("breaches_light", 4),
    ("breaches_serious", 1),
    ("false_statements", 0),
];

/// What went especially well, and the most of it.
pub(super) const MERITS: &[(&str, u32)] = &[("initiatives", 4), ("models_adopted", 1)];

/// What is as it should be, or not.
pub(super) const YES_NO: &[&str] = &[
    "plan_covers_all_tasks",
    "plan_assigns_funding",
    "reports_adequate",
    "public_at_desk",
    "public_on_portal",
    "public_in_district",
    "public_in_communes",
    "deputies_within_limits",
    "staff_within_quota",
    "reports_in_system",
    "online_meetings",
];

/// States, the best first.
pub(super) const STATES: &[(&str, [&str; 3])] = &[
    ("plan_issued", ["on_time", "late", "not_issued"]),
    ("communication_done", ["full", "part", "none"]),
    ("law_follow_up", ["full", "part", "none"]),
    ("structure_rules", ["all", "part", "none"]),
    ("discipline", ["none", "reprimand_or_warning", "heavier"]),
    ("iso", ["kept_and_published", "kept", "none"]),
];

/// What surveys ask about.
pub(super) const QUESTIONS: [&str; 7] = [
    "survey_documents",
    "survey_procedures",
    "survey_cooperation",
    "survey_staff",
    "survey_finance",
    "survey_portal",
    "survey_leaders",
];

/// Answers to them, from the best to the worst.
pub(super) const SURVEYS: [[&str; 4]; 7] = [
    [
        "survey_documents_a",
        "survey_documents_b",
        "survey_documents_c",
        "survey_documents_d",
    ],
    [
        "survey_procedures_a",
        "survey_procedures_b",
        "survey_procedures_c",
        "survey_procedures_d",
    ],
    [
        "survey_cooperation_a",
        "survey_cooperation_b",
        "survey_cooperation_c",
        "survey_cooperation_d",
    ],
    [
        "survey_staff_a",
        "survey_staff_b",
        "survey_staff_c",
        "survey_staff_d",
    ],
    [
        "survey_finance_a",
        "survey_finance_b",
        "survey_finance_c",
        "survey_finance_d",
    ],
    [
        "survey_portal_a",
        "survey_portal_b",
        "survey_portal_c",
        "survey_portal_d",
    ],
    [
        "survey_leaders_a",
        "survey_leaders_b",
        "survey_leaders_c",
        "survey_leaders_d",
    ],
];
