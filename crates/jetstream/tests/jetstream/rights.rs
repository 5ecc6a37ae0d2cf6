//! What each user of NATS may do: no more than the user's own work needs.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::jetstream::{Access, Bus, ConnectError};
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::{self, stream::Config};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use futures::StreamExt;
use jetstream::Context;
use stack::NatsAccess;
use tokio::sync::mpsc;

use crate::support::{CEILING, World, eventually};

/// Every service, with the logs that it follows.
const SERVICES: [(&str, &[&str]); 5] = [
    ("registry", &[]),
    ("dossiers", &["registry"]),
    ("assessments", &[]),
    ("scoring", &["registry", "dossiers", "assessments"]),
    ("projection", &["registry", "assessments", "scoring"]),
];

fn stream(log: &str) -> String {
    format!("CHISO_H40_{}", log.to_uppercase())
}

fn subject(log: &str) -> String {
    format!("chiso.H40.{log}.thing.ThingDone.x")
}

fn options(access: &NatsAccess) -> ConnectOptions {
    let line = std::fs::read_to_string(access.credentials.as_ref().unwrap()).unwrap();
    let (user, password) = line.trim().split_once(':').unwrap();
    ConnectOptions::new()
        .add_root_certificates(access.ca.clone().unwrap())
        .user_and_password(user.to_owned(), password.to_owned())
}

/// NATS with a stream for each log, with one message in it.
async fn world() -> (World, Context) {
    let world = World::start("rights").await;
    let operator = world.stack.nats_operator();
    let client = options(&operator).connect(&operator.url).await.unwrap();
    let operator = jetstream::new(client);
    for (log, _) in SERVICES {
        let config = Config {
            name: stream(log),
            subjects: vec![format!("chiso.H40.{log}.>")],
            allow_direct: true,
            ..Config::default()
        };
        operator.create_stream(config).await.unwrap();
        let sent = operator.publish(subject(log), log.into()).await.unwrap();
        sent.await.unwrap();
    }
    (world, operator)
}

/// A connection that notes what it is refused.
struct User {
    client: Client,
    refusals: mpsc::Receiver<String>,
}

impl User {
    async fn connect(world: &World, name: &str, inbox: &str) -> Self {
        let access = world.stack.nats("H40", name).unwrap();
        let (refused, refusals) = mpsc::channel(64);
        let note = move |event| {
            let refused = refused.clone();
            async move {
                if let Event::ServerError(error) = event {
                    let _ = refused.send(error.to_string().to_lowercase()).await;
                }
            }
        };
        let options = options(&access)
            .custom_inbox_prefix(inbox)
            .event_callback(note);
        Self {
            client: options.connect(&access.url).await.unwrap(),
            refusals,
        }
    }

    async fn service(world: &World, name: &str) -> Self {
        Self::connect(world, name, &format!("_INBOX_H40_{name}")).await
    }

    async fn may_not_publish(&mut self, subject: &str) {
        let sent = self.client.publish(subject.to_owned(), "{}".into()).await;
        sent.unwrap();
        self.refused("publish to", subject).await;
    }

    async fn may_not_hear(&mut self, subject: &str) {
        let _subscription = self.client.subscribe(subject.to_owned()).await.unwrap();
        self.refused("subscription to", subject).await;
    }

    async fn refused(&mut self, what: &str, subject: &str) {
        self.client.flush().await.unwrap();
        let refusal = tokio::time::timeout(CEILING, self.refusals.recv()).await;
        let refusal = refusal.unwrap_or_else(|_| panic!("{what} {subject} is not refused"));
        let expected = format!("{what} \"{}\"", subject.to_lowercase());
        assert!(refusal.unwrap().contains(&expected), "{expected}");
    }

