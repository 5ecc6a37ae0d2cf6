//! The layer that every call passes.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use contracts::problem::{Problem, reason_of};
use futures::FutureExt;
use http::{Request, Response};
use identity::{Caller, Permit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument, Span};

use super::body::{Bounds, Guarded};
use super::deadline::{Deadline, Deadlines};
use super::gate::{Denied, Gate};
use super::methods::{Kind, Method, Methods};
use crate::{Shutdown, telemetry};

/// How the messages begin with which tonic answers `INTERNAL` to what a client got wrong.
const MALFORMED: [&str; 5] = [
    "failed to decode Protobuf message",
    "protocol error: received message with",
    "Error decompressing",
    "Unexpected EOF decoding stream",
    "Missing request message",
];

/// What the calls of one server share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: &'static str,
    pub(super) gate: Gate,
    pub(super) methods: Methods,
    pub(super) deadlines: Deadlines,
    pub(super) calls: Arc<Semaphore>,
    pub(super) watches: Arc<Semaphore>,
    /// Watches end.
    pub(super) draining: Shutdown,
    /// Everything ends.
    pub(super) cut: Shutdown,
}

impl Shared {
    fn place(&self, kind: Kind) -> Result<Option<OwnedSemaphorePermit>, Problem> {
        let places = match kind {
            Kind::Health => return Ok(None),
            Kind::Unary | Kind::Finite => &self.calls,
            Kind::Watch => &self.watches,
        };
        Arc::clone(places)
            .try_acquire_owned()
            .map(Some)
            .map_err(|_| {
                Problem::unavailable(format!(
                    "{} has as many calls as it serves at once",
                    self.name
                ))
            })
    }

    /// What ends a stream of this kind before its time.
    fn stop(&self, kind: Kind) -> Option<&Shutdown> {
        match kind {
            Kind::Unary | Kind::Health => None,
            Kind::Finite => Some(&self.cut),
            Kind::Watch => Some(&self.draining),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct GuardLayer(pub(super) Arc<Shared>);

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard {
            inner,
            shared: Arc::clone(&self.0),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Guard<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<Request<Body>> for Guard<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = Response<Guarded>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Guarded>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The deadline counts from here, so that it is never behind the transport's own, which
        // would answer with another code.
        let method = self.shared.methods.of(request.uri().path()).clone();
        let deadline = self.shared.deadlines.of(method.kind, request.headers());
        let received = telemetry::received(request.headers());
        let span = span(self.shared.name, &method);
        telemetry::continue_trace(&span, received.as_deref());

        // The clone that is left behind is the one that has not been asked to be ready.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let shared = Arc::clone(&self.shared);
        let within = span.clone();
        let work = async move {
            Ok(answer(inner, request, &shared, method, deadline, received, span).await)
        };
        Box::pin(work.instrument(within))
    }
}

async fn answer<S>(
    mut inner: S,
    mut request: Request<Body>,
    shared: &Shared,
    method: Method,
    deadline: Deadline,
    received: Option<String>,
    span: Span,
) -> Response<Guarded>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let kind = method.kind;
    let mut call = Call::started(shared.name, method, span);
    match shared.place(kind) {
        Ok(place) => call.place = place,
        Err(full) => return Guarded::refused(full.into(), call),
    }
    let work = telemetry::within(received, async move {
        let permit = shared.gate.admit(&mut request).await?;
        let Ok(response) = inner.call(request).await;
        Ok::<_, Denied>((permit, response))
    });
    let work = AssertUnwindSafe(work).catch_unwind();
    let outcome = tokio::select! {
        biased;
        outcome = work => outcome,
        () = tokio::time::sleep_until(deadline.at) => {
            return Guarded::refused(ended(deadline), call);
        }
        () = stopped(shared.stop(kind)) => return Guarded::refused(drained(), call),
    };
    match outcome {
        Ok(Err(denied)) => Guarded::refused(denial(denied, &call), call),
        Ok(Ok((permit, response))) => {
            match unchecked(&permit, &response, &call).or_else(|| rewritten(&response)) {
                Some(status) => Guarded::refused(status, call),
                None => {
                    if let Some(reason) = denied_by_handler(&response) {
                        count_denial(&call, reason, permit.caller());
                    }
                    let bounds = shared.stop(kind).map(|stop| Bounds::new(deadline, stop));
                    Guarded::over(response, call, bounds)
                }
            }
        }
        Err(panic) => Guarded::refused(panicked(&*panic, &call.method.name), call),
    }
}

/// Counts and logs a call that was not let in.
fn denial(Denied { problem, caller }: Denied, call: &Call) -> Status {
    match problem.code() {
        Code::PermissionDenied | Code::Unauthenticated => {
            count_denial(call, problem.reason().to_owned(), caller.as_ref());
        }
        _ => {}
    }
    problem.into()
}

/// The answer in place of one that a handler gave without having asked for which units it may.
fn unchecked(permit: &Permit, response: &Response<Body>, call: &Call) -> Option<Status> {
    let status = Status::from_header_map(response.headers());
    let answered = status.is_none_or(|status| status.code() == Code::Ok);
    if !answered || !permit.unit_unchecked() {
        return None;
    }
    let (service, method) = (call.service, &call.method.name);
    tracing::error!(service, %method, "a handler did not ask for which units the call is permitted");
    let message = "the service has a bug and must not answer; it is in its log";
    Some(Problem::internal(message).into())
}

/// Why the handler, or the aggregate behind it, did not do it for who called, if it was for that.
fn denied_by_handler(response: &Response<Body>) -> Option<String> {
    let status = Status::from_header_map(response.headers())?;
    let denied = status.code() == Code::PermissionDenied;
    denied.then(|| reason_of(&status).unwrap_or_default())
}

/// Counts a denial by its reason, of which there are as many as refusals in the code, and logs it
/// with what the token calls its bearer and nothing else of a person.
fn count_denial(call: &Call, reason: String, caller: Option<&Caller>) {
    let (service, method) = (call.service, Arc::clone(&call.method.name));
    let subject = caller.map_or("", |caller| caller.subject.as_str());
    let roles = caller.iter().flat_map(|caller| &caller.roles);
    let roles: Vec<&str> = roles.map(|role| role.as_str()).collect();
    let roles = roles.join(" ");
    tracing::info!(service, %method, reason, subject, roles, "a call was denied");
    metrics::counter!(
        "grpc_server_denied_total", "service" => service, "method" => method, "reason" => reason
    )
    .increment(1);
}

async fn stopped(stop: Option<&Shutdown>) {
    match stop {
        Some(stop) => stop.cancelled().await,
        None => std::future::pending().await,
    }
}

/// What the client is told at the end of its time.
pub(super) fn ended(deadline: Deadline) -> Status {
    if deadline.aged {
        Problem::unavailable("the stream has reached its age; resume where it ended").into()
    } else {
        let ms = deadline.after.as_millis();
        Problem::deadline(format!(
            "the call was not over after {ms} ms; it may have had its effect: try again with the \
             same request id"
        ))
        .into()
    }
}

/// What the client of a stream is told when the server drains.
pub(super) fn drained() -> Status {
    Problem::unavailable("the server is going down; resume where the stream ended").into()
}

/// What the client is told of a panic: nothing of the inside, which is in the log.
pub(super) fn panicked(panic: &(dyn Any + Send), method: &str) -> Status {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)");
    tracing::error!(method, "a handler panicked: {message}");
    metrics::counter!("grpc_server_panics_total", "method" => method.to_owned()).increment(1);
    Problem::internal("the service has a bug and could not answer; it is in its log").into()
}

