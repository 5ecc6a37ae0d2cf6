//! A gRPC server with health, reflection and guards.
//!
//! Every call passes one layer (`guard`) that gives it a span, metrics, a deadline and a place
//! among the calls served at once, asks who makes it (`gate`), and turns a panic into `INTERNAL`.
//! A handler finds what the call may do as an [`identity::Permit`] in its extensions.
//! Calls are of three kinds,
//! read from the descriptors:
//!
//! * **unary**: bounded by the client's deadline, at most `--deadline-max-ms`, without one by
//!   `--deadline-default-ms`;
//! * **finite streams** (imports, reads): bounded by the client's deadline and by [`STREAM_AGE`];
//!   they may go on while the server drains;
//! * **watches** (names beginning with `Watch` or `Subscribe`, and reflection): the same bounds,
//!   and they end as soon as the server drains.

mod body;
mod deadline;
mod gate;
mod guard;
mod handshake;
mod health;
mod methods;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::future::Either;
use identity::Verifier;
use prost_reflect::DescriptorPool;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::{Routes, RoutesBuilder};
use tonic::transport::server::TcpIncoming;
use tower::Service;

use crate::security::Renewed;
use crate::{Clock, SecurityError, Settings, Shutdown, ops};
use deadline::Deadlines;
use gate::Gate;
use guard::{GuardLayer, Shared};
use methods::Methods;

pub use health::Health;

/// Largest message that a server takes, in bytes: tonic's own default for every generated server,
/// and plenty for a page of 10,000 rows.
pub const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// How old a connection gets before the client is asked to make a new one, so that load spreads
/// over servers that came later.
const CONNECTION_AGE: Duration = Duration::from_secs(30 * 60);
/// How long a stream may last, give or take a tenth. Together with `CONNECTION_AGE` it bounds
/// every connection: asked to go, it ends with its last stream. (tonic's own grace period would cut
/// calls without having asked.)
pub const STREAM_AGE: Duration = Duration::from_secs(30 * 60);
/// Watches open at once; each holds some KiB and a task.
const WATCHES_MAX: usize = 10_000;
/// How often an idle connection is tried, so that dead clients' streams end.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long a client may take to answer such a trial.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Streams that one connection may have open.
const STREAMS_PER_CONNECTION: u32 = 2_000;
/// After the streams were cut, how long connections may take to say so.
const FAREWELL: Duration = Duration::from_secs(1);

/// The server could not be built, or serving ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The descriptors cannot be read.
    #[error("the descriptors of {name} cannot be read; generate the contracts again")]
    Descriptors {
        /// The service.
        name: &'static str,
        /// What is wrong with them.
        #[source]
        source: prost_reflect::DescriptorError,
    },
    /// Reflection cannot be built from the descriptors.
    #[error("reflection of {name} cannot be built; generate the contracts again")]
    Reflection {
        /// The service.
        name: &'static str,
        /// What is wrong.
        #[source]
        source: tonic_reflection::server::Error,
    },
    /// Certificates cannot be read.
    #[error("the certificates of {name} cannot be used")]
    Security {
        /// The service.
        name: &'static str,
        /// What is wrong.
        #[source]
        source: SecurityError,
    },
    /// The issuer's keys cannot be read.
    #[error("{name} cannot tell who calls")]
    Keys {
        /// The service.
        name: &'static str,
        /// What is wrong.
        #[source]
        source: identity::SourceError,
    },
    /// Serving failed.
    #[error("serving {name} failed")]
    Transport {
        /// The service.
        name: &'static str,
        /// What happened.
        #[source]
        source: tonic::transport::Error,
    },
}

/// A gRPC server, to which services are added before it serves. Several may run in one process.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    descriptors: &'static [u8],
    settings: Settings,
    routes: RoutesBuilder,
    services: Vec<&'static str>,
    health: Health,
}

impl Server {
    /// A server called `name` in logs, metrics and readiness, of services described by
    /// `descriptors` (an encoded `FileDescriptorSet`).
    pub fn new(name: &'static str, descriptors: &'static [u8], settings: &Settings) -> Self {
        Self {
            name,
            descriptors,
            settings: settings.clone(),
            routes: RoutesBuilder::default(),
            services: Vec::new(),
            health: Health::new(name),
        }
    }

