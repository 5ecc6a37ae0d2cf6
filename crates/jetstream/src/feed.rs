//! The owner's side of a followed log: what is true, whatever the broker says.

use std::future::Future;
use std::time::Duration;

use contracts::log::v1 as pb;
use contracts::log::v1::log_service_client::LogServiceClient;
use eventlog::hash::{Link, digest};
use eventlog::{Hash, InvalidEvent, Position, Recorded, ZERO_HASH};
use tonic::transport::Channel;
use tonic::{Code, Status};
use uuid::Uuid;

/// Events asked for at a time: a batch.
pub(crate) const FEED_PAGE: usize = 2_000;

/// Largest message taken from a feed: several times what an honest owner sends at once.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// How long an owner may take to say where its log ends.
const HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an owner may take to send a page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(20);

/// A place in a log with the hash of the event there: what comes next must chain onto it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) position: Position,
    pub(crate) hash: Hash,
}

impl Cursor {
    pub(crate) const START: Self = Self {
        position: 0,
        hash: ZERO_HASH,
    };

    /// Whether the event is the next one and chains onto this place.
    pub(crate) fn precedes(&self, event: &Recorded) -> bool {
        let (metadata, payload) = (digest(&event.metadata), digest(&event.payload));
        let link = Link {
            position: event.position,
            stream: &event.stream,
            version: event.version,
            kind: &event.kind,
            recorded_at: event.recorded_at,
            metadata: &metadata,
            payload: &payload,
        };
        event.position == self.position + 1 && link.hash(&self.hash) == event.hash
    }

    pub(crate) fn advance(&mut self, event: &Recorded) {
        *self = Self {
            position: event.position,
            hash: event.hash,
        };
    }
}

/// Where the owner's log ends, and which log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnerHead {
    pub(crate) position: Position,
    pub(crate) epoch: Uuid,
}

/// The owner's feed gave no events.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The owner cannot be reached or cannot answer now.
    #[error("the owner of log {log} does not answer; it is asked again until it does")]
    Unreachable {
        /// Which log.
        log: &'static str,
        /// What gRPC says.
        #[source]
        source: Box<Status>,
    },
    /// The owner refuses to answer.
    #[error("the owner of log {log} refuses to be read; check the address and the rights to it")]
    Refused {
        /// Which log.
        log: &'static str,
        /// What gRPC says.
        #[source]
        source: Box<Status>,
    },
    /// The owner's answer breaks the contract.
    #[error("the owner of log {log} does not keep the contract; run the same version everywhere")]
    Invalid {
        /// Which log.
        log: &'static str,
        /// What is wrong with an event; none when it is the epoch that is no UUID.
        #[source]
        source: Option<InvalidEvent>,
    },
    /// The owner's own events do not chain onto what was followed before.
    #[error(
        "log {log} does not chain at position {position}: its owner altered, lost or replaced what was followed \
        before; run `chiso log verify {log}`, restore the owner's database, or rebuild this service from position 0"
    )]
    Broken {
        /// Which log.
        log: &'static str,
        /// The first position that does not chain.
        position: Position,
    },
}

impl FeedError {
    /// Whether asking again may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// The owner of one log, asked over gRPC.
#[derive(Debug, Clone)]
pub(crate) struct OwnerFeed {
    pub(crate) log: &'static str,
    client: LogServiceClient<Channel>,
}

impl OwnerFeed {
    pub(crate) fn new(log: &'static str, channel: Channel) -> Self {
        let client = LogServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES);
        Self { log, client }
    }

    /// Where the owner's log ends.
    pub(crate) async fn head(&self) -> Result<OwnerHead, FeedError> {
        let mut client = self.client.clone();
        let asked = self.within(HEAD_TIMEOUT, async move {
            Ok(client.get_head(pb::GetHeadRequest {}).await?.into_inner())
        });
        let head = asked.await?;
        let epoch = Uuid::try_parse(&head.epoch).map_err(|_| FeedError::Invalid {
            log: self.log,
            source: None,
        })?;
        Ok(OwnerHead {
            position: head.position,
            epoch,
        })
    }

    /// The next events after `cursor`, at most [`FEED_PAGE`], every one chaining onto the one before; none at the end
    /// of the log. Moves the cursor to the last one.
    pub(crate) async fn read(&self, cursor: &mut Cursor) -> Result<Vec<Recorded>, FeedError> {
        let mut client = self.client.clone();
        let limit = i32::try_from(FEED_PAGE).expect("a page is a small number");
        let request = pb::ReadRequest {
            after: cursor.position,
            limit,
        };
        let page = self.within(PAGE_TIMEOUT, async move {
            let mut answer = client.read(request).await?.into_inner();
            let mut page = Vec::new();
            while let Some(part) = answer.message().await? {
                page.extend(part.events);
            }
            Ok(page)
        });
        let mut events = Vec::new();
        for event in page.await? {
            let event = Recorded::try_from(event).map_err(|error| FeedError::Invalid {
                log: self.log,
                source: Some(error),
            })?;
            if !cursor.precedes(&event) {
                let position = cursor.position + 1;
                return Err(FeedError::Broken {
                    log: self.log,
                    position,
                });
            }
            cursor.advance(&event);
            events.push(event);
        }
        Ok(events)
    }

    async fn within<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, FeedError> {
        let answer = tokio::time::timeout(limit, call).await;
        answer
            .unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")))
            .map_err(|status| {
                let (log, code, source) = (self.log, status.code(), Box::new(status));
                match code {
                    Code::Unimplemented | Code::PermissionDenied | Code::Unauthenticated => {
                        FeedError::Refused { log, source }
                    }
                    _ => FeedError::Unreachable { log, source },
                }
            })
    }
}
