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
mod organised;
mod resource;
mod store;
mod watch;

use anyhow::Context as _;
use contracts::projection::v1::projection_service_server::ProjectionServiceServer;
use eventlog::Recorded;
use eventlog::feed::LogFeed;
use jetstream::{Body, BodyError, JSON};
use readmodel::{Kept, Own, Source};
use runtime::{Shutdown, grpc};
use tokio::net::TcpListener;

pub use config::Config;
use handler::Projector;

/// Name of the log, and of the service in telemetry.
pub const LOG: &str = "projection";

/// What this service keeps.
const OWN: Own = Own {
    name: LOG,
    migrator: &MIGRATOR,
    tables: &["leaves", "indices"],
};

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
    let sources = sources(&config)?;
    let kept = Kept::open(OWN, settings, sources, Projector, shutdown.clone())
        .await
        .context("opening projection")?;
    let log = kept.log().clone();
    let api = api::Api::new(api::Parts {
        model: kept.shown(),
        live: watch::Broadcast::start(log.clone(), shutdown),
        log: log.clone(),
        progress: kept.progress(),
        scoring: settings
            .channel(&config.scoring_url)
            .context("the address of scoring")?,
        rebuilds: kept.rebuilds(),
    });
    let server = grpc::Server::new(LOG, contracts::FILE_DESCRIPTOR_SET, settings)
        .add(ProjectionServiceServer::new(api))
        .add(LogFeed::new(log).into_server());
    let served = kept.serve(server, public, listener).await;
    served.context("serving projection")
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
            config
                .settings
                .channel(url)
                .with_context(|| format!("the address of {log}"))?,
        ))
    };
    Ok(vec![
        owner("registry", &config.registry_url)?,
        owner("assessments", &config.assessments_url)?,
        owner("scoring", &config.scoring_url)?,
    ])
}
