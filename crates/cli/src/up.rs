//! `chiso up`: all services in one process.

pub(crate) mod reach;

use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use allinone::{AllInOne, Options};
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use runtime::{Observability, Shutdown};
use stack::Stack;

use reach::Reach;

/// The file of the applicant key in a kept folder.
const APPLICANT_KEY: &str = "applicant.key";

/// The folder of evidence in a kept folder.
const EVIDENCE: &str = "evidence";

/// Run all services in one process.
///
/// Without further ado it starts a PostgreSQL and a NATS of its own, which end with it and keep nothing. With --data they
/// keep everything in a folder, and go on with it the next time. Or name servers that stay: CHISO_STACK_POSTGRES_URL (a
/// user that may create databases) and CHISO_STACK_NATS_URL, and give CHISO_APPLICANT_KEY the same value every time.
///
/// They serve with TLS and ask who calls: certificates and keys are made in the folder of the data, or of what ends with
/// it. Where they are, whom to trust and a token that may do everything is written to a file, which every other `chiso`
/// of yours looks for.
///
/// SIGINT and SIGTERM let calls finish, then end it; a second one ends it at once.
#[derive(Args, Debug)]
pub(crate) struct Up {
    /// The registry listens on this port of 127.0.0.1, the others on the four after it; 0: free ports
    #[arg(long, env = "CHISO_LISTEN_BASE_PORT", default_value_t = 7401,
          value_parser = clap::value_parser!(u16).range(0..=65_531))]
    listen_base_port: u16,

    /// Keep the data of PostgreSQL and NATS, and the keys that applicants are known by and tokens signed with, in this
    /// folder, and go on with what is there. None: everything ends with it
    #[arg(long, value_name = "FOLDER", env = "CHISO_DATA")]
    data: Option<PathBuf>,

    /// Write how the services are reached to this file, as JSON, once all of them answer; for --stack of other commands
    /// [default: where these look by themselves]
    #[arg(long, value_name = "FILE")]
    addresses: Option<PathBuf>,

    /// Serve without TLS, and ask nobody who calls
    #[arg(long, env = "CHISO_INSECURE_LOOPBACK",
          value_parser = clap::builder::FalseyValueParser::new())]
    insecure_loopback: bool,

    /// Databases are called this and the service's name
    #[arg(long, env = "CHISO_DATABASE_PREFIX", default_value = "chiso_")]
    database_prefix: String,

    /// Code of the province; the second part of every subject on NATS
    #[arg(long, env = "CHISO_PROVINCE", default_value = "H40")]
    province: String,

    /// Key under which applicants' identities are hashed, at least 32 bytes. None: the one that --data keeps, or else
    /// one is drawn, and an applicant is not recognised after a restart
    #[arg(long, env = "CHISO_APPLICANT_KEY", hide_env_values = true)]
    applicant_key: Option<String>,

    /// Where the files are kept that units upload as evidence: file:///folder, or s3://bucket/prefix. None: in the folder
    /// of --data, or else they end with it
    #[arg(long, env = "CHISO_EVIDENCE_STORE", value_name = "URL")]
    evidence_store: Option<String>,

    /// Start the clock at this instant (RFC 3339), for simulated deployments
    #[arg(long, env = "CHISO_CLOCK_AT")]
    clock_at: Option<Timestamp>,

    /// How long open calls may go on at the end, in milliseconds
    #[arg(long, env = "CHISO_DRAIN_MS", default_value_t = 15_000,
          value_parser = clap::value_parser!(u64).range(0..=300_000))]
    drain_ms: u64,

    #[command(flatten)]
    pub(crate) observability: Observability,
}

/// Runs until a signal, or until a service fails.
pub(crate) async fn run(up: Up, shutdown: Shutdown) -> anyhow::Result<()> {
    let stack = match &up.data {
        Some(folder) => start_stack(stack::Options::named("up").kept_in(folder)).await?,
        None => start_stack(stack::Options::named("up")).await?,
    };
    let options = Options::on(&stack, &up.database_prefix)?;
    let mut options = options.of_province(&stack, &up.province)?;
    options.base_port = (up.listen_base_port != 0).then_some(up.listen_base_port);
    if up.insecure_loopback {
        options.development = None;
    }
    options.clock_at = up.clock_at;
    options.drain_ms = up.drain_ms;
    let drawn = up.applicant_key.is_none() && up.data.is_none();
    options.applicant_key = match (up.applicant_key, &up.data) {
        (Some(key), _) => key,
        (None, Some(folder)) => kept_key(folder, options.applicant_key)?,
        (None, None) => options.applicant_key,
    };
    options.evidence_store = match (up.evidence_store, &up.data) {
        (Some(store), _) => store,
        (None, Some(folder)) => evidence_in(folder)?,
        (None, None) => options.evidence_store,
    };
    let all = tokio::select! {
        all = AllInOne::start(options) => all?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let reach = Reach::write(&all, &up.province, up.addresses)?;
    let mut said = said(&all);
    said.push_str(&reach.said());
    said.push_str(&feed(&stack.nats(&up.province, "analyst")?));
    if drawn {
        said.push_str(
            "An applicant key was drawn for this run; set CHISO_APPLICANT_KEY to keep one.\n",
        );
    }
    if std::io::stdout().is_terminal() {
        said.push_str("Ctrl-C ends it.\n");
    }
    // Nobody reading is no reason not to serve.
    let _ = std::io::stdout().write_all(said.as_bytes());
    until_the_end(all, &reach, shutdown).await
}

/// How analysts read the public feed.
fn feed(access: &stack::NatsAccess) -> String {
    let file = |what: &str, file: Option<&Path>| {
        file.map_or_else(String::new, |file| {
            format!("{:<12} {what} in {}\n", "", file.display())
        })
    };
    format!(
        "{:<12} {}\n{}{}",
        "feed",
        access.url,
        file("user and password", access.credentials.as_deref()),
        file("its authority", access.ca.as_deref())
    )
}

/// Serves until the signal, then drains; or until a service fails, with its error.
pub(crate) async fn until_the_end(
    mut all: AllInOne,
    reach: &Reach,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return all.end().await,
            error = all.failed() => return Err(error),
            () = tokio::time::sleep(reach::RENEWAL) => reach.renew(&all),
        }
    }
}

/// Starts what the environment does not name, beside the runtime: it waits for processes.
pub(crate) async fn start_stack(options: stack::Options) -> anyhow::Result<Stack> {
    tokio::task::spawn_blocking(move || Stack::start(&options))
        .await
        .context("starting PostgreSQL and NATS")?
        .context("starting PostgreSQL and NATS")
}

/// The applicant key that a folder keeps; `drawn` from now on where it keeps none.
fn kept_key(folder: &Path, drawn: String) -> anyhow::Result<String> {
    let file = folder.join(APPLICANT_KEY);
    let kept = match std::fs::read_to_string(&file) {
        Ok(key) => return Ok(key.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)
            .and_then(|mut new| new.write_all(drawn.as_bytes())),
        Err(error) => Err(error),
    };
    kept.with_context(|| format!("keeping the applicant key in {}", file.display()))?;
    Ok(drawn)
}

/// The store of evidence in a folder that keeps everything.
fn evidence_in(folder: &Path) -> anyhow::Result<String> {
    let folder = std::path::absolute(folder.join(EVIDENCE))
        .with_context(|| format!("finding out where {} is", folder.display()))?;
    Ok(format!("file://{}", folder.display()))
}

fn said(all: &AllInOne) -> String {
    allinone::Service::ALL
        .iter()
        .map(|service| format!("{:<12} {}\n", service.name(), all.addresses().of(*service)))
        .collect()
}
