//! How fast it is, beside what the same machine does without it, in the same minutes.
//!
//! ```text
//! cargo bench -p system-tests                      # everything, about five minutes after the build
//! cargo bench -p system-tests -- append            # one part: append, commands, latency or replay
//! cargo bench -p system-tests -- --seconds 5       # longer cells
//! ```
//!
//! It starts private servers with fsync on, prints Markdown tables with the stated limits beside the figures, and exits
//! non-zero when something fails or comes out wrong. It never judges a time: what is fast enough on one machine is not
//! on another, and a busy machine halves everything.
//!
//! **How to read it.** Load generator and servers share the machine. The cells of a table are measured one after the
//! other, in rounds (A B C A B C …), so that a slow minute hits all of them; a rate is the median over the rounds with
//! the lowest and the highest in brackets, a quantile the median of the rounds' quantiles, and a ratio the median of the
//! ratios within each round. Figures limited by the disk vary by a quarter from run to run; differences below that say
//! nothing. The time of one `fdatasync` before and after each part says whether the disk was the same throughout; when
//! the two differ by more than 30 %, measure again.
//!
//! **The parts.**
//! - `append`: commands appended to an event log by 1, 32 and 512 callers, each waiting for its answer: one event of
//!   256 bytes, its stream's version checked, without and with a receipt. Beside it, on the same PostgreSQL, one
//!   transaction per command (the same row by an own `insert`, on up to 64 connections, from a pool that tests them as
//!   services have it, and without) and the raw batched insert
//!   (1,000 rows a statement, nothing checked, one connection). Every cell has a database of its own.
//! - `commands`: real dossiers commands with receipts over gRPC, 64 in flight on one connection, beside an echo: a plain
//!   tonic server that answers the same requests with an equal answer and does nothing else. "Alone" is the dossiers
//!   service whose NATS stands still, so that nothing is relayed; "all" is all five services, and the time that scoring
//!   needs to catch up afterwards.
//! - `latency`: from a command to the watcher of its index, while dossiers are worked on at a set rate. A probe is an
//!   `IssueElectronicResult` for one of 300 dossiers of a quiet unit, which adds exactly 0.02 to the unit's index of the
//!   month (completing a dossier in time moves no figure). Its time runs from the moment at which the schedule wanted it
//!   sent, whether or not the system was busy then, to the first `IndexChanged` on `WatchIndices` whose total contains
//!   it.
//! - `replay`: reading and verifying a log of 500,000 events, and rebuilding the read models of scoring and projection
//!   over a year of dossiers through `RebuildModel`.
#![allow(
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a report of rates and ratios"
)]

mod append;
mod commands;
mod echo;
mod latency;
mod load;
mod machine;
mod measure;
mod peers;
mod province;
mod replay;
mod report;

use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Measures appends, commands, latency to the watcher, and replay
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; nothing named: everything
    parts: Vec<Part>,
    /// Length of a cell; latency takes ten times as long for each rate
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rounds of each table
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Cargo says this to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Append,
    Commands,
    Latency,
    Replay,
}

impl Part {
    const ALL: [Self; 4] = [Self::Append, Self::Commands, Self::Latency, Self::Replay];
}

/// How long and how often a cell is measured.
#[derive(Debug, Clone, Copy)]
struct Plan {
    cell: Duration,
    rounds: u32,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Without it `cargo test --all-targets` would measure, on a debug build.
    if !arguments.bench {
        println!("measures nothing outside `cargo bench -p system-tests`");
        return Ok(());
    }
    let plan = Plan {
        cell: Duration::from_secs(arguments.seconds),
        rounds: arguments.rounds,
    };
    let parts = match arguments.parts.as_slice() {
        [] => &Part::ALL[..],
        parts => parts,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    println!("# Chiso, measured\n\n{}", machine::describe());
    for part in parts {
        match part {
            Part::Append => runtime.block_on(append::run(plan))?,
            Part::Commands => runtime.block_on(commands::run(plan))?,
            Part::Latency => runtime.block_on(latency::run(plan))?,
            Part::Replay => runtime.block_on(replay::run(plan))?,
        }
    }
    Ok(())
}
