//! A province in which two units have one of everything, and everybody who may call.

use cli::{Link, Service, Services};
use contracts::assessments::v1 as pb;
use contracts::json::descriptors;
use contracts::wire;
use identity::Role;
use jiff::{SignedDuration, Timestamp};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use runtime::{Bearer, Clock};
use system_tests::{CEILING, Province, eventually, given};

use super::asked::{messages, rows};
use super::called::call;

/// The survey's wave.
pub(super) const WAVE: &str = "sipas-2024";
/// A file of evidence, and its SHA-256.
pub(super) const CONTENT: &[u8] = b"%PDF-1.7\n";
const SHA256: &str = "0716f9264c9fe19f5d7455276107f3ddcc1d3497f63d60689a73558ae8a1bf5e";
/// When imported dossiers were filed.
const FILED_AT: Timestamp = Timestamp::constant(1_704_164_400, 0);
/// Who appraises the foreign unit; it is of the own one.
const APPRAISER: &str = "appraiser";

/// A unit, and what is there under its name.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) unit: String,
    pub(super) dossier: String,
    /// A dossier that an integrator brought.
    pub(super) imported: String,
    /// What imported rows are known by.
    pub(super) row: String,
    /// A task.
    pub(super) task: String,
    /// A file.
    pub(super) sha256: [u8; 32],
    pub(super) filed_at: Timestamp,
}

impl Side {
    fn new(unit: &str, dossier: String, name: &str, sha256: [u8; 32]) -> Self {
        Self {
            unit: unit.to_owned(),
            dossier,
            imported: format!("RIGHTS-{name}"),
            row: format!("row-{name}"),
            task: format!("task-{}", name.to_lowercase()),
            sha256,
            filed_at: FILED_AT,
        }
    }
}

/// The province and what is in it.
pub(super) struct World {
    pub(super) province: Province,
    /// The unit that everybody who calls is of.
    pub(super) own: Side,
    /// A unit that nobody who calls is of.
    pub(super) foreign: Side,
    /// What does not exist.
    pub(super) absent: Side,
    /// Clients by role.
    callers: Vec<(Role, Services)>,
}

impl World {
    pub(super) async fn start(name: &str) -> Self {
        let province = Province::start(name).await;
        let services = &province.services;
        given::catalog(services).await;
        given::campaign_rules(services).await;
        given::campaign(services, APPRAISER).await;
        survey(services).await;
        let digest = hex::decode(SHA256).expect("hexadecimal");
        let digest: [u8; 32] = digest.try_into().expect("32 bytes");
        let own = given::dossier(services, given::OTHER_DEPARTMENT).await;
        let foreign = given::dossier(services, given::DEPARTMENT).await;
        let own = Side::new(given::OTHER_DEPARTMENT, own.code, "OWN", digest);
        let foreign = Side::new(given::DEPARTMENT, foreign.code, "FOREIGN", digest);
        let made_up = "H40.77-991231-0001".to_owned();
        let absent = Side::new("H40.77", made_up, "ABSENT", [9; 32]);
        for side in [&own, &foreign] {
            task(services, side).await;
            for (service, name) in [
                ("dossiers.v1.DossiersService", "ImportDossiers"),
                ("assessments.v1.EvidenceService", "UploadEvidence"),
                ("assessments.v1.SurveysService", "ImportBallots"),
            ] {
                brought(services, &format!("chiso.{service}"), name, side).await;
            }
        }
        province.settled().await;
        let callers = Role::ALL.map(|role| (role, caller(&province, role)));
        Self {
            callers: callers.into(),
            own,
            foreign,
            absent,
            province,
        }
    }

    /// A connection of somebody with this role, of the own unit, to a service.
    pub(super) fn link(&self, role: Role, service: Service) -> Link {
        let caller = self.callers.iter().find(|(it, _)| *it == role);
        caller.expect("every role calls").1.link(service)
    }
}

/// Services are known by their certificates, everybody else by a token.
fn caller(province: &Province, role: Role) -> Services {
    if role != Role::Service {
        return province.as_caller(role.as_str(), &[role], &[given::OTHER_DEPARTMENT]);
    }
    let security = province.development().security(Service::Scoring);
    let services = Services::new(province.addresses().clone(), &security, &Bearer::default());
    let mut services = services.expect("a certificate");
    services.timeout = CEILING;
    services
}

