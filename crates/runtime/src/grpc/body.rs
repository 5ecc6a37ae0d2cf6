//! The body of an answer, watched to its end.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::body::Body;
use tonic::{Code, Status};

use super::deadline::Deadline;
use super::guard::{Call, drained, ended, panicked};
use crate::Shutdown;

/// What ends a stream before its own end.
pub(super) struct Bounds {
    deadline: Deadline,
    time: Pin<Box<Sleep>>,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Bounds {
    pub(super) fn new(deadline: Deadline, stop: &Shutdown) -> Self {
        Self {
            deadline,
            time: Box::pin(tokio::time::sleep_until(deadline.at)),
            stop: Box::pin(stop.clone().cancelled_owned()),
        }
    }

    /// The status with which the stream ends now, if it does.
    fn reached(&mut self, cx: &mut Context<'_>) -> Option<Status> {
        if self.stop.as_mut().poll(cx).is_ready() {
            return Some(drained());
        }
        self.time
            .as_mut()
            .poll(cx)
            .is_ready()
            .then(|| ended(self.deadline))
    }
}

/// The body of an answer, watched to its end.
pub(super) struct Guarded {
    body: Body,
    call: Call,
    bounds: Option<Bounds>,
    over: bool,
}

impl Guarded {
    /// An answer that is only a status.
    pub(super) fn refused(status: Status, mut call: Call) -> Response<Self> {
        call.end(status.code());
        status.into_http::<Body>().map(|body| Self {
            body,
            call,
            bounds: None,
            over: false,
        })
    }

    /// The answer of a handler.
    pub(super) fn over(
        response: Response<Body>,
        mut call: Call,
        bounds: Option<Bounds>,
    ) -> Response<Self> {
        // An answer that is only a status has it in the headers.
        if let Some(code) = code(response.headers()) {
            call.end(code);
        }
        response.map(|body| Self {
            body,
            call,
            bounds,
            over: false,
        })
    }

    /// Ends the stream here.
    fn end(&mut self, status: &Status) -> Frame<Bytes> {
        self.over = true;
        self.body = Body::empty();
        self.call.end(status.code());
        let mut trailers = HeaderMap::new();
        if let Err(status) = status.add_header(&mut trailers) {
            tracing::error!(%status, "a status does not fit into trailers");
        }
        Frame::trailers(trailers)
    }
}

impl HttpBody for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.over {
            return Poll::Ready(None);
        }
        // Before the body: one that always has more would never end.
        if let Some(status) = this.bounds.as_mut().and_then(|bounds| bounds.reached(cx)) {
            return Poll::Ready(Some(Ok(this.end(&status))));
        }
        let body = Pin::new(&mut this.body);
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| body.poll_frame(cx)));
        let frame = match polled {
            Ok(poll) => ready!(poll),
            Err(panic) => {
                let status = panicked(&*panic, &this.call.method.name);
                return Poll::Ready(Some(Ok(this.end(&status))));
            }
        };
        match &frame {
            Some(Ok(frame)) => {
                if let Some(code) = frame.trailers_ref().and_then(code) {
                    this.call.end(code);
                }
            }
            Some(Err(status)) => this.call.end(status.code()),
            None => this.over = true,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.over {
            SizeHint::with_exact(0)
        } else {
            self.body.size_hint()
        }
    }
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers
        .get(Status::GRPC_STATUS)
        .map(|code| Code::from_bytes(code.as_bytes()))
}
