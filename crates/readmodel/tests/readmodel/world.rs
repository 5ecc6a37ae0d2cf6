//! A log to follow, and processes of the service that counts it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use contracts::log::v1 as pb;
use eventlog::feed::LogFeed;
use eventlog::{Append, EventLog, Expected, NewEvent, StreamAppend};
use jetstream::{Access, Body, Bus, Subject, relay};
use readmodel::{Kept, KeptError, Rebuilding, Rebuilds, Shown};
use runtime::{Clock, Nats, Settings, Shutdown, grpc};
use sqlx::PgPool;
use stack::{Options, Stack};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;
use tokio_stream::StreamExt as _;
use tonic::Status;
use tonic::transport::Channel;

use crate::counting::{Counted, Counting, own};

/// Longest wait for anything.
const CEILING: Duration = Duration::from_secs(30);
/// Pause between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(20);

static STACK: LazyLock<Stack> =
    LazyLock::new(|| Stack::start(&Options::named("readmodel").without_fsync()).expect("a stack"));
static TESTS: AtomicU32 = AtomicU32::new(1);
/// Worlds at a time: a few dozen connections each are a lot for a small machine.
static ROOM: Semaphore = Semaphore::const_new(3);

/// A followed log, and the database of the service.
pub(crate) struct World {
    pub(crate) pool: PgPool,
    pub(crate) fold: Counting,
    settings: Settings,
    log: EventLog,
    feed: Channel,
    shutdown: Shutdown,
    _room: SemaphorePermit<'static>,
}

/// A process of the service.
pub(crate) struct Process {
    pub(crate) shown: Shown<Counted>,
    pub(crate) own: EventLog,
    pub(crate) rebuilds: std::sync::Arc<Rebuilds<Counting>>,
    pub(crate) shutdown: Shutdown,
    task: JoinHandle<()>,
}

impl World {
    pub(crate) async fn start() -> Self {
        let room = ROOM.acquire().await.expect("it is never closed");
        let database = STACK.fresh_database("counting").expect("a database");
        let province = format!("R{}", TESTS.fetch_add(1, Ordering::Relaxed));
        let nats = STACK.nats_operator();
        let nats = Nats::new(nats.url, nats.ca, nats.credentials);
        let mut settings = Settings::local(&database, nats);
        settings.province = province;
        let shutdown = Shutdown::new();
        let owner = STACK.fresh_database("registry").expect("a database");
        let owner = PgPool::connect(&owner).await.expect("a connection");
        let clock = Clock::system().as_fn();
        let log = EventLog::open(owner, "registry", clock, shutdown.clone());
        let log = log.await.expect("a log");
        let access = Access {
            url: &settings.nats.url,
            ca: settings.nats.ca.as_deref(),
            credentials: settings.nats.credentials.as_deref(),
        };
        let bus = Bus::connect(access, &settings.province, "registry");
        let bus = bus.await.expect("a bus");
        let end = shutdown.clone();
        tokio::spawn(relay::run(
            log.clone(),
            bus,
            Subject::of,
            Body::protobuf,
            end,
        ));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = grpc::Server::new("registry", contracts::FILE_DESCRIPTOR_SET, &settings)
            .add(LogFeed::new(log.clone()).into_server());
        tokio::spawn(server.serve(listener, shutdown.clone()));
        Self {
            pool: PgPool::connect(&database).await.expect("a connection"),
            fold: Counting::default(),
            settings,
            log,
            feed: runtime::channel(&url).expect("an address"),
            shutdown,
            _room: room,
        }
    }

    /// Puts events of these kinds into the followed log, all at once.
    pub(crate) async fn append(&self, kinds: &[&'static str]) {
        let events = kinds.iter().map(|kind| NewEvent {
            kind,
            payload: Vec::new().into(),
            metadata: pb::Metadata::default(),
        });
        let append = Append {
            streams: vec![StreamAppend {
                stream: "unit-x".into(),
                expected: Expected::Any,
                events: events.collect(),
            }],
            receipts: Vec::new(),
        };
        self.log.append(append).await.expect("appended");
    }

    /// Opens the service, and does not let it serve yet.
    pub(crate) async fn open(&self, shutdown: &Shutdown) -> Result<Kept<Counting>, KeptError> {
        let sources = vec![("registry", self.feed.clone())];
        let fold = self.fold.clone();
        Kept::open(own(), &self.settings, sources, fold, shutdown.clone()).await
    }

    /// Starts a process of the service.
    pub(crate) async fn process(&self) -> Process {
        let shutdown = Shutdown::new();
        let kept = self.open(&shutdown).await.expect("a model");
        let (shown, own, rebuilds) = (kept.shown(), kept.log().clone(), kept.rebuilds());
        let server = grpc::Server::new("counting", contracts::FILE_DESCRIPTOR_SET, &self.settings)
            .add(LogFeed::new(own.clone()).into_server());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let task = tokio::spawn(async move {
            let served = kept.serve(server, Body::protobuf, listener).await;
            served.expect("it serves until it is told to end");
        });
        Process {
            shown,
            own,
            rebuilds,
            shutdown,
            task,
        }
    }

    /// Lets the next held events be counted.
    pub(crate) fn permit(&self, events: usize) {
        self.fold.permits.0.add_permits(events);
    }

    /// Waits until so many held or poisonous events have been begun.
    pub(crate) async fn begun(&self, events: u32) {
        let begun = &self.fold.begun;
        eventually("they are begun", async || {
            (begun.load(Ordering::SeqCst) >= events).then_some(())
        })
        .await;
    }

    /// Runs a statement on the service's database.
    pub(crate) async fn sql(&self, statement: &'static str) {
        let done = sqlx::raw_sql(statement).execute(&self.pool).await;
        done.expect("a statement");
    }

    /// Whether there is a live model in the database.
    pub(crate) async fn has_model(&self) -> bool {
        sqlx::query_scalar("select to_regnamespace('model') is not null")
            .fetch_one(&self.pool)
            .await
            .expect("an answer")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Process {
    /// How much is counted, as soon as readers are let in.
    pub(crate) async fn counted(&self) -> i64 {
        let read = tokio::time::timeout(CEILING, self.shown.read()).await;
        let counted = *read.expect("readers are let in").expect("a model");
        assert_eq!(counted.begun, counted.done, "half a batch is shown");
        counted.done
    }

    /// Waits until so much is counted.
    pub(crate) async fn counts(&self, events: i64) {
        eventually("it is counted", async || {
            (self.counted().await == events).then_some(())
        })
        .await;
    }

    /// What a rebuild says, from first to last.
    pub(crate) fn rebuild(&self) -> JoinHandle<Vec<Result<Rebuilding, Status>>> {
        let messages = self.rebuilds.start(|told| told).expect("its turn");
        tokio::spawn(messages.collect())
    }

    /// Ends it, as a deployment would.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.expect("it ends");
    }
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
