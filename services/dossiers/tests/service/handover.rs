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

/// Begins a step of a dossier at a unit, or ends it.
async fn step(world: &World, code: &str, number: i32, unit: Option<&str>) {
    let context = Some(at("2025-06-27T10:00:00+07:00"));
    let code = code.to_owned();
    let mut client = world.dossiers.clone();
    let done = match unit {
        Some(unit) => {
            let start = pb::StartStepRequest {
                context,
                code,
                step: number,
                unit: unit.to_owned(),
                name: "thẩm định".into(),
                limit_minutes: 480,
            };
            client.start_step(start).await
        }
        None => {
            let complete = pb::CompleteStepRequest {
                context,
                code,
                step: number,
            };
            client.complete_step(complete).await
        }
    };
    done.expect("a step");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_steps_go_over_with_their_dossier_and_from_dossiers_of_others() {
    let world = World::start().await;
    dossiers(&world).await;
    // d-1 is the unit's, with two of its steps, one done; d-9 is another's, with one.
    step(&world, "d-1", 1, Some(UNIT)).await;
    step(&world, "d-1", 2, Some(UNIT)).await;
    step(&world, "d-1", 2, None).await;
    step(&world, "d-1", 3, Some("H40")).await;
    let received = pb::ReceiveDossierRequest {
        context: Some(at("2025-06-27T09:00:00+07:00")),
        unit: "H40".into(),
        ..reception("d-9", FIVE_DAYS)
    };
    let mut client = world.dossiers.clone();
    client.receive_dossier(received).await.expect("received");
    step(&world, "d-9", 7, Some(UNIT)).await;
    end(&world, SuccessionKind::Merged, &[OTHER]).await;

    // A single dossier takes its steps along as well: its unit is no more.
    let single = pb::HandOverDossierRequest {
        context: Some(at(SUCCESSION)),
        code: "d-1".into(),
        to_unit: OTHER.into(),
        reason: "sắp xếp lại".into(),
    };
    let mut client = world.dossiers.clone();
    client.hand_over_dossier(single).await.expect("handed over");
    let units = async |code: &str| -> Vec<(i32, String)> {
        let steps = world.get(code).await.steps.into_iter();
        steps.map(|step| (step.step, step.unit)).collect()
    };
    let named = |steps: &[(i32, &str)]| -> Vec<(i32, String)> {
        steps
            .iter()
            .map(|(n, unit)| (*n, (*unit).to_owned()))
            .collect()
    };
    assert_eq!(
        units("d-1").await,
        named(&[(1, OTHER), (2, UNIT), (3, "H40")])
    );

    let due = world.get("d-9").await.steps[0].due_at;
    let head = world.head().await;
    let answer = ask(&world, request(SUCCESSION)).await.expect("handed over");
    let went = answer.handed_over.iter();
    let went: Vec<_> = went
        .map(|it| (it.code.as_str(), it.steps.as_slice()))
        .collect();
    assert_eq!(went, [("d-2", &[][..]), ("d-3", &[]), ("d-9", &[7])]);
    assert_eq!((answer.remaining, answer.position), (0, head + 3));
    let alone = world.get("d-9").await;
    assert_eq!(alone.unit, "H40", "the dossier itself is not the unit's");
    assert_eq!(
        (alone.steps[0].unit.as_str(), alone.steps[0].due_at),
        (OTHER, due)
    );
    let nothing = ask(&world, request(SUCCESSION))
        .await
        .expect("nothing is left");
    assert_eq!((codes(&nothing), nothing.remaining), (vec![], 0));
}
