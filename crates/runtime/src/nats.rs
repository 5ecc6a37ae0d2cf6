//! Where NATS is, and how a service gets in.

use std::path::PathBuf;

use clap::Args;

use crate::remote;

const NATS_URL: &str = "nats://127.0.0.1:4222";

/// Where NATS is, and how a service gets in.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Nats {
    /// NATS server; tls://host:4222 connects with TLS only, as a server elsewhere must be. The
    /// default is the one that a local stack starts by hand
    #[arg(id = "nats_url", long = "nats-url", env = "CHISO_NATS_URL", default_value = NATS_URL,
          value_parser = nats_url, hide_env_values = true)]
    pub url: String,

    /// Certificate authorities (PEM) of the NATS server. Without them those of the host count
    #[arg(id = "nats_ca", long = "nats-ca", env = "CHISO_NATS_CA")]
    pub ca: Option<PathBuf>,

    /// File with who this service is to NATS: one line, user:password, or the credentials of a user
    /// (JWT and seed). Without it NATS is told nothing
    #[arg(
        id = "nats_credentials",
        long = "nats-credentials",
        env = "CHISO_NATS_CREDENTIALS"
    )]
    pub credentials: Option<PathBuf>,
}

impl Nats {
    /// A server that may ask for more than its address.
    pub fn new(url: String, ca: Option<PathBuf>, credentials: Option<PathBuf>) -> Self {
        Self {
            url,
            ca,
            credentials,
        }
    }

    /// What is wrong with them for a service that serves with TLS itself.
    pub(crate) fn problems(&self) -> Vec<String> {
        let far = |server: &str| !server.starts_with("tls://") && !remote::is_loopback(server);
        let plain = self.ca.is_none() && self.url.split(',').any(far);
        plain
            .then(|| {
                "--nats-url is not on loopback and goes without TLS; give its tls:// address, or \
                 --nats-ca"
                    .to_owned()
            })
            .into_iter()
            .collect()
    }
}

impl<T: Into<String>> From<T> for Nats {
    /// A server that asks for nothing.
    fn from(url: T) -> Self {
        Self {
            url: url.into(),
            ca: None,
            credentials: None,
        }
    }
}

fn nats_url(text: &str) -> Result<String, String> {
    let known = ["nats://", "tls://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    if known {
        Ok(text.to_owned())
    } else {
        Err("is not like nats://host:4222".to_owned())
    }
}
