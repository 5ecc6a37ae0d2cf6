//! Certificates, keys and whom to believe. Files that change are read again: a server looks at its
//! own every `--tls-reload-s`, a client at its own whenever it connects.

mod renewed;
mod tls;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use identity::{AUDIENCE, KeySource, Policy};
use jiff::SignedDuration;
use rustls::{ClientConfig, ServerConfig};

use renewed::{Files, Named};

pub(crate) use renewed::Renewed;

/// Clocks that are set over the network differ by less; a minute more of a stolen token matters
/// little beside its hours.
const LEEWAY_S: u32 = 30;
/// More than two clocks can differ by mistake.
const LEEWAY_MAX_S: u32 = 300;
/// Reading three small files costs nothing, and nobody waits long for what was renewed.
const RELOAD_S: u32 = 10;
/// Longer, and a certificate may be renewed on time and run out all the same.
const RELOAD_MAX_S: u32 = 3_600;

/// How a service proves who it is, and whom it believes.
#[derive(Args, Clone, Debug)]
pub struct Security {
    /// Certificate chain (PEM) that this service shows to who calls it, and to the services that it
    /// calls. Must be given unless --insecure-loopback is
    #[arg(long, env = "CHISO_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,

    /// Private key (PEM) of --tls-cert
    #[arg(long, env = "CHISO_TLS_KEY")]
    pub tls_key: Option<PathBuf>,

    /// Certificate authorities (PEM) of the services that this one calls. Without them those of
    /// the host count
    #[arg(long, env = "CHISO_TLS_CA")]
    pub tls_ca: Option<PathBuf>,

    /// Certificate authorities (PEM) whose client certificates are believed: whoever shows one for
    /// NAME.service.chiso is that service, and one for NAME.client.chiso binds tokens to that
    /// client. Without them nobody is believed by certificate
    #[arg(long, env = "CHISO_TLS_CLIENT_CA")]
    pub tls_client_ca: Option<PathBuf>,

    /// How often a server looks whether the files of its certificates have changed, in seconds, at
    /// most 3,600; new connections use what they have then. The default is nothing to wait for
    #[arg(long, env = "CHISO_TLS_RELOAD_S", default_value_t = RELOAD_S)]
    pub tls_reload_s: u32,

    /// Key set (JWKS) of the issuer of tokens: a file, or an https address. Read again as it
    /// changes. Must be given unless --insecure-loopback is
    #[arg(long, env = "CHISO_JWKS")]
    pub jwks: Option<KeySource>,

    /// Certificate authorities (PEM) of the issuer's https address in --jwks. Without them those of
    /// the host count
    #[arg(long, env = "CHISO_JWKS_CA")]
    pub jwks_ca: Option<PathBuf>,

    /// Issuer that tokens must be from (iss). Must be given with --jwks
    #[arg(long, env = "CHISO_TOKEN_ISSUER")]
    pub token_issuer: Option<String>,

    /// Audience that tokens must be meant for (aud). The default is the system's name: a token for
    /// another system opens nothing here
    #[arg(long, env = "CHISO_TOKEN_AUDIENCE", default_value = AUDIENCE)]
    pub token_audience: String,

