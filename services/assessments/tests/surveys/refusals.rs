//! What is refused says why and changes nothing.

use contracts::assessments::v1 as pb;
use contracts::log::v1::CommandContext;
use tonic::{Code, Status};

use crate::sample::{DURING, OPENS, WAVE, ballot, edition, plan, tokens};
use crate::world::{UNITS, World, repeatable};

type Outcome = Result<(), Status>;

pub(crate) fn refused(what: &str, outcome: Outcome, code: Code, part: &str) {
    let status = outcome.expect_err(what);
    assert_eq!(status.code(), code, "{what}: {status}");
    let said = format!(
        "{} {:?}",
        status.message(),
        String::from_utf8_lossy(status.details())
    );
    assert!(said.contains(part), "{what}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_commands_leave_the_log_as_it_is() {
    let world = World::start_at(DURING).await;
    world.planned().await;
    let head = world.head().await;
    let surveys = || world.surveys.clone();

    let put = async |edition| {
        let context = repeatable();
        let request = pb::PutInstrumentRequest { context, edition };
        surveys().put_instrument(request).await.map(drop)
    };
    refused(
        "no edition",
        put(None).await,
        Code::InvalidArgument,
        "edition",
    );
    let mut faulty = edition();
    faulty.questions[0].kind = None;
    faulty.instrument = "a b".into();
    let outcome = put(Some(faulty)).await;
    refused(
        "a question without a kind",
        outcome,
        Code::InvalidArgument,
        "questions[0].kind",
    );
    let mut faulty = edition();
    faulty.questions[0].feeds[0].inputs[0].answers = vec!["6".into()];
    refused(
        "an input that counts an answer that is none",
        put(Some(faulty)).await,
        Code::InvalidArgument,
        "questions[0].feeds",
    );
    let mut used = edition();
    used.title = "another".into();
    refused(
        "a used edition",
        put(Some(used)).await,
        Code::FailedPrecondition,
        "EDITION_IMMUTABLE",
    );

    let planning = async |change: fn(&mut pb::PlanWaveRequest)| {
        let mut request = pb::PlanWaveRequest {
            wave: "other".into(),
            ..plan()
        };
        change(&mut request);
        surveys().plan_wave(request).await.map(drop)
    };
    for (field, outcome) in [
        ("wave", planning(|plan| plan.wave = "a/b".into()).await),
        ("units", planning(|plan| plan.units = vec![]).await),
        (
            "units",
            planning(|plan| plan.units = vec!["h40".into()]).await,
        ),
        (
            "period",
            planning(|plan| plan.period = "2024-13".into()).await,
        ),
        (
            "closes_at",
            planning(|plan| plan.closes_at = plan.opens_at).await,
        ),
        ("opens_at", planning(|plan| plan.opens_at = None).await),
        ("minimum", planning(|plan| plan.minimum = 9).await),
        ("minimum", planning(|plan| plan.minimum = -1).await),
        ("quotas", planning(|plan| plan.quotas[0].ballots = 0).await),
        (
            "quotas",
            planning(|plan| plan.quotas[0].group = "nobody".into()).await,
        ),
    ] {
        refused(field, outcome, Code::InvalidArgument, field);
    }
    let outcome = planning(|plan| plan.edition = "2023".into()).await;
    refused(
        "an unknown edition",
        outcome,
        Code::NotFound,
        "NO_INSTRUMENT",
    );
    let outcome = planning(|plan| plan.units.push("H40.99".into())).await;
    refused(
        "an unknown unit",
        outcome,
        Code::FailedPrecondition,
        "UNKNOWN_UNIT",
    );

    for (request, code, part) in [
        (
            tokens("H40.99", "citizen", 5),
            Code::FailedPrecondition,
            "UNKNOWN_UNIT",
        ),
        (
            tokens(UNITS[0], "nobody", 5),
            Code::InvalidArgument,
            "group",
        ),
        (
            tokens(UNITS[0], "citizen", 0),
            Code::InvalidArgument,
            "count",
        ),
        (
            tokens(UNITS[0], "citizen", 10_001),
            Code::InvalidArgument,
            "count",
        ),
    ] {
        let outcome = surveys().issue_tokens(request).await.map(drop);
        refused("tokens", outcome, code, part);
    }
    let withhold = async |unit: &str, reason: &str| {
        let request = pb::WithholdResultsRequest {
            context: repeatable(),
            wave: WAVE.into(),
            unit: unit.into(),
            reason: reason.into(),
        };
        surveys().withhold_results(request).await.map(drop)
    };
    refused(
        "no reason",
        withhold("", " ").await,
        Code::InvalidArgument,
        "reason",
    );
    refused(
        "a foreign unit",
        withhold("H40", "x").await,
        Code::InvalidArgument,
        "unit",
    );
    let close = pb::CloseWaveRequest {
        context: repeatable(),
        wave: WAVE.into(),
    };
    let outcome = surveys().close_wave(close).await.map(drop);
    refused(
        "not open",
        outcome,
        Code::FailedPrecondition,
        "WAVE_NOT_OPEN",
    );
    let open = pb::OpenWaveRequest {
        context: repeatable(),
        wave: "none".into(),
    };
    let outcome = surveys().open_wave(open).await.map(drop);
    refused("no wave", outcome, Code::NotFound, "NO_WAVE");
    assert_eq!(world.head().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_validated_changes_nothing() {
    let world = World::start_at(OPENS).await;
    world.planned().await;
    let head = world.head().await;
    let context = || {
        Some(CommandContext {
            validate_only: true,
            ..repeatable().expect("a context")
        })
    };
    let mut surveys = world.surveys.clone();
    let request = pb::PlanWaveRequest {
        context: context(),
        wave: "other".into(),
        ..plan()
    };
    let planned = surveys
        .plan_wave(request)
        .await
        .expect("sound")
        .into_inner();
    assert_eq!(planned.wave, "other");
    let request = pb::IssueTokensRequest {
        context: context(),
        ..tokens(UNITS[0], "citizen", 5)
    };
    let issued = surveys
        .issue_tokens(request)
        .await
        .expect("sound")
        .into_inner();
    assert!(issued.tokens.is_empty(), "a token that is shown is issued");
    assert_eq!(world.head().await, head);

    world.open().await;
    let token = world.tokens(UNITS[0], "citizen", 1).await.remove(0);
    let request = pb::CastBallotRequest {
        validate_only: true,
        ..ballot(&token, &[("attitude", "3")])
    };
    for _ in 0..2 {
        surveys.cast_ballot(request.clone()).await.expect("sound");
    }
    let cast = ballot(&token, &[("attitude", "3")]);
    surveys
        .cast_ballot(cast)
        .await
        .expect("not spent by validating");
    let outcome = surveys.cast_ballot(request).await.map(drop);
    refused("spent", outcome, Code::FailedPrecondition, "TOKEN_SPENT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ballot_that_is_not_sound_leaves_its_token_as_it_is() {
    let world = World::start_at(DURING).await;
    world.planned().await;
    let token = world.tokens(UNITS[0], "citizen", 1).await.remove(0);
    let cast = async |request: pb::CastBallotRequest| {
        world.surveys.clone().cast_ballot(request).await.map(drop)
    };
    let sound = ballot(&token, &[("attitude", "3"), ("hours", "1.25")]);
    let outcome = cast(sound.clone()).await;
    refused(
        "not open",
        outcome,
        Code::FailedPrecondition,
        "WAVE_NOT_OPEN",
    );
    world.open().await;
    let head = world.head().await;
    for (said, part) in [
        (vec![("attitude", "717")], "answers[attitude]"),
        (vec![("hours", "1")], "answers[attitude]"),
        (
            vec![("attitude", "1"), ("inside", "yes")],
            "answers[inside]",
        ),
        (vec![], "answers"),
    ] {
        let outcome = cast(ballot(&token, &said)).await;
        assert!(
            !format!("{outcome:?}").contains("717"),
            "an answer is nobody's business"
        );
        refused(part, outcome, Code::InvalidArgument, part);
    }
    for wrong in ["", "x", &token[1..], &token.replace(&token[..1], "!")] {
        let request = ballot(wrong, &[("attitude", "3")]);
        refused(
            "a wrong token",
            cast(request).await,
            Code::InvalidArgument,
            "token",
        );
    }
    let elsewhere = pb::CastBallotRequest {
        wave: "none".into(),
        ..sound.clone()
    };
    refused("no wave", cast(elsewhere).await, Code::NotFound, "NO_WAVE");
    cast(sound.clone()).await.expect("the token is still good");
    refused(
        "used",
        cast(sound.clone()).await,
        Code::FailedPrecondition,
        "TOKEN_SPENT",
    );
    assert_eq!(world.head().await, head, "a ballot alone is no event");
    world.close().await;
    world.counted(WAVE).await;
    refused(
        "closed",
        cast(sound).await,
        Code::FailedPrecondition,
        "WAVE_CLOSED",
    );
}
