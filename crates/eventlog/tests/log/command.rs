//! From a command to its events and back.

use contracts::log::v1::{AtLeast, CommandContext};
use contracts::problem::Problem;
use decider::Decider;
use eventlog::command::{Codec, Context, DecodeError, ExecuteError, Executed, execute, load};
use eventlog::{EventLog, Expected, Version};
use jiff::Timestamp;
use prost::Message;
use prost::bytes::Bytes;
use uuid::Uuid;

use crate::support::{all, append, database, fresh, open};

/// A purse that holds at most ten coins.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Purse {
    pub(crate) coins: u8,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Added(u8);

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the purse holds {0} coins; take some out")]
pub(crate) struct Full(u8);

impl Decider for Purse {
    type Command = u8;
    type Event = Added;
    type Refusal = Full;

    fn decide(&self, coins: u8) -> Result<Vec<Added>, Full> {
        match coins {
            0 => Ok(vec![]),
            _ if self.coins + coins > 10 => Err(Full(self.coins)),
            _ => Ok(vec![Added(coins)]),
        }
    }

    fn evolve(&mut self, event: &Added) {
        self.coins += event.0;
    }
}

pub(crate) struct PurseCodec;

impl Codec for PurseCodec {
    type Aggregate = Purse;

    fn encode(event: &Added) -> (&'static str, Bytes) {
        ("test.Added", vec![event.0].into())
    }

    fn decode(kind: &str, payload: &[u8]) -> Result<Added, DecodeError> {
        match (kind, payload) {
            ("test.Added", [coins]) => Ok(Added(*coins)),
            _ => Err(DecodeError::UnknownKind(kind.to_owned())),
        }
    }
}

fn now() -> Timestamp {
    "2024-04-15T08:30:00Z".parse().unwrap()
}

/// A request to add coins, in the shape of some message.
fn request(coins: u8) -> AtLeast {
    AtLeast {
        log: "purse".into(),
        position: coins.into(),
    }
}

pub(crate) fn context(request_id: u128, coins: u8) -> Context {
    let context = CommandContext {
        request_id: match request_id {
            0 => String::new(),
            id => Uuid::from_u128(id).to_string(),
        },
        actor: "NV-001".into(),
        ..Default::default()
    };
    Context::parse(
        Some(context),
        "Add",
        &request(coins),
        now(),
        Uuid::from_u128(99),
    )
    .unwrap()
}

pub(crate) async fn add(
    log: &EventLog,
    context: &Context,
    coins: u8,
) -> Result<Executed<AtLeast>, ExecuteError<Full>> {
    let decide = |purse: &Purse, _: Version| purse.decide(coins);
    execute::<PurseCodec, AtLeast>(log, "purse-1", context, decide, answer).await
}

/// The coins and the version of a purse, in the shape of some message.
pub(crate) fn answer(purse: &Purse, version: Version) -> AtLeast {
    AtLeast {
        log: purse.coins.to_string(),
        position: version,
    }
}

#[tokio::test]
async fn a_command_is_decided_appended_and_answered() {
    let log = fresh().await;
    append(&log, "other-1", Expected::Any, &["x"])
        .await
        .unwrap();
    let executed = add(&log, &context(1, 3), 3).await.unwrap();
    assert_eq!(
        executed.response,
        AtLeast {
            log: "3".into(),
            position: 1
        }
    );
    assert_eq!((executed.position, executed.replayed), (2, false));

    let event = log.load("purse-1").await.unwrap().remove(0);
    assert_eq!(
        (event.kind.as_str(), event.payload.as_ref()),
        ("test.Added", &[3][..])
    );
    let metadata = event.metadata().unwrap();
    assert_eq!(metadata.actor, "NV-001");
    assert_eq!(metadata.request_id, Uuid::from_u128(1).to_string());
    assert_eq!(
        Uuid::try_parse(&metadata.event_id)
            .unwrap()
            .get_version_num(),
        7
    );
    assert_eq!(event.occurred_at(), now());
    let loaded = load::<PurseCodec>(&log, "purse-1").await.unwrap();
    assert_eq!(
        (loaded.state.coins, loaded.version, loaded.last_position),
        (3, 1, 2)
    );
}

