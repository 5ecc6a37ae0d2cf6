//! From a command to the watcher of its index, under load.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use contracts::dossiers::v1 as pb;
use contracts::dossiers::v1::dossiers_service_client::DossiersServiceClient;
use contracts::dossiers::v1::import_dossiers_request::Fact;
use contracts::projection::v1::WatchIndicesRequest;
use contracts::projection::v1::watch_indices_response::Kind;
use contracts::wire;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::transport::Channel;

use crate::Plan;
use crate::load::Load;
use crate::measure::{histogram, micros};
use crate::province::{INDEX, Province, UNITS, month, procedure, unit};
use crate::report::{Part, head, row, thousands};

/// Dossier events a second.
const RATES: [u32; 2] = [100, 1_000];
/// Of them, probes.
const PROBES: u32 = 20;
/// Cells' lengths that a rate takes.
const CELLS: u32 = 10;
/// The last units are left to the probes.
const PROBED: std::ops::Range<usize> = UNITS - 10..UNITS;
/// Dossiers in each of them: an electronic result adds 6 / 300 points.
const DOSSIERS: usize = 300;
/// What a probe adds, in hundredths of a point.
const GAIN: i64 = 2;
/// How long the last changes may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The totals of each unit, as the watcher learned of them.
type Seen = Arc<Mutex<BTreeMap<String, Vec<(Instant, i64)>>>>;

/// A probe that was answered.
struct Probe {
    unit: usize,
    due: Instant,
    answered: Instant,
    position: i64,
}

/// What a rate came to.
struct Outcome {
    events: f64,
    answers: Histogram<u64>,
    changes: Histogram<u64>,
}

pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let province = Province::start("bench-latency").await?;
    let part = Part::begin(
        "From a command to the watcher of its index",
        province.stack.folder(),
    )?;
    // Before a month that ends during the run: a probe counts in the month in which its dossier was received.
    let period = month(province.all.clock().now());
    prepare(&province).await?;
    let seen = watch(&province, &period).await?;
    head(&[
        "dossier events/s",
        "events/s had",
        "probes",
        "answer p50 ms",
        "p99 ms",
        "watcher p50 ms",
        "p99 ms",
        "max ms",
    ]);
    let mut next = vec![0; UNITS];
    for rate in RATES {
        let outcome = measure(
            &province,
            &period,
            rate,
            plan.cell * CELLS,
            &mut next,
            &seen,
        )
        .await?;
        let quantile = |of: &Histogram<u64>, quantile| {
            format!("{:.1}", of.value_at_quantile(quantile) as f64 / 1_000.0)
        };
        row(&[
            thousands(f64::from(rate)),
            thousands(outcome.events),
            outcome.changes.len().to_string(),
            quantile(&outcome.answers, 0.5),
            quantile(&outcome.answers, 0.99),
            format!("**{}**", quantile(&outcome.changes, 0.5)),
            format!("**{}**", quantile(&outcome.changes, 0.99)),
            quantile(&outcome.changes, 1.0),
        ]);
    }
    println!(
        "\nNo limit is stated. The load: desks that receive, start, note, complete and issue, one event a command."
    );
    part.end()?;
    province.end().await
}

/// Fills the probed units.
async fn prepare(province: &Province) -> anyhow::Result<()> {
    let at = wire::timestamp(province.all.clock().now());
    let rows = PROBED.flat_map(|of| (0..DOSSIERS - 1).map(move |number| (of, number)));
    let rows = rows.map(|(of, number)| pb::ImportDossiersRequest {
        source: "bench".to_owned(),
        source_event_id: format!("{of}-{number}"),
        code: probe_code(of, number),
        occurred_at: Some(at),
        fact: Some(Fact::Received(pb::ImportedReception {
            procedure: procedure(number),
            unit: unit(of),
            channel: pb::Channel::Online.into(),
            ..Default::default()
        })),
        ..Default::default()
    });
    province.import(vec![rows.collect()]).await?;
    province.caught_up().await.map(drop)
}

fn probe_code(unit: usize, number: usize) -> String {
    format!("probe-{unit}-{number}")
}

