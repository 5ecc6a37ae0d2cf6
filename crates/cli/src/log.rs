//! `chiso log`: what the event logs say, and that nobody changed it.

mod tail;

use clap::{Args, Subcommand};
use contracts::log::v1::{
    Event, Metadata, ReadRequest, ReadStreamRequest, VerifyRequest, VerifyResponse,
};
use prost::Name as _;
use prost::bytes::Bytes;
use serde_json::{Value, json};
use tonic::Request;

use crate::progress::Progress;
use crate::{Exit, Failure, Service, Services, out, show};

/// Events asked for at a time: the most that the service gives.
const PAGE: i32 = 10_000;

const EXAMPLES: &str = "\
Logs: registry, dossiers, assessments, scoring, projection.

Examples:
  chiso log verify
  chiso log cat dossiers --after 1000 --limit 20
  chiso log cat dossiers --stream dossier-000.00.12.H40-240415-0007
  chiso log tail projection | jq 'select(.type | endswith(\"IndexChanged\")) | .payload'";

/// Verify, print and follow the event logs
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Walk the hash chain: exit code 1 and the first damaged position when an event was altered, removed or inserted
    Verify {
        /// Which logs; none: all five
        logs: Vec<Service>,
    },
    /// Print events as JSON, one a line, with payload and metadata decoded
    Cat {
        /// Which log
        log: Service,

        /// Only events after this position
        #[arg(long, value_name = "POSITION", default_value_t = 0)]
        after: i64,

        /// At most so many events
        #[arg(long, value_name = "EVENTS")]
        limit: Option<i64>,

        /// Only the events of this stream
        #[arg(long, conflicts_with = "after")]
        stream: Option<String>,
    },
    /// Print every new event as JSON, one a line, through restarts of the service
    Tail {
        /// Which log
        log: Service,

        /// Begin after this position instead of at the head
        #[arg(long, value_name = "POSITION")]
        after: Option<i64>,
    },
}

/// Verifies, prints or follows.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    match &command.action {
        Action::Verify { logs } => {
            let logs = if logs.is_empty() {
                &Service::ALL[..]
            } else {
                logs
            };
            verify_all(services, logs, json).await
        }
        Action::Cat {
            log,
            after,
            limit,
            stream: None,
        } => cat(services, *log, *after, *limit).await,
        Action::Cat {
            log,
            limit,
            stream: Some(stream),
            ..
        } => cat_stream(services, *log, stream, *limit).await,
        Action::Tail { log, after } => tail::tail(services, *log, *after).await,
    }
}

