//! The `chiso` command-line tool: a gRPC client of the five services like any other.
//!
//! One module per command. What a command does is a function over [`Services`], so that other programs (the demo, the
//! system tests) can do the same; what it prints is built as text first and goes out through [`out`].
#![forbid(unsafe_code)]

mod args;
pub mod campaign;
pub mod catalog;
mod connection;
mod demo;
pub mod document;
pub mod evidence;
pub mod explain;
mod failure;
pub mod import;
pub mod improvement;
mod index;
pub mod log;
pub mod measures;
pub mod official;
pub mod organised;
pub mod out;
pub mod progress;
pub mod publication;
pub mod rank;
pub mod rebuild;
pub mod services;
pub mod show;
pub mod survey;
mod token;
mod up;
pub mod watch;
pub mod yaml;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

pub use allinone::Service;
use args::{Ask, Cli, Command};
use connection::Connection;
pub use failure::{Exit, Failure};
pub use services::{Link, Services};

/// Runs the command that the arguments ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(answer) if answer.use_stderr() => {
            out::note(answer.render().ansi());
            return Exit::Usage.into();
        }
        Err(answer) => {
            out::text(&answer.to_string());
            return ExitCode::SUCCESS;
        }
    };
    let Cli {
        connection,
        json,
        command,
    } = cli;
    match command {
        Command::Up(up) => {
            let observability = up.observability.clone();
            runtime::block_on("chiso", &observability, |shutdown| up::run(up, shutdown))
        }
        Command::Demo(demo) => {
            let observability = demo.observability();
            runtime::block_on("chiso", &observability, |shutdown| {
                demo::run(demo, shutdown)
            })
        }
        Command::Index(command) => ended(index::run(&command, &connection, json)),
        Command::Token(command) => ended(token::run(&command, &connection)),
        Command::Ask(ask) => ended(block_on(answer(&connection, &ask, json))),
    }
}

/// The exit code of a command, with the reason if it was not done.
fn ended(done: Result<Exit, Failure>) -> ExitCode {
    done.unwrap_or_else(|failure| {
        out::note(format_args!("chiso: {failure}"));
        failure.exit
    })
    .into()
}

fn block_on(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot start threads: {error}")))?
        .block_on(work)
}

async fn answer(connection: &Connection, ask: &Ask, json: bool) -> Result<Exit, Failure> {
    let services = connection.services()?;
    match ask {
        Ask::Campaign(command) => campaign::run(command, &services, json).await,
        Ask::Catalog(command) => catalog::run(command, &services, json).await,
        Ask::Import(command) => import::run(command, &services, json).await,
        Ask::Rank(command) => rank::run(command, &services, json).await,
        Ask::Explain(command) => explain::run(command, &services, json).await,
        Ask::Watch(command) => watch::run(command, &services, json).await,
        Ask::Measures(command) => measures::run(command, &services, json).await,
        Ask::Official(command) => official::run(command, &services, json).await,
        Ask::Publication(command) => publication::run(command, &services, json).await,
        Ask::Evidence(command) => evidence::run(command, &services, json).await,
        Ask::Improvement(command) => improvement::run(command, &services, json).await,
        Ask::Survey(command) => survey::run(command, &services, json).await,
        Ask::Log(command) => log::run(command, &services, json).await,
        Ask::Rebuild(command) => rebuild::run(command, &services, json).await,
    }
}
