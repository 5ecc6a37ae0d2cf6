//! Learns of what other processes append.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::event::Position;
use crate::{advance, query};

/// How often to look when nothing is heard: a notification can be lost with its connection.
const POLL: Duration = Duration::from_secs(1);

/// Keeps `heads` up to date until `shutdown`, whatever happens to the connection.
pub(crate) async fn run(
    name: &'static str,
    options: PgConnectOptions,
    heads: watch::Sender<Position>,
    shutdown: CancellationToken,
) {
    // Of its own, so that listening takes no connection from the service's pool: one to listen, one
    // to look.
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(POLL)
        .connect_lazy_with(options.application_name(&format!("chiso {name} listener")));
    let watch = async {
        loop {
            if let Err(error) = listen(name, &pool, &heads).await {
                tracing::warn!(
                    log = name,
                    error = &error as &dyn std::error::Error,
                    "cannot watch the event log; trying again"
                );
            }
            tokio::time::sleep(POLL).await;
        }
    };
    shutdown.run_until_cancelled(watch).await;
}

/// Listens until the connection fails.
async fn listen(
    name: &'static str,
    pool: &PgPool,
    heads: &watch::Sender<Position>,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("eventlog").await?;
    loop {
        let position = match tokio::time::timeout(POLL, listener.try_recv()).await {
            Ok(Ok(Some(told))) => match told.payload().parse() {
                Ok(position) => position,
                Err(_) => query::head(pool).await?.position,
            },
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => query::head(pool).await?.position,
        };
        advance(heads, position);
        metrics::gauge!("chiso_log_position", "log" => name).set(*heads.borrow() as f64);
    }
}
