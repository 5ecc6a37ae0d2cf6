//! What the dossiers service is told.

use clap::Args;
use runtime::{Configuration, Settings};

use crate::applicant::ApplicantKey;

/// Settings of the dossiers service.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub settings: Settings,

    /// Address of the registry service, whose feed fills what NATS lost. The default is where a
    /// registry of the same host listens in the shipped compose file
    #[arg(
        long,
        env = "CHISO_REGISTRY_URL",
        default_value = "https://127.0.0.1:7401"
    )]
    pub registry_url: String,

    /// Key under which applicants' identities are hashed, at least 32 bytes, the same on every
    /// replica and for ever. No default: a key that everybody knows hides nobody
    #[arg(long, env = "CHISO_APPLICANT_KEY", hide_env_values = true)]
    pub applicant_key: ApplicantKey,

    /// Name of the working calendar that due dates are computed with. The default is the one of the
    /// shipped catalog
    #[arg(long, env = "CHISO_CALENDAR", default_value = "office")]
    pub calendar: String,
}

impl Configuration for Config {
    fn settings(&self) -> &Settings {
        &self.settings
    }
}
