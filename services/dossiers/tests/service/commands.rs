//! Commands: repeated, tried out, late, malformed.

use contracts::dossiers::v1 as pb;
use contracts::log::v1::CommandContext;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::catalog::{FIVE_DAYS, UNIT, events, reception, registration};
use crate::world::{World, at, repeatable};

const MOMENT: &str = "2025-03-03T09:00:00+07:00";

fn registering(code: &str, context: CommandContext) -> pb::RegisterDossierRequest {
    pb::RegisterDossierRequest {
        context: Some(context),
        ..registration(code)
    }
}

async fn register(
    world: &World,
    request: pb::RegisterDossierRequest,
) -> Result<pb::Dossier, Status> {
    Ok(world
        .dossiers
        .clone()
        .register_dossier(request)
        .await?
        .into_inner())
}

fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_command_gets_the_first_answer_also_when_it_named_no_code() {
    let world = World::start().await;
    for code in ["twice-1", ""] {
        let request = registering(code, repeatable(MOMENT));
        let first = register(&world, request.clone()).await.expect("filed");
        let head = world.head().await;
        assert_eq!(
            register(&world, request.clone())
                .await
                .expect("the same again"),
            first
        );
        let other = pb::RegisterDossierRequest {
            identity_verified: false,
            ..request
        };
        let refused = register(&world, other).await.expect_err("other content");
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains("request_id"), "{refused}");
        assert_eq!(world.head().await, head);
    }
    let next = register(&world, registering("", at(MOMENT)))
        .await
        .expect("filed");
    assert_eq!(
        next.code, "000.00.12.H40-250303-0002",
        "repeating used up no number"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_given_to_many_at_once_without_a_gap_or_a_double() {
    let world = World::start().await;
    let filings = (0..50).map(|_| register(&world, registering("", at(MOMENT))));
    let mut codes: Vec<String> = futures::future::join_all(filings)
        .await
        .into_iter()
        .map(|filed| filed.expect("filed").code)
        .collect();
    codes.sort();
    let expected: Vec<String> = (1..=50)
        .map(|n| format!("000.00.12.H40-250303-{n:04}"))
        .collect();
    assert_eq!(codes, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_tried_out_changes_nothing() {
    let world = World::start().await;
    let tried = CommandContext {
        validate_only: true,
        ..repeatable(MOMENT)
    };
    for code in ["", "tried-1"] {
        let answer = register(&world, registering(code, tried.clone()))
            .await
            .expect("possible");
        assert_eq!(answer.version, 1);
    }
    assert_eq!(world.head().await, 0);
    let filed = register(&world, registering("", at(MOMENT)))
        .await
        .expect("filed");
    assert_eq!(filed.code, "000.00.12.H40-250303-0001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_the_newest_aborts() {
    let world = World::start().await;
    register(&world, registering("old-1", at(MOMENT)))
        .await
        .expect("filed");
    let request = pb::NoteActivityRequest {
        context: Some(CommandContext {
            expected_version: Some(7),
            ..at(MOMENT)
        }),
        code: "old-1".into(),
        activity: "x".into(),
        officer: String::new(),
    };
    let refused = world
        .dossiers
        .clone()
        .note_activity(request)
        .await
        .expect_err("stale");
    assert_eq!(refused.code(), Code::Aborted);
    let info = refused.get_details_error_info().expect("info");
    assert_eq!(
        (
            info.metadata["expected"].as_str(),
            info.metadata["actual"].as_str()
        ),
        ("7", "1")
    );
    assert_eq!(world.head().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_the_state_and_what_is_possible() {
    let world = World::start().await;
    register(&world, registering("state-1", at(MOMENT)))
        .await
        .expect("filed");
    let complete = async |code: &str| {
        let request = pb::CompleteDossierRequest {
            context: Some(at(MOMENT)),
            code: code.into(),
        };
        world
            .dossiers
            .clone()
            .complete_dossier(request)
            .await
            .expect_err("refused")
    };
    let refused = complete("state-1").await;
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "STATUS_DOES_NOT_ALLOW");
    assert!(refused.message().contains("ReceiveDossier"), "{refused}");
    assert_eq!(complete("nobody-1").await.code(), Code::NotFound);
    let again = pb::RegisterDossierRequest {
        unit: "H40.13".into(),
        ..registering("state-1", at(MOMENT))
    };
    assert_eq!(
        register(&world, again).await.expect_err("taken").code(),
        Code::AlreadyExists
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_registry_does_not_know_on_that_day_is_refused() {
    let world = World::start().await;
    let before = "1999-03-03T09:00:00+07:00";
    let filing = |change: fn(&mut pb::RegisterDossierRequest), moment| {
        let mut request = registering("unknown-1", at(moment));
        change(&mut request);
        register(&world, request)
    };
    for (refused, expected) in [
        (
            filing(|r| r.unit = "H40.99".into(), MOMENT).await,
            "UNKNOWN_UNIT",
        ),
        (
            filing(|r| r.receiving_unit = "H40.99".into(), MOMENT).await,
            "UNKNOWN_UNIT",
        ),
        (
            filing(|r| r.procedure = "1.999999".into(), MOMENT).await,
            "UNKNOWN_PROCEDURE",
        ),
        (filing(|_| (), before).await, "UNKNOWN_PROCEDURE"),
    ] {
        let refused = refused.expect_err("unknown");
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, expected)
        );
    }
    assert_eq!(world.head().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_wait_for_their_caller_to_retry_until_the_registry_was_heard_of() {
    let world = World::unaware(None).await;
    let refused = register(&world, registering("early-1", at(MOMENT)))
        .await
        .expect_err("too early");
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.get_details_retry_info().is_some());
    world.announce(events()).await;
    let filed = crate::world::eventually("the catalog is known", async || {
        register(&world, registering("early-1", at(MOMENT)))
            .await
            .ok()
    });
    assert_eq!(filed.await.version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applicant_is_kept_as_a_keyed_hash_only() {
    let world = World::start().await;
    let request = registering("secret-1", repeatable(MOMENT));
    let identity = request.applicant.clone();
    register(&world, request).await.expect("filed");
    let (_, filed) = world.event::<pb::DossierRegistered>("secret-1").await;
    assert_eq!(filed.applicant.len(), 32);
    let found: i64 = sqlx::query_scalar(
        "select count(*) from (
             select payload || metadata as bytes from eventlog.events
             union all select response || request_hash from eventlog.receipts
         ) stored where position($1::bytea in bytes) > 0",
    )
    .bind(identity.as_bytes())
    .fetch_one(&world.pool().await)
    .await
    .expect("searched");
    assert_eq!(found, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reception_must_say_what_it_is_about_unless_it_was_registered() {
    let world = World::start().await;
    let receive = async |change: fn(&mut pb::ReceiveDossierRequest)| {
        let mut request = reception("counter-1", FIVE_DAYS);
        request.context = Some(at(MOMENT));
        change(&mut request);
        world
            .dossiers
            .clone()
            .receive_dossier(request)
            .await
            .expect_err("refused")
    };
    let nothing = receive(|r| {
        *r = pb::ReceiveDossierRequest {
            code: "counter-1".into(),
            ..Default::default()
        }
    });
    assert_eq!(reason(&nothing.await), "DOSSIER_NOT_REGISTERED");
    let no_code = receive(|r| *r = pb::ReceiveDossierRequest::default()).await;
    assert_eq!(no_code.code(), Code::InvalidArgument);
    let half = receive(|r| r.procedure.clear()).await;
    assert!(half.message().contains("procedure"), "{half}");
    assert_eq!(world.head().await, 0);
    let request = pb::ReceiveDossierRequest {
        context: Some(at(MOMENT)),
        ..reception("", FIVE_DAYS)
    };
    let received = world
        .dossiers
        .clone()
        .receive_dossier(request)
        .await
        .expect("received")
        .into_inner();
    assert_eq!(
        (received.code.as_str(), received.unit.as_str()),
        ("000.00.12.H40-250303-0001", UNIT)
    );
}
