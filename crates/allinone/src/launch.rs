//! From options to a service's own configuration.

use std::future::Future;
use std::pin::Pin;

use anyhow::Context as _;
use assessments::EvidenceSettings;
use assessments::publication::PublicationKey;
use jiff::Timestamp;
use runtime::{Settings, Shutdown};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

use crate::{Addresses, Development, Options, Service};

/// Name of the working calendar that due dates are computed with: the one of the shipped catalog.
const CALENDAR: &str = "office";

type Work = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// The work of a service.
pub(crate) fn serve(
    service: Service,
    options: &Options,
    settings: Settings,
    addresses: &Addresses,
    listener: TcpListener,
    shutdown: Shutdown,
) -> Work {
    let addresses = addresses.clone();
    let key = options.applicant_key.clone();
    let evidence_store = options.evidence_store.clone();
    let utc_offset_minutes = options.utc_offset_minutes;
    match service {
        Service::Registry => {
            let config = registry::Config { settings };
            Box::pin(registry::serve(config, listener, shutdown))
        }
        Service::Dossiers => Box::pin(async move {
            let config = dossiers::Config {
                settings,
                registry_url: addresses.registry,
                applicant_key: key.parse().context("reading the applicant key")?,
                calendar: CALENDAR.to_owned(),
            };
            dossiers::serve(config, listener, shutdown).await
        }),
        Service::Assessments => Box::pin(async move {
            let config = assessments::Config {
                settings,
                registry_url: addresses.registry,
                scoring_url: addresses.scoring,
                publication_key: Some(publication_key(&key)),
                ballot_key: key.parse().context("reading the key of the ballot boxes")?,
                evidence: EvidenceSettings::at(evidence_store),
            };
            assessments::serve(config, listener, shutdown).await
        }),
        Service::Scoring => {
            let config = scoring::Config {
                settings,
                registry_url: addresses.registry,
                dossiers_url: addresses.dossiers,
                assessments_url: addresses.assessments,
                utc_offset_minutes,
            };
            Box::pin(scoring::serve(config, listener, shutdown))
        }
        Service::Projection => {
            let config = projection::Config {
                settings,
                registry_url: addresses.registry,
                assessments_url: addresses.assessments,
                scoring_url: addresses.scoring,
            };
            Box::pin(projection::serve(config, listener, shutdown))
        }
    }
}

/// The key that follows from the one of applicants, so that a deployment on one machine needs no other.
fn publication_key(applicant_key: &str) -> PublicationKey {
    let seed = Sha256::new_with_prefix("chiso publications")
        .chain_update(applicant_key)
        .finalize();
    PublicationKey::from_seed(&seed.into())
}

/// What a service is told.
pub(crate) fn settings(
    service: Service,
    options: &Options,
    development: Option<&Development>,
    clock_at: Option<Timestamp>,
) -> Settings {
    let mut settings = Settings::local(
        options.databases[&service].clone(),
        options.nats[&service].clone(),
    );
    settings.province.clone_from(&options.province);
    settings.drain_ms = options.drain_ms;
    settings.clock_at = clock_at;
    if let Some(development) = development {
        settings.insecure_loopback = false;
        settings.security = development.security(service);
    }
    settings
}
