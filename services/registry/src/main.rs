//! The registry as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::run("registry", |config: registry::Config, shutdown| {
        registry::run(config, shutdown)
    })
}
