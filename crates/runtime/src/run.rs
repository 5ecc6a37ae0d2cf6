//! A program from its first to its last moment.

use std::future::Future;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::settings::{Configuration, Observability, Outcome, read};
use crate::{Shutdown, ops, telemetry};

/// `EX_USAGE` of sysexits.h: the settings are not sound, starting again will not help.
const EXIT_CONFIG: u8 = 64;
/// 128 + SIGINT, as shells say it: ended at once by a second signal.
const EXIT_FORCED: i32 = 130;
/// How long tasks that nobody waits for may hold up the end.
const LEFTOVERS: Duration = Duration::from_secs(2);

/// Reads the settings of the program `name`, runs `serve` until it returns, and says how it went:
/// 0, 64 when the settings are not sound, 1 for every other failure.
///
/// SIGINT and SIGTERM cancel the [`Shutdown`] that `serve` is given; a second one ends the process
/// at once.
pub fn run<C, F, Fut>(name: &'static str, serve: F) -> ExitCode
where
    C: Configuration,
    F: FnOnce(C, Shutdown) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    match read::<C>(name, std::env::args_os()) {
        Ok(Outcome::Read(config)) => {
            let options = config.settings().observability.clone();
            block_on(name, &options, |shutdown| serve(config, shutdown))
        }
        Ok(Outcome::Answer(text)) => {
            // A closed pipe is no failure of ours: `chiso --help | head`.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(invalid) => {
            eprintln!("{name}: {invalid}");
            ExitCode::from(EXIT_CONFIG)
        }
    }
}

/// Runs `work` on a runtime of its own with logs, traces, metrics and signals, as [`run`] does, for
/// a program that has read its settings itself.
pub fn block_on<F, Fut>(name: &'static str, options: &Observability, work: F) -> ExitCode
where
    F: FnOnce(Shutdown) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{name}: cannot start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(with_surroundings(name, options, work));
    runtime.shutdown_timeout(LEFTOVERS);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn with_surroundings<F, Fut>(
    name: &'static str,
    options: &Observability,
    work: F,
) -> anyhow::Result<()>
where
    F: FnOnce(Shutdown) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let telemetry = telemetry::init(name, options)?;
    log_panics();
    ops::install_metrics();
    let shutdown = Shutdown::new();
    end_on_signals(&shutdown)?;

    // Metrics outlive the drain: it is what one wants to see of it.
    let ended = Shutdown::new();
    let upkeep = tokio::spawn(ops::upkeep(ended.clone()));
    let metrics = options.metrics_listen.map(|address| {
        let (ended, shutdown) = (ended.clone(), shutdown.clone());
        tokio::spawn(async move {
            let served = ops::serve(address, ended).await;
            if served.is_err() {
                shutdown.cancel();
            }
            served.with_context(|| format!("serving metrics on {address}"))
        })
    });

    let mut result = work(shutdown).await;
    ended.cancel();
    upkeep.await.context("metrics upkeep")?;
    if let Some(metrics) = metrics {
        result = result.and(metrics.await.context("serving metrics")?);
    }
    tokio::task::spawn_blocking(|| telemetry.flush())
        .await
        .context("sending the last traces")?;
    result
}

/// SIGINT and SIGTERM cancel `shutdown`; the second one ends the process at once.
fn end_on_signals(shutdown: &Shutdown) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            };
            if shutdown.is_cancelled() {
                tracing::warn!(signal = name, "a second signal: ending at once");
                std::process::exit(EXIT_FORCED);
            }
            tracing::info!(signal = name, "draining; a second signal ends at once");
            shutdown.cancel();
        }
    });
    Ok(())
}

/// Panics go to the log like every other fault.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(%place, %backtrace, "panic: {message}");
    }));
}