async fn verify_all(services: &Services, logs: &[Service], json: bool) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for log in logs {
        let mut progress = Progress::new("events", 0);
        let verified = verify(services, *log, |so_far| {
            progress.at(so_far.verified.unsigned_abs(), so_far.head.unsigned_abs());
        });
        let verified = verified.await;
        progress.end();
        let verified = verified?;
        if json {
            let mut line = out::json(&verified);
            line["log"] = log.name().into();
            line["hash"] = show::hex(&verified.hash).into();
            out::line(line);
        } else {
            out::line(verified_text(*log, &verified));
        }
        if !verified.damage.is_empty() {
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

/// Walks a log's hash chain, telling how far it is; the last that the service says, in which `damage` is empty when the
/// log is sound.
///
/// # Errors
/// That the service does not answer, or did not get to the end.
pub async fn verify(
    services: &Services,
    log: Service,
    mut told: impl FnMut(&VerifyResponse),
) -> Result<VerifyResponse, Failure> {
    let failure = |status| services.failure(log, &status);
    let mut messages = services
        .log(log)
        .verify(VerifyRequest { after: 0 })
        .await
        .map_err(failure)?
        .into_inner();
    while let Some(message) = messages.message().await.map_err(failure)? {
        told(&message);
        if message.done {
            return Ok(message);
        }
    }
    let message = format!("{log} ended the walk before its end; verify again");
    Err(Failure::new(Exit::Unavailable, message))
}

/// What a finished verification found.
pub fn verified_text(log: Service, verified: &VerifyResponse) -> String {
    let events = show::count(verified.verified);
    match verified.damage.as_str() {
        "" => format!(
            "{log}: {events} events verified, head hash {}",
            show::hex(&verified.hash)
        ),
        damage => format!(
            "{log}: DAMAGED at position {}: {damage} ({events} events before it are sound)",
            verified.damaged_position
        ),
    }
}

async fn cat(
    services: &Services,
    log: Service,
    after: i64,
    limit: Option<i64>,
) -> Result<Exit, Failure> {
    let failure = |status| services.failure(log, &status);
    let (mut after, mut left) = (after, limit.unwrap_or(i64::MAX));
    while left > 0 {
        let page = i32::try_from(left.min(i64::from(PAGE))).unwrap_or(PAGE);
        let mut request = Request::new(ReadRequest { after, limit: page });
        request.set_timeout(services.timeout);
        let mut messages = services
            .log(log)
            .read(request)
            .await
            .map_err(failure)?
            .into_inner();
        let mut count = 0;
        while let Some(message) = messages.message().await.map_err(failure)? {
            for event in &message.events {
                out::line(event_json(event)?);
                after = event.position;
                count += 1;
            }
        }
        if count == 0 {
            break;
        }
        left -= count;
    }
    Ok(Exit::Done)
}

async fn cat_stream(
    services: &Services,
    log: Service,
    stream: &str,
    limit: Option<i64>,
) -> Result<Exit, Failure> {
    let failure = |status| services.failure(log, &status);
    let mut request = Request::new(ReadStreamRequest {
        stream: stream.to_owned(),
        after_version: 0,
    });
    request.set_timeout(services.timeout);
    let mut messages = services
        .log(log)
        .read_stream(request)
        .await
        .map_err(failure)?
        .into_inner();
    let mut left = limit.unwrap_or(i64::MAX);
    let mut any = false;
    while let Some(message) = messages.message().await.map_err(failure)? {
        for event in &message.events {
            any = true;
            if left == 0 {
                return Ok(Exit::Done);
            }
            left -= 1;
            out::line(event_json(event)?);
        }
    }
    if !any {
        let message = format!("the log of {log} has no stream {stream}");
        return Err(Failure::new(Exit::Failed, message));
    }
    Ok(Exit::Done)
}

/// An event as JSON: the envelope with payload and metadata decoded, and the hash in hexadecimal digits.
///
/// # Errors
/// When this program does not know its type.
pub fn event_json(event: &Event) -> Result<Value, Failure> {
    let unreadable = |error: contracts::json::JsonError| {
        let message = format!(
            "the event at position {} cannot be read: {error}",
            event.position
        );
        Failure::new(Exit::Failed, message)
    };
    let mut envelope = out::json(&Event {
        payload: Bytes::new(),
        metadata: Bytes::new(),
        hash: Bytes::new(),
        ..event.clone()
    });
    envelope["payload"] =
        contracts::json::to_json(&event.r#type, &event.payload).map_err(unreadable)?;
    envelope["metadata"] =
        contracts::json::to_json(&Metadata::full_name(), &event.metadata).map_err(unreadable)?;
    envelope["hash"] = show::hex(&event.hash).into();
    // Positions are what people look for: as numbers they can be counted with.
    envelope["position"] = json!(event.position);
    envelope["version"] = json!(event.version);
    Ok(envelope)
}

#[cfg(test)]
mod tests {
    use contracts::dossiers::v1::ProcessingStarted;
    use prost::Message as _;

    use super::*;

    #[test]
    fn an_event_is_printed_with_payload_and_metadata_decoded() {
        let event = Event {
            position: 7,
            stream: "dossier-a".to_owned(),
            version: 2,
            r#type: "chiso.dossiers.v1.ProcessingStarted".to_owned(),
            recorded_at: Some(prost_types::Timestamp {
                seconds: 1_704_042_000,
                nanos: 0,
            }),
            metadata: Metadata {
                actor: "CB07".to_owned(),
                ..Metadata::default()
            }
            .encode_to_vec()
            .into(),
            payload: ProcessingStarted {
                officer: "CB07".to_owned(),
            }
            .encode_to_vec()
            .into(),
            hash: vec![0xab; 2].into(),
        };
        let json = event_json(&event).expect("a known type").to_string();
        insta::assert_snapshot!(json, @r##"
        {"hash":"abab","metadata":{"actor":"CB07"},"payload":{"officer":"CB07"},"position":7,"recordedAt":"2023-12-31T17:00:00Z","stream":"dossier-a","type":"chiso.dossiers.v1.ProcessingStarted","version":2}
        "##);
        let failure = event_json(&Event {
            r#type: "chiso.dossiers.v1.Unknown".to_owned(),
            ..event
        });
        assert!(
            failure
                .expect_err("an unknown type")
                .message
                .contains("position 7")
        );
    }

    #[test]
    fn a_verification_says_what_it_found() {
        let sound = VerifyResponse {
            verified: 123_456,
            hash: vec![0xab, 0xcd],
            ..VerifyResponse::default()
        };
        assert_eq!(
            verified_text(Service::Dossiers, &sound),
            "dossiers: 123,456 events verified, head hash abcd"
        );
        let damaged = VerifyResponse {
            verified: 9,
            damage: "the payload was altered".to_owned(),
            damaged_position: 10,
            ..sound
        };
        assert_eq!(
            verified_text(Service::Dossiers, &damaged),
            "dossiers: DAMAGED at position 10: the payload was altered (9 events before it are sound)"
        );
    }
}