    /// The first message of a log, read as a follower does.
    async fn first(&self, log: &str) -> String {
        let stream = jetstream::new(self.client.clone())
            .get_stream_no_info(stream(log))
            .await
            .unwrap();
        let config = OrderedConfig {
            deliver_policy: DeliverPolicy::All,
            ..OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.unwrap();
        let mut messages = consumer.messages().await.unwrap();
        let message = tokio::time::timeout(CEILING, messages.next()).await;
        String::from_utf8(message.unwrap().unwrap().unwrap().payload.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn a_service_publishes_its_own_subjects_and_reads_what_it_follows_and_nothing_else() {
    let (world, _) = world().await;
    for (service, follows) in SERVICES {
        let mut user = User::service(&world, service).await;
        let own = jetstream::new(user.client.clone());
        let sent = own.publish(subject(service), "mine".into()).await.unwrap();
        assert_eq!(sent.await.unwrap().sequence, 2, "{service}");
        for (log, _) in SERVICES {
            let stream = stream(log);
            for call in ["DELETE", "PURGE", "UPDATE", "MSG.DELETE", "SNAPSHOT"] {
                user.may_not_publish(&format!("$JS.API.STREAM.{call}.{stream}"))
                    .await;
            }
            user.may_not_hear(&format!("chiso.H40.{log}.>")).await;
            if log == service {
                continue;
            }
            user.may_not_publish(&subject(log)).await;
            user.may_not_hear(&format!("_INBOX_H40_{log}.>")).await;
            for call in ["STREAM.CREATE", "STREAM.MSG.GET", "DIRECT.GET"] {
                user.may_not_publish(&format!("$JS.API.{call}.{stream}"))
                    .await;
            }
            if follows.contains(&log) {
                assert_eq!(user.first(log).await, log, "{service}");
            } else {
                user.may_not_publish(&format!("$JS.API.CONSUMER.CREATE.{stream}.x"))
                    .await;
                user.may_not_publish(&format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.x"))
                    .await;
            }
        }
        user.may_not_publish(&subject(service).replace("H40", "H41"))
            .await;
        user.may_not_hear(">").await;
    }
}

#[tokio::test]
async fn an_analyst_reads_the_public_feed_and_nothing_else() {
    let (world, operator) = world().await;
    let mut analyst = User::connect(&world, "analyst", "_INBOX").await;
    let client = analyst.client.clone();
    let mut feed = client.subscribe("chiso.H40.projection.>").await.unwrap();
    let by_position = async || {
        let call = format!("$JS.API.DIRECT.GET.{}", stream("projection"));
        let asked = client.request(call, r#"{"seq": 1}"#.into());
        let answer = tokio::time::timeout(CEILING, asked).await.unwrap().unwrap();
        assert_eq!(answer.payload, "projection");
    };
    // The answer also says that the subscription was made.
    by_position().await;
    let sent = operator.publish(subject("projection"), "news".into()).await;
    sent.unwrap().await.unwrap();
    let heard = tokio::time::timeout(CEILING, feed.next()).await.unwrap();
    assert_eq!(heard.unwrap().payload, "news");

    for (log, _) in SERVICES {
        let stream = stream(log);
        analyst.may_not_publish(&subject(log)).await;
        for call in ["STREAM.INFO", "STREAM.CREATE", "STREAM.DELETE"] {
            analyst
                .may_not_publish(&format!("$JS.API.{call}.{stream}"))
                .await;
        }
        analyst
            .may_not_publish(&format!("$JS.API.CONSUMER.CREATE.{stream}.x"))
            .await;
        if log != "projection" {
            analyst.may_not_hear(&format!("chiso.H40.{log}.>")).await;
            analyst
                .may_not_publish(&format!("$JS.API.DIRECT.GET.{stream}"))
                .await;
        }
    }
    analyst.may_not_hear("chiso.H41.projection.>").await;
    analyst.may_not_hear("chiso.>").await;

    // A server answers to whatever subject it is told: here it is one of an account that holds no log.
    let call = format!("$JS.API.DIRECT.GET.{}", stream("projection"));
    let aside = client.publish_with_reply(call, subject("dossiers"), r#"{"seq": 1}"#.into());
    aside.await.unwrap();
    by_position().await;
    let dossiers = operator.get_stream(stream("dossiers")).await.unwrap();
    assert_eq!(dossiers.cached_info().state.messages, 1);
}

#[tokio::test]
async fn who_cannot_say_who_they_are_is_not_let_in() {
    let (world, _) = world().await;
    let access = world.stack.nats("H40", "dossiers").unwrap();
    let trusting = || ConnectOptions::new().add_root_certificates(access.ca.clone().unwrap());
    let nobody = trusting();
    let wrong = trusting().user_and_password("H40-dossiers".into(), "guessed".into());
    for refused in [nobody, wrong] {
        let error = refused.connect(&access.url).await.unwrap_err();
        assert_eq!(error.kind(), ConnectErrorKind::AuthorizationViolation);
    }
    // Nor does a client that does not know its authority get as far as that.
    let strange = ConnectOptions::new().connect(&access.url).await;
    let error = format!("{:?}", strange.unwrap_err());
    assert!(error.contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn an_access_that_cannot_be_read_is_refused_before_anybody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, missing) = (folder.path().join("empty"), folder.path().join("missing"));
    std::fs::write(&empty, "no colon\n").unwrap();
    let connect = async |ca: Option<&Path>, credentials: Option<&Path>| {
        let access = Access {
            url: "tls://127.0.0.1:1",
            ca,
            credentials,
        };
        Bus::connect(access, "H40", "dossiers").await.unwrap_err()
    };
    for error in [
        connect(Some(&missing), None).await,
        connect(None, Some(&missing)).await,
    ] {
        assert!(matches!(&error, ConnectError::File { path, .. } if *path == missing));
    }
    let error = connect(None, Some(&empty)).await;
    assert!(matches!(error, ConnectError::Credentials { .. }), "{error}");
    assert!(!error.to_string().contains("colon"), "{error}");
}

#[tokio::test]
async fn who_is_told_another_password_gets_in_with_it_without_a_restart() {
    let world = World::start("password").await;
    let access = world.stack.nats("H40", "dossiers").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("credentials");
    let right = std::fs::read_to_string(access.credentials.unwrap()).unwrap();
    std::fs::write(&told, "H40-dossiers:of-yesterday").unwrap();
    let access = Access {
        url: &access.url,
        ca: access.ca.as_deref(),
        credentials: Some(&told),
    };
    let bus = Bus::connect(access, "H40", "dossiers").await.unwrap();
    let flushed = tokio::time::timeout(Duration::from_secs(1), bus.client().flush()).await;
    assert!(flushed.is_err() && !bus.is_connected());
    std::fs::write(&told, right).unwrap();
    eventually("connected", true, async || bus.is_connected()).await;
    // Nothing that could be read is no reason to forget who one is.
    std::fs::write(&told, "").unwrap();
    bus.client().force_reconnect().await.unwrap();
    let connects = async || bus.client().statistics().connects.load(Ordering::Relaxed);
    eventually("connections", 2, connects).await;
}
