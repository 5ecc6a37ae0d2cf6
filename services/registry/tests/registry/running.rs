//! The service as a process: its log, its relay, its end and its next start.

use std::time::Duration;

use contracts::log::v1::{ReadRequest, VerifyRequest};
use contracts::registry::v1 as pb;

use crate::harness::{Registry, calendar, merged, policy, procedure, stack};

/// Far longer than anything here takes; running out means that it never would have come.
const CEILING: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_restarted_registry_answers_from_its_log() {
    let mut registry = Registry::with_units().await;
    registry
        .client
        .put_procedure(procedure("2.000488"))
        .await
        .unwrap();
    registry.client.put_calendar(calendar()).await.unwrap();
    registry
        .client
        .put_policy(policy("restart", "2018-06-21"))
        .await
        .unwrap();
    registry
        .client
        .succeed_unit(merged("H40.15", "H40.14", "2025-03-01"))
        .await
        .unwrap();
    let list = |mut registry: Registry| async move {
        let units = registry
            .client
            .list_units(pb::ListUnitsRequest::default())
            .await
            .unwrap();
        let procedures = registry
            .client
            .list_procedures(pb::ListProceduresRequest::default())
            .await
            .unwrap();
        (registry, units.into_inner(), procedures.into_inner())
    };
    let (registry, units, procedures) = list(registry).await;
    let registry = registry.restart().await;
    let (registry, units_again, procedures_again) = list(registry).await;
    assert_eq!((units_again, procedures_again), (units, procedures));
    registry.stop().await;
}

#[tokio::test]
async fn the_log_is_served_and_its_chain_holds() {
    let mut registry = Registry::with_units().await;
    let read = ReadRequest {
        after: 0,
        limit: 10,
    };
    let mut events = registry.log.read(read).await.unwrap().into_inner();
    let mut kinds = Vec::new();
    while let Some(page) = events.message().await.unwrap() {
        kinds.extend(
            page.events
                .into_iter()
                .map(|event| (event.stream, event.r#type)),
        );
    }
    assert_eq!(kinds.len(), 4);
    assert_eq!(
        kinds[0],
        ("unit-H40".into(), "chiso.registry.v1.UnitFounded".into())
    );
    let mut progress = registry
        .log
        .verify(VerifyRequest { after: 0 })
        .await
        .unwrap()
        .into_inner();
    let mut last = None;
    while let Some(step) = progress.message().await.unwrap() {
        last = Some(step);
    }
    let last = last.expect("a result");
    assert!(last.done && last.damage.is_empty(), "{last:?}");
}

#[tokio::test]
async fn every_event_reaches_jetstream_at_its_position() {
    let mut registry = Registry::with_units().await;
    let head = u64::try_from(registry.position().await).unwrap();
    let nats = stack().nats_operator();
    let line = std::fs::read_to_string(nats.credentials.expect("a file")).expect("a password");
    let (user, password) = line.trim().split_once(':').expect("user:password");
    let client = async_nats::ConnectOptions::new()
        .add_root_certificates(nats.ca.expect("an authority"))
        .user_and_password(user.to_owned(), password.to_owned())
        .connect(nats.url)
        .await
        .expect("NATS");
    let jetstream = async_nats::jetstream::new(client);
    let name = format!("CHISO_{}_REGISTRY", registry.province);
    let arrived = async {
        loop {
            if let Ok(mut stream) = jetstream.get_stream(&name).await
                && let Ok(info) = stream.info().await
                && info.state.last_sequence == head
            {
                return stream;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let stream = tokio::time::timeout(CEILING, arrived)
        .await
        .expect("all events in time");
    let message = stream.get_raw_message(2).await.expect("the second event");
    let subject = format!(
        "chiso.{}.registry.unit.UnitFounded.H40_14",
        registry.province
    );
    assert_eq!(message.subject.as_str(), subject);
}
