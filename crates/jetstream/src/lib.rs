//! Events between services: from an event log to NATS JetStream ([`Relay`]), and from there into another service's
//! database ([`Follower`]).
//!
//! The broker is a fast path, never a truth. The relay publishes again whatever the broker has lost; the follower
//! reads from the owner of a log whatever the broker does not deliver, checks every event against the log's hash
//! chain, and applies it exactly once. Wiping the broker changes no figure.
//!
//! # What is published
//!
//! Each event log has one JetStream stream, `CHISO_<PROVINCE>_<LOG>`, over the subjects `chiso.<province>.<log>.>`.
//! **The JetStream sequence is the log position**: sequence 17 is event 17. One message is one event.
//!
//! The subject is `chiso.<province>.<log>.<aggregate>.<event>.<key>`; in each token everything but letters, digits,
//! `-` and `_` is replaced by `_`.
//!
//! | token | what it says | example |
//! |---|---|---|
//! | province | whose deployment | `H40` |
//! | log | which service's log | `registry`, `dossiers`, `assessments`, `scoring`, `projection` |
//! | aggregate | what kind of thing: the stream's name up to its first `-` | `dossier` |
//! | event | what happened: the last part of the type | `DossierReceived` |
//! | key | which one: the rest of the stream's name | `000_00_12_H40-240415-0007` |
//!
//! Messages follow the CloudEvents 1.0 NATS binding in binary mode. In headers, space, `"`, `%` and all that is not
//! printable ASCII are percent-encoded.
//!
//! | header | what it says |
//! |---|---|
//! | `ce-specversion` | `1.0` |
//! | `ce-id` | the event's id (UUIDv7) |
//! | `ce-source` | `/chiso/<province>/<log>` |
//! | `ce-type` | full name of the payload's protobuf message, e.g. `chiso.dossiers.v1.DossierReceived` |
//! | `ce-subject` | the stream, e.g. `dossier-000.00.12.H40-240415-0007` |
//! | `ce-time` | when it happened in the world, RFC 3339 |
//! | `content-type` | `application/protobuf`, or `application/json` in the projection's log |
//! | `traceparent` | W3C trace context, when the event has one |
//! | `chiso-position` | the log position, again |
//! | `chiso-stream` | the stream, again |
//! | `chiso-version` | the version within the stream |
//! | `chiso-recorded-at` | when the log learned of it, in microseconds since 1970 |
//! | `chiso-hash` | the log's hash chain up to here (see [`eventlog::hash`]), in hex |
//! | `chiso-metadata` | the encoded `chiso.log.v1.Metadata`, in base64 |
//! | `chiso-omitted` | `too-large` when body and metadata are left out because they exceed the server's `max_payload`: read the event from `LogService.Read` |
//! | `Nats-Expected-Stream`, `Nats-Expected-Last-Sequence` | the fence: the server takes the message only as the very next one |
//!
//! The body is the payload as stored (protobuf), or its proto3 JSON in the projection's log.
//!
//! # Metrics
//!
//! All carry the label `log`.
//!
//! | metric | what it says |
//! |---|---|
//! | `chiso_relay_position` | newest position acknowledged by JetStream |
//! | `chiso_relay_lag_events`, `chiso_relay_lag_seconds` | events that wait to be published, age of the oldest |
//! | `chiso_relay_republished_total` | positions published again after the broker lost them |
//! | `chiso_relay_refused` | 1 while the JetStream stream is not this log's, or an event has no body |
//! | `chiso_consumer_position` | newest position applied |
//! | `chiso_consumer_lag_events`, `chiso_consumer_lag_seconds` | events that the owner has and this service has not, and for how long |
//! | `chiso_consumer_gaps_total`, `chiso_consumer_gap_events_total` | gaps of the broker repaired from the owner, and events in them |
//! | `chiso_consumer_feed_events_total` | events read from the owner, by `cause`: gap, mismatch, omitted, silence, no-broker |
//! | `chiso_consumer_stopped` | 1 when the consumer stopped and waits for help |
//! | `chiso_consumer_retries_total` | batches that had to be tried again |
//! | `chiso_consumer_events_total`, `chiso_consumer_batch_events`, `chiso_consumer_batch_seconds` | events applied, events and seconds per batch |
#![forbid(unsafe_code)]

mod bus;
mod credentials;
mod feed;
mod follower;
mod gate;
mod handler;
mod health;
mod lease;
mod message;
mod progress;
pub mod relay;
pub mod replay;

pub use crate::bus::{Access, Bus, ConnectError};
pub use crate::feed::FeedError;
pub use crate::follower::checkpoint::{Followed, followed, hold_checkpoints};
pub use crate::follower::{FollowError, Follower, StopCause};
pub use crate::gate::{BatchGate, Held};
pub use crate::handler::{Handler, HandlerError};
pub use crate::health::{Condition, Health};
pub use crate::message::{Body, BodyError, JSON, PROTOBUF, Subject};
pub use crate::progress::{Progress, WaitError};
pub use crate::relay::Relay;
