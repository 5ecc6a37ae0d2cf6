//! What a story starts from, brought about through the public API.

mod campaign;

use cli::Services;
use contracts::assessments::v1::PutDefinitionInForceRequest;
use contracts::dossiers::v1 as dossiers;
use contracts::log::v1::CommandContext;
use contracts::projection::v1::{GetUnitIndexRequest, UnitIndex};
use contracts::registry::v1 as registry;
use tonic::{Code, Request};

use crate::province::at_least;
use crate::{CEILING, Province, eventually};

pub use campaign::{CAMPAIGN, campaign, campaign_rules};

/// Code of the shipped index.
pub const INDEX: &str = "service-quality-766";
/// A department, of three.
pub const DEPARTMENT: &str = "H40.01";
/// Another one.
pub const OTHER_DEPARTMENT: &str = "H40.02";
/// A third one, which no made-up dossier goes to.
pub const QUIET_DEPARTMENT: &str = "H40.03";
/// A procedure of departments, with a limit of five working days.
pub const PROCEDURE: &str = "1.000001";
const DEFINITION: &str = include_str!("../../deploy/catalog/indices/service-quality-766.yaml");

/// The shipped definition, in force from another day on.
pub fn definition_since(day: &str) -> String {
    let changed = DEFINITION.replace(
        "in_force: { from: 2022-08-01 }",
        &format!("in_force: {{ from: {day} }}"),
    );
    assert_ne!(
        changed, DEFINITION,
        "the shipped definition says otherwise when it is in force"
    );
    changed
}

/// Puts a definition in force.
pub async fn definition(services: &Services, document: &str) {
    let request = PutDefinitionInForceRequest {
        document: document.to_owned(),
        ..Default::default()
    };
    let mut assessments = services.assessments.clone();
    assessments
        .put_definition_in_force(request)
        .await
        .expect("a definition");
}

/// Puts the shipped definition in force, as it is.
pub async fn shipped_definition(services: &Services) {
    definition(services, DEFINITION).await;
}

/// A calendar that is always open, a province, three departments and a procedure.
pub async fn registry(services: &Services) {
    let mut registry = services.registry.clone();
    registry.put_calendar(calendar()).await.expect("a calendar");
    for (code, parent, group) in [
        ("H40", "", registry::UnitGroup::Province),
        (DEPARTMENT, "H40", registry::UnitGroup::Department),
        (OTHER_DEPARTMENT, "H40", registry::UnitGroup::Department),
        (QUIET_DEPARTMENT, "H40", registry::UnitGroup::Department),
    ] {
        let unit = registry::PutUnitRequest {
            code: code.into(),
            name: name("Đơn vị", "A unit"),
            group: group.into(),
            parent: parent.into(),
            valid_from: "2020-01-01".into(),
            ..Default::default()
        };
        registry.put_unit(unit).await.expect("a unit");
    }
    let procedure = registry::PutProcedureRequest {
        code: PROCEDURE.into(),
        name: name("Cấp giấy phép", "A permit"),
        sector: "test".into(),
        limit: Some(registry::TimeLimit {
            limit: Some(registry::time_limit::Limit::WorkingDays(5)),
        }),
        online: registry::OnlineLevel::Full.into(),
        authority: registry::UnitGroup::Department.into(),
        valid_from: "2020-01-01".into(),
        ..Default::default()
    };
    registry
        .put_procedure(procedure)
        .await
        .expect("a procedure");
}

/// All that dossiers and their index need.
pub async fn catalog(services: &Services) {
    registry(services).await;
    shipped_definition(services).await;
}

fn name(vi: &str, en: &str) -> Option<registry::Name> {
    Some(registry::Name {
        vi: vi.into(),
        en: en.into(),
    })
}

fn calendar() -> registry::PutCalendarRequest {
    let always = vec![registry::Interval {
        from_minute: 0,
        to_minute: 1_440,
    }];
    registry::PutCalendarRequest {
        name: "office".into(),
        utc_offset_minutes: 420,
        week: (1..=7)
            .map(|weekday| registry::DayHours {
                weekday,
                intervals: always.clone(),
            })
            .collect(),
        covers_from: "2020-01-01".into(),
        covers_until: "2030-12-31".into(),
        source: "a test".into(),
        ..Default::default()
    }
}

/// A dossier filed at a unit's counter, as soon as the registry's news has reached the dossiers service.
pub async fn dossier(services: &Services, unit: &str) -> dossiers::Dossier {
    eventually("a dossier is received", async || {
        let request = dossiers::ReceiveDossierRequest {
            procedure: PROCEDURE.into(),
            unit: unit.into(),
            channel: dossiers::Channel::Online.into(),
            applicant: "036090001234".into(),
            ..Default::default()
        };
        let received = services.dossiers.clone().receive_dossier(request).await;
        if let Err(status) = &received {
            let may_pass = [
                Code::Unavailable,
                Code::FailedPrecondition,
                Code::InvalidArgument,
            ];
            assert!(may_pass.contains(&status.code()), "{status:?}");
        }
        received.map(tonic::Response::into_inner)
    })
    .await
}

/// Brings a dossier to its end.
pub async fn completed(services: &Services, code: &str) -> dossiers::Dossier {
    let mut client = services.dossiers.clone();
    let start = dossiers::StartProcessingRequest {
        code: code.into(),
        officer: "cb01".into(),
        ..Default::default()
    };
    client.start_processing(start).await.expect("started");
    let complete = dossiers::CompleteDossierRequest {
        context: Some(CommandContext {
            unit: DEPARTMENT.into(),
            ..Default::default()
        }),
        code: code.into(),
    };
    let done = client.complete_dossier(complete).await;
    done.expect("completed").into_inner()
}

/// A subject's index, once it reflects a position of a log.
pub async fn index(
    province: &Province,
    period: &str,
    subject: &str,
    (log, position): (&str, i64),
) -> UnitIndex {
    let mut request = Request::new(GetUnitIndexRequest {
        index: INDEX.into(),
        period: period.into(),
        subject: subject.into(),
        with_leaves: true,
        at_least: Some(at_least(log, position)),
        ..Default::default()
    });
    request.set_timeout(CEILING);
    let mut projection = province.services.projection.clone();
    let answer = projection.get_unit_index(request).await;
    answer.expect("an index").into_inner()
}

/// The month in which something happened, by the province's clocks.
pub fn month(at: Option<&prost_types::Timestamp>) -> String {
    let at = contracts::wire::instant(at.expect("a time")).expect("a time");
    let local = jiff::tz::Offset::constant(7).to_datetime(at);
    local.strftime("%Y-%m").to_string()
}