    /// Adds a generated service.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "it reads as tonic's own")]
    pub fn add<S>(mut self, service: S) -> Self
    where
        S: Service<http::Request<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.routes.add_service(service);
        self.services.push(S::NAME);
        self
    }

    /// Where parts of the service (a consumer, a timer) say whether they work.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Serves on `listener` until `shutdown`, then drains: no new connections, watches end at once,
    /// other calls may go on for `--drain-ms`.
    ///
    /// # Errors
    /// When the server cannot be built or the transport fails.
    pub async fn serve(self, listener: TcpListener, shutdown: Shutdown) -> Result<(), ServeError> {
        let Self {
            name,
            descriptors,
            settings,
            routes,
            services,
            health,
        } = self;
        let methods = Methods::read([
            pool(name, descriptors)?,
            pool(name, tonic_health::pb::FILE_DESCRIPTOR_SET)?,
            pool(name, tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)?,
            pool(name, tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)?,
        ]);
        let routes = with_reflection(name, routes, descriptors, &services)?
            .add_service(health.server(&services).await);

        let gate = gate(name, &settings).await?;
        let tls = tls(name, &settings)?;
        let draining = Shutdown::new();
        let cut = Shutdown::new();
        let guard = GuardLayer(Arc::new(Shared {
            name,
            gate,
            methods,
            deadlines: Deadlines::new(&settings),
            calls: Arc::new(Semaphore::new(
                settings.max_calls.min(Semaphore::MAX_PERMITS),
            )),
            watches: Arc::new(Semaphore::new(WATCHES_MAX)),
            draining: draining.clone(),
            cut: cut.clone(),
        }));
        if let Ok(address) = listener.local_addr() {
            tracing::info!(service = name, %address, "serving");
        }

        let asked = shutdown.clone();
        let end = async move {
            asked.cancelled().await;
            health.stop(&services).await;
            draining.cancel();
        };
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let transport = transport().layer(guard);
        let serving = match &tls {
            None => Either::Left(transport.serve_with_incoming_shutdown(routes, incoming, end)),
            Some(tls) => {
                let secured = handshake::secured(incoming, Arc::clone(tls));
                Either::Right(transport.serve_with_incoming_shutdown(routes, secured, end))
            }
        };
        let out_of_time = async {
            shutdown.cancelled().await;
            tokio::time::sleep(settings.drain()).await;
            tracing::warn!(
                service = name,
                "the time to drain is over; cutting what is open"
            );
            cut.cancel();
            tokio::time::sleep(FAREWELL).await;
        };
        let result = tokio::select! {
            served = serving => served.map_err(|source| ServeError::Transport { name, source }),
            () = out_of_time => Ok(()),
            never = renewing(tls, settings.security.reload()) => never,
        };
        ops::set_ready(name, false);
        cut.cancel();
        tracing::info!(service = name, "stopped serving");
        result
    }
}

fn pool(name: &'static str, descriptors: &[u8]) -> Result<DescriptorPool, ServeError> {
    DescriptorPool::decode(descriptors).map_err(|source| ServeError::Descriptors { name, source })
}

/// Adds reflection of the services that are served, and of no other that the descriptors know.
fn with_reflection(
    name: &'static str,
    mut routes: RoutesBuilder,
    descriptors: &'static [u8],
    services: &[&'static str],
) -> Result<Routes, ServeError> {
    let builder = || {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        services.iter().fold(builder, |builder, service| {
            builder.with_service_name(*service)
        })
    };
    let failed = |source| ServeError::Reflection { name, source };
    routes.add_service(builder().build_v1().map_err(failed)?);
    // Older tools ask for the alpha version only.
    routes.add_service(builder().build_v1alpha().map_err(failed)?);
    Ok(routes.routes())
}

/// What lets calls in.
async fn gate(name: &'static str, settings: &Settings) -> Result<Gate, ServeError> {
    let Some((source, policy)) = settings.security.tokens() else {
        return Ok(Gate::Open);
    };
    let authorities = settings.security.jwks_ca.as_deref();
    let now = Clock::system().now();
    let opened = Verifier::open(source, authorities, policy, now).await;
    let verifier = opened.map_err(|source| ServeError::Keys { name, source })?;
    Ok(Gate::Guarded(verifier))
}

/// How the server shows itself; none without TLS.
fn tls(
    name: &'static str,
    settings: &Settings,
) -> Result<Option<Arc<Renewed<ServerConfig>>>, ServeError> {
    let opened = settings.security.server(name);
    let tls = opened.map_err(|source| ServeError::Security { name, source })?;
    Ok(tls.map(Arc::new))
}

/// Keeps certificates as their files are.
async fn renewing<T>(tls: Option<Arc<Renewed<ServerConfig>>>, every: Duration) -> T {
    match tls {
        Some(tls) => tls.keep(every).await,
        None => std::future::pending().await,
    }
}

fn transport() -> tonic::transport::Server {
    tonic::transport::Server::builder()
        .tcp_nodelay(true)
        .max_connection_age(CONNECTION_AGE)
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
}
