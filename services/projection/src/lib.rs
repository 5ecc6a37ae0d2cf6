//! Projection: current and past indices, ranks, and the stream of their changes.
//!
//! It follows the registry, the assessments and scoring, adds points up to indices as their definitions say, ranks
//! units within their group, and tells every change in its own log, which is the public feed: on NATS it travels as
//! JSON, over gRPC as [`WatchIndices`](contracts::projection::v1::projection_service_server::ProjectionService).
#![forbid(unsafe_code)]

mod aggregate;
mod api;
mod ask;
mod config;
mod handler;
mod history;
mod model;
mod rebuild;
mod resource;
mod store;
mod watch;

use std::sync::Arc;

use anyhow::Context as _;
use contracts::projection::v1::projection_service_server::ProjectionServiceServer;
use eventlog::feed::LogFeed;
use eventlog::{EventLog, Recorded};
use jetstream::{Body, BodyError, Bus, Follower, JSON, Subject, relay};
use readmodel::{ReadModel, Source};
use runtime::{Ids, Shutdown, grpc};
use tokio::net::TcpListener;
use tokio::sync::RwLock;

pub use config::Config;
use handler::Projector;
use model::Model;

/// Name of the log, and of the service in telemetry.
pub const LOG: &str = "projection";

/// Tables whose content follows from the followed logs alone.
const TABLES: &[&str] = &["source_events", "leaves", "indices"];

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
        .context("the address of projection's database")?;
    let tables = ReadModel::open(options, &MIGRATOR, TABLES)
        .await
        .context("opening the read model")?;
    let clock = settings.clock();
    let log = EventLog::open(tables.pool().clone(), LOG, clock.as_fn(), shutdown.clone())
        .await
        .context("opening projection's event log")?;
    let bus = Bus::connect(&settings.nats_url, &settings.province)
        .await
        .context("setting up the connection to NATS")?;
    let sources = sources(&config)?;
    let follower = sources.iter().fold(
        Follower::new(tables.pool().clone(), bus.clone()),
        |follower, (log, owner)| follower.source(log, owner.clone()),
    );
    let model = Arc::new(RwLock::new(Model::default()));
    let followed = follower
        .checkpoints()
        .await
        .context("reading the checkpoints")?;
    let mut filler = Projector::new(Arc::clone(&model), None, Ids::random());
    tables
        .refill(&mut filler, &sources, &followed, &shutdown)
        .await
        .context("filling the read model from the logs")?;
    let mut connection = tables
        .pool()
        .acquire()
        .await
        .context("reading the read model")?;
    *model.write().await = handler::load(&mut connection).await?;
    drop(connection);

    let projector = Projector::new(Arc::clone(&model), Some(log.clone()), Ids::random());
    let api = api::Api::new(api::Parts {
        model,
        tables,
        live: watch::Broadcast::start(log.clone(), shutdown.clone()),
        log: log.clone(),
        progress: follower.progress(),
        gate: follower.gate(),
        scoring: runtime::channel(&config.scoring_url).context("the address of scoring")?,
        sources,
        shutdown: shutdown.clone(),
    });
    let server = grpc::Server::new(LOG, contracts::FILE_DESCRIPTOR_SET, settings)
        .add(ProjectionServiceServer::new(api))
        .add(LogFeed::new(log.clone()).into_server());
    let reported = handler::report_health(follower.health(), server.health(), shutdown.clone());
    let relayed = relay::run(log, bus, Subject::of, public, shutdown.clone());
    let followed = follower.run(projector, shutdown.clone());
    let served = server.serve(listener, shutdown);
    tokio::try_join!(
        async { followed.await.context("following the other services' logs") },
        async { served.await.context("serving projection") },
        async {
            tokio::join!(relayed, reported);
            Ok(())
        },
    )?;
    Ok(())
}

/// The public feed travels as JSON: any language reads it without our contracts.
fn public(event: &Recorded) -> Result<Body, BodyError> {
    let json = contracts::json::to_json(&event.kind, &event.payload)?;
    Ok(Body {
        content_type: JSON,
        bytes: json.to_string().into(),
    })
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
        owner("scoring", &config.scoring_url)?,
    ])
}