async fn survey(services: &Services) {
    let mut surveys = services.surveys.clone();
    let question = pb::SurveyQuestion {
        code: "attitude".to_owned(),
        text: "Ông/bà thấy thái độ phục vụ thế nào?".to_owned(),
        required: true,
        kind: Some(pb::survey_question::Kind::Likert(pb::SurveyLikert {
            points: 5,
            satisfied_from: 4,
        })),
        ..Default::default()
    };
    let group = pb::SurveyGroup {
        code: "citizen".to_owned(),
        label: "Người dân".to_owned(),
    };
    let put = pb::PutInstrumentRequest {
        context: None,
        edition: Some(pb::SurveyEdition {
            instrument: "sipas".to_owned(),
            edition: "2024".to_owned(),
            title: "Khảo sát mức độ hài lòng".to_owned(),
            groups: vec![group],
            questions: vec![question],
            ..pb::SurveyEdition::default()
        }),
    };
    surveys.put_instrument(put).await.expect("an instrument");
    let now = Clock::system().now();
    let day = SignedDuration::from_hours(24);
    let plan = pb::PlanWaveRequest {
        wave: WAVE.to_owned(),
        title: "Đợt 1".to_owned(),
        instrument: "sipas".to_owned(),
        edition: "2024".to_owned(),
        period: "2024".to_owned(),
        units: [given::DEPARTMENT, given::OTHER_DEPARTMENT]
            .map(str::to_owned)
            .to_vec(),
        opens_at: Some(wire::timestamp(now - day)),
        closes_at: Some(wire::timestamp(now + day)),
        ..Default::default()
    };
    surveys.plan_wave(plan).await.expect("a wave");
    let open = pb::OpenWaveRequest {
        context: None,
        wave: WAVE.to_owned(),
    };
    surveys.open_wave(open).await.expect("open");
}

async fn task(services: &Services, side: &Side) {
    let plan = pb::YearlyPlanOrigin {
        document: "165/KH-UBND".to_owned(),
        item: "17".to_owned(),
    };
    let due = Clock::system().now() + SignedDuration::from_hours(24 * 40);
    let request = pb::AssignTaskRequest {
        code: side.task.clone(),
        title: "Công khai đủ thủ tục".to_owned(),
        origin: Some(pb::TaskOrigin {
            origin: Some(pb::task_origin::Origin::YearlyPlan(plan)),
        }),
        unit: side.unit.clone(),
        person: "mai".to_owned(),
        due_at: Some(wire::timestamp(due)),
        ..pb::AssignTaskRequest::default()
    };
    let assigned = services.improvements.clone().assign_task(request).await;
    assigned.expect("a task");
}

/// Brings about what a client brings in parts, by the very messages that others are tried with.
async fn brought(services: &Services, service: &str, name: &str, side: &Side) {
    let rpc = method(service, name);
    let path = format!("/{service}/{name}");
    let link = services.link(serving(service));
    eventually(name, async || {
        let sent = messages(&rpc, side, false);
        let answer = call(link.clone(), &path, &rpc, sent).await;
        match answer.map_err(|status| format!("{status:?}"))? {
            Some(answer) if refused(&answer) => Err(format!("{answer:?}")),
            Some(_) => Ok(()),
            None => Err("there is no answer".to_owned()),
        }
    })
    .await;
}

fn refused(answer: &DynamicMessage) -> bool {
    rows(answer).is_some_and(|(taken, _)| taken == 0)
}

/// An RPC by its names.
pub(super) fn method(service: &str, name: &str) -> MethodDescriptor {
    let service = descriptors().get_service_by_name(service);
    let methods = service.expect("a service of ours");
    let found = methods.methods().find(|method| method.name() == name);
    found.expect("a method of the service")
}

/// The program that serves a service; logs are served by all.
pub(super) fn serving(service: &str) -> Service {
    let found = Service::ALL
        .into_iter()
        .find(|program| service.starts_with(&format!("chiso.{program}.")));
    found.unwrap_or(Service::Registry)
}
