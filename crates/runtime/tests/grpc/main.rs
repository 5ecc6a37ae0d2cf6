//! The guarded server over real sockets.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod log;

use std::time::{Duration, Instant};

use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::log::v1::{
    GetHeadRequest, ReadRequest, ReadResponse, ReadStreamRequest, SubscribeRequest, VerifyRequest,
};
use runtime::grpc::Server;
use runtime::{Settings, Shutdown};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1 as reflection;
use tonic_types::StatusExt;

use log::{Log, asking};

/// Longer than anything here may take; reached only when something hangs.
const CEILING: Duration = Duration::from_secs(20);

struct Running {
    channel: Channel,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), runtime::grpc::ServeError>>,
}

impl Running {
    async fn start(name: &'static str, change: impl FnOnce(&mut Settings)) -> Self {
        runtime::ops::install_metrics();
        let mut settings = Settings::local("postgres://x/y", "nats://z");
        change(&mut settings);
        let listener = TcpListener::bind(settings.listen).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = Shutdown::new();
        let server =
            Server::new(name, contracts::FILE_DESCRIPTOR_SET, &settings).add(Log.into_server());
        let serving = tokio::spawn(server.serve(listener, shutdown.clone()));
        Self {
            channel: runtime::channel(&url).unwrap(),
            shutdown,
            serving,
        }
    }

    fn log(&self) -> LogServiceClient<Channel> {
        LogServiceClient::new(self.channel.clone())
    }

    /// Asks the server to end and waits until it has.
    async fn stop(self) -> Duration {
        let asked = Instant::now();
        self.shutdown.cancel();
        tokio::time::timeout(CEILING, self.serving)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        asked.elapsed()
    }
}

#[tokio::test]
async fn a_call_without_a_deadline_gets_the_default() {
    let server = Running::start("default", |s| s.deadline_default_ms = 100).await;
    let status = server.log().get_head(asking("hang")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("100 ms"), "{status:?}");
    assert_eq!(
        status.get_details_error_info().unwrap().reason,
        "DEADLINE_EXCEEDED"
    );
}

#[tokio::test]
async fn a_deadline_longer_than_the_maximum_is_cut_to_it() {
    let server = Running::start("clamp", |s| {
        s.deadline_default_ms = 50;
        s.deadline_max_ms = 150;
    })
    .await;
    let mut request = asking("hang");
    request.set_timeout(Duration::from_secs(3_600));
    let status = server.log().get_head(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("150 ms"), "{status:?}");
}

#[tokio::test]
async fn a_panic_is_an_internal_error_that_says_nothing_of_the_inside() {
    let server = Running::start("panic", |_| ()).await;
    let status = server.log().get_head(asking("panic")).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(
        !format!("{status:?}").contains("secret of the inside"),
        "{status:?}"
    );
    assert_eq!(status.get_details_error_info().unwrap().reason, "INTERNAL");

    let mut stream = server
        .log()
        .verify(VerifyRequest::default())
        .await
        .unwrap()
        .into_inner();
    let status = stream.message().await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(
        !format!("{status:?}").contains("secret of the inside"),
        "{status:?}"
    );

    // The server goes on.
    server.log().get_head(asking("answer")).await.unwrap();
}

#[tokio::test]
async fn the_drain_ends_watches_at_once() {
    let server = Running::start("drain", |s| s.drain_ms = 15_000).await;
    let mut watch = server
        .log()
        .subscribe(SubscribeRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert!(watch.message().await.unwrap().is_some());
    let (mut health, check) = (
        HealthClient::new(server.channel.clone()),
        HealthCheckRequest::default(),
    );
    let mut health = health.watch(check).await.unwrap().into_inner();
    assert_eq!(health.message().await.unwrap().unwrap().status, 1);

    let took = server.stop().await;
    let status = watch.message().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_details_retry_info().is_some());
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn the_drain_cuts_what_takes_longer() {
    let server = Running::start("cut", |s| s.drain_ms = 200).await;
    let read = ReadRequest {
        after: log::ENDLESS,
        limit: 0,
    };
    let mut stream = server.log().read(read).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());

    let took = server.stop().await;
    let status = stream.message().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(took >= Duration::from_millis(200), "{took:?}");
}

