//! The log over gRPC: what consumers repair gaps from, and auditors read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contracts::log::v1 as pb;
use contracts::log::v1::log_service_server::{LogService, LogServiceServer};
use contracts::log::v1::subscribe_response::Kind;
use contracts::problem::Problem;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use prost::Message;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::error::{StorageError, check_stream};
use crate::event::{Position, Recorded};
use crate::log::{EventLog, MAX_READ};
use crate::query::Page;
use crate::verify::Progress;

/// Events that `Read` returns when the caller does not say how many.
const DEFAULT_READ: i64 = 1_000;

/// Events read from the database at a time.
const PAGE: i64 = 1_000;

/// Most events in one message.
const MESSAGE_EVENTS: usize = 200;

/// Bytes after which a message takes no further event. With one event of the largest size on top it
/// stays below the 4 MiB that gRPC clients take by default.
const MESSAGE_BYTES: usize = 2 << 20;

/// Largest message that is sent.
const MAX_SENT_BYTES: usize = 4 << 20;

/// Largest request: a stream's name and two numbers.
const MAX_REQUEST_BYTES: usize = 16 << 10;

/// Silence after which a subscription says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How often a verification tells how far it is.
const PROGRESS: Duration = Duration::from_secs(1);

/// Progress messages that may wait for a slow reader; further ones are left out.
const PROGRESS_QUEUE: usize = 4;

/// Verifications at a time: each reads the whole log and keeps a core busy.
const VERIFICATIONS: usize = 2;

/// Serves one [`EventLog`] as `chiso.log.v1.LogService`.
#[derive(Debug, Clone)]
pub struct LogFeed {
    log: EventLog,
    verifications: Arc<Semaphore>,
}

impl LogFeed {
    /// A feed of `log`.
    pub fn new(log: EventLog) -> Self {
        Self {
            log,
            verifications: Arc::new(Semaphore::new(VERIFICATIONS)),
        }
    }

    /// The service, with its message limits.
    pub fn into_server(self) -> LogServiceServer<Self> {
        LogServiceServer::new(self)
            .max_decoding_message_size(MAX_REQUEST_BYTES)
            .max_encoding_message_size(MAX_SENT_BYTES)
    }

    /// Refuses to start where the log has not been.
    async fn check_after(&self, after: Position) -> Result<Position, Status> {
        not_negative("after", after)?;
        let head = self.log.head().await.map_err(unavailable)?.position;
        if after > head {
            let why = format!("the log ends at {head}; start at or before it");
            return Err(Problem::out_of_range("after", why)
                .with("head", head.to_string())
                .into());
        }
        Ok(head)
    }
}

#[tonic::async_trait]
impl LogService for LogFeed {
    type ReadStream = BoxStream<'static, Result<pb::ReadResponse, Status>>;
    type ReadStreamStream = BoxStream<'static, Result<pb::ReadStreamResponse, Status>>;
    type SubscribeStream = BoxStream<'static, Result<pb::SubscribeResponse, Status>>;
    type VerifyStream = BoxStream<'static, Result<pb::VerifyResponse, Status>>;

    async fn get_head(
        &self,
        _request: Request<pb::GetHeadRequest>,
    ) -> Result<Response<pb::GetHeadResponse>, Status> {
        let head = self.log.head().await.map_err(unavailable)?;
        Ok(Response::new(pb::GetHeadResponse {
            log: self.log.name().to_owned(),
            epoch: self.log.epoch().to_string(),
            position: head.position,
            hash: head.hash.to_vec(),
        }))
    }

    async fn read(
        &self,
        request: Request<pb::ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let pb::ReadRequest { after, limit } = request.into_inner();
        not_negative("after", after)?;
        let limit = match i64::from(limit) {
            0 => DEFAULT_READ,
            limit @ 1..=MAX_READ => limit,
            _ => {
                return Err(
                    Problem::invalid("limit", "must be 1 to 10,000, or 0 for 1,000").into(),
                );
            }
        };
        let messages = messages(pages(self.log.clone(), after, limit));
        Ok(Response::new(
            messages
                .map_ok(|events| pb::ReadResponse { events })
                .boxed(),
        ))
    }

    async fn read_stream(
        &self,
        request: Request<pb::ReadStreamRequest>,
    ) -> Result<Response<Self::ReadStreamStream>, Status> {
        let pb::ReadStreamRequest {
            stream,
            after_version,
        } = request.into_inner();
        not_negative("after_version", after_version)?;
        check_stream(&stream).map_err(Problem::from)?;
        let messages = messages(stream_pages(self.log.clone(), stream, after_version));
        Ok(Response::new(
            messages
                .map_ok(|events| pb::ReadStreamResponse { events })
                .boxed(),
        ))
    }

    async fn subscribe(
        &self,
        request: Request<pb::SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let after = request.into_inner().after;
        self.check_after(after).await?;
        let subscription = Subscription {
            heads: self.log.heads(),
            log: self.log.clone(),
            after,
            caught_up: false,
            pending: VecDeque::new(),
        };
        let messages = stream::unfold(Some(subscription), |subscription| async {
            let mut subscription = subscription?;
            match subscription.next().await? {
                Ok(kind) => {
                    let message = pb::SubscribeResponse { kind: Some(kind) };
                    Some((Ok(message), Some(subscription)))
                }
                Err(error) => Some((Err(unavailable(error)), None)),
            }
        });
        Ok(Response::new(messages.boxed()))
    }

