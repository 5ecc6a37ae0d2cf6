//! TLS of a channel, each time that it connects.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower::Service;

use crate::security::Renewed;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Connects to one address with the certificates that the files have then.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    address: Uri,
    http: HttpConnector,
    tls: Arc<Renewed<ClientConfig>>,
}

impl Connector {
    /// For an `https` address.
    pub(super) fn new(address: Uri, tls: Arc<Renewed<ClientConfig>>) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        Self { address, http, tls }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // It is the one of the call that must be ready, a clone.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { address, http, tls } = self.clone();
        Box::pin(async move {
            let tls = tls.looked_at().await;
            let mut connector = HttpsConnector::from((http, tls));
            tower::ServiceExt::ready(&mut connector)
                .await?
                .call(address)
                .await
        })
    }
}
