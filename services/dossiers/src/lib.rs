//! The dossiers service: case files at the one-stop shops and their statutory clocks, over gRPC.
//!
//! Every dossier is a stream of events in this service's log. What the registry says (units,
//! procedures, calendars, policies) is followed and kept here, so that commands ask nobody.
//!
//! Beside those of the log, the relay, the consumer and the server it has these metrics:
//!
//! | metric | what it says |
//! |---|---|
//! | `chiso_dossiers_model_position` | how far the lists and the timer follow the log |
//! | `chiso_dossiers_marked_overdue_total` | dossiers that the timer of this process marked |
//! | `chiso_dossiers_import_rows_total` | rows of imports, by `outcome`: accepted, repeated, refused |
#![forbid(unsafe_code)]

mod api;
mod applicant;
mod case;
mod codes;
mod config;
mod handover;
mod import;
mod model;
mod page;
mod query;
mod reference;
mod refusal;
mod timer;
mod wire;

use std::time::Duration;

use anyhow::Context as _;
use contracts::dossiers::v1::dossiers_service_server::DossiersServiceServer;
use eventlog::EventLog;
use eventlog::feed::LogFeed;
use jetstream::{Body, Bus, Follower, Relay, Subject};
use runtime::{Clock, Ids, Settings, Shutdown, grpc};
use sqlx::Connection as _;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use applicant::{ApplicantKey, KeyTooShort};
pub use config::Config;

/// Name of the log, and of the service in telemetry.
pub const LOG: &str = "dossiers";

/// Connections to the database. Reads hold one for well under a millisecond and appends share one
/// of their own, so a few serve thousands of calls a second.
const CONNECTIONS: u32 = 16;
/// A connection that was used a moment ago is used again untested: a test costs as much as the read
/// of a dossier.
const TESTED_WHEN_IDLE: Duration = Duration::from_secs(1);

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
    let Config {
        settings,
        registry_url,
        applicant_key,
        calendar,
    } = config;
    let (clock, ids) = (settings.clock(), Ids::random());
    let log = open(&settings, clock, shutdown.clone()).await?;
    let nats = jetstream::Access {
        url: &settings.nats.url,
        ca: settings.nats.ca.as_deref(),
        credentials: settings.nats.credentials.as_deref(),
    };
    let bus = Bus::connect(nats, &settings.province, LOG).await?;

    let keeper = reference::Keeper::load(log.pool().clone(), &calendar).await?;
    let follower = Follower::new(log.pool().clone(), bus.clone())
        .source(reference::REGISTRY, settings.channel(&registry_url)?);
    let relay = Relay::new(log.clone(), bus, Subject::of, Body::protobuf);
    let (reached, reflected) = watch::channel(model::Reached::default());
    let timer = timer::Timer::new(log.clone(), clock, ids.clone(), reflected.clone());
    let references = keeper.references();
    let api = api::Api::new(
        log.clone(),
        references,
        applicant_key,
        (clock, ids),
        reflected,
    );
    let server = grpc::Server::new(LOG, contracts::FILE_DESCRIPTOR_SET, &settings)
        .add(DossiersServiceServer::new(api))
        .add(LogFeed::new(log.clone()).into_server());
    let mut parts = JoinSet::new();
    parts.spawn(report(
        server.health(),
        "relay",
        relay.health(),
        shutdown.clone(),
    ));
    parts.spawn(report(
        server.health(),
        "consumer",
        follower.health(),
        shutdown.clone(),
    ));
    parts.spawn(ended(relay.run(shutdown.clone())));
    parts.spawn(ended(timer.run(shutdown.clone())));
    let handler = keeper.handler();
    parts.spawn(ended(keeper.run(shutdown.clone())));
    let end = shutdown.clone();
    parts.spawn(async {
        follower
            .run(handler, end)
            .await
            .context("following the registry")
    });
    parts.spawn(model::run(log, reached, shutdown.clone()));
    parts.spawn(async {
        server
            .serve(listener, shutdown)
            .await
            .context("serving the dossiers")
    });
    while let Some(part) = parts.join_next().await {
        part.context("a part of the dossiers service panicked")??;
    }
    Ok(())
}

/// The log, with the read models' tables beside it.
async fn open(settings: &Settings, clock: Clock, shutdown: Shutdown) -> anyhow::Result<EventLog> {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for >= TESTED_WHEN_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect(&settings.database_url)
        .await
        .context("connecting to the dossiers' database")?;
    let log = EventLog::open(pool.clone(), LOG, clock.as_fn(), shutdown)
        .await
        .context("opening the dossiers' event log")?;
    sqlx::migrate!()
        .run(&pool)
        .await
        .context("migrating the dossiers' read models")?;
    Ok(log)
}

async fn ended(part: impl Future<Output = ()>) -> anyhow::Result<()> {
    part.await;
    Ok(())
}

/// Says over gRPC and in `/readyz` how a part is doing.
async fn report(
    health: grpc::Health,
    part: &'static str,
    mut condition: jetstream::Health,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let reporting = async {
        loop {
            health.set(part, condition.is_healthy()).await;
            if !condition.changed().await {
                return;
            }
        }
    };
    shutdown.run_until_cancelled(reporting).await;
    Ok(())
}
