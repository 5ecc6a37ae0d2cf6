//! Traces reach a collector as parts of their callers' traces. One test: a process has one tracer.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod collector;

use std::time::Duration;

use runtime::grpc::Server;
use runtime::{Settings, Shutdown, telemetry};
use tokio::net::TcpListener;
use tonic::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use collector::{collecting, hex};

/// Longer than anything here may take; reached only when something hangs.
const CEILING: Duration = Duration::from_secs(20);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_a_part_of_its_callers_trace() {
    let settings = Settings::local("postgres://x/y", "nats://z");
    let shutdown = Shutdown::new();
    let (options, mut collected) = collecting(shutdown.clone()).await;
    let telemetry = telemetry::init("test", &options).unwrap();
    let listener = TcpListener::bind(settings.listen).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::new("called", contracts::FILE_DESCRIPTOR_SET, &settings);
    tokio::spawn(server.serve(listener, shutdown.clone()));

    let mut check = Request::new(HealthCheckRequest::default());
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    check
        .metadata_mut()
        .insert(telemetry::TRACEPARENT, traceparent.parse().unwrap());
    HealthClient::new(runtime::channel(&url).unwrap())
        .check(check)
        .await
        .unwrap();
    tokio::task::spawn_blocking(|| telemetry.flush())
        .await
        .unwrap();

    let sought = async {
        loop {
            let span = collected.recv().await.unwrap();
            if span.name == "grpc.health.v1.Health/Check" {
                return span;
            }
        }
    };
    let span = tokio::time::timeout(CEILING, sought).await.unwrap();
    assert_eq!(
        (hex(&span.trace_id), hex(&span.parent_span_id)),
        (TRACE.into(), PARENT.into())
    );
    let code = span
        .attributes
        .iter()
        .find(|attribute| attribute.key == "rpc.code")
        .unwrap();
    assert!(format!("{code:?}").contains("\"OK\""), "{code:?}");
    shutdown.cancel();
}