/// tonic's own answers in our terms: `INTERNAL` means a bug of ours, and every error says its
/// reason.
fn rewritten(response: &Response<Body>) -> Option<Status> {
    // Ours have details; a response without this header is no error, or a stream's later affair.
    if response.headers().contains_key("grpc-status-details-bin") {
        return None;
    }
    let status = Status::from_header_map(response.headers())?;
    let message = status.message();
    match status.code() {
        Code::Internal if MALFORMED.iter().any(|start| message.starts_with(start)) => {
            Some(Problem::invalid("request", message).into())
        }
        Code::OutOfRange if message.contains("message length too large") => {
            Some(Problem::resource_exhausted("MESSAGE_TOO_LARGE", message).into())
        }
        Code::Unimplemented => Some(
            Problem::unimplemented("the server has no such method, or not in this form").into(),
        ),
        _ => None,
    }
}

fn span(service: &'static str, method: &Method) -> Span {
    tracing::info_span!(
        "rpc",
        otel.name = &*method.name,
        otel.kind = "server",
        service,
        rpc.method = &*method.name,
        rpc.code = tracing::field::Empty,
    )
}

/// A call from its start to its end, for metrics and the span. Ended by a client that went away
/// when it is dropped before [`Call::end`].
#[derive(Debug)]
pub(super) struct Call {
    service: &'static str,
    pub(super) method: Method,
    started: Instant,
    place: Option<OwnedSemaphorePermit>,
    span: Span,
    ended: bool,
}

impl Call {
    fn started(service: &'static str, method: Method, span: Span) -> Self {
        let name = Arc::clone(&method.name);
        metrics::counter!("grpc_server_started_total", "service" => service, "method" => name)
            .increment(1);
        metrics::gauge!("grpc_server_in_flight", "service" => service).increment(1.0);
        Self {
            service,
            method,
            started: Instant::now(),
            place: None,
            span,
            ended: false,
        }
    }

    /// Records the outcome, once.
    pub(super) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.place = None;
        let (service, code) = (self.service, name_of(code));
        let name = || Arc::clone(&self.method.name);
        self.span.record("rpc.code", code);
        metrics::counter!(
            "grpc_server_handled_total", "service" => service, "method" => name(), "code" => code
        )
        .increment(1);
        metrics::histogram!("grpc_server_seconds", "service" => service, "method" => name())
            .record(self.started.elapsed().as_secs_f64());
        metrics::gauge!("grpc_server_in_flight", "service" => service).decrement(1.0);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The name that the protocol gives the code.
fn name_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
