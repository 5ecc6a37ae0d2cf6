//! Runs a command beside a private stack: `cargo run -p stack --example with -- COMMAND [ARGUMENT…]`.
//!
//! The command finds the stack in CHISO_STACK_POSTGRES_URL, CHISO_STACK_NATS_URL, CHISO_STACK_NATS_CA and
//! CHISO_STACK_NATS_USERS, with users of NATS for the province H40; `psql` is on the PATH; the stack
//! ends with it.

use std::error::Error;
use std::process::{Command, ExitCode};

use stack::{Options, Stack};

#[expect(
    clippy::disallowed_methods,
    reason = "a command's PATH is put together, no setting is read"
)]
fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments
        .next()
        .ok_or("name a command to run beside the stack")?;
    let stack = Stack::start(&Options::named("with").without_fsync())?;
    let nats = stack.nats("H40", "analyst")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let psql = stack.psql().parent().map(std::path::Path::to_owned);
    let path = std::env::join_paths(psql.into_iter().chain(std::env::split_paths(&path)))?;
    let status = Command::new(program)
        .args(arguments)
        .env("PATH", path)
        .env("CHISO_STACK_POSTGRES_URL", stack.postgres_url("postgres"))
        .env("CHISO_STACK_NATS_URL", nats.url)
        .envs(nats.ca.map(|ca| ("CHISO_STACK_NATS_CA", ca)))
        .envs(
            stack
                .nats_users()
                .map(|users| ("CHISO_STACK_NATS_USERS", users)),
        )
        .status()?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}
