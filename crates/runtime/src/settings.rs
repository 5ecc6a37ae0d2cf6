//! Settings: flags and environment variables, typed, checked all at once.

mod read;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tonic::transport::Channel;
use tracing_subscriber::EnvFilter;

use crate::{ChannelError, Clock, Nats, Security, database, secure_channel};

pub use read::{Invalid, Outcome, read};

/// Where gRPC is served when nothing is said.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7400);
/// A call without a deadline of its own: longer than the slowest healthy answer, shorter than
/// people wait.
const DEADLINE_DEFAULT_MS: u64 = 10_000;
/// No call holds its resources longer than this, whatever the client asks for.
const DEADLINE_MAX_MS: u64 = 60_000;
/// Below the 30 s after which orchestrators kill, above the default deadline.
const DRAIN_MS: u64 = 15_000;
/// Longest drain: nobody waits longer for a process to end.
const DRAIN_MAX_MS: u64 = 300_000;
/// About four seconds of work at the rate measured on two cores.
const MAX_CALLS: usize = 4_096;
const PROVINCE: &str = "H40";
const LOG_FILTER: &str = "info";

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Logs, traces and metrics of a process.
#[derive(Args, Clone, Debug)]
pub struct Observability {
    /// How log lines look on standard error. JSON is the default as machines read most logs
    #[arg(long, env = "CHISO_LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,

    /// What is logged, as `level` or `crate=level`, comma-separated. The default shows every start,
    /// stop and repair, and no single call
    #[arg(long, env = "CHISO_LOG", default_value = LOG_FILTER, value_parser = filter)]
    pub log_filter: String,

    /// Address of an OTLP collector (gRPC), for traces. None by default: nothing is sent anywhere
    /// that was not named
    #[arg(long, env = "CHISO_OTLP_ENDPOINT", value_parser = http_url)]
    pub otlp_endpoint: Option<String>,

    /// Where /metrics, /healthz and /readyz are served. None by default: a port that nobody asked
    /// for is a port that nobody guards
    #[arg(long, env = "CHISO_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
}

/// What every service is told.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Where gRPC is served. Loopback by default: whoever opens a service to a network says so
    #[arg(long, env = "CHISO_LISTEN", default_value_t = LISTEN)]
    pub listen: SocketAddr,

    /// PostgreSQL database of this service. One that is not on loopback needs ?sslmode=verify-full, and
    /// &sslrootcert=FILE unless this host knows its authority. No default: every service has one of its own, and a
    /// guess could be another's
    #[arg(long, env = "CHISO_DATABASE_URL", value_parser = database_url, hide_env_values = true)]
    pub database_url: String,

    /// NATS.
    #[command(flatten)]
    pub nats: Nats,

    /// Code of the province; the second part of every subject. H40 is Nam Định, where the shipped
    /// catalog is from
    #[arg(long, env = "CHISO_PROVINCE", default_value = PROVINCE, value_parser = province)]
    pub province: String,

    /// Deadline of a call that brings none, in milliseconds. The default is longer than the slowest
    /// healthy answer
    #[arg(long, env = "CHISO_DEADLINE_DEFAULT_MS", default_value_t = DEADLINE_DEFAULT_MS)]
    pub deadline_default_ms: u64,

    /// Longest deadline that a call may bring, in milliseconds; a longer one is cut to it. The
    /// default bounds what a forgotten client can hold
    #[arg(long, env = "CHISO_DEADLINE_MAX_MS", default_value_t = DEADLINE_MAX_MS)]
    pub deadline_max_ms: u64,

    /// How long calls may go on after the signal to end, in milliseconds, at most 300,000. The
    /// default is less than orchestrators wait before they kill
    #[arg(long, env = "CHISO_DRAIN_MS", default_value_t = DRAIN_MS)]
    pub drain_ms: u64,

    /// Calls served at once; more are refused with UNAVAILABLE instead of queued. The default is
    /// what two cores do in a few seconds: a queue longer than a deadline serves nobody
    #[arg(long, env = "CHISO_MAX_CALLS", default_value_t = MAX_CALLS)]
    pub max_calls: usize,

    /// Start the clock at this instant (RFC 3339), for simulated deployments. None by default: the
    /// clock is the system's
    #[arg(long, env = "CHISO_CLOCK_AT")]
    pub clock_at: Option<Timestamp>,

    /// Serve without TLS and without asking who calls, on loopback only. Off by default, as it must
    /// be meant
    #[arg(long, env = "CHISO_INSECURE_LOOPBACK",
          value_parser = clap::builder::FalseyValueParser::new())]
    pub insecure_loopback: bool,

    /// Certificates, and who may call.
    #[command(flatten)]
    pub security: Security,

    /// Logs, traces and metrics.
    #[command(flatten)]
    pub observability: Observability,
}

