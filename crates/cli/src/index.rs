//! `chiso index`: definitions at a desk, and their life in the service that keeps them.

mod calculation;
mod check;
mod diff;
mod inputs;
mod life;
#[cfg(test)]
mod tests;

use std::path::Path;

use clap::{Args, Subcommand};
use index::{Definition, Fault};

use crate::connection::Connection;
use crate::{Exit, Failure, out};

/// Work on index definitions: check them, compare them, calculate with them; draft them, put them in force, retire them
///
/// check, diff and test need no service: what they say is what the services say, as they use the same engine. The format of a definition
/// is described in the documentation of the crate `index`; deploy/catalog/indices has real ones.
#[derive(Debug, Args)]
pub(crate) struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Check(check::Check),
    Diff(diff::Diff),
    Test(calculation::Test),
    #[command(flatten)]
    Life(life::Action),
}

/// Does what is asked.
pub(crate) fn run(command: &Command, connection: &Connection, json: bool) -> Result<Exit, Failure> {
    match &command.action {
        Action::Life(action) => crate::block_on(life::run(action, connection, json)),
        Action::Check(check) => check::run(check, json),
        Action::Diff(diff) => diff::run(diff, json),
        Action::Test(test) => calculation::run(test, json),
    }
}

/// Reads a file and checks it in whole.
fn read(file: &Path) -> Result<Result<Definition, Vec<Fault>>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::file(file, error))?;
    Ok(Definition::check(&text, &file.display().to_string()))
}

/// A definition that has to be sound.
fn sound(file: &Path) -> Result<Definition, Failure> {
    read(file)?.map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        Failure::new(Exit::Data, faults.join("\n"))
    })
}

fn print(lines: &[String]) {
    lines.iter().for_each(out::line);
}