    /// How far the issuer's clock may differ, in seconds, at most 300. The default is more than
    /// clocks set over the network do
    #[arg(long, env = "CHISO_TOKEN_LEEWAY_S", default_value_t = LEEWAY_S)]
    pub token_leeway_s: u32,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            tls_cert: None,
            tls_key: None,
            tls_ca: None,
            tls_client_ca: None,
            tls_reload_s: RELOAD_S,
            jwks: None,
            jwks_ca: None,
            token_issuer: None,
            token_audience: AUDIENCE.to_owned(),
            token_leeway_s: LEEWAY_S,
        }
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// A file cannot be read.
    #[error("cannot read {path} of {flag}; see that it exists and may be read", path = path.display())]
    Unread {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What happened.
        #[source]
        source: std::io::Error,
    },
    /// A file was read and is not what it should be.
    #[error(
        "cannot use {path} of {flag}; see that it holds what it should, as PEM, and that \
         certificate and key belong together", path = path.display()
    )]
    Unusable {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// No authority is named, and the host knows none.
    #[error("this host knows no certificate authorities; name those to trust with --tls-ca")]
    NoAuthorities(#[source] std::io::Error),
    /// A server has nothing to show.
    #[error("a server needs a certificate and its key; give --tls-cert and --tls-key")]
    NotShown,
}

impl Security {
    /// What is wrong between these settings, each with its remedy.
    pub(crate) fn problems(&self, insecure: bool) -> Vec<String> {
        let flags = [
            ("--tls-cert", self.tls_cert.is_some()),
            ("--tls-key", self.tls_key.is_some()),
            ("--jwks", self.jwks.is_some()),
            ("--token-issuer", self.token_issuer.is_some()),
        ];
        let optional = [
            ("--tls-ca", self.tls_ca.is_some()),
            ("--tls-client-ca", self.tls_client_ca.is_some()),
            ("--jwks-ca", self.jwks_ca.is_some()),
        ];
        let mut problems = Vec::new();
        if insecure {
            let given = flags.iter().chain(&optional).filter(|(_, given)| *given);
            problems.extend(given.map(|(flag, _)| {
                format!(
                    "{flag} is given, but --insecure-loopback serves without; leave one of both out"
                )
            }));
        } else {
            let missing = flags.iter().filter(|(_, given)| !given);
            problems.extend(missing.map(|(flag, _)| {
                let variable = flag
                    .trim_start_matches('-')
                    .replace('-', "_")
                    .to_uppercase();
                format!(
                    "{flag} is missing; give it or set CHISO_{variable}, or say \
                     --insecure-loopback to try things out without"
                )
            }));
        }
        if self.token_leeway_s > LEEWAY_MAX_S {
            problems.push(format!(
                "--token-leeway-s {} is more than {LEEWAY_MAX_S}; set the clocks right instead",
                self.token_leeway_s
            ));
        }
        if !(1..=RELOAD_MAX_S).contains(&self.tls_reload_s) {
            problems.push(format!(
                "--tls-reload-s {} is not 1 to {RELOAD_MAX_S}",
                self.tls_reload_s
            ));
        }
        problems
    }

    /// Where the issuer's keys are and what tokens must say; none when nobody is asked.
    pub(crate) fn tokens(&self) -> Option<(KeySource, Policy)> {
        let policy = Policy {
            issuer: self.token_issuer.clone()?,
            audience: self.token_audience.clone(),
            leeway: SignedDuration::from_secs(self.token_leeway_s.into()),
        };
        Some((self.jwks.clone()?, policy))
    }

    /// How often a server looks at the files of its certificates.
    pub(crate) fn reload(&self) -> Duration {
        Duration::from_secs(self.tls_reload_s.into())
    }

    /// How the service `name` shows itself to who calls it; none without TLS.
    pub(crate) fn server(
        &self,
        name: &str,
    ) -> Result<Option<Renewed<ServerConfig>>, SecurityError> {
        let files = self.files("--tls-client-ca", self.tls_client_ca.as_ref());
        if files.identity.is_none() {
            return Ok(None);
        }
        Renewed::open(format!("serving {name}"), files, tls::server).map(Some)
    }

    /// How this process shows itself to the service at `url`, and what it believes there.
    pub(crate) fn client(&self, url: &str) -> Result<Renewed<ClientConfig>, SecurityError> {
        let files = self.files("--tls-ca", self.tls_ca.as_ref());
        Renewed::open(format!("calling {url}"), files, tls::client)
    }

    fn files(&self, flag: &'static str, authorities: Option<&PathBuf>) -> Files {
        let named = |flag, path: &PathBuf| Named {
            flag,
            path: path.clone(),
        };
        let identity = self.tls_cert.as_ref().zip(self.tls_key.as_ref());
        Files {
            identity: identity
                .map(|(cert, key)| (named("--tls-cert", cert), named("--tls-key", key))),
            authorities: authorities.map(|path| named(flag, path)),
        }
    }
}
