//! A log, its broker and its follower, each test with its own; and ways to wait for what must come true.

mod effects;

use std::future::Future;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use contracts::log::v1 as pb;
use eventlog::feed::LogFeed;
use eventlog::{Append, EventLog, Expected, NewEvent, Position, Recorded, StreamAppend};
use futures::StreamExt;
use jetstream::{Access, Body, Bus, Follower, Handler, Relay, Subject};
use jiff::Timestamp;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use prost::Message;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use stack::{Options, Stack};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint, Server};

pub(crate) use effects::{Counting, Effects};

/// Longest that anything may take on a busy machine.
pub(crate) const CEILING: Duration = Duration::from_secs(60);

/// How often to look.
const GLANCE: Duration = Duration::from_millis(20);

/// The type of every event here: any message of the contracts will do.
pub(crate) const KIND: &str = "chiso.log.v1.Cause";

static METRICS: LazyLock<PrometheusHandle> =
    LazyLock::new(|| PrometheusBuilder::new().install_recorder().unwrap());

/// Logs are told apart by name in metrics and streams, so that all tests may run at once.
pub(crate) fn unique_name(base: &str) -> &'static str {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    LazyLock::force(&METRICS);
    Box::leak(format!("{base}{}", NEXT.fetch_add(1, Ordering::Relaxed)).into_boxed_str())
}

/// A counter or gauge as it is now; 0 before it was ever set.
pub(crate) fn metric(name: &str, log: &str) -> u64 {
    let line = format!("{name}{{log=\"{log}\"}} ");
    let text = METRICS.render();
    let value = text.lines().find_map(|text| text.strip_prefix(&line));
    value.map_or(0, |value| value.trim().parse().unwrap())
}

/// Waits until something holds; fails after [`CEILING`] with what was last seen.
pub(crate) async fn eventually<T, F>(what: &str, expected: T, mut look: impl FnMut() -> F)
where
    T: PartialEq + std::fmt::Debug,
    F: Future<Output = T>,
{
    let started = tokio::time::Instant::now();
    loop {
        let seen = look().await;
        if seen == expected {
            return;
        }
        assert!(
            started.elapsed() < CEILING,
            "{what}: expected {expected:?}, last saw {seen:?}"
        );
        tokio::time::sleep(GLANCE).await;
    }
}

/// Servers of one test.
pub(crate) struct World {
    pub(crate) stack: Stack,
}

impl World {
    pub(crate) async fn start(name: &'static str) -> Self {
        let start = move || Stack::start(&Options::named(name).without_fsync());
        Self {
            stack: tokio::task::spawn_blocking(start).await.unwrap().unwrap(),
        }
    }

    pub(crate) async fn bus(&self) -> Bus {
        let nats = self.stack.nats_operator();
        let access = Access {
            url: &nats.url,
            ca: nats.ca.as_deref(),
            credentials: nats.credentials.as_deref(),
        };
        Bus::connect(access, "H40", "tests").await.unwrap()
    }

    pub(crate) async fn pool(&self, database: &str) -> PgPool {
        self.stack.create_database(database).unwrap();
        let options = PgPoolOptions::new().max_connections(8);
        options
            .connect(&self.stack.postgres_url(database))
            .await
            .unwrap()
    }

    /// A log with its relay switched off and its feed served.
    pub(crate) async fn owner(&self, base: &str) -> Owner {
        let name = unique_name(base);
        let pool = self.pool(name).await;
        let log = EventLog::open(pool, name, ticking(), CancellationToken::new())
            .await
            .unwrap();
        let (channel, _served) = serve(&log).await;
        Owner {
            name,
            log,
            bus: self.bus().await,
            channel,
            _served,
        }
    }

    /// A database that counts how often each event was applied.
    pub(crate) async fn effects(&self) -> Effects {
        let pool = self.pool(unique_name("follower")).await;
        Effects::new(pool).await
    }
}

/// A service that has a log.
pub(crate) struct Owner {
    pub(crate) name: &'static str,
    pub(crate) log: EventLog,
    pub(crate) bus: Bus,
    pub(crate) channel: Channel,
    _served: Running,
}

/// A task that ends with its handle.
pub(crate) struct Running {
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn new(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            task: tokio::spawn(task),
        }
    }

    /// Ends it as a crash would, and returns when it has ended.
    pub(crate) async fn kill(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(log: &EventLog) -> (Channel, Running) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let feed = LogFeed::new(log.clone()).into_server();
    let server = Server::builder().add_service(feed);
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let served = Running::new(async move { server.serve_with_incoming(incoming).await.unwrap() });
    (
        Endpoint::from_shared(address).unwrap().connect_lazy(),
        served,
    )
}

