//! The dossiers service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::run("dossiers", |config: dossiers::Config, shutdown| {
        dossiers::run(config, shutdown)
    })
}
