//! Every cell of the table of rights tried on the services themselves: role by RPC by unit, with requests that name what
//! is there.

mod asked;
mod called;
mod world;

use std::collections::BTreeSet;
use std::fmt;

use cli::Service;
use contracts::assessments::v1::BallotsImported;
use contracts::log::v1::{Metadata, ReadStreamRequest};
use contracts::problem::reason_of;
use futures::{StreamExt as _, stream};
use identity::Role;
use identity::table::{Access, Condition, Rule, table};
use prost::{Message as _, Name as _};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::{Code, Status};

use self::asked::{messages, rows};
use self::called::call;
use self::world::{Side, WAVE, World, method, serving};

/// Calls at once.
const CALLS: usize = 12;
/// The log's service, which every program serves.
const LOG: &str = "chiso.log.v1.LogService";
/// Parts of words that would tell of the inside.
const INSIDE: [&str; 12] = [
    "select ",
    "insert ",
    "update ",
    "sqlx",
    "postgres",
    "eventlog.",
    "panicked",
    ".rs:",
    "backtrace",
    "/tmp",
    "/home",
    "/root",
];

/// An RPC at one of the programs that serve it.
struct Door<'a> {
    rule: &'static Rule,
    rpc: MethodDescriptor,
    program: Service,
    world: &'a World,
}

/// What came of a call, as far as it can tell somebody something.
#[derive(Clone, PartialEq)]
enum Told {
    Answered,
    /// With everything that the caller is told.
    Refused {
        code: Code,
        reason: String,
        message: String,
        details: Vec<u8>,
    },
    /// No row of an import was taken in, for these reasons.
    RowsRefused(Vec<String>),
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => f.write_str("answered"),
            Self::Refused { code, message, .. } => {
                write!(f, "{code:?} {}: {message}", self.reason())
            }
            Self::RowsRefused(reasons) => write!(f, "rows refused: {reasons:?}"),
        }
    }
}

impl Told {
    fn is_denial(&self) -> bool {
        let denial = "this call is for units that your token names";
        match self {
            Self::Answered => false,
            Self::Refused { code, .. } => *code == Code::PermissionDenied,
            Self::RowsRefused(reasons) => reasons.iter().all(|it| it.starts_with(denial)),
        }
    }

    fn is_denied_for(&self, reason: &str) -> bool {
        self.is_denial() && self.reason() == reason
    }

    fn reason(&self) -> &str {
        match self {
            Self::Answered => "",
            Self::Refused { reason, .. } => reason,
            Self::RowsRefused(_) => "UNIT_NOT_YOURS",
        }
    }

    /// Whether it is an answer that a client may ever get, and tells nothing of the inside.
    fn is_fit_to_be_told(&self) -> bool {
        let bugs = [
            Code::Internal,
            Code::Unknown,
            Code::Unauthenticated,
            Code::DataLoss,
        ];
        let texts = match self {
            Self::Answered => vec![],
            Self::Refused {
                code,
                reason,
                message,
                ..
            } => {
                if bugs.contains(code) || reason.is_empty() {
                    return false;
                }
                vec![message.clone()]
            }
            Self::RowsRefused(reasons) => reasons.clone(),
        };
        let inside = |text: &String| INSIDE.iter().any(|part| text.contains(part));
        !texts.iter().any(inside)
    }
}

fn told(answer: Result<Option<DynamicMessage>, Status>) -> Told {
    match answer {
        Ok(answer) => match answer.as_ref().and_then(rows) {
            Some((0, reasons)) => Told::RowsRefused(reasons),
            _ => Told::Answered,
        },
        Err(status) => Told::Refused {
            code: status.code(),
            reason: reason_of(&status).unwrap_or_default(),
            message: status.message().to_owned(),
            details: status.details().to_vec(),
        },
    }
}

impl Door<'_> {
    fn path(&self) -> String {
        format!("/{}/{}", self.rule.service, self.rpc.name())
    }

    async fn tried(&self, role: Role, side: &Side) -> Told {
        let link = self.world.link(role, self.program);
        let messages = messages(&self.rpc, side, true);
        told(call(link, &self.path(), &self.rpc, messages).await)
    }

    /// Tries the door as somebody with a role, for what is its own, what is another unit's and what is nobody's; what is
    /// not as the table says.
    async fn fault(&self, role: Role) -> Option<String> {
        let world = self.world;
        let own = self.tried(role, &world.own).await;
        let foreign = self.tried(role, &world.foreign).await;
        let absent = self.tried(role, &world.absent).await;
        let condition = match self.rule.access {
            Access::Open => Some(Condition::Any),
            Access::To(grants) => {
                let grant = grants.iter().find(|grant| grant.role == role);
                grant.map(|grant| grant.condition)
            }
        };
        // Whether it is there is not to be seen by who is denied.
        let alike = foreign == absent;
        let as_it_says = match condition {
            None => own.is_denied_for("ROLE_MISSING") && own == foreign && alike,
            Some(Condition::Any) => !own.is_denial() && !foreign.is_denial(),
            Some(Condition::OwnUnit | Condition::GrantedUnit) => {
                !own.is_denial() && foreign.is_denied_for("UNIT_NOT_YOURS") && alike
            }
            Some(Condition::OtherUnit) => {
                own.is_denied_for("UNIT_NOT_YOURS") && !foreign.is_denial()
            }
        };
        let fit = [&own, &foreign, &absent]
            .iter()
            .all(|it| it.is_fit_to_be_told());
        (!as_it_says || !fit).then(|| {
            let cell = format!("{} by {role} ({condition:?})", self.path());
            format!("{cell}\n  own: {own}\n  foreign: {foreign}\n  absent: {absent}")
        })
    }
}