/// Watches the probed units from now on.
async fn watch(province: &Province, period: &str) -> anyhow::Result<Seen> {
    let request = WatchIndicesRequest {
        index: INDEX.to_owned(),
        period: period.to_owned(),
        subjects: PROBED.map(unit).collect(),
        changes_only: true,
        ..Default::default()
    };
    let mut messages = province
        .projection
        .clone()
        .watch_indices(request)
        .await?
        .into_inner();
    while let Some(message) = messages.message().await? {
        if matches!(message.kind, Some(Kind::CaughtUp(_))) {
            break;
        }
    }
    let seen = Seen::default();
    let told = seen.clone();
    // It ends with the stream.
    tokio::spawn(async move {
        while let Ok(Some(message)) = messages.message().await {
            if let Some(Kind::IndexChanged(change)) = message.kind
                && let Some(total) = hundredths(&change.total)
            {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                told.entry(change.subject)
                    .or_default()
                    .push((Instant::now(), total));
            }
        }
    });
    Ok(seen)
}

/// One rate. `next` counts the probes of each unit.
async fn measure(
    province: &Province,
    period: &str,
    rate: u32,
    time: Duration,
    next: &mut [usize],
    seen: &Seen,
) -> anyhow::Result<Outcome> {
    let head = province.head().await?;
    let mut totals = BTreeMap::new();
    for of in PROBED {
        let index = province.index(&unit(of), period, head).await?;
        totals.insert(
            of,
            hundredths(&index.total).context("a probed unit has no total")?,
        );
    }
    let load = Load {
        name: format!("load-{rate}"),
        rate: rate - PROBES,
        units: 0..PROBED.start,
    };
    let start = Instant::now();
    let load = tokio::spawn(load.run(province.dossiers.clone(), start, time));
    let probes = probe(&province.dossiers, start, time, next).await?;
    load.await.context("the load panicked")??;
    let events = (province.head().await? - head) as f64 / start.elapsed().as_secs_f64();
    let mut outcome = Outcome {
        events,
        answers: histogram(),
        changes: histogram(),
    };
    for probe in &probes {
        outcome
            .answers
            .saturating_record(micros(probe.answered - probe.due));
    }
    for (of, total) in totals {
        let mut own: Vec<&Probe> = probes.iter().filter(|probe| probe.unit == of).collect();
        own.sort_by_key(|probe| probe.position);
        let last = total + GAIN * i64::try_from(own.len())?;
        let changes = changes(seen, &unit(of), last).await?;
        for (probe, total) in own.iter().zip((total..).step_by(GAIN as usize).skip(1)) {
            let change = changes
                .iter()
                .find(|(at, reached)| *reached >= total && *at >= probe.due);
            let (at, _) = change.context("a change was skipped")?;
            outcome.changes.saturating_record(micros(*at - probe.due));
        }
    }
    Ok(outcome)
}

/// Sends probes by the schedule, the probed units in turn.
async fn probe(
    client: &DossiersServiceClient<Channel>,
    start: Instant,
    time: Duration,
    next: &mut [usize],
) -> anyhow::Result<Vec<Probe>> {
    let count = (f64::from(PROBES) * time.as_secs_f64()) as u32;
    let mut tasks = JoinSet::new();
    for (number, of) in (0..count).zip(PROBED.cycle()) {
        let due = start + time * number / count;
        tokio::time::sleep_until(due).await;
        let request = pb::IssueElectronicResultRequest {
            code: probe_code(of, next[of]),
            sha256: vec![7; 32],
            ..Default::default()
        };
        ensure!(
            next[of] < DOSSIERS - 1,
            "too few dossiers for so long a run; choose fewer --seconds"
        );
        next[of] += 1;
        let mut client = client.clone();
        tasks.spawn(async move {
            let answer = client
                .issue_electronic_result(request)
                .await
                .context("a probe")?;
            anyhow::Ok(Probe {
                unit: of,
                due,
                answered: Instant::now(),
                position: answer.into_inner().position,
            })
        });
    }
    let mut probes = Vec::new();
    while let Some(probe) = tasks.join_next().await {
        probes.push(probe.context("a probe panicked")??);
    }
    Ok(probes)
}

/// What the watcher was told of a unit, when it has been told everything.
async fn changes(seen: &Seen, unit: &str, last: i64) -> anyhow::Result<Vec<(Instant, i64)>> {
    let until = Instant::now() + PATIENCE;
    loop {
        let told = seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(unit)
            .cloned();
        let told = told.unwrap_or_default();
        match told.last() {
            Some((_, total)) if *total == last => return Ok(told),
            newest => ensure!(
                Instant::now() < until,
                "the watcher was told {:?} of {unit} and not {last} hundredths",
                newest.map(|(_, total)| total)
            ),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A decimal with two places, in hundredths.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, places) = text.split_once('.')?;
    (places.len() == 2).then(|| format!("{whole}{places}").parse().ok())?
}