#[tokio::test]
async fn a_repeat_is_answered_as_the_first_time_even_when_it_would_now_be_refused() {
    let log = fresh().await;
    let first = add(&log, &context(1, 6), 6).await.unwrap();
    let repeat = add(&log, &context(1, 6), 6).await.unwrap();
    assert!(repeat.replayed);
    assert_eq!(
        (repeat.response, repeat.position),
        (first.response, first.position)
    );
    // Without an expected version and with room left, it must not be added twice either.
    add(&log, &context(2, 1), 1).await.unwrap();
    assert!(add(&log, &context(2, 1), 1).await.unwrap().replayed);
    assert_eq!(all(&log).await.len(), 2);
}

#[tokio::test]
async fn another_command_under_a_used_id_is_refused() {
    let log = fresh().await;
    add(&log, &context(1, 6), 6).await.unwrap();
    for coins in [1, 5] {
        let error = add(&log, &context(1, coins), coins).await.unwrap_err();
        assert!(matches!(error, ExecuteError::RequestIdReused), "{error:?}");
        let problem = error.problem(|_| unreachable!());
        assert_eq!(problem.violations()[0].0, "context.request_id");
    }
}

#[tokio::test]
async fn a_refusal_is_the_aggregates_own() {
    let log = fresh().await;
    add(&log, &context(1, 9), 9).await.unwrap();
    let error = add(&log, &context(2, 2), 2).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Refused(Full(9))), "{error:?}");
    let problem = error.problem(|full| Problem::refused("PURSE_FULL", full.to_string()));
    assert_eq!(problem.message(), "the purse holds 9 coins; take some out");
    assert_eq!(log.receipt(Uuid::from_u128(2)).await.unwrap(), None);
}

#[tokio::test]
async fn validate_only_answers_and_changes_nothing() {
    let log = fresh().await;
    let context = Context {
        validate_only: true,
        ..context(1, 3)
    };
    let executed = add(&log, &context, 3).await.unwrap();
    assert_eq!(
        executed.response,
        AtLeast {
            log: "3".into(),
            position: 1
        }
    );
    assert_eq!(log.head().await.unwrap().position, 0);
    assert_eq!(log.receipt(context.request_id).await.unwrap(), None);
}

#[tokio::test]
async fn an_expected_version_is_kept_to() {
    let log = fresh().await;
    add(&log, &context(1, 1), 1).await.unwrap();
    for expected in [0, 2] {
        let context = Context {
            expected_version: Some(expected),
            ..context(2, 1)
        };
        match add(&log, &context, 1).await {
            Err(ExecuteError::Conflict {
                expected: told,
                actual: 1,
            }) => assert_eq!(told, expected),
            other => panic!("{other:?}"),
        }
    }
    let context = Context {
        expected_version: Some(1),
        ..context(3, 1)
    };
    add(&log, &context, 1).await.unwrap();
    assert!(
        add(&log, &context, 1).await.unwrap().replayed,
        "although the version is 2 by now"
    );
}

#[tokio::test]
async fn a_command_that_changes_nothing_is_answered_with_a_receipt_if_it_has_an_id() {
    let log = fresh().await;
    add(&log, &context(1, 4), 4).await.unwrap();
    let nothing = add(&log, &context(2, 0), 0).await.unwrap();
    assert_eq!((nothing.response.log.as_str(), nothing.position), ("4", 1));
    add(&log, &context(3, 4), 4).await.unwrap();
    let repeat = add(&log, &context(2, 0), 0).await.unwrap();
    assert_eq!((repeat.response.log.as_str(), repeat.replayed), ("4", true));

    let nameless = add(&log, &context(0, 0), 0).await.unwrap();
    assert_eq!(
        (nameless.response.log.as_str(), nameless.position),
        ("8", 2)
    );
    assert_eq!(log.receipt(Uuid::from_u128(99)).await.unwrap(), None);
}

