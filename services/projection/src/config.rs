//! Settings of the projection service.

use runtime::{Configuration, Settings};

/// What the projection service is told.
#[derive(clap::Args, Clone, Debug)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub settings: Settings,

    /// Address of the registry service: names and groups of units come from its log
    #[arg(
        long,
        env = "CHISO_REGISTRY_URL",
        default_value = "https://127.0.0.1:7401"
    )]
    pub registry_url: String,

    /// Address of the assessments service: index definitions come from its log
    #[arg(
        long,
        env = "CHISO_ASSESSMENTS_URL",
        default_value = "https://127.0.0.1:7403"
    )]
    pub assessments_url: String,

    /// Address of the scoring service: points come from its log
    #[arg(
        long,
        env = "CHISO_SCORING_URL",
        default_value = "https://127.0.0.1:7404"
    )]
    pub scoring_url: String,
}

impl Configuration for Config {
    fn settings(&self) -> &Settings {
        &self.settings
    }
}
