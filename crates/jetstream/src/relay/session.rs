//! Publishing from the JetStream stream's tail until something goes wrong.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::jetstream::context::{GetStreamErrorKind, PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::stream::{
    Config, LastRawMessageErrorKind, RetentionPolicy, StorageType, Stream,
};
use eventlog::{Position, Recorded};

use super::{Relay, RelayError};
use crate::message::{self, HASH};

/// Messages sent but not yet acknowledged. More gains nothing: the server's write rate is reached at about this.
const WINDOW: usize = 1_000;

/// Events read from the log at a time.
const PAGE: i64 = 1_000;

/// How often an idle relay looks whether the JetStream stream still is where it left it.
const IDLE_CHECK: Duration = Duration::from_secs(2);

type Stored<E> = Result<E, RelayError>;

/// A message on its way.
struct InFlight {
    position: Position,
    ack: PublishAckFuture,
}

impl Relay {
    /// Publishes everything after the JetStream stream's tail, then what is appended, until something goes wrong.
    pub(super) async fn relay(&mut self) -> RelayError {
        match self.publish().await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn publish(&mut self) -> Stored<std::convert::Infallible> {
        let tail = self.tail().await?;
        self.position = tail;
        self.highest = self.highest.max(tail);
        let mut heads = self.log.heads();
        let mut window = VecDeque::with_capacity(WINDOW);
        let mut sent = self.position;
        loop {
            heads.mark_unchanged();
            let page = self.log.read(sent, PAGE).await?;
            if self.position > tail {
                self.well();
            }
            let head = *heads.borrow();
            self.meters
                .lag(head, self.position, page.first(), self.log.now());
            for event in &page {
                if event.position != sent + 1 {
                    let (stream, position) = (self.stream_name(), sent + 1);
                    return Err(RelayError::Missing { stream, position });
                }
                if window.len() >= WINDOW {
                    self.confirm(&mut window).await?;
                }
                window.push_back(self.send(event).await?);
                sent = event.position;
            }
            if !page.is_empty() {
                continue;
            }
            while !window.is_empty() {
                self.confirm(&mut window).await?;
            }
            self.well();
            self.meters.lag(sent, self.position, None, self.log.now());
            tokio::select! {
                // Fails only when the log is closed, and then the idle check paces the loop.
                Ok(()) = heads.changed() => {}
                () = tokio::time::sleep(IDLE_CHECK) => self.check().await?,
            }
        }
    }

    async fn send(&self, event: &Recorded) -> Stored<InFlight> {
        let position = event.position;
        let body = (self.body)(event).map_err(|source| RelayError::Body { position, source })?;
        let subject = (self.subject)(event);
        let (subject, message) =
            message::outbound(&self.bus, self.log.name(), event, &subject, body);
        let sent = self.bus.context().send_publish(subject, message).await;
        let ack = sent.map_err(RelayError::broker("publish to NATS"))?;
        Ok(InFlight { position, ack })
    }

    /// Waits until the oldest message in flight is stored where it belongs.
    async fn confirm(&mut self, window: &mut VecDeque<InFlight>) -> Stored<()> {
        let Some(InFlight { position, ack }) = window.pop_front() else {
            return Ok(());
        };
        let moved = RelayError::Moved {
            position: self.position,
        };
        match ack.await {
            Ok(ack) if ack.sequence == position.unsigned_abs() => {}
            Ok(_) => return Err(moved),
            Err(error) => {
                return Err(match error.kind() {
                    PublishErrorKind::WrongLastSequence => moved,
                    _ => RelayError::broker("publish to NATS")(error),
                });
            }
        }
        if position <= self.highest {
            self.meters.republished.increment(1);
        }
        self.highest = self.highest.max(position);
        self.position = position;
        Ok(())
    }

    /// Looks whether the JetStream stream still ends where this relay left it.
    async fn check(&mut self) -> Stored<()> {
        if self.tail().await? == self.position {
            return Ok(());
        }
        Err(RelayError::Moved {
            position: self.position,
        })
    }

    /// The last position in the JetStream stream, once it is certain that the stream carries this log.
    async fn tail(&mut self) -> Stored<Position> {
        if !self.bus.is_connected() {
            return Err(RelayError::broker("reach NATS")("there is no connection"));
        }
        let stream = self.open().await?;
        let info = stream.cached_info();
        let expected = self.subjects();
        if info.config.subjects != [expected.as_str()] {
            let (stream, actual) = (self.stream_name(), info.config.subjects.clone());
            return Err(RelayError::Subjects {
                stream,
                actual,
                expected,
            });
        }
        let sequence = info.state.last_sequence;
        let tail = Position::try_from(sequence).unwrap_or(Position::MAX);
        if info.state.messages > 0 {
            self.recognise(&stream, tail).await?;
        }
        Ok(tail)
    }

    /// Refuses a JetStream stream whose last message is not the log's event at that position.
    async fn recognise(&self, stream: &Stream, tail: Position) -> Stored<()> {
        let name = self.stream_name();
        let event = self.log.read(tail - 1, 1).await?.pop();
        let Some(event) = event.filter(|event| event.position == tail) else {
            let head = self.log.head().await?.position;
            return Err(RelayError::Ahead {
                stream: name,
                tail,
                head,
            });
        };
        let message = match stream.get_raw_message(tail.unsigned_abs()).await {
            Ok(message) => message,
            // Somebody deleted it: the sequence was taken all the same, and followers read it from here.
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => return Ok(()),
            Err(error) => return Err(RelayError::broker("read a JetStream stream's tail")(error)),
        };
        let hash = message.headers.get(HASH).map(|value| value.as_str());
        if hash == Some(hex::encode(event.hash).as_str()) {
            return Ok(());
        }
        Err(RelayError::Foreign {
            stream: name,
            position: tail,
        })
    }

    /// The JetStream stream, made if there is none.
    async fn open(&mut self) -> Stored<Stream> {
        match self.bus.context().get_stream(self.stream_name()).await {
            Ok(stream) => Ok(stream),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.code() == 404 => self.create().await,
                _ => Err(RelayError::broker("find a JetStream stream")(error)),
            },
        }
    }

    async fn create(&mut self) -> Stored<Stream> {
        let first = self
            .log
            .read(0, 1)
            .await?
            .first()
            .map_or(1, |event| event.position);
        let config = Config {
            name: self.stream_name(),
            subjects: vec![self.subjects()],
            description: Some(format!(
                "event log {} of {}; sequence = log position",
                self.log.name(),
                self.bus.province()
            )),
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            allow_direct: true,
            first_sequence: (first > 1).then(|| first.unsigned_abs()),
            ..Config::default()
        };
        let creating = RelayError::broker("create a JetStream stream");
        let stream = self
            .bus
            .context()
            .create_stream(config)
            .await
            .map_err(creating)?;
        // Without a JetStream stream nothing says what was published before. A broker that lost its memory is far more
        // likely than one that never had any, so what the relay inherited counts as published again.
        self.highest = self.highest.max(self.inherited);
        tracing::info!(log = self.log.name(), first, "created the JetStream stream");
        Ok(stream)
    }

    fn stream_name(&self) -> String {
        self.bus.stream_name(self.log.name())
    }

    fn subjects(&self) -> String {
        format!("{}.>", self.bus.prefix(self.log.name()))
    }
}