/// The doors of a service. What infrastructure serves has no descriptors here, and is tried where servers are tested.
fn doors<'a>(world: &'a World, service: &str) -> Vec<Door<'a>> {
    let programs = match service {
        LOG => Service::ALL.to_vec(),
        _ => vec![serving(service)],
    };
    let rules: Vec<&Rule> = table().filter(|rule| rule.service == service).collect();
    let at = |program: Service| {
        let methods = rules
            .iter()
            .flat_map(|rule| rule.methods.iter().map(move |method| (*rule, *method)));
        methods.map(move |(rule, name)| Door {
            rule,
            rpc: method(rule.service, name),
            program,
            world,
        })
    };
    programs.into_iter().flat_map(at).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_finds_every_rpc_as_the_table_says_for_its_own_unit_and_for_others() {
    let world = World::start("rights").await;
    let services: BTreeSet<&str> = table().map(|rule| rule.service).collect();
    let (ours, others): (Vec<&str>, Vec<&str>) = services
        .into_iter()
        .partition(|service| service.starts_with("chiso."));
    assert!(
        others.iter().all(|it| it.starts_with("grpc.")),
        "{others:?}"
    );
    let before = world.province.heads().await;
    let (mut cells, mut faults) = (0, Vec::new());
    for service in ours {
        let doors = doors(&world, service);
        let tried = doors
            .iter()
            .flat_map(|door| Role::ALL.map(|role| (door, role)));
        let found = stream::iter(tried)
            .map(async |(door, role)| door.fault(role).await)
            .buffer_unordered(CALLS);
        faults.extend(found.collect::<Vec<_>>().await.into_iter().flatten());
        cells += doors.len() * Role::ALL.len() * 3;
        // What was refused, and what was only tried or known before, left nothing.
        assert_eq!(world.province.heads().await, before, "{service}");
    }
    let count = faults.len();
    assert!(faults.is_empty(), "{count} faults:\n{}", faults.join("\n"));
    assert!(cells > 3_000, "{cells} cells");
    nobody_sees_what_it_is_not_assigned_to(&world).await;
    who_brought_ballots_is_on_record(&world).await;
    world.province.verified().await;
}

/// An appraiser whom nobody assigned sees neither the sheet of a unit nor its files, and is counted.
async fn nobody_sees_what_it_is_not_assigned_to(world: &World) {
    let own = &[world.own.unit.as_str()];
    let somebody = world
        .province
        .as_caller("somebody", &[Role::Appraiser], own);
    for (service, name) in [
        ("CampaignsService", "GetAssessment"),
        ("CampaignsService", "PreviewAssessment"),
        ("CampaignsService", "ListDiscrepancies"),
        ("EvidenceService", "ListEvidence"),
        ("EvidenceService", "DownloadEvidence"),
    ] {
        let service = format!("chiso.assessments.v1.{service}");
        let rpc = method(&service, name);
        let path = format!("/{service}/{name}");
        let link = somebody.link(Service::Assessments);
        let asked = messages(&rpc, &world.foreign, true);
        let told = told(call(link, &path, &rpc, asked).await);
        assert!(told.is_denied_for("NOT_ASSIGNED"), "{path}: {told}");
        let metrics = runtime::ops::metrics_text();
        let method = format!("method=\"{service}/{name}\"");
        let counted = metrics.lines().any(|line| {
            line.starts_with("grpc_server_denied_total{")
                && line.contains(&method)
                && line.contains("reason=\"NOT_ASSIGNED\"")
        });
        assert!(counted, "{path} is not counted");
    }
}

/// The program and its roles are with the event, and nothing of what the ballots say.
async fn who_brought_ballots_is_on_record(world: &World) {
    let request = ReadStreamRequest {
        stream: format!("wave-{WAVE}"),
        after_version: 0,
    };
    let mut log = world.province.services.log(Service::Assessments);
    let mut read = log.read_stream(request).await.expect("read").into_inner();
    let mut imports = Vec::new();
    while let Some(part) = read.message().await.expect("a part") {
        let events = part.events.into_iter();
        imports.extend(events.filter(|event| event.r#type == BallotsImported::full_name()));
    }
    assert_eq!(imports.len(), 2, "one for each unit");
    for (event, side) in imports.iter().zip([&world.own, &world.foreign]) {
        let by = Metadata::decode(event.metadata.as_ref()).expect("metadata");
        assert_eq!(
            (by.actor.as_str(), by.client.as_str()),
            ("developer", "chiso")
        );
        assert!(by.roles.iter().any(|role| role == "integrator"), "{by:?}");
        let said = BallotsImported::decode(event.payload.as_ref()).expect("an import");
        let count = &said.ballots[0];
        assert_eq!((said.source.as_str(), said.ballots.len()), ("rights", 1));
        assert_eq!(
            (count.unit.as_str(), count.ballots),
            (side.unit.as_str(), 1)
        );
    }
}
