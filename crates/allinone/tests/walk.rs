//! One dossier on its way from a command to an index, through real gRPC, PostgreSQL and NATS.

use std::time::Duration;

use contracts::assessments::v1 as assessments;
use contracts::assessments::v1::assessments_service_client::AssessmentsServiceClient;
use contracts::dossiers::v1 as dossiers;
use contracts::dossiers::v1::dossiers_service_client::DossiersServiceClient;
use contracts::log::v1::AtLeast;
use contracts::projection::v1 as projection;
use contracts::projection::v1::projection_service_client::ProjectionServiceClient;
use contracts::projection::v1::watch_indices_response::Kind;
use contracts::registry::v1 as registry;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use tonic::transport::Channel;

const INDEX: &str = "service-quality-766";
const DEFINITION: &str = include_str!("../../../deploy/catalog/indices/service-quality-766.yaml");

fn name(vi: &str, en: &str) -> Option<registry::Name> {
    Some(registry::Name {
        vi: vi.into(),
        en: en.into(),
    })
}

fn unit(code: &str, parent: &str, group: registry::UnitGroup) -> registry::PutUnitRequest {
    registry::PutUnitRequest {
        code: code.into(),
        name: name("Sở Nội vụ", "Department of Home Affairs"),
        group: group.into(),
        parent: parent.into(),
        valid_from: "2020-01-01".into(),
        ..Default::default()
    }
}

async fn given_catalog(
    registry: &mut RegistryServiceClient<Channel>,
    assessments: &mut AssessmentsServiceClient<Channel>,
) {
    let hours = vec![registry::Interval {
        from_minute: 0,
        to_minute: 1_440,
    }];
    let calendar = registry::PutCalendarRequest {
        name: "office".into(),
        utc_offset_minutes: 420,
        week: (1..=7)
            .map(|weekday| registry::DayHours {
                weekday,
                intervals: hours.clone(),
            })
            .collect(),
        covers_from: "2020-01-01".into(),
        covers_until: "2030-12-31".into(),
        source: "a test".into(),
        ..Default::default()
    };
    registry.put_calendar(calendar).await.expect("a calendar");
    let province = unit("H40", "", registry::UnitGroup::Province);
    registry.put_unit(province).await.expect("a province");
    let department = unit("H40.01", "H40", registry::UnitGroup::Department);
    registry.put_unit(department).await.expect("a department");
    let procedure = registry::PutProcedureRequest {
        code: "1.000001".into(),
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
    let definition = assessments::PutDefinitionInForceRequest {
        document: DEFINITION.to_owned(),
        ..Default::default()
    };
    assessments
        .put_definition_in_force(definition)
        .await
        .expect("a definition");
}

async fn received(client: &mut DossiersServiceClient<Channel>) -> dossiers::Dossier {
    let request = dossiers::ReceiveDossierRequest {
        procedure: "1.000001".into(),
        unit: "H40.01".into(),
        channel: dossiers::Channel::Online.into(),
        applicant: "036090001234".into(),
        ..Default::default()
    };
    // The registry's news may take a moment to reach the dossiers service.
    for _ in 0..200 {
        match client.receive_dossier(request.clone()).await {
            Ok(dossier) => return dossier.into_inner(),
            Err(status) => {
                assert!(
                    matches!(
                        status.code(),
                        tonic::Code::Unavailable | tonic::Code::FailedPrecondition
                    ),
                    "{status}"
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    panic!("the registry's news did not reach the dossiers service within 10 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_dossier_moves_the_index_that_a_watcher_sees() {
    let options = allinone::Options::on(stack::shared(), "walk_").expect("databases");
    let all = allinone::AllInOne::start(options).await.expect("services");
    let addresses = all.addresses().clone();
    let channel = |address: &str| runtime::channel(address).expect("an address");
    let mut registry = RegistryServiceClient::new(channel(&addresses.registry));
    let mut assessments = AssessmentsServiceClient::new(channel(&addresses.assessments));
    let mut dossiers = DossiersServiceClient::new(channel(&addresses.dossiers));
    let mut projection = ProjectionServiceClient::new(channel(&addresses.projection));
    given_catalog(&mut registry, &mut assessments).await;

    let dossier = received(&mut dossiers).await;
    let month = jiff::tz::Offset::constant(7)
        .to_datetime(
            contracts::wire::instant(&dossier.received_at.expect("a time")).expect("a time"),
        )
        .strftime("%Y-%m")
        .to_string();
    let ask = |position| projection::GetUnitIndexRequest {
        index: INDEX.into(),
        period: month.clone(),
        subject: "H40.01".into(),
        with_leaves: true,
        at_least: Some(AtLeast {
            log: "dossiers".into(),
            position,
        }),
        ..Default::default()
    };
    let open = projection
        .get_unit_index(ask(dossier.position))
        .await
        .expect("an index")
        .into_inner();
    let points = |index: &projection::UnitIndex, leaf: &str| {
        let leaf = index
            .leaves
            .iter()
            .find(|score| score.leaf == leaf)
            .expect("a leaf");
        leaf.points.clone()
    };
    assert_eq!(points(&open, "PROGRESS_ON_TIME"), "20.00");
    assert_eq!(points(&open, "ORIGINAL_RESULT_AVAILABLE"), "0.00");
    assert_eq!((open.rank, open.ranked), (1, 1));

    let request = projection::WatchIndicesRequest {
        index: INDEX.into(),
        period: month.clone(),
        subjects: vec!["H40.01".into()],
        ..Default::default()
    };
    let mut watch = projection
        .watch_indices(request)
        .await
        .expect("a watch")
        .into_inner();
    let first = watch
        .message()
        .await
        .expect("a message")
        .and_then(|message| message.kind);
    assert!(matches!(first, Some(Kind::Current(_))), "{first:?}");

    let complete = dossiers::CompleteDossierRequest {
        code: dossier.code.clone(),
        ..Default::default()
    };
    let start = dossiers::StartProcessingRequest {
        code: dossier.code.clone(),
        officer: "cb01".into(),
        ..Default::default()
    };
    dossiers.start_processing(start).await.expect("started");
    dossiers
        .complete_dossier(complete)
        .await
        .expect("completed");
    let issue = dossiers::IssueElectronicResultRequest {
        code: dossier.code,
        sha256: vec![7; 32],
        ..Default::default()
    };
    let done = dossiers
        .issue_electronic_result(issue)
        .await
        .expect("issued")
        .into_inner();

    let changed = async {
        loop {
            let message = watch
                .message()
                .await
                .expect("a message")
                .expect("a message");
            if let Some(Kind::IndexChanged(changed)) = message.kind {
                return changed;
            }
        }
    };
    let changed = tokio::time::timeout(Duration::from_secs(20), changed)
        .await
        .expect("a change");
    assert_eq!(
        (changed.subject.as_str(), changed.period.as_str()),
        ("H40.01", month.as_str())
    );
    let index = projection
        .get_unit_index(ask(done.position))
        .await
        .expect("an index")
        .into_inner();
    assert_eq!(points(&index, "ORIGINAL_RESULT_AVAILABLE"), "6.00");
    assert_ne!(index.total, open.total);
    all.end().await.expect("a drain");
}
