//! What the registry is told when it starts.

use runtime::{Configuration, Settings};

/// Settings of the registry.
#[derive(clap::Args, Clone, Debug)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub settings: Settings,
}

impl Configuration for Config {
    fn settings(&self) -> &Settings {
        &self.settings
    }
}
