//! The service beside a registry's log, on real servers: one database each a test, one NATS for
//! all.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::dossiers_service_client::DossiersServiceClient;
use contracts::log::v1 as log;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::wire::timestamp;
use eventlog::feed::LogFeed;
use eventlog::{Append, EventLog, Expected, NewEvent, StreamAppend};
use jetstream::{Access, Body, Bus, Subject, relay};
use jiff::{SignedDuration, Timestamp};
use prost::{Message, Name};
use runtime::{Clock, Ids, Nats, Security, Settings, Shutdown, grpc};
use sqlx::PgPool;
use stack::{Options, Stack};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;
use tonic::transport::Channel;

use crate::catalog;

/// Longest wait for anything.
const CEILING: Duration = Duration::from_secs(30);
/// Pause between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(20);

static STACK: LazyLock<Stack> =
    LazyLock::new(|| Stack::start(&Options::named("dossiers").without_fsync()).expect("a stack"));
static TESTS: AtomicU32 = AtomicU32::new(1);

/// How a service of a province gets into NATS.
fn nats(province: &str, service: &str) -> Nats {
    let access = STACK.nats(province, service).expect("a user of NATS");
    Nats::new(access.url, access.ca, access.credentials)
}

/// A running service with a registry to follow.
pub(crate) struct World {
    pub(crate) dossiers: DossiersServiceClient<Channel>,
    pub(crate) log: LogServiceClient<Channel>,
    pub(crate) database: String,
    /// What the service's clock says, or a moment later.
    clock: Clock,
    settings: Settings,
    registry: Registry,
    service: Option<(Shutdown, JoinHandle<()>)>,
}

/// A registry's log with its feed and relay, without the registry.
struct Registry {
    log: EventLog,
    url: String,
    shutdown: Shutdown,
}

impl World {
    /// A service that knows the catalog, by the system's clock.
    pub(crate) async fn start() -> Self {
        Self::start_at(None).await
    }

    /// The same, by a clock that says `at` when the service starts.
    pub(crate) async fn start_at(at: Option<&str>) -> Self {
        let world = Self::unaware(at).await;
        world.announce(catalog::events()).await;
        world.aware().await;
        world
    }

    /// A service beside a registry that has said nothing yet.
    pub(crate) async fn unaware(at: Option<&str>) -> Self {
        let database = STACK.fresh_database("dossiers").expect("a database");
        let province = format!("T{}", TESTS.fetch_add(1, Ordering::Relaxed));
        let mut settings = Settings::local(&database, nats(&province, "dossiers"));
        settings.province = province;
        settings.clock_at = at.map(|at| at.parse().expect("a moment"));
        let registry = Registry::start(&settings).await;
        let channel = Channel::from_static("http://127.0.0.1:1").connect_lazy();
        let mut world = Self {
            dossiers: DossiersServiceClient::new(channel.clone()),
            log: LogServiceClient::new(channel),
            database,
            clock: settings.clock(),
            settings,
            registry,
            service: None,
        };
        world.serve().await;
        world
    }

    /// Starts the service on the world's database.
    async fn serve(&mut self) {
        let (channel, shutdown, task) = self.spawn().await;
        self.service = Some((shutdown, task));
        self.dossiers = DossiersServiceClient::new(channel.clone());
        self.log = LogServiceClient::new(channel);
    }

    /// A second process of the service, which ends with the first.
    pub(crate) async fn replica(&self) -> DossiersServiceClient<Channel> {
        let (channel, shutdown, _) = self.spawn().await;
        let (first, _) = self.service.as_ref().expect("it runs");
        let first = first.clone();
        tokio::spawn(async move {
            first.cancelled().await;
            shutdown.cancel();
        });
        let replica = DossiersServiceClient::new(channel);
        knows_the_catalog(&replica).await;
        replica
    }

    /// A second process that asks who calls, until its guard is dropped: its address. It reads what
    /// the first one hears of the registry.
    pub(crate) async fn guarded(&self, security: Security) -> (String, DropGuard) {
        let settings = Settings {
            insecure_loopback: false,
            security,
            ..self.settings.clone()
        };
        let (address, shutdown, _) = self.listen(settings, "https://127.0.0.1:1").await;
        (format!("https://{address}"), shutdown.drop_guard())
    }

    async fn spawn(&self) -> (Channel, Shutdown, JoinHandle<()>) {
        let listening = self.listen(self.settings.clone(), &self.registry.url);
        let (address, shutdown, task) = listening.await;
        let channel = runtime::channel(&format!("http://{address}")).expect("an address");
        (channel, shutdown, task)
    }

    async fn listen(
        &self,
        settings: Settings,
        registry_url: &str,
    ) -> (SocketAddr, Shutdown, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let config = dossiers::Config {
            settings,
            registry_url: registry_url.to_owned(),
            applicant_key: "0123456789abcdef0123456789abcdef".parse().expect("a key"),
            calendar: "office".into(),
        };
        let shutdown = Shutdown::new();
        let end = shutdown.clone();
        let task = tokio::spawn(async move {
            let served = dossiers::serve(config, listener, end).await;
            served.expect("serves until it is told to end");
        });
        (address, shutdown, task)
    }

    /// Ends the service, as a deployment would.
    pub(crate) async fn stop(&mut self) {
        let (shutdown, task) = self.service.take().expect("it runs");
        shutdown.cancel();
        task.await.expect("it ends");
    }

    /// Starts it again with a clock that says `at`.
    pub(crate) async fn restart_at(&mut self, at: &str) {
        self.settings.clock_at = Some(at.parse().expect("a moment"));
        self.clock = self.settings.clock();
        self.serve().await;
        self.aware().await;
    }

