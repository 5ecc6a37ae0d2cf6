//! The log over gRPC.

use contracts::log::v1 as pb;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::log::v1::subscribe_response::Kind;
use eventlog::feed::LogFeed;
use eventlog::{EventLog, Expected, MAX_EVENT_BYTES, Recorded};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Server};
use tonic::{Code, Streaming};

use crate::support::{all, append, database, fresh, open_until};

async fn client(log: &EventLog) -> LogServiceClient<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::builder().add_service(LogFeed::new(log.clone()).into_server());
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    LogServiceClient::connect(address).await.unwrap()
}

/// The rest of a stream that ends.
async fn rest<T>(mut messages: Streaming<T>) -> Vec<T> {
    let mut all = Vec::new();
    while let Some(message) = messages.message().await.unwrap() {
        all.push(message);
    }
    all
}

async fn read(
    client: &mut LogServiceClient<Channel>,
    after: i64,
    limit: i32,
) -> Vec<Vec<pb::Event>> {
    let response = client.read(pb::ReadRequest { after, limit }).await.unwrap();
    rest(response.into_inner())
        .await
        .into_iter()
        .map(|message| message.events)
        .collect()
}

#[tokio::test]
async fn what_is_read_is_what_is_stored() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &vec!["x"; 1_050])
        .await
        .unwrap();
    append(&log, "b-1", Expected::NoStream, &["y"; 3])
        .await
        .unwrap();
    let mut client = client(&log).await;

    let messages = read(&mut client, 0, 10_000).await;
    assert!(
        messages
            .iter()
            .all(|events| (1..=200).contains(&events.len()))
    );
    let events: Vec<Recorded> = messages
        .into_iter()
        .flatten()
        .map(|event| event.try_into().unwrap())
        .collect();
    assert_eq!(events, all(&log).await);

    let count = |messages: Vec<Vec<pb::Event>>| messages.into_iter().flatten().count();
    assert_eq!(count(read(&mut client, 0, 0).await), 1_000);
    assert_eq!(count(read(&mut client, 1_000, 7).await), 7);
    assert_eq!(count(read(&mut client, 1_053, 0).await), 0);

    let request = pb::ReadStreamRequest {
        stream: "b-1".into(),
        after_version: 1,
    };
    let response = client.read_stream(request).await.unwrap();
    let versions: Vec<_> = rest(response.into_inner())
        .await
        .into_iter()
        .flat_map(|message| message.events)
        .map(|event| (event.stream, event.version))
        .collect();
    assert_eq!(versions, [("b-1".to_owned(), 2), ("b-1".to_owned(), 3)]);

    let head = client
        .get_head(pb::GetHeadRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!((head.log.as_str(), head.position), ("test", 1_053));
    assert_eq!(head.epoch, log.epoch().to_string());
    assert_eq!(head.hash, log.head().await.unwrap().hash);
}

#[tokio::test]
async fn large_events_travel_in_messages_that_clients_take() {
    let log = fresh().await;
    let large = "x".repeat(MAX_EVENT_BYTES - 100);
    append(&log, "a-1", Expected::NoStream, &[large.as_str(); 7])
        .await
        .unwrap();
    let messages = read(&mut client(&log).await, 0, 0).await;
    assert_eq!(messages.iter().map(Vec::len).sum::<usize>(), 7);
    assert!(messages.len() > 2);
}

#[tokio::test]
async fn a_subscriber_is_told_what_is_there_then_that_it_is_live_then_what_comes() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one", "two"])
        .await
        .unwrap();
    let mut client = client(&log).await;
    let request = pb::SubscribeRequest { after: 1 };
    let mut messages = client.subscribe(request).await.unwrap().into_inner();
    let mut next = async || messages.message().await.unwrap().unwrap().kind.unwrap();

    assert!(matches!(next().await, Kind::Events(batch) if batch.events[0].position == 2));
    assert_eq!(next().await, Kind::CaughtUp(pb::CaughtUp { position: 2 }));
    append(&log, "a-1", Expected::Any, &["three"])
        .await
        .unwrap();
    assert!(matches!(next().await, Kind::Events(batch) if batch.events[0].position == 3));
    assert_eq!(next().await, Kind::Heartbeat(pb::Heartbeat { position: 3 }));
}

#[tokio::test]
async fn a_subscription_ends_when_the_log_shuts_down() {
    let shutdown = CancellationToken::new();
    let log = open_until(&database().await, shutdown.clone()).await;
    let mut client = client(&log).await;
    let mut messages = client
        .subscribe(pb::SubscribeRequest { after: 0 })
        .await
        .unwrap()
        .into_inner();
    let first = messages.message().await.unwrap().unwrap();
    assert_eq!(
        first.kind,
        Some(Kind::CaughtUp(pb::CaughtUp { position: 0 }))
    );
    shutdown.cancel();
    assert_eq!(messages.message().await.unwrap(), None);
}

#[tokio::test]
async fn a_verification_ends_with_what_it_found() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one", "two", "three"])
        .await
        .unwrap();
    let mut client = client(&log).await;
    let mut verify = async || {
        let response = client.verify(pb::VerifyRequest { after: 0 }).await.unwrap();
        rest(response.into_inner()).await.pop().unwrap()
    };
    let sound = verify().await;
    assert_eq!((sound.done, sound.verified, sound.head), (true, 3, 3));
    assert_eq!((sound.damage.as_str(), sound.damaged_position), ("", 0));
    assert_eq!(sound.hash, log.head().await.unwrap().hash);

    sqlx::raw_sql(
        "begin; set local eventlog.allow_change = 'yes';
        update eventlog.events set payload = 'other' where position = 2; commit",
    )
    .execute(log.pool())
    .await
    .unwrap();
    let damaged = verify().await;
    assert_eq!(damaged.damage, "the event at position 2 was altered");
    assert_eq!(
        (damaged.done, damaged.verified, damaged.damaged_position),
        (true, 1, 2)
    );
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_by_field() {
    let log = fresh().await;
    append(&log, "a-1", Expected::NoStream, &["one"])
        .await
        .unwrap();
    let mut client = client(&log).await;
    for (after, limit) in [(-1, 0), (i64::MIN, 0), (0, -1), (0, 10_001), (0, i32::MAX)] {
        let status = client
            .read(pb::ReadRequest { after, limit })
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{after} {limit}");
    }
    for (stream, after_version) in [("", 0), ("a\0", 0), (&*"x".repeat(501), 0), ("a-1", -1)] {
        let request = pb::ReadStreamRequest {
            stream: stream.into(),
            after_version,
        };
        let status = client.read_stream(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{stream}");
    }
    for (after, code) in [
        (-1, Code::InvalidArgument),
        (2, Code::OutOfRange),
        (i64::MAX, Code::OutOfRange),
    ] {
        let status = client
            .subscribe(pb::SubscribeRequest { after })
            .await
            .unwrap_err();
        assert_eq!(status.code(), code, "subscribe after {after}");
        let status = client
            .verify(pb::VerifyRequest { after })
            .await
            .unwrap_err();
        assert_eq!(status.code(), code, "verify after {after}");
    }
    assert!(read(&mut client, i64::MAX, 0).await.is_empty());
}

#[test]
fn an_event_that_breaks_the_contract_is_named() {
    let event = pb::Event {
        position: 1,
        version: 1,
        hash: vec![0; 31].into(),
        ..Default::default()
    };
    let error = Recorded::try_from(event).unwrap_err();
    assert_eq!((error.position, error.field), (1, "recorded_at"));
}
