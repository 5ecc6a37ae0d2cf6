//! The service beside a registry, on real servers: databases of its own for each test, one stack for all.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use contracts::assessments::v1 as pb;
use contracts::assessments::v1::assessments_service_client::AssessmentsServiceClient;
use contracts::assessments::v1::surveys_service_client::SurveysServiceClient;
use contracts::log::v1 as log;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::registry::v1 as registry;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use prost::{Message, Name};
use runtime::{Ids, Nats, Settings, Shutdown};
use sqlx::PgPool;
use stack::{Options, Stack};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// Longest wait for anything.
const CEILING: Duration = Duration::from_secs(60);
/// Pause between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(20);
/// The units that the registry knows.
pub(crate) const UNITS: [&str; 3] = ["H40.01", "H40.02", "H40.03"];

static STACK: LazyLock<Stack> =
    LazyLock::new(|| Stack::start(&Options::named("surveys").without_fsync()).expect("a stack"));
static TESTS: AtomicU32 = AtomicU32::new(1);

/// How a service of a province gets into NATS.
fn nats(province: &str, service: &str) -> Nats {
    let access = STACK.nats(province, service).expect("a user of NATS");
    Nats::new(access.url, access.ca, access.credentials)
}

/// A running service.
pub(crate) struct World {
    pub(crate) surveys: SurveysServiceClient<Channel>,
    pub(crate) definitions: AssessmentsServiceClient<Channel>,
    pub(crate) log: LogServiceClient<Channel>,
    pub(crate) database: String,
    settings: Settings,
    registry: String,
    ended: Shutdown,
    service: Option<(Shutdown, JoinHandle<()>)>,
}

impl World {
    /// A service by a clock that says `at` when it starts.
    pub(crate) async fn start_at(at: &str) -> Self {
        let database = STACK.fresh_database("surveys").expect("a database");
        let province = format!("S{}", TESTS.fetch_add(1, Ordering::Relaxed));
        let mut settings = Settings::local(&database, nats(&province, "assessments"));
        settings.province = province;
        settings.clock_at = Some(at.parse().expect("a moment"));
        let ended = Shutdown::new();
        let registry = known_units(&settings, &ended).await;
        let channel = Channel::from_static("http://127.0.0.1:1").connect_lazy();
        let mut world = Self {
            surveys: SurveysServiceClient::new(channel.clone()),
            definitions: AssessmentsServiceClient::new(channel.clone()),
            log: LogServiceClient::new(channel),
            database,
            settings,
            registry,
            ended,
            service: None,
        };
        world.serve().await;
        world
    }

    async fn serve(&mut self) {
        let (channel, shutdown, task) = self.spawn().await;
        self.service = Some((shutdown, task));
        self.surveys = SurveysServiceClient::new(channel.clone());
        self.definitions = AssessmentsServiceClient::new(channel.clone());
        self.log = LogServiceClient::new(channel);
    }

    /// A second process of the service, which ends with the world.
    pub(crate) async fn replica(&self) -> SurveysServiceClient<Channel> {
        let (channel, shutdown, _) = self.spawn().await;
        let ended = self.ended.clone();
        tokio::spawn(async move {
            ended.cancelled().await;
            shutdown.cancel();
        });
        SurveysServiceClient::new(channel)
    }

    async fn spawn(&self) -> (Channel, Shutdown, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let config = assessments::Config {
            settings: self.settings.clone(),
            registry_url: self.registry.clone(),
            scoring_url: "http://127.0.0.1:1".into(),
            publication_key: None,
            ballot_key: "0123456789abcdef0123456789abcdef".parse().expect("a key"),
            evidence: assessments::EvidenceSettings::at(format!(
                "file://{}/evidence",
                STACK.folder().display()
            )),
        };
        let shutdown = Shutdown::new();
        let end = shutdown.clone();
        let task = tokio::spawn(async move {
            let served = assessments::serve(config, listener, end).await;
            served.expect("serves until it is told to end");
        });
        (runtime::channel(&url).expect("an address"), shutdown, task)
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
        self.serve().await;
    }

    /// Position of the newest event.
    pub(crate) async fn head(&self) -> i64 {
        let asked = self.log.clone().get_head(log::GetHeadRequest {}).await;
        asked.expect("a head").into_inner().position
    }

    /// The events of one kind of a wave.
    pub(crate) async fn events<M: Message + Name + Default>(
        &self,
        wave: &str,
    ) -> Vec<(log::Event, M)> {
        let request = log::ReadStreamRequest {
            stream: format!("wave-{wave}"),
            after_version: 0,
        };
        let answer = self.log.clone().read_stream(request).await.expect("read");
        let mut answer = answer.into_inner();
        let mut events = Vec::new();
        while let Some(part) = answer.message().await.expect("a part") {
            events.extend(part.events);
        }
        let of_kind = events
            .into_iter()
            .filter(|event| event.r#type == M::full_name());
        of_kind
            .map(|event| {
                let message = M::decode(event.payload.as_ref()).expect("a message");
                (event, message)
            })
            .collect()
    }

    /// The database behind the service.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPool::connect(&self.database).await.expect("a connection")
    }

    pub(crate) async fn wave(&self, wave: &str) -> pb::Wave {
        let request = pb::GetWaveRequest { wave: wave.into() };
        let answer = self.surveys.clone().get_wave(request).await;
        answer.expect("a wave").into_inner()
    }

    /// Waits until the wave is counted.
    pub(crate) async fn counted(&self, wave: &str) -> pb::Wave {
        eventually(&format!("{wave} is counted"), async || {
            let wave = self.wave(wave).await;
            (wave.stage() == pb::WaveStage::Counted).then_some(wave)
        })
        .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((shutdown, _)) = &self.service {
            shutdown.cancel();
        }
        self.ended.cancel();
    }
}

/// A registry that knows the province and [`UNITS`]; its address.
async fn known_units(settings: &Settings, ended: &Shutdown) -> String {
    let mut settings = settings.clone();
    settings.database_url = STACK.fresh_database("registry").expect("a database");
    settings.nats = nats(&settings.province, "registry");
    settings.clock_at = None;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let end = ended.clone();
    tokio::spawn(async move {
        let config = registry_config(settings);
        ::registry::serve(config, listener, end)
            .await
            .expect("serves");
    });
    let channel = runtime::channel(&url).expect("an address");
    let units = std::iter::once(("H40", "", registry::UnitGroup::Province));
    let units = units.chain(UNITS.map(|code| (code, "H40", registry::UnitGroup::Department)));
    for (code, parent, group) in units {
        let unit = registry::PutUnitRequest {
            code: code.into(),
            name: Some(registry::Name {
                vi: format!("Đơn vị {code}"),
                en: format!("Unit {code}"),
            }),
            group: group.into(),
            parent: parent.into(),
            valid_from: "2010-01-01".into(),
            ..Default::default()
        };
        eventually("the registry knows a unit", async || {
            RegistryServiceClient::new(channel.clone())
                .put_unit(unit.clone())
                .await
                .ok()
        })
        .await;
    }
    url
}

fn registry_config(settings: Settings) -> ::registry::Config {
    ::registry::Config { settings }
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

/// A context with a request id of its own.
pub(crate) fn repeatable() -> Option<log::CommandContext> {
    Some(log::CommandContext {
        request_id: Ids::random().uuid().to_string(),
        actor: "surveyor".into(),
        ..Default::default()
    })
}
