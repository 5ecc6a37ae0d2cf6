//! `chiso import`: dossiers from a file, as facts that another system recorded.
//!
//! Rows are read, ordered by case and time, turned into facts by a mapping and sent in calls that the service knows
//! again: an import that was interrupted, by whatever, is simply repeated.

mod fact;
mod field;
mod mapping;
mod plan;
mod send;
mod status;
mod summary;
mod table;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _, stream};

pub use field::{Field, Happening};
pub use mapping::Mapping;
use plan::Plan;
use send::Sender;
pub use summary::Summary;
use summary::Tally;
use table::Table;

use crate::progress::Progress;
use crate::{Exit, Failure, Services, out};

/// How long an import waits for a service that is away: a broker or a service is restarted well within it.
const PATIENCE_SECONDS: u64 = 120;

/// Bring in dossiers from a file: CSV, or JSON lines (.jsonl)
///
/// Rows are ordered by case and time and sent in calls of at most 2,000 facts. Facts are known by source and event id, so
/// an import may be repeated at any time: what is in is not taken in again. Refused rows do not stop the others; they are
/// written to FILE.refused.csv with the reason. Exit code 0 when nothing was refused, 2 when some rows were.
#[derive(Debug, Args)]
#[command(after_long_help = help())]
pub struct Command {
    /// The file; .jsonl, .ndjson and .json are read as JSON lines, everything else as CSV
    file: PathBuf,

    /// How the file's rows become facts (YAML; the format is below)
    #[arg(
        long,
        value_name = "MAPPING.yaml",
        required_unless_present = "portal",
        conflicts_with = "portal"
    )]
    mapping: Option<PathBuf>,

    /// The file has the national portal's columns and status codes 1 to 10
    #[arg(long)]
    portal: bool,

    /// How long to go on trying when the service is away, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = PATIENCE_SECONDS,
          value_parser = clap::value_parser!(u64).range(0..=86_400))]
    patience: u64,
}

fn help() -> String {
    format!(
        "{}\n\nExamples:\n  chiso import receipt.csv --mapping receipt-mapping.yaml\n  chiso import portal-2024-03.jsonl --portal",
        mapping::FORMAT
    )
}

/// Imports the file and says what became of it.
pub(crate) async fn run(
    command: &Command,
    services: &Services,
    json: bool,
) -> Result<Exit, Failure> {
    let mapping = match &command.mapping {
        Some(path) => Mapping::read(path)?,
        None => Mapping::portal(),
    };
    let patience = Duration::from_secs(command.patience);
    let (summary, refused) = import(services, &mapping, &command.file, patience).await?;
    if json {
        out::line(summary.json(refused.as_deref()));
    } else {
        out::line(summary.text(refused.as_deref()));
    }
    Ok(if summary.refused.is_empty() {
        Exit::Done
    } else {
        Exit::SomeRefused
    })
}

/// Imports a file. Refused rows are written beside it; where, is answered with the summary.
///
/// # Errors
/// When the file cannot be read or has not the mapping's columns, or the service stays away longer than `patience`:
/// then some rows may be in, and repeating the import brings the rest.
pub async fn import(
    services: &Services,
    mapping: &Mapping,
    file: &Path,
    patience: Duration,
) -> Result<(Summary, Option<PathBuf>), Failure> {
    let table = Table::read(file, mapping)?;
    let (plan, unsent) = Plan::of(&table, mapping);
    let mut tally = Tally::of(table.rows.len());
    for (row, why) in unsent {
        tally.refuse(row, &why);
    }
    let facts: u64 = plan.cases().map(|(facts, _)| facts.len() as u64).sum();
    let progress = Mutex::new(Progress::new("facts", facts));
    let sender = Sender {
        services: services.clone(),
        patience,
    };
    let bar = || progress.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = |why: &str| bar().waiting(why);
    let mut settled = stream::iter(send::batches(plan.cases()))
        .map(|batch| sender.clone().send(batch, &waiting))
        .buffer_unordered(send::CALLS);
    let mut failed = None;
    loop {
        match settled.try_next().await {
            Ok(Some(settled)) => {
                bar().add(settled.batch.facts.len() as u64);
                tally.add(settled);
            }
            Ok(None) => break,
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    drop(settled);
    let took = progress
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .end();
    if let Some(failure) = failed {
        return Err(failure);
    }
    let summary = tally.summary(took);
    let refused = summary::write_refused(file, &table, &summary)?;
    Ok((summary, refused))
}

#[cfg(test)]
mod tests;
