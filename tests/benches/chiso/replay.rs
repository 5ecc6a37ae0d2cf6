//! Reading a long log, and rebuilding read models.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::import_dossiers_request::Fact;
use contracts::wire;
use contracts::{projection::v1 as projection, scoring::v1 as scoring};
use eventlog::{Append, EventLog, Expected, MAX_READ, NewEvent, StreamAppend};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use runtime::Shutdown;
use sqlx::postgres::PgPoolOptions;
use stack::Stack;

use crate::Plan;
use crate::append::{KIND, PAYLOAD, Sample, open};
use crate::province::{Province, procedure, unit};
use crate::report::{Part, head, row, thousands};

/// Events of the log that is read.
const EVENTS: i64 = 500_000;
/// Events of an append that fills it.
const FILL: i64 = 5_000;
/// Dossiers of the year that is rebuilt.
const DOSSIERS: usize = 10_000;
/// Dossiers of an import call, with four facts each.
const CALL: usize = 500;
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let stack = Stack::start(&stack::Options::named("bench-replay"))?;
    let part = Part::begin("Replay", stack.folder())?;
    head(&["what", "events", "seconds", "events/s"]);
    read(&stack, plan).await?;
    let province = Province::start("bench-rebuild").await?;
    rebuild(&province, plan).await?;
    println!("\nA prototype that kept no hashes read 640,000 to 960,000 a second.");
    province.end().await?;
    part.end()
}

/// Fills a log and reads it in each way there is.
async fn read(stack: &Stack, plan: Plan) -> anyhow::Result<()> {
    let pool = PgPoolOptions::new()
        .connect(&stack.fresh_database("replay")?)
        .await?;
    let log = open(pool.clone(), Shutdown::new()).await?;
    let began = Instant::now();
    for first in (0..EVENTS).step_by(usize::try_from(FILL)?) {
        fill(&log, first).await?;
    }
    report("append, 5,000 at a time", EVENTS, vec![began.elapsed()]);
    sqlx::query("vacuum analyze").execute(&pool).await?;
    let (mut pages, mut tails, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let began = Instant::now();
        let mut at = 0;
        while let Some(last) = log.read(at, MAX_READ).await?.last() {
            at = last.position;
        }
        ensure!(at == EVENTS, "read up to {at} of {EVENTS}");
        pages.push(began.elapsed());

        let began = Instant::now();
        let mut tail = std::pin::pin!(log.tail(0));
        let mut at = 0;
        while at < EVENTS {
            let page = tail.next().await.context("the tail ended early")??;
            at += i64::try_from(page.len())?;
        }
        tails.push(began.elapsed());

        let began = Instant::now();
        let verified = log.verify(0, |_| {}).await?;
        ensure!(
            verified.damage.is_none(),
            "the log is damaged: {verified:?}"
        );
        proofs.push(began.elapsed());
    }
    report("read, pages of 10,000", EVENTS, pages);
    report("tail", EVENTS, tails);
    report("verify the hash chain", EVENTS, proofs);
    Ok(())
}

async fn fill(log: &EventLog, first: i64) -> anyhow::Result<()> {
    let sample = Sample::new();
    let payload = Bytes::from(vec![42; PAYLOAD]);
    let streams = (first..first + FILL).map(|number| StreamAppend {
        stream: format!("dossier-{:05}", number % 50_000),
        expected: Expected::Any,
        events: vec![NewEvent {
            kind: KIND,
            payload: payload.clone(),
            metadata: sample.metadata.clone(),
        }],
    });
    let append = Append {
        streams: streams.collect(),
        receipts: Vec::new(),
    };
    log.append(append).await.context("filling a log").map(drop)
}

/// Imports dossiers of ten months and rebuilds what follows from them.
async fn rebuild(province: &Province, plan: Plan) -> anyhow::Result<()> {
    let year = province.all.clock().now() - DAY * 320;
    let numbers: Vec<usize> = (0..DOSSIERS).collect();
    let calls = numbers
        .chunks(CALL)
        .map(|call| call.iter().flat_map(|number| life(year, *number)).collect());
    let calls = calls.collect();
    let before = province.head().await?;
    let began = Instant::now();
    province.import(calls).await?;
    let imported = province.head().await? - before;
    report("import over gRPC", imported, vec![began.elapsed()]);
    province.caught_up().await?;
    report("import, scored and ranked", imported, vec![began.elapsed()]);
    let (mut scorings, mut projections) = (Vec::new(), Vec::new());
    let (mut scored, mut projected) = (0, 0);
    for _ in 0..plan.rounds {
        let began = Instant::now();
        scored = rebuild_scoring(province).await?;
        scorings.push(began.elapsed());
        let began = Instant::now();
        projected = rebuild_projection(province).await?;
        projections.push(began.elapsed());
    }
    report("rebuild scoring, compared and swapped", scored, scorings);
    report(
        "rebuild projection, compared and swapped",
        projected,
        projections,
    );
    Ok(())
}

async fn rebuild_scoring(province: &Province) -> anyhow::Result<i64> {
    let asked = scoring::RebuildModelRequest {};
    let mut told = province
        .scoring
        .clone()
        .rebuild_model(asked)
        .await?
        .into_inner();
    let mut last = scoring::RebuildModelResponse::default();
    while let Some(message) = told.message().await.context("rebuilding scoring")? {
        last = message;
    }
    ensure!(
        last.stage == "swapped",
        "scoring came out different: {:?}",
        last.differences
    );
    Ok(last.applied)
}

async fn rebuild_projection(province: &Province) -> anyhow::Result<i64> {
    let asked = projection::RebuildModelRequest {};
    let mut told = province
        .projection
        .clone()
        .rebuild_model(asked)
        .await?
        .into_inner();
    let mut last = projection::RebuildModelResponse::default();
    while let Some(message) = told.message().await.context("rebuilding projection")? {
        last = message;
    }
    ensure!(
        last.stage == "swapped",
        "the projection came out different: {:?}",
        last.differences
    );
    Ok(last.applied)
}

/// A dossier from its reception to its electronic result, some days of one of ten months.
fn life(year: Timestamp, number: usize) -> [pb::ImportDossiersRequest; 4] {
    let days = i32::try_from(number % 300).unwrap_or_default();
    let received = year + DAY * days;
    let late = if number.is_multiple_of(7) { 9 } else { 3 };
    let row = |id: &str, at: Timestamp, fact| pb::ImportDossiersRequest {
        source: "bench".to_owned(),
        source_event_id: format!("{number}-{id}"),
        code: format!("year-{number}"),
        occurred_at: Some(wire::timestamp(at)),
        officer: "cb01".to_owned(),
        fact: Some(fact),
    };
    let reception = Fact::Received(pb::ImportedReception {
        procedure: procedure(number),
        unit: unit(number),
        channel: pb::Channel::Online.into(),
        ..Default::default()
    });
    let nothing = pb::ImportedNothing {};
    [
        row("received", received, reception),
        row("started", received + DAY, Fact::ProcessingStarted(nothing)),
        row("completed", received + DAY * late, Fact::Completed(nothing)),
        row(
            "issued",
            received + DAY * (late + 1),
            Fact::ElectronicResultIssued(nothing),
        ),
    ]
}

fn report(what: &str, events: i64, mut times: Vec<Duration>) {
    times.sort_unstable();
    let took = times[times.len() / 2].as_secs_f64();
    row(&[
        what.to_owned(),
        thousands(events as f64),
        format!("{took:.2}"),
        format!("**{}**", thousands(events as f64 / took)),
    ]);
}
