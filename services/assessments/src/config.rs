//! Settings of the assessments service.

use runtime::{Configuration, Settings};

use crate::evidence::EvidenceSettings;
use crate::publication::PublicationKey;
use crate::surveys::BallotKey;

/// What the assessments service is told.
#[derive(clap::Args, Clone, Debug)]
pub struct Config {
    /// What every service is told.
    #[command(flatten)]
    pub settings: Settings,

    /// Address of the registry service, which is asked whether a unit exists. The default is where a registry of the
    /// same host listens in the shipped compose file
    #[arg(
        long,
        env = "CHISO_REGISTRY_URL",
        default_value = "https://127.0.0.1:7401"
    )]
    pub registry_url: String,

    /// Address of the scoring service, which is asked for the measured figures that stand beside claims. Without it
    /// claims are made and read as before, and leaves that rest on such figures wait
    #[arg(
        long,
        env = "CHISO_SCORING_URL",
        default_value = "https://127.0.0.1:7404"
    )]
    pub scoring_url: String,

    /// Key of the ballot boxes, at least 32 bytes, the same on every replica and until every wave is counted. Tokens are
    /// made and waiting ballots sealed with it, so keep it from whoever administers the database. No default: a key that
    /// everybody knows hides nothing
    #[arg(long, env = "CHISO_BALLOT_KEY", hide_env_values = true)]
    pub ballot_key: BallotKey,

    /// File with the Ed25519 key (PEM, PKCS #8) that publications are signed with, as `openssl genpkey -algorithm ed25519`
    /// makes it. Without it nothing is published. A new key signs what is published from then on; what was published
    /// keeps its own
    #[arg(long, env = "CHISO_PUBLICATION_KEY", value_name = "FILE")]
    pub publication_key: Option<PublicationKey>,

    /// What it is told of evidence.
    #[command(flatten)]
    pub evidence: EvidenceSettings,
}

impl Configuration for Config {
    fn settings(&self) -> &Settings {
        &self.settings
    }
}
