//! What every process of Chiso needs around its own work: settings, time and ids, logs, traces
//! and metrics, signals, and a gRPC server with its guards.
//!
//! ```no_run
//! # #[derive(clap::Args)]
//! # struct Config { #[command(flatten)] settings: runtime::Settings }
//! # impl runtime::Configuration for Config {
//! #     fn settings(&self) -> &runtime::Settings { &self.settings }
//! # }
//! # async fn serve(_: Config, _: runtime::Shutdown) -> anyhow::Result<()> { Ok(()) }
//! fn main() -> std::process::ExitCode {
//!     runtime::run("dossiers", |config: Config, shutdown| serve(config, shutdown))
//! }
//! ```
#![forbid(unsafe_code)]

mod channel;
mod clock;
mod database;
pub mod grpc;
mod ids;
mod nats;
pub mod ops;
mod places;
mod remote;
mod run;
pub mod security;
pub mod settings;
pub mod telemetry;

pub use channel::{Bearer, ChannelError, NoToken, channel, secure_channel};
pub use clock::Clock;
pub use ids::Ids;
pub use nats::Nats;
pub use places::state_folder;
pub use remote::is_loopback;
pub use run::{block_on, run};
pub use security::{Security, SecurityError};
pub use settings::{Configuration, LogFormat, Observability, Settings};

/// Cancelled when the process shall end; what listens to it finishes what it has begun.
pub type Shutdown = tokio_util::sync::CancellationToken;
