//! Connections to other services.

use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

/// How long connecting may take; a peer that needs longer is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often an idle connection is tried, so that a dead peer shows before the next call.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// How long a peer may take to answer such a trial.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The address of a service cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{url} is not the address of a service; give one like http://127.0.0.1:7400")]
pub struct ChannelError {
    url: String,
    #[source]
    source: tonic::transport::Error,
}

/// A channel to the service at `url`. It connects with the first call and again after every loss;
/// calls carry their own deadlines (`tonic::Request::set_timeout`), as a watch has none.
///
/// # Errors
/// When `url` is not an `http` address.
pub fn channel(url: &str) -> Result<Channel, ChannelError> {
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|source| ChannelError {
        url: url.to_owned(),
        source,
    })?;
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true)
        .connect_lazy())
}
