//! A program's exit codes and signals, seen from outside.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;
use runtime::{Configuration, Settings, Shutdown};

/// The name under which the test starts itself as the program.
const PROGRAM: &str = "program-under-test";
const SOUND: [&str; 2] = [
    "--database-url=postgres://u:hunter2@db/x",
    "--insecure-loopback",
];

#[derive(clap::Args)]
struct Config {
    #[command(flatten)]
    settings: Settings,

    /// How the program ends.
    #[arg(long, default_value = "when-told")]
    end: String,
}

impl Configuration for Config {
    fn settings(&self) -> &Settings {
        &self.settings
    }
}

async fn serve(config: Config, shutdown: Shutdown) -> anyhow::Result<()> {
    match config.end.as_str() {
        "badly" => {
            std::fs::read("/no/such/file")
                .map(drop)
                .context("reading the catalog")?;
        }
        _ => {
            tracing::info!("ready");
            shutdown.cancelled().await;
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    if std::env::args().next().as_deref() == Some(PROGRAM) {
        return runtime::run(PROGRAM, serve);
    }
    unsound_settings_end_with_64_and_all_reasons();
    a_failure_ends_with_1_and_its_chain();
    a_signal_ends_it_with_0();
    settings_are_printed_without_secrets();
    ExitCode::SUCCESS
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg0(PROGRAM).args(arguments).env_clear();
    command
}

fn unsound_settings_end_with_64_and_all_reasons() {
    let output = program(&["--listen=here", "--drain-ms=soon"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{text}");
    for flag in ["--listen", "--drain-ms", "--database-url"] {
        assert!(text.contains(flag), "{flag}: {text}");
    }
}

fn a_failure_ends_with_1_and_its_chain() {
    let output = program(&[&SOUND[..], &["--end=badly"]].concat())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("reading the catalog: No such file"), "{text}");
}

fn a_signal_ends_it_with_0() {
    for signal in ["INT", "TERM"] {
        let mut child = program(&SOUND).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines.by_ref().any(|line| line.unwrap().contains("ready"));
        assert!(ready, "the program ended before it was ready");
        let kill = format!("kill -{signal} {}", child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

fn settings_are_printed_without_secrets() {
    let output = program(&[&SOUND[..], &["--print-config"]].concat())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text.contains("CHISO_DATABASE_URL=postgres://u:***@db/x"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}
