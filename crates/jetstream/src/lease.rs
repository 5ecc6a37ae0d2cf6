//! Leadership among replicas: a PostgreSQL advisory lock on a connection of its own.
//!
//! The lock only spares replicas doing the same work; what makes a deposed leader harmless is the fence at the place
//! where it would write: the expected last sequence for a relay, the owner epoch for a consumer.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

/// How often a replica tries to lead, and a leader looks whether it still does.
pub(crate) const LEASE_CHECK: Duration = Duration::from_secs(1);

/// How long the database may take to answer a leader's check before the leader steps down.
const LEASE_TIMEOUT: Duration = Duration::from_secs(5);

/// A claim to lead. Dropping it closes its connection, and with that ends the leadership.
pub(crate) struct Lease {
    options: PgConnectOptions,
    key: String,
    connection: Option<PgConnection>,
}

impl Lease {
    /// A claim to the leadership that `key` names, among all who use the same database.
    pub(crate) fn new(options: PgConnectOptions, key: String) -> Self {
        let options = options.application_name(&key);
        Self {
            options,
            key,
            connection: None,
        }
    }

    /// Tries to lead; says whether it does now.
    pub(crate) async fn try_lead(&mut self) -> Result<bool, sqlx::Error> {
        let claimed = tokio::time::timeout(LEASE_TIMEOUT, self.claim()).await;
        let claimed = claimed.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        if claimed.is_err() {
            self.connection = None;
        }
        claimed
    }

    async fn claim(&mut self) -> Result<bool, sqlx::Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.options.connect().await?),
        };
        sqlx::query_scalar("select pg_try_advisory_lock(hashtextextended($1, 0))")
            .bind(&self.key)
            .fetch_one(connection)
            .await
    }

    /// Returns when the leadership is lost.
    pub(crate) async fn lost(&mut self) {
        while let Some(connection) = &mut self.connection {
            tokio::time::sleep(LEASE_CHECK).await;
            let alive = tokio::time::timeout(LEASE_TIMEOUT, connection.ping()).await;
            if !matches!(alive, Ok(Ok(()))) {
                self.connection = None;
            }
        }
    }

    /// Gives the leadership up, so that a replica need not wait for the connection to be noticed dead.
    pub(crate) async fn release(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Failing to say goodbye ends the connection just as well.
            let _ = tokio::time::timeout(LEASE_TIMEOUT, connection.close()).await;
        }
    }
}
