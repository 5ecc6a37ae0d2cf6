//! Assessments: which index definitions are in force, the figures that dossiers cannot say, campaigns of self-assessment
//! and appraisal, surveys, official results, and improvement plans.
//!
//! Lists are answered from a view of its event log in memory, which holds some dozens of definitions and campaigns and some
//! thousands of reported figures a year. Beside the log there are only the ballots that have not left yet.
#![forbid(unsafe_code)]

mod api;
mod campaigns;
mod codec;
mod config;
mod definitions;
mod evidence;
mod improvements;
mod initiatives;
mod official;
mod surveys;
mod timer;
mod units;
mod view;
mod wire;

use anyhow::Context as _;
use contracts::assessments::v1::assessments_service_server::AssessmentsServiceServer;
use contracts::assessments::v1::campaigns_service_server::CampaignsServiceServer;
use contracts::assessments::v1::evidence_service_server::EvidenceServiceServer;
use contracts::assessments::v1::improvements_service_server::ImprovementsServiceServer;
use contracts::assessments::v1::initiatives_service_server::InitiativesServiceServer;
use contracts::assessments::v1::official_results_service_server::OfficialResultsServiceServer;
use contracts::assessments::v1::publications_service_server::PublicationsServiceServer;
use eventlog::EventLog;
use eventlog::feed::LogFeed;
use jetstream::{Body, Bus, Subject, relay};
use runtime::{Ids, Shutdown, grpc};
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

use crate::campaigns::Locks;
use crate::improvements::DueDates;
use crate::timer::Timer;

pub use campaigns::publication;
pub use config::Config;
pub use evidence::EvidenceSettings;
pub use surveys::{BallotKey, BallotKeyTooShort};

/// Name of the log, and of the service in telemetry.
pub const LOG: &str = "assessments";

/// Connections to the database: a command holds one for a millisecond or two.
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
        .context("connecting to the database of assessments")?;
    let log = EventLog::open(pool, LOG, clock.as_fn(), shutdown.clone())
        .await
        .context("opening the event log of assessments")?;
    let nats = jetstream::Access {
        url: &settings.nats.url,
        ca: settings.nats.ca.as_deref(),
        credentials: settings.nats.credentials.as_deref(),
    };
    let bus = Bus::connect(nats, &settings.province, LOG)
        .await
        .context("setting up the connection to NATS")?;
    let registry = settings
        .channel(&config.registry_url)
        .context("the registry's address")?;
    let scoring = settings
        .channel(&config.scoring_url)
        .context("the address of scoring")?;
    sqlx::migrate!()
        .run(log.pool())
        .await
        .context("migrating the tables of assessments")?;
    let (view, follower) = view::open(&log)
        .await
        .context("reading the log of assessments")?;
    let official = official::Api::new(log.clone(), view.clone(), clock, Ids::random());
    let campaigns = campaigns::Api::new(
        log.clone(),
        view.clone(),
        registry.clone(),
        scoring.clone(),
        config.publication_key,
        clock,
        Ids::random(),
    );
    let locks = Timer::<Locks>::new(log.clone(), view.clone(), clock, Ids::random());
    let due_dates = Timer::<DueDates>::new(log.clone(), view.clone(), clock, Ids::random());
    let (ids, units) = (Ids::random(), units::Units::new(registry));
    let store = evidence::Store::open(&config.evidence.evidence_store)
        .context("opening the store of evidence")?;
    let evidence = evidence::Api::new(
        log.clone(),
        view.clone(),
        units.clone(),
        (store, config.evidence),
        clock,
        Ids::random(),
    );
    let improvements = improvements::Api::new(
        log.clone(),
        view.clone(),
        units.clone(),
        scoring,
        clock,
        Ids::random(),
    );
    let initiatives = initiatives::Api::new(
        log.clone(),
        view.clone(),
        units.clone(),
        clock,
        Ids::random(),
    );
    let (surveys, ballots) = surveys::start(&log, &view, &units, config.ballot_key, clock, &ids);
    let api = api::Api::new(log.clone(), view, units, clock, ids);
    let server = grpc::Server::new(LOG, contracts::FILE_DESCRIPTOR_SET, &settings)
        .add(AssessmentsServiceServer::new(api))
        .add(OfficialResultsServiceServer::new(official))
        .add(CampaignsServiceServer::new(campaigns.clone()))
        .add(PublicationsServiceServer::new(campaigns))
        .add(EvidenceServiceServer::new(evidence))
        .add(ImprovementsServiceServer::new(improvements))
        .add(InitiativesServiceServer::new(initiatives))
        .add(surveys)
        .add(LogFeed::new(log.clone()).into_server());
    // A broker that is away stops no command: the relay catches up, and its metrics say how far it is.
    let relayed = relay::run(log, bus, Subject::of, Body::protobuf, shutdown.clone());
    let followed = follower.run(server.health());
    let locked = locks.run(shutdown.clone());
    let watched = due_dates.run(shutdown.clone());
    let cared_for = ballots.run(shutdown.clone());
    let served = server.serve(listener, shutdown);
    tokio::try_join!(
        async { followed.await.context("following the log of assessments") },
        async { served.await.context("serving assessments") },
        async {
            tokio::join!(relayed, locked, watched, cared_for);
            Ok(())
        },
    )?;
    Ok(())
}