    async fn verify(
        &self,
        request: Request<pb::VerifyRequest>,
    ) -> Result<Response<Self::VerifyStream>, Status> {
        let after = request.into_inner().after;
        self.check_after(after).await?;
        let Ok(permit) = self.verifications.clone().try_acquire_owned() else {
            let message = "two verifications are running already; wait for one to end";
            return Err(Problem::resource_exhausted("TOO_MANY_VERIFICATIONS", message).into());
        };
        let (sender, receiver) = mpsc::channel(PROGRESS_QUEUE);
        let log = self.log.clone();
        tokio::spawn(async move {
            let _permit = permit;
            // A caller who hung up takes the walk with it.
            tokio::select! {
                () = sender.closed() => {}
                () = verify(&log, after, &sender) => {}
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver).boxed()))
    }
}

/// One caller's place in the log.
struct Subscription {
    log: EventLog,
    heads: watch::Receiver<Position>,
    after: Position,
    caught_up: bool,
    /// Messages of the page that was read last.
    pending: VecDeque<Vec<pb::Event>>,
}

impl Subscription {
    /// What to say next; nothing when the log shuts down.
    async fn next(&mut self) -> Option<Result<Kind, StorageError>> {
        loop {
            if let Some(events) = self.pending.pop_front() {
                return Some(Ok(Kind::Events(pb::EventBatch { events })));
            }
            let page = match self.log.read(self.after, PAGE).await {
                Ok(page) => page,
                Err(error) => return Some(Err(error)),
            };
            if let Some(last) = page.last() {
                self.after = last.position;
                self.pending = split(page).into();
                continue;
            }
            let position = self.after;
            if !self.caught_up {
                self.caught_up = true;
                return Some(Ok(Kind::CaughtUp(pb::CaughtUp { position })));
            }
            let news =
                tokio::time::timeout(HEARTBEAT, self.heads.wait_for(|head| *head > position));
            match self.log.shutdown().run_until_cancelled(news).await? {
                Ok(_) => {}
                Err(_) => return Some(Ok(Kind::Heartbeat(pb::Heartbeat { position }))),
            }
        }
    }
}

/// Walks the chain and tells the caller; its end is told even to a slow one.
async fn verify(
    log: &EventLog,
    after: Position,
    sender: &mpsc::Sender<Result<pb::VerifyResponse, Status>>,
) {
    let mut told = Instant::now();
    let outcome = log
        .verify(after, |progress| {
            if told.elapsed() >= PROGRESS {
                told = Instant::now();
                // Left out when the caller is slow: the next one says more.
                let _ = sender.try_send(Ok(verify_response(progress)));
            }
        })
        .await;
    let last = outcome
        .map_err(unavailable)
        .map(|verified| pb::VerifyResponse {
            done: true,
            damage: verified
                .damage
                .map(|damage| damage.to_string())
                .unwrap_or_default(),
            damaged_position: verified.damage.map_or(0, |damage| damage.position),
            ..verify_response(verified.progress)
        });
    let _ = sender.send(last).await;
}

fn verify_response(progress: Progress) -> pb::VerifyResponse {
    pb::VerifyResponse {
        verified: i64::try_from(progress.verified).unwrap_or(i64::MAX),
        position: progress.position,
        head: progress.head,
        done: false,
        damage: String::new(),
        damaged_position: 0,
        hash: progress.hash.to_vec(),
    }
}

/// The log's events after a position, at most `limit`.
fn pages(
    log: EventLog,
    after: Position,
    limit: i64,
) -> BoxStream<'static, Result<Vec<Recorded>, StorageError>> {
    stream::try_unfold((log, after, limit), |(log, after, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let page = log.read(after, left.min(PAGE)).await?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        let left = left - crate::judge::count(page.len());
        let after = last.position;
        Ok(Some((page, (log, after, left))))
    })
    .boxed()
}

/// A stream's events after a version.
fn stream_pages(
    log: EventLog,
    name: String,
    after: i64,
) -> BoxStream<'static, Result<Vec<Recorded>, StorageError>> {
    stream::try_unfold(Some((log, name, after)), |state| async move {
        let Some((log, name, after)) = state else {
            return Ok(None);
        };
        let Page { events, end } = log.stream_page(&name, after, PAGE).await?;
        let Some(last) = events.last() else {
            return Ok(None);
        };
        let after = last.version;
        Ok(Some((events, (!end).then_some((log, name, after)))))
    })
    .boxed()
}

/// Pages as messages of bounded size.
fn messages(
    pages: BoxStream<'static, Result<Vec<Recorded>, StorageError>>,
) -> impl futures::Stream<Item = Result<Vec<pb::Event>, Status>> + Send + 'static {
    pages
        .map_err(unavailable)
        .map_ok(|page| stream::iter(split(page).into_iter().map(Ok)))
        .try_flatten()
}

/// Events in messages of at most [`MESSAGE_EVENTS`] and about [`MESSAGE_BYTES`].
fn split(page: Vec<Recorded>) -> Vec<Vec<pb::Event>> {
    let mut messages = Vec::new();
    let (mut message, mut bytes) = (Vec::new(), 0);
    for event in page {
        let event = pb::Event::from(event);
        bytes += event.encoded_len();
        message.push(event);
        if message.len() == MESSAGE_EVENTS || bytes >= MESSAGE_BYTES {
            messages.push(std::mem::take(&mut message));
            bytes = 0;
        }
    }
    if !message.is_empty() {
        messages.push(message);
    }
    messages
}

fn not_negative(field: &str, value: i64) -> Result<(), Status> {
    if value < 0 {
        return Err(Problem::invalid(field, "must not be negative").into());
    }
    Ok(())
}

fn unavailable(error: StorageError) -> Status {
    Problem::from(error).into()
}
