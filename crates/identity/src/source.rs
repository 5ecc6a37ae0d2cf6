//! Where the issuer's keys are read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::keys::{Keys, KeysError};

/// Largest key set, in bytes; real ones have a few kilobytes.
const SET_MAX: usize = 256 * 1024;
/// How long the issuer may take to answer; calls with a new key wait for it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a key set is: a file, or an address of the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file; replacing it rotates the keys.
    File(PathBuf),
    /// An address; `https`, or `http` on this host.
    Address(Uri),
}

/// A text names no place of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "is neither a file nor an address like https://issuer.example/keys; http is taken from this \
     host only, as whoever could change the answer could make tokens"
)]
pub struct NotASource;

impl FromStr for KeySource {
    type Err = NotASource;

    fn from_str(text: &str) -> Result<Self, NotASource> {
        if text.is_empty() {
            return Err(NotASource);
        }
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        let address: Uri = text.parse().map_err(|_| NotASource)?;
        let local = matches!(
            address.host(),
            Some("localhost" | "127.0.0.1" | "[::1]" | "::1")
        );
        match address.scheme_str() {
            Some("https") => Ok(Self::Address(address)),
            Some("http") if local => Ok(Self::Address(address)),
            _ => Err(NotASource),
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// The keys could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be read.
    #[error("cannot read {path}; see that it exists and may be read", path = path.display())]
    File {
        /// Where it should be.
        path: PathBuf,
        /// What happened.
        #[source]
        source: std::io::Error,
    },
    /// The issuer's address does not answer as it should.
    #[error("no key set from {address}; see that the issuer is up and that this is its jwks_uri")]
    Address {
        /// The address.
        address: Uri,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The authorities of the issuer's address cannot be used.
    #[error(
        "cannot use the certificate authorities in {path}; see that it is a readable file of PEM \
         certificates", path = path.display()
    )]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was read is no use.
    #[error("the keys of {place} cannot be used")]
    Keys {
        /// The file or address.
        place: String,
        /// Why.
        #[source]
        source: KeysError,
    },
}

/// Reads key sets.
#[derive(Clone)]
pub(crate) struct Reader {
    source: KeySource,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(&self.source).finish()
    }
}

impl Reader {
    /// A reader that believes an address by these authorities (PEM), or by those of the host.
    pub(crate) fn new(source: KeySource, authorities: Option<&Path>) -> Result<Self, SourceError> {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring speaks the versions that are safe by default");
        let tls = match authorities {
            Some(path) => tls.with_root_certificates(roots(path)?),
            // Without roots on this host no issuer is believed over https, and a file needs none.
            None => tls.clone().with_native_roots().unwrap_or_else(|error| {
                tracing::warn!(%error, "this host has no certificate authorities");
                tls.with_root_certificates(RootCertStore::empty())
            }),
        };
        let tls = tls.with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            source,
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    pub(crate) fn source(&self) -> &KeySource {
        &self.source
    }

    pub(crate) async fn read(&self) -> Result<Keys, SourceError> {
        let json = match &self.source {
            KeySource::File(path) => {
                let read = tokio::fs::read(path).await;
                read.map(Bytes::from).map_err(|source| SourceError::File {
                    path: path.clone(),
                    source,
                })?
            }
            KeySource::Address(address) => {
                let asked = tokio::time::timeout(ANSWER_TIMEOUT, self.ask(address.clone()));
                let answered = match asked.await {
                    Ok(answered) => answered,
                    Err(late) => Err(late.into()),
                };
                answered.map_err(|source| SourceError::Address {
                    address: address.clone(),
                    source,
                })?
            }
        };
        Keys::parse(&json).map_err(|source| SourceError::Keys {
            place: self.source.to_string(),
            source,
        })
    }

    async fn ask(&self, address: Uri) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        let request = Request::get(address).body(Empty::new())?;
        let answer = self.client.request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the answer is {}", answer.status()).into());
        }
        let body = Limited::new(answer.into_body(), SET_MAX).collect().await?;
        Ok(body.to_bytes())
    }
}

fn roots(path: &Path) -> Result<RootCertStore, SourceError> {
    let unusable = |source| SourceError::Authorities {
        path: path.to_owned(),
        source,
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path);
    for certificate in certificates.map_err(|error| unusable(error.into()))? {
        let certificate = certificate.map_err(|error| unusable(error.into()))?;
        let added = roots.add(certificate);
        added.map_err(|error| unusable(error.into()))?;
    }
    match roots.is_empty() {
        true => Err(unusable("it holds no certificate".into())),
        false => Ok(roots),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_plain_http_from_this_host_only() {
        for text in [
            "/etc/keys.json",
            "keys.json",
            "https://issuer.test/keys",
            "http://127.0.0.1/k",
        ] {
            assert!(text.parse::<KeySource>().is_ok(), "{text}");
        }
        for text in [
            "",
            "http://issuer.test/keys",
            "ftp://issuer.test/keys",
            "http://127.0.0.1.evil/",
        ] {
            assert!(text.parse::<KeySource>().is_err(), "{text}");
        }
    }
}
