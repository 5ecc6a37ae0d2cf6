//! Scoring: measures from what happened, points from measures, and the reasons for both.
//!
//! It follows the registry, the dossiers and the assessments, keeps the counters that every figure is made of, and
//! tells in its own log whenever a leaf of a unit, a group or the province has other points than before.
#![forbid(unsafe_code)]

mod api;
mod config;
mod dirty;
mod explain;
mod facts_row;
mod handler;
mod model;
mod organised;
mod rescore;
mod store;

use anyhow::Context as _;
use contracts::scoring::v1::scoring_service_server::ScoringServiceServer;
use eventlog::feed::LogFeed;
use jetstream::Body;
use readmodel::{Kept, Own, Source};
use runtime::{Shutdown, grpc};
use tokio::net::TcpListener;

pub use config::Config;
use handler::Scorer;

/// Name of the log, and of the service in telemetry.
pub const LOG: &str = "scoring";

/// What this service keeps.
const OWN: Own = Own {
    name: LOG,
    migrator: &MIGRATOR,
    tables: &["dossier_facts", "counters", "leaf_scores", "horizon"],
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
    let offset = config.offset();
    let kept = Kept::open(
        OWN,
        &config.settings,
        sources(&config)?,
        Scorer { offset },
        shutdown,
    )
    .await
    .context("opening scoring")?;
    let api = api::Api::new(api::Parts {
        model: kept.shown(),
        tables: kept.tables().clone(),
        log: kept.log().clone(),
        progress: kept.progress(),
        rebuilds: kept.rebuilds(),
        offset,
    });
    let server = grpc::Server::new(LOG, contracts::FILE_DESCRIPTOR_SET, &config.settings)
        .add(ScoringServiceServer::new(api))
        .add(LogFeed::new(kept.log().clone()).into_server());
    let served = kept.serve(server, Body::protobuf, listener).await;
    served.context("serving scoring")
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
        owner("dossiers", &config.dossiers_url)?,
    ])
}
