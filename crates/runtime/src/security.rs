//! Certificates, keys and whom to believe: read once, when a process starts.

use std::path::{Path, PathBuf};

use clap::Args;
use identity::{AUDIENCE, KeySource, Policy};
use jiff::SignedDuration;
use tonic::transport::{Certificate, ClientTlsConfig, Identity, ServerTlsConfig};

/// Clocks that are set over the network differ by less; a minute more of a stolen token matters
/// little beside its hours.
const LEEWAY_S: u32 = 30;
/// More than two clocks can differ by mistake.
const LEEWAY_MAX_S: u32 = 300;

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
            jwks: None,
            jwks_ca: None,
            token_issuer: None,
            token_audience: AUDIENCE.to_owned(),
            token_leeway_s: LEEWAY_S,
        }
    }
}

/// A certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path} of {flag}; see that it exists and may be read", path = path.display())]
pub struct SecurityError {
    flag: &'static str,
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

fn pem(flag: &'static str, path: &Path) -> Result<Vec<u8>, SecurityError> {
    std::fs::read(path).map_err(|source| SecurityError {
        flag,
        path: path.to_owned(),
        source,
    })
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

    fn identity(&self) -> Result<Option<Identity>, SecurityError> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else {
            return Ok(None);
        };
        let identity = Identity::from_pem(pem("--tls-cert", cert)?, pem("--tls-key", key)?);
        Ok(Some(identity))
    }

    /// How this service shows itself to who calls it; none without TLS.
    pub(crate) fn server(&self) -> Result<Option<ServerTlsConfig>, SecurityError> {
        let Some(identity) = self.identity()? else {
            return Ok(None);
        };
        let mut config = ServerTlsConfig::new().identity(identity);
        if let Some(path) = &self.tls_client_ca {
            // People bring a token and no certificate.
            config = config
                .client_ca_root(Certificate::from_pem(pem("--tls-client-ca", path)?))
                .client_auth_optional(true);
        }
        Ok(Some(config))
    }

    /// How this process shows itself to what it calls, and what it believes there.
    pub(crate) fn client(&self) -> Result<ClientTlsConfig, SecurityError> {
        let mut config = match &self.tls_ca {
            Some(path) => {
                let roots = Certificate::from_pem(pem("--tls-ca", path)?);
                ClientTlsConfig::new().ca_certificate(roots)
            }
            None => ClientTlsConfig::new().with_native_roots(),
        };
        if let Some(identity) = self.identity()? {
            config = config.identity(identity);
        }
        Ok(config)
    }
}
