//! What is fed, or is to be counted, and is not there.

use contracts::assessments::v1 as pb;
use tonic::Code;

use crate::refusals::refused;
use crate::sample::{DURING, SET, WAVE, edition, plan};
use crate::world::{World, repeatable};

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_whose_questions_feed_what_is_not_there_is_neither_planned_nor_opened() {
    let world = World::start_at(DURING).await;
    let mut surveys = world.surveys.clone();
    let mut wrong = edition();
    let mut astray = wrong.questions[0].feeds[0].clone();
    astray.leaf = "8.9".into();
    wrong.questions[0].feeds[0].inputs[0].input = "atitude_good".into();
    wrong.questions[0].feeds.push(astray);
    let put = async |edition: &pb::SurveyEdition| {
        let request = pb::PutInstrumentRequest {
            context: repeatable(),
            edition: Some(edition.clone()),
        };
        let put = world.surveys.clone().put_instrument(request).await;
        put.expect("an instrument");
    };
    put(&wrong).await;
    let planned = async || world.surveys.clone().plan_wave(plan()).await.map(drop);
    let head = world.head().await;
    refused(
        "no edition in force",
        planned().await,
        Code::FailedPrecondition,
        "question attitude feeds par-departments 8.1 but no edition of it in force judges department in 2024",
    );
    assert_eq!(world.head().await, head);
    world.judged().await;
    let head = world.head().await;
    let outcome = planned().await;
    for part in [
        "FEEDS_NOTHING",
        "8.1 atitude_good which edition 2024 does not take there: probably attitude_good is meant",
        "question attitude feeds par-departments 8.9 which is no leaf of edition 2024",
    ] {
        let outcome = outcome.clone();
        refused("fed astray", outcome, Code::FailedPrecondition, part);
    }
    assert_eq!(world.head().await, head);

    let edition = edition();
    put(&edition).await;
    surveys.plan_wave(plan()).await.expect("a plan");
    let retire = pb::RetireDefinitionRequest {
        code: "par-departments".into(),
        edition: "2024".into(),
        last_month: "2024-06".into(),
        reason: "thay bằng bộ khác".into(),
        ..Default::default()
    };
    let mut definitions = world.assessments.clone();
    definitions
        .retire_definition(retire)
        .await
        .expect("retired");
    let open = pb::OpenWaveRequest {
        context: repeatable(),
        wave: WAVE.into(),
    };
    let head = world.head().await;
    refused(
        "retired since",
        surveys.open_wave(open).await.map(drop),
        Code::FailedPrecondition,
        "FEEDS_NOTHING",
    );
    assert_eq!(world.head().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_that_takes_what_nothing_counts_is_not_put_in_force() {
    let world = World::start_at(DURING).await;
    let head = world.head().await;
    let document = SET.replace(
        "attitude_other: number",
        "dossiers_recieved: { kind: flow, vi: a, en: a }",
    );
    let document = document.replace("attitude_other: 0%", "dossiers_recieved: 0%");
    let mut definitions = world.assessments.clone();
    let request = pb::ValidateDefinitionRequest {
        document: document.clone(),
        ..Default::default()
    };
    let checked = definitions.validate_definition(request).await;
    let checked = checked.expect("checked").into_inner();
    assert!(!checked.sound);
    let line = document
        .lines()
        .position(|line| line.contains("kind: flow"));
    let fault = &checked.faults[0];
    assert_eq!(usize::try_from(fault.line - 1).ok(), line, "{fault:?}");
    let meant = "probably dossiers_received is meant";
    assert!(fault.message.contains(meant), "{fault:?}");
    let request = pb::PutDefinitionInForceRequest {
        document,
        ..Default::default()
    };
    refused(
        "a misspelt measure",
        definitions.put_definition_in_force(request).await.map(drop),
        Code::InvalidArgument,
        meant,
    );
    assert_eq!(world.head().await, head);
}
