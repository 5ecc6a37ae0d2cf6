//! A service that keeps a model: from its database to serving.

use std::sync::Arc;

use eventlog::{EventLog, OpenError};
use jetstream::relay::BodyOf;
use jetstream::{Bus, ConnectError, FollowError, Follower, HandlerError, Progress, Relay, Subject};
use runtime::grpc::{self, ServeError};
use runtime::{Ids, Settings, Shutdown};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::{Fold, Keeper, ModelError, ReadModel, Rebuilds, Shown, Source};

/// What a service says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    /// Its name, which is also its log's.
    pub name: &'static str,
    /// What makes its tables.
    pub migrator: &'static Migrator,
    /// Tables whose content follows from the followed logs alone.
    pub tables: &'static [&'static str],
}

/// Why a service that keeps a model cannot begin, or ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The address makes no sense.
    #[error(
        "the address of {name}'s database cannot be read; give one like postgres://user@host/database"
    )]
    Address {
        /// The service.
        name: &'static str,
        /// What is wrong with it.
        #[source]
        source: sqlx::Error,
    },
    /// There is no read model to go on with.
    #[error("the read model cannot be opened")]
    Model(#[from] ModelError),
    /// There is no log to tell in.
    #[error("the service's event log cannot be opened")]
    Log(#[from] OpenError),
    /// The connection to NATS cannot be set up.
    #[error("the connection to NATS cannot be set up")]
    Bus(#[from] ConnectError),
    /// The other services' logs cannot be followed.
    #[error("the other services' logs cannot be followed")]
    Follow(#[from] FollowError),
    /// The tables hold what this version cannot read, or cannot be read.
    #[error("the read model cannot be read")]
    Load(#[from] HandlerError),
    /// Serving failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// An opened model with everything that keeps it.
pub struct Kept<F: Fold> {
    keeper: Keeper<F>,
    follower: Follower,
    rebuilds: Arc<Rebuilds<F>>,
    tables: ReadModel,
    log: EventLog,
    bus: Bus,
    shutdown: Shutdown,
}

impl<F: Fold> Kept<F> {
    /// Opens a service's model and log; a model that was dropped is filled again first.
    ///
    /// # Errors
    /// When the database cannot be used, the logs cannot be read again, or the model cannot be read.
    pub async fn open(
        own: Own,
        settings: &Settings,
        sources: Vec<Source>,
        fold: F,
        shutdown: Shutdown,
    ) -> Result<Self, KeptError> {
        let name = own.name;
        let address = settings.database_url.parse();
        let options = address.map_err(|source| KeptError::Address { name, source })?;
        let tables = ReadModel::connect(options, own.migrator, own.tables).await?;
        let nats = jetstream::Access {
            url: &settings.nats.url,
            ca: settings.nats.ca.as_deref(),
            credentials: settings.nats.credentials.as_deref(),
        };
        let bus = Bus::connect(nats, &settings.province, name).await?;
        let follower = sources.iter().fold(
            Follower::new(tables.pool().clone(), bus.clone()),
            |follower, (log, owner)| follower.source(log, owner.clone()),
        );
        let followed = follower.checkpoints().await?;
        let mut filler = Keeper::silent(fold.clone());
        tables
            .prepare(&mut filler, &sources, &followed, &shutdown)
            .await?;
        let clock = settings.clock().as_fn();
        let log = EventLog::open(tables.pool().clone(), name, clock, shutdown.clone()).await?;
        let mut keeper = Keeper::live(fold.clone(), log.clone(), Ids::random());
        keeper.read(tables.pool()).await?;
        let rebuilds = Arc::new(Rebuilds {
            fold,
            tables: tables.clone(),
            sources,
            progress: follower.progress(),
            gate: follower.gate(),
            turn: Arc::new(Semaphore::new(1)),
            shutdown: shutdown.clone(),
        });
        Ok(Self {
            keeper,
            follower,
            rebuilds,
            tables,
            log,
            bus,
            shutdown,
        })
    }

    /// What queries answer from.
    pub fn shown(&self) -> Shown<F::Model> {
        self.keeper.shown()
    }

    /// The tables, for what is not kept in memory.
    pub fn tables(&self) -> &PgPool {
        self.tables.pool()
    }

    /// The service's own log.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// How far the followed logs are reflected.
    pub fn progress(&self) -> Progress {
        self.follower.progress()
    }

    /// Makes the model anew on demand.
    pub fn rebuilds(&self) -> Arc<Rebuilds<F>> {
        Arc::clone(&self.rebuilds)
    }

    /// Follows, relays the service's own log with `body` for its events, and serves, until the service is told to end.
    ///
    /// # Errors
    /// When serving fails, or the logs cannot be followed.
    pub async fn serve(
        self,
        server: grpc::Server,
        body: BodyOf,
        listener: TcpListener,
    ) -> Result<(), KeptError> {
        let shutdown = self.shutdown;
        let relay = Relay::new(self.log, self.bus, Subject::of, body);
        let relayed = report(relay.health(), "relays", server.health(), shutdown.clone());
        let followed = report(
            self.follower.health(),
            "follows",
            server.health(),
            shutdown.clone(),
        );
        tokio::try_join!(
            async {
                let follower = self.follower.run(self.keeper, shutdown.clone());
                Ok::<_, KeptError>(follower.await?)
            },
            async { Ok(server.serve(listener, shutdown.clone()).await?) },
            async {
                tokio::join!(relay.run(shutdown.clone()), relayed, followed);
                Ok(())
            },
        )?;
        Ok(())
    }
}

/// Says over gRPC and in `/readyz` how the relays or consumers of some logs are, each as `<does> <log>`.
async fn report(
    mut parts: jetstream::Health,
    does: &'static str,
    health: grpc::Health,
    shutdown: Shutdown,
) {
    let reporting = async {
        loop {
            for (log, condition) in parts.conditions() {
                let part = format!("{does} {log}");
                health.set(&part, condition.is_healthy()).await;
            }
            if !parts.changed().await {
                return;
            }
        }
    };
    shutdown.run_until_cancelled(reporting).await;
}
