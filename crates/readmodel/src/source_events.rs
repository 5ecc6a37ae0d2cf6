//! Events of reference logs, kept as received: a table that every read model has.

use eventlog::{Position, Recorded};
use jiff_sqlx::ToSqlx as _;
use sqlx::PgConnection;

/// A kept event of a followed log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceEvent {
    /// Which log.
    pub log: String,
    /// The stream it belongs to.
    pub stream: String,
    /// Full name of the payload's protobuf message.
    pub kind: String,
    /// The encoded message that `kind` names.
    pub payload: Vec<u8>,
}

/// Keeps events of a reference log.
///
/// # Errors
/// When the database does not take them.
pub async fn put_source_events(
    tables: &mut PgConnection,
    log: &str,
    events: &[Recorded],
) -> sqlx::Result<()> {
    let positions: Vec<Position> = events.iter().map(|event| event.position).collect();
    let streams: Vec<String> = events.iter().map(|event| event.stream.clone()).collect();
    let kinds: Vec<String> = events.iter().map(|event| event.kind.clone()).collect();
    let payloads: Vec<Vec<u8>> = events.iter().map(|event| event.payload.to_vec()).collect();
    let recorded: Vec<jiff_sqlx::Timestamp> = events
        .iter()
        .map(|event| event.recorded_at.to_sqlx())
        .collect();
    sqlx::query!(
        "insert into source_events (log, position, stream, kind, payload, recorded_at)
         select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
         on conflict do nothing",
        log,
        &positions,
        &streams,
        &kinds,
        &payloads,
        &recorded as _,
    )
    .execute(tables)
    .await?;
    Ok(())
}

/// Every kept event, in order within each log.
///
/// # Errors
/// When the database does not answer.
pub async fn source_events(tables: &mut PgConnection) -> sqlx::Result<Vec<SourceEvent>> {
    sqlx::query_as!(
        SourceEvent,
        "select log, stream, kind, payload from source_events order by log, position"
    )
    .fetch_all(tables)
    .await
}
