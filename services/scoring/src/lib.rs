//! Scoring: measures from what happened, points from measures, and the reasons for both.
//!
//! It follows the registry, the dossiers and the assessments, keeps the counters that every figure is made of, and
//! tells in its own log whenever a leaf of a unit, a group or the province has other points than before.
#![forbid(unsafe_code)]

mod api;
mod config;
mod dirty;
mod explain;
mod facts;
mod facts_row;
mod handler;
mod model;
mod rebuild;
mod rescore;
mod store;

use std::sync::Arc;

use anyhow::Context as _;
use contracts::scoring::v1::scoring_service_server::ScoringServiceServer;
use eventlog::EventLog;
use eventlog::feed::LogFeed;
use jetstream::{Body, Bus, Follower, Subject, relay};
use readmodel::{ReadModel, Source};
use runtime::{Ids, Shutdown, grpc};
use tokio::net::TcpListener;
use tokio::sync::RwLock;

pub use config::Config;
use handler::Scorer;
use model::Model;

/// Name of the log, and of the service in telemetry.
pub const LOG: &str = "scoring";

/// Tables whose content follows from the followed logs alone.
const TABLES: &[&str] = &[
    "source_events",
    "dossier_facts",
    "counters",
    "leaf_scores",
    "horizon",
];

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

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
/// When the database cannot be used, the model cannot be read, or serving fails.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let settings = &config.settings;
    let options = settings
        .database_url
        .parse()
        .context("the address of scoring's database")?;
    let tables = ReadModel::open(options, &MIGRATOR, TABLES)
        .await
        .context("opening the read model")?;
    let clock = settings.clock();
    let log = EventLog::open(tables.pool().clone(), LOG, clock.as_fn(), shutdown.clone())
        .await
        .context("opening scoring's event log")?;
    let bus = Bus::connect(&settings.nats_url, &settings.province)
        .await
        .context("setting up the connection to NATS")?;
    let sources = sources(&config)?;
    let follower = sources.iter().fold(
        Follower::new(tables.pool().clone(), bus.clone()),
        |follower, (log, owner)| follower.source(log, owner.clone()),
    );
    let model = Arc::new(RwLock::new(Model::new(config.offset())));
    let followed = follower
        .checkpoints()
        .await
        .context("reading the checkpoints")?;
    let mut filler = Scorer::new(Arc::clone(&model), None, Ids::random(), followed.clone());
    tables
        .refill(&mut filler, &sources, &followed, &shutdown)
        .await
        .context("filling the read model from the logs")?;
    let mut connection = tables
        .pool()
        .acquire()
        .await
        .context("reading the read model")?;
    *model.write().await = handler::load(&mut connection, config.offset()).await?;
    drop(connection);

    let scorer = Scorer::new(
        Arc::clone(&model),
        Some(log.clone()),
        Ids::random(),
        followed,
    );
    let api = api::Api::new(api::Parts {
        model,
        tables,
        log: log.clone(),
        progress: follower.progress(),
        gate: follower.gate(),
        sources,
        offset: config.offset(),
        shutdown: shutdown.clone(),
    });
    let server = grpc::Server::new(LOG, contracts::FILE_DESCRIPTOR_SET, settings)
        .add(ScoringServiceServer::new(api))
        .add(LogFeed::new(log.clone()).into_server());
    let health = follower.health();
    let reported = handler::report_health(health, server.health(), shutdown.clone());
    let relayed = relay::run(log, bus, Subject::of, Body::protobuf, shutdown.clone());
    let followed = follower.run(scorer, shutdown.clone());
    let served = server.serve(listener, shutdown);
    tokio::try_join!(
        async { followed.await.context("following the other services' logs") },
        async { served.await.context("serving scoring") },
        async {
            tokio::join!(relayed, reported);
            Ok(())
        },
    )?;
    Ok(())
}

fn sources(config: &Config) -> anyhow::Result<Vec<Source>> {
    let owner = |log: &'static str, url: &str| -> anyhow::Result<Source> {
        Ok((
            log,
            runtime::channel(url).with_context(|| format!("the address of {log}"))?,
        ))
    };
    Ok(vec![
        owner("registry", &config.registry_url)?,
        owner("assessments", &config.assessments_url)?,
        owner("dossiers", &config.dossiers_url)?,
    ])
}
