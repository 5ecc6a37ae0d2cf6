//! Who may call what: one table, and nothing is allowed that it does not say.
//!
//! Both the server's guard and the tests read it; `AUTHORISATION.md` shows it. Roles and units are
//! asked for by the server; stages and provisos are decided by the aggregate that knows them, and
//! tests hold it to what is said here.

use std::fmt;

use crate::Role;
use crate::Role::{
    Administrator, Appraiser, Assessor, Auditor, Clerk, Integrator, Service as Peer,
};

mod assessments;
mod campaigns;
mod improvements;
mod page;
mod stage;

pub use page::page;
pub use stage::Stage;

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

/// What else must hold of who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proviso {
    /// The organiser assigned the unit to the caller: at least a component of it where a whole
    /// sheet is looked at, the leaf's own where one is decided on.
    Assigned,
    /// Of a leaf that somebody else claimed.
    NotClaimant,
    /// The caller may remark on its own unit, and not change its points.
    ForOtherUnits,
    /// What somebody else approved, or decided.
    NotApprover,
    /// Of a task that somebody else reported as done.
    NotReporter,
}

impl fmt::Display for Proviso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Assigned => "assigned",
            Self::NotClaimant => "claimed by another",
            Self::ForOtherUnits => "points of other units",
            Self::NotApprover => "approved by another",
            Self::NotReporter => "reported by another",
        })
    }
}

/// A role, for which units it opens a call, and on which provisos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// What the caller must be.
    pub role: Role,
    /// For which units.
    pub condition: Condition,
    /// What else must hold, all of it.
    pub provisos: &'static [Proviso],
}

impl Grant {
    const fn if_all(self, provisos: &'static [Proviso]) -> Self {
        Self { provisos, ..self }
    }
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
    /// Where a campaign, or a unit's part in it, has to be for them to change anything; none: it
    /// does not matter, or they change nothing of a campaign.
    pub stages: &'static [Stage],
}

const fn grant(role: Role, condition: Condition) -> Grant {
    Grant {
        role,
        condition,
        provisos: &[],
    }
}

const fn any(role: Role) -> Grant {
    grant(role, Condition::Any)
}

const fn own(role: Role) -> Grant {
    grant(role, Condition::OwnUnit)
}

const fn granted(role: Role) -> Grant {
    grant(role, Condition::GrantedUnit)
}

const fn other(role: Role) -> Grant {
    grant(role, Condition::OtherUnit)
}

const fn to(service: &'static str, methods: &'static [&'static str], to: &'static [Grant]) -> Rule {
    let access = Access::To(to);
    Rule {
        service,
        methods,
        access,
        stages: &[],
    }
}

impl Rule {
    const fn in_stages(self, stages: &'static [Stage]) -> Self {
        Self { stages, ..self }
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
        stages: &[],
    },
];

/// The whole table.
pub fn table() -> impl Iterator<Item = &'static Rule> {
    assessments::RULES
        .iter()
        .chain(campaigns::RULES)
        .chain(improvements::RULES)
        .chain(SHARED)
}

/// The rule of `path` (`/package.Service/Method`), if the table names it.
pub fn rule(path: &str) -> Option<&'static Rule> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    table().find(|rule| rule.service == service && rule.methods.contains(&method))
}

/// Who may call `path` (`/package.Service/Method`); nobody when the table does not name it.
pub fn access(path: &str) -> Access {
    rule(path).map_or(Access::To(&[]), |rule| rule.access)
}

#[cfg(test)]
mod tests;
