//! Connections to other services.

mod connector;

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use connector::Connector;

use crate::security::{Security, SecurityError};

/// How long connecting may take; a peer that needs longer is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often an idle connection is tried, so that a dead peer shows before the next call.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// How long a peer may take to answer such a trial.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// A service cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// That is no address.
    #[error("{url} is not the address of a service; give one like https://127.0.0.1:7401")]
    Address {
        /// What should be one.
        url: String,
        /// Why it is none.
        #[source]
        source: tonic::transport::Error,
    },
    /// The service would be called without TLS by one that serves with it.
    #[error("{url} is called without TLS, which tells nobody who calls; give its https address")]
    Plain {
        /// The address.
        url: String,
    },
    /// Certificates cannot be read.
    #[error(transparent)]
    Security(#[from] SecurityError),
}

/// A channel to the service at `url`. It connects with the first call and again after every loss;
/// calls carry their own deadlines (`tonic::Request::set_timeout`), as a watch has none. The
/// certificates of an `https` address are checked with the authorities of this host.
///
/// # Errors
/// When `url` is not an `http` or `https` address.
pub fn channel(url: &str) -> Result<Channel, ChannelError> {
    secure_channel(url, &Security::default())
}

/// As [`channel`], with the certificates that the settings name, as their files are when it
/// connects.
///
/// # Errors
/// When `url` is no address, or a certificate cannot be read.
pub fn secure_channel(url: &str, security: &Security) -> Result<Channel, ChannelError> {
    let endpoint =
        Endpoint::from_shared(url.to_owned()).map_err(|source| ChannelError::Address {
            url: url.to_owned(),
            source,
        })?;
    if endpoint.uri().scheme() != Some(&Scheme::HTTPS) {
        return Ok(kept_alive(endpoint).connect_lazy());
    }
    let address = endpoint.uri().clone();
    let connector = Connector::new(address.clone(), Arc::new(security.client(url)?));
    // TLS is the connector's: told of https, the channel would want to speak it itself.
    let endpoint = Endpoint::from(within_tls(address.clone())).origin(address);
    Ok(kept_alive(endpoint).connect_with_connector_lazy(connector))
}

fn kept_alive(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true)
}

/// The address as what is within TLS has it.
fn within_tls(address: Uri) -> Uri {
    let mut parts = address.into_parts();
    parts.scheme = Some(Scheme::HTTP);
    Uri::from_parts(parts).expect("an address is one with either scheme")
}

/// Sends a token with every call, or none.
#[derive(Clone, Debug, Default)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

/// A text cannot be sent as a token.
#[derive(Debug, thiserror::Error)]
#[error("the token has characters that no token has; copy it whole and without line breaks")]
pub struct NoToken;

impl Bearer {
    /// Sends `token`.
    ///
    /// # Errors
    /// When it cannot be a token.
    pub fn new(token: &str) -> Result<Self, NoToken> {
        let value = format!("Bearer {}", token.trim());
        let mut value: MetadataValue<Ascii> = value.parse().map_err(|_| NoToken)?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }

    /// Whether it sends one.
    pub fn is_some(&self) -> bool {
        self.0.is_some()
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", value.clone());
        }
        Ok(request)
    }
}
