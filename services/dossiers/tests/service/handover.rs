//! A unit ends, and what it leaves unfinished goes over to its successors.

use contracts::dossiers::v1 as pb;
use contracts::registry::v1::{SuccessionKind, UnitSucceeded};
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::catalog::{FIVE_DAYS, NO_LIMIT, ONE_HOUR, OTHER, UNIT, reception};
use crate::world::{World, at, eventually, repeatable};

/// The first moment of 1 July 2025.
const SUCCESSION: &str = "2025-07-01T00:00:00+07:00";

fn request(moment: &str) -> pb::HandOverUnitRequest {
    pb::HandOverUnitRequest {
        context: Some(repeatable(moment)),
        unit: "000.00.12.H40".into(),
        reason: "sắp xếp lại".into(),
        ..Default::default()
    }
}

async fn ask(
    world: &World,
    request: pb::HandOverUnitRequest,
) -> Result<pb::HandOverUnitResponse, Status> {
    let answer = world.dossiers.clone().hand_over_unit(request).await;
    answer.map(tonic::Response::into_inner)
}

/// Three open dossiers and one that is done.
async fn dossiers(world: &World) {
    for (code, procedure) in [
        ("d-1", FIVE_DAYS),
        ("d-2", FIVE_DAYS),
        ("d-3", ONE_HOUR),
        ("d-4", NO_LIMIT),
    ] {
        let received = pb::ReceiveDossierRequest {
            context: Some(at("2025-06-27T09:00:00+07:00")),
            ..reception(code, procedure)
        };
        let mut client = world.dossiers.clone();
        client.receive_dossier(received).await.expect("received");
    }
    let done = pb::CompleteDossierRequest {
        context: Some(at("2025-06-30T09:00:00+07:00")),
        code: "d-4".into(),
    };
    let mut client = world.dossiers.clone();
    client.complete_dossier(done).await.expect("completed");
}

/// The unit ends on 1 July 2025; its work goes to `successors`.
async fn end(world: &World, kind: SuccessionKind, successors: &[&str]) {
    let succeeded = UnitSucceeded {
        kind: kind.into(),
        successors: successors.iter().map(ToString::to_string).collect(),
        valid_until: "2025-07-01".into(),
    };
    let stream = format!("unit-{UNIT}");
    let kind = "chiso.registry.v1.UnitSucceeded";
    let event = (stream, kind, succeeded.encode_to_vec());
    world.announce(vec![event]).await;
    eventually("the succession is known", async || {
        let asked = pb::HandOverUnitRequest {
            context: Some(at(SUCCESSION)),
            to_unit: OTHER.into(),
            batch_size: 1_000,
            ..request(SUCCESSION)
        };
        let mut validating = asked;
        validating.context.as_mut()?.validate_only = true;
        ask(world, validating).await.ok()
    })
    .await;
}

fn codes(answer: &pb::HandOverUnitResponse) -> Vec<(&str, &str)> {
    let went = answer.handed_over.iter();
    went.map(|it| (it.code.as_str(), it.to_unit.as_str()))
        .collect()
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().expect("a reason").reason
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_unit_hands_its_open_dossiers_over_in_batches_with_their_due_dates() {
    let world = World::start().await;
    dossiers(&world).await;
    let early = ask(&world, request(SUCCESSION))
        .await
        .expect_err("it exists");
    assert_eq!(
        (early.code(), reason(&early).as_str()),
        (Code::FailedPrecondition, "UNIT_EXISTS")
    );
    end(&world, SuccessionKind::Merged, &[OTHER]).await;
    let due = world.get("d-1").await.due_at;

    let first = pb::HandOverUnitRequest {
        batch_size: 2,
        ..request(SUCCESSION)
    };
    let head = world.head().await;
    let mut trial = first.clone();
    trial.context.as_mut().expect("a context").validate_only = true;
    let trial = ask(&world, trial).await.expect("it would do");
    assert_eq!(
        (codes(&trial).len(), trial.position, world.head().await),
        (2, 0, head)
    );

    let answer = ask(&world, first.clone()).await.expect("handed over");
    assert_eq!(codes(&answer), [("d-1", OTHER), ("d-2", OTHER)]);
    assert_eq!((answer.remaining, answer.left_count), (1, 0));
    assert_eq!(answer.position, head + 2);
    assert_eq!(ask(&world, first).await.expect("the same answer"), answer);
    let second = ask(&world, request(SUCCESSION)).await.expect("handed over");
    assert_eq!(
        (codes(&second), second.remaining),
        (vec![("d-3", OTHER)], 0)
    );
    let nothing = ask(&world, request(SUCCESSION))
        .await
        .expect("nothing is left");
    assert_eq!((codes(&nothing), world.head().await), (vec![], head + 3));

    let moved = world.get("d-1").await;
    assert_eq!((moved.unit.as_str(), moved.due_at), (OTHER, due));
    assert_eq!(world.get("d-4").await.unit, UNIT, "what is done stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_unit_hands_over_by_rules_and_says_what_no_rule_names() {
    let world = World::start().await;
    dossiers(&world).await;
    end(&world, SuccessionKind::Split, &[OTHER, "H40"]).await;
    let rule = |to_unit: &str, procedure: &str, code: &str| {
        let some = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        pb::HandOverRule {
            to_unit: to_unit.into(),
            procedures: some(procedure),
            codes: some(code),
        }
    };
    let stranger = pb::HandOverUnitRequest {
        rules: vec![rule(UNIT, FIVE_DAYS, "")],
        ..request(SUCCESSION)
    };
    let refused = ask(&world, stranger).await.expect_err("it has ended");
    assert_eq!(reason(&refused), "UNKNOWN_UNIT");
    let answer = pb::HandOverUnitRequest {
        rules: vec![rule(OTHER, FIVE_DAYS, ""), rule("H40", "", "d-2")],
        ..request(SUCCESSION)
    };
    let answer = ask(&world, answer).await.expect("handed over");
    assert_eq!(codes(&answer), [("d-1", OTHER), ("d-2", "H40")]);
    assert_eq!((answer.left_count, answer.remaining), (1, 1));
    assert_eq!(answer.left[0].code, "d-3");
    assert!(answer.left[0].reason.contains("no rule says"), "{answer:?}");
}
