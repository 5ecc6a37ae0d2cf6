//! The registry: units, procedures, working calendars and dated policies, over gRPC.
//!
//! Its event log is its only table. All of it fits in memory many times over (a province has some
//! thousands of units and procedures), so every question is answered from a [`directory::Directory`]
//! that follows the log, and every command waits until its own events are in it.
#![forbid(unsafe_code)]

mod api;
mod command;
mod config;
mod query;
mod surroundings;
mod view;
mod wire;

use anyhow::Context as _;
use contracts::registry::v1::registry_service_server::RegistryServiceServer;
use eventlog::EventLog;
use eventlog::feed::LogFeed;
use jetstream::{Body, Bus, Subject, relay};
use runtime::{Ids, Shutdown, grpc};
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

pub use config::Config;

/// Name of the log, and of the service in telemetry.
pub const LOG: &str = "registry";

/// Connections to the database: a command holds one for a millisecond or two, and commands take turns.
const CONNECTIONS: u32 = 8;

/// Listens where the settings say, then [`serve`]s.
///
/// # Errors
/// As [`serve`], and when nothing can listen there.
pub async fn run(config: Config, shutdown: Shutdown) -> anyhow::Result<()> {
    let address = config.settings.listen;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address}; name a free port with --listen"))?;
    serve(config, listener, shutdown).await
}

/// Serves until `shutdown`, then drains.
///
/// # Errors
/// When the database cannot be used, the log holds what this version cannot read, or serving fails.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let settings = config.settings;
    let clock = settings.clock();
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .connect(&settings.database_url)
        .await
        .context("connecting to the registry's database")?;
    let log = EventLog::open(pool, LOG, clock.as_fn(), shutdown.clone())
        .await
        .context("opening the registry's event log")?;
    let nats = jetstream::Access {
        url: &settings.nats.url,
        ca: settings.nats.ca.as_deref(),
        credentials: settings.nats.credentials.as_deref(),
    };
    let bus = Bus::connect(nats, &settings.province, LOG)
        .await
        .context("setting up the connection to NATS")?;
    let (view, follower) = view::open(&log)
        .await
        .context("reading the registry's event log")?;
    let commands = command::Commands::new(log.clone(), view.clone());
    let api = api::Api::new(commands, view, clock, Ids::random());
    let server = grpc::Server::new(LOG, contracts::FILE_DESCRIPTOR_SET, &settings)
        .add(RegistryServiceServer::new(api))
        .add(LogFeed::new(log.clone()).into_server());
    // A broker that is away stops no command: the relay catches up, and its metrics say how far it is.
    let relayed = relay::run(log, bus, Subject::of, Body::protobuf, shutdown.clone());
    let followed = follower.run(server.health());
    let served = server.serve(listener, shutdown);
    tokio::try_join!(
        async { followed.await.context("following the registry's event log") },
        async { served.await.context("serving the registry") },
        async {
            relayed.await;
            Ok(())
        },
    )?;
    Ok(())
}