impl Default for Observability {
    fn default() -> Self {
        Self {
            log_format: LogFormat::Json,
            log_filter: LOG_FILTER.to_owned(),
            otlp_endpoint: None,
            metrics_listen: None,
        }
    }
}

impl Settings {
    /// Settings of a service beside its caller: a free loopback port, insecure, otherwise the
    /// defaults.
    pub fn local(database_url: impl Into<String>, nats: impl Into<Nats>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database_url: database_url.into(),
            nats: nats.into(),
            province: PROVINCE.to_owned(),
            deadline_default_ms: DEADLINE_DEFAULT_MS,
            deadline_max_ms: DEADLINE_MAX_MS,
            drain_ms: DRAIN_MS,
            max_calls: MAX_CALLS,
            clock_at: None,
            insecure_loopback: true,
            security: Security::default(),
            observability: Observability::default(),
        }
    }

    /// The clock that these settings ask for.
    pub fn clock(&self) -> Clock {
        self.clock_at.map_or_else(Clock::system, Clock::shifted_to)
    }

    /// How long open calls may go on after the signal to end.
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    /// A channel to another service, secured as this one is.
    ///
    /// # Errors
    /// When `url` is no address, has no TLS although this service has, or a certificate cannot be
    /// read.
    pub fn channel(&self, url: &str) -> Result<Channel, ChannelError> {
        if !self.insecure_loopback && !url.starts_with("https://") {
            let url = url.to_owned();
            return Err(ChannelError::Plain { url });
        }
        secure_channel(url, &self.security)
    }

    /// What is wrong between the settings, each with its remedy.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.security.problems(self.insecure_loopback);
        if !self.insecure_loopback {
            problems.extend(database::problem(&self.database_url));
            problems.extend(self.nats.problems());
        }
        if self.insecure_loopback && !self.listen.ip().is_loopback() {
            problems.push(format!(
                "--listen {} is not on loopback, and without TLS nothing else is served; listen on \
                 127.0.0.1",
                self.listen
            ));
        }
        if self.deadline_default_ms == 0 {
            problems.push("--deadline-default-ms is 0: no call could be answered".to_owned());
        }
        if self.deadline_max_ms < self.deadline_default_ms {
            problems.push(format!(
                "--deadline-max-ms {} is less than --deadline-default-ms {}; raise it",
                self.deadline_max_ms, self.deadline_default_ms
            ));
        }
        if self.drain_ms > DRAIN_MAX_MS {
            problems.push(format!(
                "--drain-ms {} is more than {DRAIN_MAX_MS}",
                self.drain_ms
            ));
        }
        if self.max_calls == 0 {
            problems.push("--max-calls is 0: no call could be answered".to_owned());
        }
        if self.listen.port() != 0 && self.observability.metrics_listen == Some(self.listen) {
            problems.push(format!(
                "--metrics-listen and --listen are both {}; give metrics a port of its own",
                self.listen
            ));
        }
        problems
    }
}

/// The settings of one program: [`Settings`] and what is its own.
pub trait Configuration: Args + Send + 'static {
    /// What every service is told.
    fn settings(&self) -> &Settings;

    /// What is wrong between the settings; a program adds its own to [`Settings::problems`].
    fn problems(&self) -> Vec<String> {
        self.settings().problems()
    }
}

fn filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

fn http_url(text: &str) -> Result<String, String> {
    let uri: http::Uri = text.parse().map_err(|error| format!("{error}"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(_)) => Ok(text.to_owned()),
        _ => Err("is not like http://host:4317".to_owned()),
    }
}

fn database_url(text: &str) -> Result<String, String> {
    let known = ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    // The text itself is not quoted: it usually holds a password.
    if known {
        Ok(text.to_owned())
    } else {
        Err("is not like postgres://user@host/name".to_owned())
    }
}

/// A subject's token: other characters would change the number of tokens.
fn province(text: &str) -> Result<String, String> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if (1..=16).contains(&text.len()) && text.bytes().all(token) {
        Ok(text.to_owned())
    } else {
        Err("is not 1 to 16 letters, digits, - or _".to_owned())
    }
}

#[cfg(test)]
mod tests;
