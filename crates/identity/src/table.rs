//! Who may call what: one table, and nothing is allowed that it does not say.
//!
//! Both the server's guard and the tests read it; `AUTHORISATION.md` shows it. What depends on a
//! stage or on an assignment is decided by the aggregate that knows it, after this table.

use std::fmt;

use crate::Role;
use crate::Role::{
    Administrator, Appraiser, Assessor, Auditor, Clerk, Integrator, Service as Peer,
};

mod assessments;
mod page;

pub use page::page;

/// For which units a role may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Whatever unit the call is about, if it is about one.
    Any,
    /// Only for a unit that the caller belongs to.
    OwnUnit,
    /// Only for a unit that the client is granted, by its own code or by that of its province.
    GrantedUnit,
    /// Only for a unit that the caller does not belong to: nobody confirms what is its own.
    OtherUnit,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "yes",
            Self::OwnUnit => "own unit",
            Self::GrantedUnit => "granted units",
            Self::OtherUnit => "other units",
        })
    }
}

/// A role, and for which units it opens a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// What the caller must be.
    pub role: Role,
    /// For which units.
    pub condition: Condition,
}

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, named or not.
    Open,
    /// Callers with one of these roles.
    To(&'static [Grant]),
}

/// Calls of one service that the same callers may make.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Full name of the service.
    pub service: &'static str,
    /// Names of its methods.
    pub methods: &'static [&'static str],
    /// Who may call them.
    pub access: Access,
}

const fn any(role: Role) -> Grant {
    let condition = Condition::Any;
    Grant { role, condition }
}

const fn own(role: Role) -> Grant {
    let condition = Condition::OwnUnit;
    Grant { role, condition }
}

const fn granted(role: Role) -> Grant {
    let condition = Condition::GrantedUnit;
    Grant { role, condition }
}

const fn other(role: Role) -> Grant {
    let condition = Condition::OtherUnit;
    Grant { role, condition }
}

const fn to(service: &'static str, methods: &'static [&'static str], to: &'static [Grant]) -> Rule {
    let access = Access::To(to);
    Rule {
        service,
        methods,
        access,
    }
}

/// Everybody who is somebody here.
const EVERY_ROLE: &[Grant] = &{
    let mut grants = [any(Clerk); Role::ALL.len()];
    let mut index = 0;
    while index < Role::ALL.len() {
        grants[index] = any(Role::ALL[index]);
        index += 1;
    }
    grants
};
const ADMINISTRATORS: &[Grant] = &[any(Administrator)];
const HANDLERS: &[Grant] = &[own(Clerk), granted(Integrator)];

const DOSSIERS: &str = "chiso.dossiers.v1.DossiersService";
const LOG: &str = "chiso.log.v1.LogService";
const PROJECTION: &str = "chiso.projection.v1.ProjectionService";
const REGISTRY: &str = "chiso.registry.v1.RegistryService";
const SCORING: &str = "chiso.scoring.v1.ScoringService";

const SHARED: &[Rule] = &[
    to(
        REGISTRY,
        &[
            "PutUnit",
            "SucceedUnit",
            "PutProcedure",
            "WithdrawProcedure",
            "PutCalendar",
            "PutPolicy",
        ],
        ADMINISTRATORS,
    ),
    to(
        REGISTRY,
        &[
            "GetUnit",
            "ListUnits",
            "GetProcedure",
            "ListProcedures",
            "GetCalendar",
            "GetPolicy",
        ],
        EVERY_ROLE,
    ),
    to(
        DOSSIERS,
        &[
            "RegisterDossier",
            "ReceiveDossier",
            "RefuseReception",
            "StartProcessing",
            "NoteActivity",
            "RequestSupplement",
            "CompleteSupplement",
            "RequestPayment",
            "RecordPayment",
            "ExtendDueDate",
            "RecomputeDueDate",
            "HandOverDossier",
            "StartStep",
            "CompleteStep",
            "StopHandling",
            "WithdrawDossier",
            "CompleteDossier",
            "CorrectResult",
            "DeliverResult",
            "DigitiseComponents",
            "IssueElectronicResult",
            "SignResult",
            "SynchroniseDossier",
            "RateDossier",
            "FilePetition",
            "AnswerPetition",
        ],
        HANDLERS,
    ),
    // Which unit takes over whose work is decided above both.
    to(DOSSIERS, &["HandOverUnit"], ADMINISTRATORS),
    to(DOSSIERS, &["ImportDossiers"], &[granted(Integrator)]),
    to(
        DOSSIERS,
        &["GetDossier", "ListDossiers", "ListOverdueDossiers"],
        &[
            own(Clerk),
            other(Appraiser),
            granted(Integrator),
            any(Auditor),
            any(Peer),
        ],
    ),
    to(
        SCORING,
        &["ExplainScore"],
        &[
            own(Clerk),
            own(Assessor),
            any(Appraiser),
            any(Role::Council),
            any(Role::Chair),
            any(Administrator),
            any(Auditor),
            any(Peer),
        ],
    ),
    to(
        SCORING,
        &["GetMeasures", "GetScores", "GetProgress"],
        EVERY_ROLE,
    ),
    to(SCORING, &["RebuildModel"], ADMINISTRATORS),
    to(
        PROJECTION,
        &["GetUnitIndex", "ListRankings", "GetHistory", "WatchIndices"],
        EVERY_ROLE,
    ),
    to(PROJECTION, &["RebuildModel"], ADMINISTRATORS),
    to(
        LOG,
        &["GetHead", "Read", "ReadStream", "Subscribe"],
        &[any(Auditor), any(Peer)],
    ),
    to(LOG, &["Verify"], &[any(Administrator), any(Auditor)]),
    to(
        "grpc.reflection.v1.ServerReflection",
        &["ServerReflectionInfo"],
        EVERY_ROLE,
    ),
    to(
        "grpc.reflection.v1alpha.ServerReflection",
        &["ServerReflectionInfo"],
        EVERY_ROLE,
    ),
    // Orchestrators ask it, who have no token, and it says nothing but whether the server works.
    Rule {
        service: "grpc.health.v1.Health",
        methods: &["Check", "Watch"],
        access: Access::Open,
    },
];

/// The whole table.
pub fn table() -> impl Iterator<Item = &'static Rule> {
    assessments::RULES.iter().chain(SHARED)
}

/// Who may call `path` (`/package.Service/Method`); nobody when the table does not name it.
pub fn access(path: &str) -> Access {
    let named = path.strip_prefix('/').and_then(|name| name.split_once('/'));
    let rule = named.and_then(|(service, method)| {
        table().find(|rule| rule.service == service && rule.methods.contains(&method))
    });
    rule.map_or(Access::To(&[]), |rule| rule.access)
}

#[cfg(test)]
mod tests;
