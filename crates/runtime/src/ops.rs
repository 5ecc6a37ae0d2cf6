//! What operators see: metrics of the process, whether it lives, whether it is ready.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

use crate::Shutdown;

/// How often samples of histograms are folded into their buckets; until then each takes memory.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Bounds for names ending in `_seconds`: from a tenth of a commit to the longest deadline.
const SECONDS: [f64; 16] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 60.0,
];
/// Bounds for every other histogram: sizes of batches and pages.
const SIZES: [f64; 12] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 10_000.0,
];

// One process has one recorder and one readiness, however many services run in it.
static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
static READY: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());

/// Installs the recorder of the `metrics` crate; a second call changes nothing. [`crate::run`] does
/// it.
pub fn install_metrics() -> &'static PrometheusHandle {
    METRICS.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder
            .set_buckets(&SIZES)
            .expect("the bounds are not empty");
        let recorder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("the bounds are not empty")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        handle
    })
}

/// The metrics of the process in Prometheus text, empty before [`install_metrics`].
pub fn metrics_text() -> String {
    METRICS
        .get()
        .map(PrometheusHandle::render)
        .unwrap_or_default()
}

/// Says whether a part of the process (a service, a consumer) is ready.
pub fn set_ready(part: impl Into<String>, ready: bool) {
    READY
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(part.into(), ready);
}

/// Every part that said whether it is ready.
pub fn readiness() -> BTreeMap<String, bool> {
    READY.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Folds samples into histograms, until `shutdown`.
pub(crate) async fn upkeep(shutdown: Shutdown) {
    let metrics = install_metrics();
    let mut ticks = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => metrics.run_upkeep(),
        }
    }
}

/// Serves `/metrics`, `/healthz` (the process lives) and `/readyz` (every part is ready), until
/// `shutdown`.
///
/// # Errors
/// When `address` cannot be listened on, or listening ends.
pub async fn serve(address: SocketAddr, shutdown: Shutdown) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "metrics are served");
    serve_on(listener, shutdown).await
}

async fn serve_on(listener: TcpListener, shutdown: Shutdown) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/metrics", get(async || metrics_text()))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(async || ready_answer(&readiness())));
    axum::serve(listener, routes)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

fn ready_answer(parts: &BTreeMap<String, bool>) -> (StatusCode, String) {
    let ready = !parts.is_empty() && parts.values().all(|ready| *ready);
    let lines = parts
        .iter()
        .map(|(part, ready)| format!("{part}: {}\n", if *ready { "ready" } else { "not ready" }));
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, lines.collect())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn fetch(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn metrics_and_health_are_served_until_the_shutdown() {
        install_metrics();
        install_metrics();
        metrics::counter!("ops_test_total", "service" => "a").increment(2);
        metrics::histogram!("ops_test_seconds").record(0.003);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let server = tokio::spawn(serve_on(listener, shutdown.clone()));

        let metrics = fetch(address, "/metrics").await;
        assert!(
            metrics.contains("ops_test_total{service=\"a\"} 2"),
            "{metrics}"
        );
        assert!(
            metrics.contains("ops_test_seconds_bucket{le=\"0.005\"} 1"),
            "{metrics}"
        );
        assert!(fetch(address, "/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(fetch(address, "/readyz").await.starts_with("HTTP/1.1 "));

        shutdown.cancel();
        server.await.unwrap().unwrap();
    }

    #[test]
    fn a_process_is_ready_when_every_part_is() {
        let answer = |parts: &[(&str, bool)]| {
            let parts = parts
                .iter()
                .map(|(part, ready)| ((*part).to_owned(), *ready))
                .collect();
            ready_answer(&parts).0
        };
        assert_eq!(
            answer(&[("dossiers", true), ("scoring", true)]),
            StatusCode::OK
        );
        assert_eq!(
            answer(&[("dossiers", true), ("scoring", false)]),
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert_eq!(answer(&[]), StatusCode::SERVICE_UNAVAILABLE);
    }
}
