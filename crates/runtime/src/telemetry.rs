//! Logs and traces of the process, and the trace context that crosses it.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::settings::{LogFormat, Observability};

/// Name of the W3C trace context, in gRPC metadata as in NATS headers.
pub const TRACEPARENT: &str = "traceparent";

/// Longest trace context that is taken over, in bytes: version 00 has 55, later ones may be longer.
const TRACEPARENT_MAX: usize = 128;

/// Most traces that one span is linked to: enough to find the story of a batch, few enough to be sent with each.
pub const LINKS_MAX: usize = 32;

/// What the exporter itself does is not traced: each export would cause the next.
const TRACED: &str = "info,h2=off,hyper=off,hyper_util=off,tonic=off,tower=off,opentelemetry=off";

/// Whether traces are collected; without, no context is built.
static TRACING: AtomicBool = AtomicBool::new(false);
static INSTALLED: OnceLock<()> = OnceLock::new();

tokio::task_local! {
    /// The context that the current call came with.
    static RECEIVED: Option<String>;
}

/// Logs or traces could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The collector's address does not work.
    #[error("cannot send traces to {endpoint}; check --otlp-endpoint")]
    Exporter {
        /// The address.
        endpoint: String,
        /// What the exporter says.
        #[source]
        source: opentelemetry_otlp::ExporterBuildError,
    },
    /// The filter does not parse.
    #[error("cannot read the log filter {filter:?}; check --log-filter")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
}

/// Logs and traces of the process; [`flush`](Self::flush) it at the end.
#[derive(Debug, Default)]
#[must_use = "traces of the last seconds are lost unless it is flushed"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends what was not sent yet. Blocks, some seconds when the collector is away.
    pub fn flush(self) {
        if let Some(Err(error)) = self.traces.map(|traces| traces.shutdown()) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Sets up logs on standard error, and traces when a collector is named. Once per process: a
/// second call changes nothing. Call it within a tokio runtime.
///
/// # Errors
/// When the filter or the collector's address cannot be used.
pub fn init(name: &'static str, options: &Observability) -> Result<Telemetry, TelemetryError> {
    let filter =
        EnvFilter::try_new(&options.log_filter).map_err(|source| TelemetryError::Filter {
            filter: options.log_filter.clone(),
            source,
        })?;
    let traces = options
        .otlp_endpoint
        .as_deref()
        .map(|url| exporter(name, url))
        .transpose()?;
    if INSTALLED.set(()).is_err() {
        return Ok(Telemetry::default());
    }

    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let logs = match options.log_format {
        LogFormat::Json => logs
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
        LogFormat::Pretty => logs.with_target(false).boxed(),
    };
    let spans = traces.as_ref().map(|traces| {
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer("chiso"))
            .with_filter(EnvFilter::new(TRACED))
    });
    TRACING.store(spans.is_some(), Ordering::Relaxed);
    // It fails when a test has its own subscriber; that one is then in charge.
    let _ = tracing_subscriber::registry()
        .with(logs.with_filter(filter))
        .with(spans)
        .try_init();
    Ok(Telemetry { traces })
}

fn exporter(name: &'static str, url: &str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(url)
        .build()
        .map_err(|source| TelemetryError::Exporter {
            endpoint: url.to_owned(),
            source,
        })?;
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name(name).build())
        .build())
}

/// The W3C trace context of what is being done, to be handed on in an event, a message or a call:
/// that of the current span when traces are collected, else that which the current call came with.
pub fn traceparent() -> Option<String> {
    if TRACING.load(Ordering::Relaxed) {
        let context = Span::current().context();
        if context.span().span_context().is_valid() {
            let mut carrier = Carrier::default();
            TraceContextPropagator::new().inject_context(&context, &mut carrier);
            return carrier.0;
        }
    }
    RECEIVED.try_with(Clone::clone).ok().flatten()
}

/// The trace context that a call came with, when it is sound.
pub(crate) fn received(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(TRACEPARENT)?.to_str().ok()?;
    is_traceparent(text).then(|| text.to_owned())
}

/// Makes `span` a part of the caller's trace.
pub(crate) fn continue_trace(span: &Span, received: Option<&str>) {
    if !TRACING.load(Ordering::Relaxed) {
        return;
    }
    if let Some(traceparent) = received {
        let carrier = Carrier(Some(traceparent.to_owned()));
        // It fails when the span is filtered out; there is nothing to continue then.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&carrier));
    }
}

/// Links `span` to the traces that caused it, as their consumer: not a part of any of them, which ended when their
/// callers were answered (for one message may be read often and late). Of many it is linked to the first
/// [`LINKS_MAX`] different ones.
pub fn follow(span: &Span, causes: impl IntoIterator<Item = String>) {
    if !TRACING.load(Ordering::Relaxed) {
        return;
    }
    let mut linked = BTreeSet::new();
    for cause in causes.into_iter().filter(|cause| is_traceparent(cause)) {
        if linked.len() == LINKS_MAX {
            return;
        }
        if !linked.contains(&cause) {
            let carrier = Carrier(Some(cause.clone()));
            let context = TraceContextPropagator::new().extract(&carrier);
            span.add_link(context.span().span_context().clone());
            linked.insert(cause);
        }
    }
}

/// Runs `work` with the trace context that its call came with.
pub(crate) async fn within<F: Future>(received: Option<String>, work: F) -> F::Output {
    RECEIVED.scope(received, work).await
}

/// Whether the text may be a trace context: `version-trace-parent-flags` in lower-case hex.
fn is_traceparent(text: &str) -> bool {
    let lengths = text.split('-').take(4).map(str::len);
    text.len() <= TRACEPARENT_MAX
        && lengths.eq([2, 32, 16, 2])
        && text
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

/// Carries the one header of the trace context.
#[derive(Default)]
struct Carrier(Option<String>);

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        if key == TRACEPARENT {
            self.0 = Some(value);
        }
    }
}

impl Extractor for Carrier {
    fn get(&self, key: &str) -> Option<&str> {
        if key == TRACEPARENT {
            self.0.as_deref()
        } else {
            None
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn only_sound_trace_contexts_are_taken_over() {
        let received = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, text.parse().unwrap());
            received(&headers)
        };
        assert_eq!(received(SOUND).as_deref(), Some(SOUND));
        for bad in [
            "",
            "00-1-2-01",
            &SOUND.to_uppercase(),
            &format!("{SOUND}-{}", "a".repeat(99)),
        ] {
            assert_eq!(received(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_call_hands_on_the_context_it_came_with() {
        assert_eq!(traceparent(), None);
        let seen = within(Some(SOUND.to_owned()), async { traceparent() }).await;
        assert_eq!(seen.as_deref(), Some(SOUND));
    }
}
