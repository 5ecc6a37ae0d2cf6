//! Settings of the scoring service.

use jiff::tz::Offset;
use runtime::{Configuration, Settings};

/// What the scoring service is told.
#[derive(clap::Args, Clone, Debug)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub settings: Settings,

    /// Address of the registry service: units, procedures and calendars come from its log
    #[arg(
        long,
        env = "CHISO_REGISTRY_URL",
        default_value = "https://127.0.0.1:7401"
    )]
    pub registry_url: String,

    /// Address of the dossiers service: what is counted comes from its log
    #[arg(
        long,
        env = "CHISO_DOSSIERS_URL",
        default_value = "https://127.0.0.1:7402"
    )]
    pub dossiers_url: String,

    /// Address of the assessments service: index definitions and reported figures come from its log
    #[arg(
        long,
        env = "CHISO_ASSESSMENTS_URL",
        default_value = "https://127.0.0.1:7403"
    )]
    pub assessments_url: String,

    /// Local time's offset from UTC in minutes; it decides which month a moment lies in. The default is Viet Nam's.
    /// Changing it needs a rebuild of the read model
    #[arg(long, env = "CHISO_UTC_OFFSET_MINUTES", default_value_t = 420, value_parser = clap::value_parser!(i32).range(-720..=840))]
    pub utc_offset_minutes: i32,
}

impl Config {
    /// Local time's offset from UTC.
    pub(crate) fn offset(&self) -> Offset {
        // The range that the flag accepts is within what an offset can be.
        Offset::from_seconds(self.utc_offset_minutes * 60).unwrap_or(Offset::UTC)
    }
}

impl Configuration for Config {
    fn settings(&self) -> &Settings {
        &self.settings
    }
}