/// A channel to nobody.
pub(crate) fn nobody() -> Channel {
    Endpoint::from_static("http://127.0.0.1:1").connect_lazy()
}

fn ticking() -> eventlog::Clock {
    let micros = AtomicI64::new(1_713_169_800_000_000);
    Arc::new(move || Timestamp::from_microsecond(micros.fetch_add(1, Ordering::Relaxed)).unwrap())
}

impl Owner {
    /// Appends events to a few streams in turn.
    pub(crate) async fn append(&self, events: usize) {
        for batch in (0..events).collect::<Vec<_>>().chunks(500) {
            let streams = batch.iter().map(|n| StreamAppend {
                stream: format!("dossier-000.00.{:02}.Xã {}", n % 7, n % 7),
                expected: Expected::Any,
                events: vec![event(*n)],
            });
            let append = Append {
                streams: streams.collect(),
                receipts: Vec::new(),
            };
            self.log.append(append).await.unwrap();
        }
    }

    pub(crate) fn relay(&self) -> Relay {
        Relay::new(
            self.log.clone(),
            self.bus.clone(),
            Subject::of,
            Body::protobuf,
        )
    }

    pub(crate) fn start_relay(&self) -> Running {
        Running::new(self.relay().run(CancellationToken::new()))
    }

    pub(crate) async fn head(&self) -> Position {
        self.log.head().await.unwrap().position
    }

    /// Last sequence of the JetStream stream; none when there is no stream.
    pub(crate) async fn tail(&self) -> Option<Position> {
        let stream = self
            .bus
            .context()
            .get_stream(self.bus.stream_name(self.name))
            .await
            .ok()?;
        Some(stream.cached_info().state.last_sequence.cast_signed())
    }

    pub(crate) async fn relayed(&self) {
        let head = self.head().await;
        eventually("the tail", Some(head), || self.tail()).await;
    }

    /// Everything in the log.
    pub(crate) async fn events(&self) -> Vec<Recorded> {
        let mut events = Vec::new();
        loop {
            let after = events.last().map_or(0, |event: &Recorded| event.position);
            let page = self.log.read(after, 10_000).await.unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    /// Everything in the JetStream stream, with its sequence.
    pub(crate) async fn messages(&self) -> Vec<(Position, async_nats::Message)> {
        let stream = self
            .bus
            .context()
            .get_stream(self.bus.stream_name(self.name))
            .await
            .unwrap();
        let count = usize::try_from(stream.cached_info().state.messages).unwrap();
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::All,
            ..OrderedConfig::default()
        };
        let messages = stream
            .create_consumer(config)
            .await
            .unwrap()
            .messages()
            .await
            .unwrap();
        let all = messages.take(count).map(|message| {
            let message = message.unwrap();
            (
                message.info().unwrap().stream_sequence.cast_signed(),
                message.message,
            )
        });
        tokio::time::timeout(CEILING, all.collect()).await.unwrap()
    }

    /// The JetStream stream says what the log says, position by position.
    pub(crate) async fn assert_published(&self) {
        let text = |message: &async_nats::Message, name: &str| {
            message
                .headers
                .as_ref()
                .unwrap()
                .get(name)
                .unwrap()
                .to_string()
        };
        let published: Vec<_> = self.messages().await;
        let published = published.iter().map(|(sequence, message)| {
            assert_eq!(text(message, "chiso-position"), sequence.to_string());
            (
                *sequence,
                text(message, "chiso-hash"),
                message.payload.clone(),
            )
        });
        let log = self.events().await.into_iter();
        let log = log.map(|event| (event.position, hex::encode(event.hash), event.payload));
        assert!(
            published.eq(log),
            "the JetStream stream differs from the log"
        );
    }
}

pub(crate) fn event(n: usize) -> NewEvent {
    let payload = pb::Cause {
        log: format!("event {n}"),
        position: n as i64,
    };
    NewEvent {
        kind: KIND,
        payload: payload.encode_to_vec().into(),
        metadata: pb::Metadata {
            event_id: format!("event-{n}"),
            actor: "tester".into(),
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into(),
            ..pb::Metadata::default()
        },
    }
}

pub(crate) fn run<H: Handler + 'static>(follower: Follower, handler: H) -> Running {
    Running::new(async move {
        follower
            .run(handler, CancellationToken::new())
            .await
            .unwrap();
    })
}