    /// When something with a limit of a working hour must have begun to be due so soon.
    pub(crate) fn an_hour_before(&self, due_in: SignedDuration) -> Timestamp {
        self.clock.now() + due_in - SignedDuration::from_hours(1)
    }

    /// Puts events into the registry's log.
    pub(crate) async fn announce(&self, events: Vec<(String, &'static str, Vec<u8>)>) {
        for (stream, kind, payload) in events {
            let event = NewEvent {
                kind,
                payload: payload.into(),
                metadata: log::Metadata::default(),
            };
            let streams = vec![StreamAppend {
                stream,
                expected: Expected::Any,
                events: vec![event],
            }];
            let append = Append {
                streams,
                receipts: Vec::new(),
            };
            self.registry.log.append(append).await.expect("appended");
        }
    }

    async fn aware(&self) {
        knows_the_catalog(&self.dossiers).await;
    }

    /// Position of the newest event.
    pub(crate) async fn head(&self) -> i64 {
        let asked = self.log.clone().get_head(log::GetHeadRequest {}).await;
        asked.expect("a head").into_inner().position
    }

    /// The events of a dossier.
    pub(crate) async fn events(&self, code: &str) -> Vec<log::Event> {
        let stream = format!("dossier-{code}");
        let request = log::ReadStreamRequest {
            stream,
            after_version: 0,
        };
        let mut answer = self
            .log
            .clone()
            .read_stream(request)
            .await
            .expect("read")
            .into_inner();
        let mut events = Vec::new();
        while let Some(part) = answer.message().await.expect("a part") {
            events.extend(part.events);
        }
        events
    }

    /// The event of that kind of a dossier, as soon as there is one.
    pub(crate) async fn event<M: Message + Name + Default>(&self, code: &str) -> (log::Event, M) {
        let kind = M::full_name();
        eventually(&format!("{code} has {kind}"), async || {
            self.events(code)
                .await
                .into_iter()
                .find(|event| event.r#type == kind)
        })
        .await
        .pipe(|event| {
            let message = M::decode(event.payload.as_ref()).expect("a message");
            (event, message)
        })
    }

    /// The database behind the service.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPool::connect(&self.database).await.expect("a connection")
    }

    pub(crate) async fn get(&self, code: &str) -> pb::Dossier {
        let request = pb::GetDossierRequest {
            code: code.into(),
            ..Default::default()
        };
        self.dossiers
            .clone()
            .get_dossier(request)
            .await
            .expect("a dossier")
            .into_inner()
    }

    /// Imports rows and waits for the answer.
    pub(crate) async fn import(
        &self,
        rows: Vec<pb::ImportDossiersRequest>,
    ) -> pb::ImportDossiersResponse {
        let rows = tokio_stream::iter(rows);
        self.dossiers
            .clone()
            .import_dossiers(rows)
            .await
            .expect("imported")
            .into_inner()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((shutdown, _)) = &self.service {
            shutdown.cancel();
        }
        self.registry.shutdown.cancel();
    }
}

impl Registry {
    async fn start(settings: &Settings) -> Self {
        let shutdown = Shutdown::new();
        let database = STACK.fresh_database("registry").expect("a database");
        let pool = PgPool::connect(&database).await.expect("a connection");
        let clock = Clock::system().as_fn();
        let log = EventLog::open(pool, "registry", clock, shutdown.clone())
            .await
            .expect("a log");
        let nats = nats(&settings.province, "registry");
        let access = Access {
            url: &nats.url,
            ca: nats.ca.as_deref(),
            credentials: nats.credentials.as_deref(),
        };
        let bus = Bus::connect(access, &settings.province, "registry")
            .await
            .expect("a bus");
        tokio::spawn(relay::run(
            log.clone(),
            bus,
            Subject::of,
            Body::protobuf,
            shutdown.clone(),
        ));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = grpc::Server::new("registry", contracts::FILE_DESCRIPTOR_SET, settings)
            .add(LogFeed::new(log.clone()).into_server());
        tokio::spawn(server.serve(listener, shutdown.clone()));
        Self { log, url, shutdown }
    }
}

/// Waits until the service knows the whole catalog.
async fn knows_the_catalog(dossiers: &DossiersServiceClient<Channel>) {
    let moment = at("2025-03-03T09:00:00+07:00");
    let probe = pb::RegisterDossierRequest {
        context: Some(log::CommandContext {
            validate_only: true,
            ..moment
        }),
        ..catalog::registration("probe-1")
    };
    eventually("the service knows the catalog", async || {
        dossiers.clone().register_dossier(probe.clone()).await.ok()
    })
    .await;
}

/// A value that is there sooner or later.
pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < CEILING, "waited too long until {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Hands a value on, so that a chain reads from first to last.
trait Pipe: Sized {
    fn pipe<T>(self, next: impl FnOnce(Self) -> T) -> T {
        next(self)
    }
}

impl<T> Pipe for T {}

/// The context of a command about that moment.
pub(crate) fn at(moment: &str) -> log::CommandContext {
    let at: Timestamp = moment.parse().expect("a moment");
    log::CommandContext {
        occurred_at: Some(timestamp(at)),
        ..Default::default()
    }
}

/// The same under a request id of its own.
pub(crate) fn repeatable(moment: &str) -> log::CommandContext {
    log::CommandContext {
        request_id: Ids::random().uuid().to_string(),
        ..at(moment)
    }
}

/// The moment of a wire's timestamp, in local time.
pub(crate) fn local(at: Option<&prost_types::Timestamp>) -> String {
    let at = contracts::wire::instant(at.expect("a moment")).expect("within the years");
    jiff::tz::offset(7).to_datetime(at).to_string()
}
