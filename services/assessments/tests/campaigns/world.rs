//! The service beside a registry and a scoring service, on real servers: databases of its own for each test, one NATS
//! for all.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use assessments::publication::PublicationKey;
use contracts::assessments::v1::assessments_service_client::AssessmentsServiceClient;
use contracts::assessments::v1::campaigns_service_client::CampaignsServiceClient;
use contracts::assessments::v1::evidence_service_client::EvidenceServiceClient;
use contracts::assessments::v1::improvements_service_client::ImprovementsServiceClient;
use contracts::assessments::v1::initiatives_service_client::InitiativesServiceClient;
use contracts::assessments::v1::publications_service_client::PublicationsServiceClient;
use contracts::log::v1 as log;
use contracts::log::v1::log_service_client::LogServiceClient;
use contracts::registry::v1::registry_service_client::RegistryServiceClient;
use contracts::scoring::v1::scoring_service_client::ScoringServiceClient;
use prost::{Message, Name};
use runtime::{Nats, Settings, Shutdown};
use stack::{Options, Stack};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// Longest wait for anything.
const CEILING: Duration = Duration::from_secs(60);
/// Pause between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(20);
/// Where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:1";

static STACK: LazyLock<Stack> =
    LazyLock::new(|| Stack::start(&Options::named("campaigns").without_fsync()).expect("a stack"));
static TESTS: AtomicU32 = AtomicU32::new(1);

/// A running service with what it asks.
pub(crate) struct World {
    pub(crate) campaigns: CampaignsServiceClient<Channel>,
    pub(crate) publications: PublicationsServiceClient<Channel>,
    pub(crate) assessments: AssessmentsServiceClient<Channel>,
    pub(crate) evidence: EvidenceServiceClient<Channel>,
    pub(crate) improvements: ImprovementsServiceClient<Channel>,
    pub(crate) initiatives: InitiativesServiceClient<Channel>,
    pub(crate) registry: RegistryServiceClient<Channel>,
    pub(crate) log: LogServiceClient<Channel>,
    /// Where contents of evidence are kept.
    pub(crate) folder: PathBuf,
    pub(crate) kept: assessments::EvidenceSettings,
    settings: Settings,
    registry_url: String,
    /// Where assessments listens, through every restart.
    address: String,
    scoring: Option<String>,
    service: Option<(Shutdown, JoinHandle<()>)>,
    /// Of the services beside it.
    others: Shutdown,
}

impl World {
    /// A service by a clock that says `at` when it starts, without scoring.
    pub(crate) async fn start_at(at: &str) -> Self {
        let number = TESTS.fetch_add(1, Ordering::Relaxed);
        let mut settings = settings("assessments", number);
        settings.clock_at = Some(at.parse().unwrap());
        let others = Shutdown::new();
        let (listener, registry_url) = listener("127.0.0.1:0").await;
        let config = registry::Config {
            settings: self::settings("registry", number),
        };
        tokio::spawn(registry::serve(config, listener, others.clone()));
        let nowhere = Channel::from_static(NOWHERE).connect_lazy();
        let folder = STACK.folder().join(format!("evidence-{number}"));
        let mut world = Self {
            folder: folder.clone(),
            campaigns: CampaignsServiceClient::new(nowhere.clone()),
            publications: PublicationsServiceClient::new(nowhere.clone()),
            assessments: AssessmentsServiceClient::new(nowhere.clone()),
            evidence: EvidenceServiceClient::new(nowhere.clone()),
            improvements: ImprovementsServiceClient::new(nowhere.clone()),
            initiatives: InitiativesServiceClient::new(nowhere.clone()),
            registry: RegistryServiceClient::new(runtime::channel(&registry_url).unwrap()),
            log: LogServiceClient::new(nowhere),
            kept: assessments::EvidenceSettings::at(format!("file://{}", folder.display())),
            settings,
            registry_url,
            address: "127.0.0.1:0".to_owned(),
            scoring: None,
            service: None,
            others,
        };
        world.serve().await;
        world
    }

    /// Starts a scoring service beside it, which reads what is reported.
    pub(crate) async fn with_scoring(mut self) -> Self {
        let (listener, url) = listener("127.0.0.1:0").await;
        let mut settings = settings("scoring", TESTS.fetch_add(1, Ordering::Relaxed));
        settings.province.clone_from(&self.settings.province);
        let config = scoring::Config {
            settings,
            registry_url: self.registry_url.clone(),
            dossiers_url: NOWHERE.to_owned(),
            assessments_url: format!("http://{}", self.address),
            utc_offset_minutes: 420,
        };
        tokio::spawn(scoring::serve(config, listener, self.others.clone()));
        self.scoring = Some(url);
        let at = self.settings.clock_at.unwrap().to_string();
        self.restart_at(&at).await;
        self
    }