#[tokio::test]
async fn commands_that_meet_are_decided_anew() {
    let options = database().await;
    let logs = [open(&options).await, open(&options).await];
    let commands = (0..6usize).map(|command| {
        let log = logs[command % 2].clone();
        async move { add(&log, &context(1 + command as u128, 1), 1).await }
    });
    for executed in futures::future::join_all(commands).await {
        executed.unwrap();
    }
    let loaded = load::<PurseCodec>(&logs[0], "purse-1").await.unwrap();
    assert_eq!((loaded.state.coins, loaded.version), (6, 6));
}

#[tokio::test]
async fn an_unknown_event_stops_the_command_and_names_its_position() {
    let log = fresh().await;
    append(&log, "purse-1", Expected::Any, &["x"])
        .await
        .unwrap();
    let error = add(&log, &context(1, 1), 1).await.unwrap_err();
    assert!(
        matches!(error, ExecuteError::Decode { position: 1, .. }),
        "{error:?}"
    );
    assert_eq!(
        error.problem(|_| unreachable!()).code(),
        tonic::Code::Internal
    );
}

fn parse(context: CommandContext) -> Result<Context, Problem> {
    Context::parse(
        Some(context),
        "Add",
        &request(1),
        now(),
        Uuid::from_u128(99),
    )
}

#[test]
fn a_malformed_context_is_refused_with_every_field_named() {
    let problem = parse(CommandContext {
        request_id: "7".into(),
        expected_version: Some(-1),
        occurred_at: Some(prost_types::Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        }),
        actor: "x".repeat(101),
        unit: "\0".into(),
        ..Default::default()
    })
    .unwrap_err();
    let fields: Vec<_> = problem
        .violations()
        .iter()
        .map(|(field, _)| field.as_str())
        .collect();
    assert_eq!(
        fields,
        [
            "request_id",
            "occurred_at",
            "expected_version",
            "actor",
            "unit"
        ]
        .map(|field| format!("context.{field}"))
    );
}

#[test]
fn the_world_may_be_five_minutes_ahead_but_not_more() {
    let at = |seconds| {
        let at = now() + jiff::SignedDuration::from_secs(seconds);
        let occurred_at = Some(contracts::wire::timestamp(at));
        parse(CommandContext {
            occurred_at,
            ..Default::default()
        })
    };
    assert_eq!(
        at(300).unwrap().occurred_at,
        now() + jiff::SignedDuration::from_secs(300)
    );
    assert!(at(301).is_err());
    let absent = parse(CommandContext::default()).unwrap();
    assert_eq!((absent.occurred_at, absent.repeatable), (now(), false));
    assert_eq!(absent.request_id, Uuid::from_u128(99));
}

#[test]
fn what_makes_a_request_another_is_all_but_its_id_and_whether_it_is_meant() {
    let base = CommandContext {
        request_id: Uuid::from_u128(1).to_string(),
        ..Default::default()
    };
    let hash = |context: &CommandContext| parse(context.clone()).unwrap().request_hash;
    let same = CommandContext {
        request_id: Uuid::from_u128(2).to_string(),
        validate_only: true,
        ..base.clone()
    };
    assert_eq!(hash(&same), hash(&base));
    for other in [
        CommandContext {
            actor: "NV-002".into(),
            ..base.clone()
        },
        CommandContext {
            expected_version: Some(1),
            ..base.clone()
        },
        CommandContext {
            occurred_at: Some(contracts::wire::timestamp(now())),
            ..base.clone()
        },
    ] {
        assert_ne!(hash(&other), hash(&base), "{other:?}");
    }
    let parse = |method, coins| {
        let request = request(coins);
        assert!(request.encoded_len() > 0);
        Context::parse(Some(base.clone()), method, &request, now(), Uuid::nil()).unwrap()
    };
    assert_ne!(parse("Add", 1).request_hash, parse("Add", 2).request_hash);
    assert_ne!(parse("Add", 1).request_hash, parse("Put", 1).request_hash);
}

#[test]
fn trying_again_makes_the_same_event() {
    let event = |index| {
        context(1, 1)
            .event(index, "test.Added", Bytes::new())
            .metadata
            .event_id
    };
    assert_eq!(event(0), event(0));
    assert_ne!(event(0), event(1));
}