#[tokio::test]
async fn calls_beyond_the_limit_are_refused_and_health_is_not() {
    let server = Running::start("full", |s| s.max_calls = 1).await;
    let read = ReadRequest {
        after: log::ENDLESS,
        limit: 0,
    };
    let mut held = server.log().read(read).await.unwrap().into_inner();
    assert!(held.message().await.unwrap().is_some());

    let status = server.log().get_head(asking("answer")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_details_retry_info().is_some());
    let mut health = HealthClient::new(server.channel.clone());
    health.check(HealthCheckRequest::default()).await.unwrap();

    drop(held);
    let freed = async {
        while server.log().get_head(asking("answer")).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(CEILING, freed).await.unwrap();
}

#[tokio::test]
async fn health_is_told_per_service() {
    let server = Running::start("health", |_| ()).await;
    let mut health = HealthClient::new(server.channel.clone());
    for service in ["", "chiso.log.v1.LogService"] {
        let check = HealthCheckRequest {
            service: service.to_owned(),
        };
        assert_eq!(
            health.check(check).await.unwrap().into_inner().status,
            1,
            "{service:?}"
        );
    }
    let unknown = HealthCheckRequest {
        service: "chiso.none".to_owned(),
    };
    assert_eq!(
        health.check(unknown).await.unwrap_err().code(),
        Code::NotFound
    );
    assert_eq!(runtime::ops::readiness().get("health"), Some(&true));
}

#[tokio::test]
async fn reflection_lists_the_services_that_are_served_and_describes_them() {
    use reflection::server_reflection_request::MessageRequest;
    use reflection::server_reflection_response::MessageResponse;

    let server = Running::start("reflection", |_| ()).await;
    let ask = |message| reflection::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message),
    };
    let symbol = "chiso.log.v1.LogService".to_owned();
    let questions = [
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol(symbol)),
    ];
    let mut answers =
        reflection::server_reflection_client::ServerReflectionClient::new(server.channel.clone())
            .server_reflection_info(tokio_stream::iter(questions))
            .await
            .unwrap()
            .into_inner();
    let listed = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(listed)) = listed else {
        panic!("{listed:?}")
    };
    let mut names: Vec<String> = listed
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    names.sort();
    assert_eq!(names, ["chiso.log.v1.LogService", "grpc.health.v1.Health"]);
    let file = answers.message().await.unwrap().unwrap().message_response;
    assert!(
        matches!(file, Some(MessageResponse::FileDescriptorResponse(_))),
        "{file:?}"
    );
}

#[tokio::test]
async fn what_a_client_gets_wrong_is_never_internal() {
    let server = Running::start("wrong", |_| ()).await;
    let call = async |path: &'static str, message: ReadStreamRequest| {
        let mut client = tonic::client::Grpc::new(server.channel.clone());
        client.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<ReadStreamRequest, ReadResponse>::default();
        let path = http::uri::PathAndQuery::from_static(path);
        client
            .unary(Request::new(message), path, codec)
            .await
            .unwrap_err()
    };

    // Field 1 of the request is a number there, not a text.
    let message = ReadStreamRequest {
        stream: "x".to_owned(),
        after_version: 0,
    };
    let status = call("/chiso.log.v1.LogService/Read", message).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(
        status.get_details_bad_request().unwrap().field_violations[0].field,
        "request"
    );

    let message = ReadStreamRequest {
        stream: "x".repeat(5 << 20),
        after_version: 0,
    };
    let status = call("/chiso.log.v1.LogService/ReadStream", message).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert_eq!(
        status.get_details_error_info().unwrap().reason,
        "MESSAGE_TOO_LARGE"
    );

    for path in [
        "/chiso.log.v1.LogService/Nothing",
        "/chiso.none.v1.None/Nothing",
    ] {
        let status = call(path, ReadStreamRequest::default()).await;
        assert_eq!(status.code(), Code::Unimplemented, "{status:?}");
        assert_eq!(
            status.get_details_error_info().unwrap().reason,
            "METHOD_UNKNOWN"
        );
    }
}

#[tokio::test]
async fn a_handler_knows_the_trace_that_its_caller_is_in() {
    let server = Running::start("trace", |_| ()).await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut request = asking("answer");
    request
        .metadata_mut()
        .insert("traceparent", traceparent.parse().unwrap());
    let head = server.log().get_head(request).await.unwrap().into_inner();
    assert_eq!(head.epoch, traceparent);
    let without = server
        .log()
        .get_head(Request::new(GetHeadRequest {}))
        .await
        .unwrap();
    assert_eq!(without.into_inner().epoch, "");
}

#[tokio::test]
async fn services_of_one_process_are_counted_apart() {
    let one = Running::start("one", |_| ()).await;
    let two = Running::start("two", |_| ()).await;
    one.log().get_head(asking("answer")).await.unwrap();
    two.log().get_head(asking("answer")).await.unwrap();
    two.log().get_head(asking("refuse")).await.unwrap_err();
    one.stop().await;
    two.stop().await;

    let text = runtime::ops::metrics_text();
    let method = "method=\"chiso.log.v1.LogService/GetHead\"";
    for (line, count) in [
        (
            format!("grpc_server_started_total{{service=\"one\",{method}}}"),
            1,
        ),
        (
            format!("grpc_server_started_total{{service=\"two\",{method}}}"),
            2,
        ),
        (
            format!("grpc_server_handled_total{{service=\"one\",{method},code=\"OK\"}}"),
            1,
        ),
        (
            format!("grpc_server_handled_total{{service=\"two\",{method},code=\"NOT_FOUND\"}}"),
            1,
        ),
        ("grpc_server_in_flight{service=\"two\"}".to_owned(), 0),
    ] {
        assert!(
            text.contains(&format!("{line} {count}\n")),
            "{line} {count}:\n{text}"
        );
    }
    assert_eq!(runtime::ops::readiness().get("one"), Some(&false));
}