    /// The scoring service beside it.
    pub(crate) fn scoring(&self) -> ScoringServiceClient<Channel> {
        let url = self.scoring.as_ref().expect("it was started with scoring");
        ScoringServiceClient::new(runtime::channel(url).unwrap())
    }

    async fn serve(&mut self) {
        let (listener, url) = listener(&self.address).await;
        self.address = listener.local_addr().unwrap().to_string();
        let config = assessments::Config {
            settings: self.settings.clone(),
            registry_url: self.registry_url.clone(),
            scoring_url: self.scoring.clone().unwrap_or_else(|| NOWHERE.to_owned()),
            ballot_key: "0123456789abcdef0123456789abcdef".parse().expect("a key"),
            publication_key: Some(PublicationKey::from_seed(&[7; 32])),
            evidence: self.kept.clone(),
        };
        let shutdown = Shutdown::new();
        let end = shutdown.clone();
        let task = tokio::spawn(async move {
            let served = assessments::serve(config, listener, end).await;
            served.expect("serves until it is told to end");
        });
        self.service = Some((shutdown, task));
        let channel = runtime::channel(&url).unwrap();
        self.campaigns = CampaignsServiceClient::new(channel.clone());
        self.publications = PublicationsServiceClient::new(channel.clone());
        self.assessments = AssessmentsServiceClient::new(channel.clone());
        self.evidence = EvidenceServiceClient::new(channel.clone());
        self.improvements = ImprovementsServiceClient::new(channel.clone());
        self.initiatives = InitiativesServiceClient::new(channel.clone());
        self.log = LogServiceClient::new(channel);
        eventually("the service answers", async || {
            self.log.clone().get_head(log::GetHeadRequest {}).await.ok()
        })
        .await;
    }

    /// Ends the service, as a deployment would, and starts it again by a clock that says `at`.
    pub(crate) async fn restart_at(&mut self, at: &str) {
        let (shutdown, task) = self.service.take().expect("it runs");
        shutdown.cancel();
        task.await.expect("it ends");
        self.settings.clock_at = Some(at.parse().unwrap());
        self.serve().await;
    }

    /// Position of the newest event.
    pub(crate) async fn head(&self) -> i64 {
        let asked = self.log.clone().get_head(log::GetHeadRequest {}).await;
        asked.unwrap().into_inner().position
    }

    /// Address of scoring's log, which publications rest on.
    pub(crate) fn scoring_log(&self) -> LogServiceClient<Channel> {
        let url = self.scoring.as_ref().expect("it runs with scoring");
        LogServiceClient::new(runtime::channel(url).unwrap())
    }

    /// Does to the log of the service what no service ever does.
    pub(crate) fn tamper(&self, statement: &str) {
        let statement = format!("set eventlog.allow_change = 'yes'; {statement}");
        let output = std::process::Command::new(STACK.psql())
            .args(["-XqAt", "--set", "ON_ERROR_STOP=1", "--command", &statement])
            .arg(&self.settings.database_url)
            .output()
            .expect("psql runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }

    /// The events of a stream.
    pub(crate) async fn events(&self, stream: &str) -> Vec<log::Event> {
        let request = log::ReadStreamRequest {
            stream: stream.to_owned(),
            after_version: 0,
        };
        let mut answer = self
            .log
            .clone()
            .read_stream(request)
            .await
            .unwrap()
            .into_inner();
        let mut events = Vec::new();
        while let Some(part) = answer.message().await.unwrap() {
            events.extend(part.events);
        }
        events
    }

    /// The newest event of a kind in a stream, with its envelope, as soon as there are `count` of them.
    pub(crate) async fn newest<M: Message + Name + Default>(
        &self,
        stream: &str,
        count: usize,
    ) -> (log::Metadata, M) {
        let kind = M::full_name();
        let event = eventually(&format!("{stream} has {count} {kind}"), async || {
            let events = self.events(stream).await.into_iter();
            let mut alike: Vec<_> = events.filter(|event| event.r#type == kind).collect();
            (alike.len() >= count).then(|| alike.pop())
        })
        .await
        .unwrap();
        let metadata = log::Metadata::decode(event.metadata.as_ref()).unwrap();
        (metadata, M::decode(event.payload.as_ref()).unwrap())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((shutdown, _)) = &self.service {
            shutdown.cancel();
        }
        self.others.cancel();
    }
}

fn settings(service: &str, number: u32) -> Settings {
    let database = STACK.fresh_database(service).unwrap();
    let province = format!("T{number}");
    let nats = STACK.nats(&province, service).unwrap();
    let nats = Nats::new(nats.url, nats.ca, nats.credentials);
    let mut settings = Settings::local(database, nats);
    settings.province = province;
    settings
}

async fn listener(address: &str) -> (TcpListener, String) {
    let listener = eventually("the port is free", async || {
        TcpListener::bind(address).await.ok()
    })
    .await;
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
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
