//! The year, imported as another system would.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use contracts::dossiers::v1::{ImportDossiersRequest, ImportDossiersResponse};
use futures::{StreamExt as _, stream};
use simulator::{Plan, World, simulate};

use super::screen::{Screen, per_second};
use crate::{Services, show};

/// Rows of a call, at most, unless one dossier has more: what the service judges at a time.
const ROWS: usize = 2_000;
/// Calls on their way at once: one is judged while the next one travels.
const IN_FLIGHT: usize = 2;

/// What became of the year.
#[derive(Debug, Default)]
pub(super) struct Played {
    dossiers: usize,
    accepted: i64,
    took: Duration,
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accepted = self.accepted.unsigned_abs();
        let rate = show::count(per_second(accepted, self.took));
        let (dossiers, facts) = (show::count(self.dossiers as u64), show::count(accepted));
        write!(
            f,
            "{dossiers} dossiers, {facts} facts taken in, {rate} a second"
        )
    }
}

/// Imports the whole year.
pub(super) async fn year(
    services: &Services,
    world: &World,
    plan: Plan,
    screen: &Screen,
) -> anyhow::Result<Played> {
    let began = Instant::now();
    let mut played = Played::default();
    let mut progress = screen.progress(plan.dossiers as u64, "dossiers");
    let calls = Chunks {
        dossiers: simulate(world, plan).peekable(),
    };
    let mut answers = stream::iter(calls)
        .map(|(dossiers, rows)| async move {
            let mut client = services.dossiers.clone();
            let answer = client.import_dossiers(tokio_stream::iter(rows)).await;
            answer
                .context("importing dossiers")
                .map(|answer| (dossiers, answer.into_inner()))
        })
        .buffer_unordered(IN_FLIGHT);
    while let Some(answer) = answers.next().await {
        let (dossiers, answer) = answer?;
        none_refused(&answer)?;
        played.dossiers += dossiers;
        played.accepted += answer.accepted;
        progress.at(played.dossiers as u64);
    }
    played.took = began.elapsed();
    Ok(played)
}

/// What is made up is made up by the rules; a refusal is a fault of ours.
fn none_refused(answer: &ImportDossiersResponse) -> anyhow::Result<()> {
    let why = answer.refusals.first();
    let why = why
        .map(|row| format!("{}: {}", row.source_event_id, row.reason))
        .unwrap_or_default();
    ensure!(
        answer.refused == 0,
        "{} made-up facts were refused, the first one {why}",
        answer.refused
    );
    Ok(())
}

/// Whole dossiers, as many as fit a call.
struct Chunks<I: Iterator> {
    dossiers: std::iter::Peekable<I>,
}

impl<I: Iterator<Item = Vec<ImportDossiersRequest>>> Iterator for Chunks<I> {
    type Item = (usize, Vec<ImportDossiersRequest>);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut dossiers, mut rows) = (1, self.dossiers.next()?);
        while let Some(next) = self
            .dossiers
            .next_if(|next| rows.len() + next.len() <= ROWS)
        {
            dossiers += 1;
            rows.extend(next);
        }
        Some((dossiers, rows))
    }
}
