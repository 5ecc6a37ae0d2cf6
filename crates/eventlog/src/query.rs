//! The queries that appending, reading and verifying share.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use prost::bytes::Bytes;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::appender::rows::HeadRow;
use crate::event::{Hash, Position, Receipt, Recorded, Version};

/// Most bytes of metadata and payload that one page holds beside its first event, so that a page of
/// large events cannot exhaust the memory.
const PAGE_BYTES: usize = 32 << 20;

/// The head as it is now.
pub(crate) async fn head(connection: impl PgExecutor<'_>) -> Result<HeadRow, sqlx::Error> {
    let row = sqlx::query!(
        r#"select position, hash as "hash: Hash", recorded_at as "recorded_at: jiff_sqlx::Timestamp"
        from eventlog.head"#
    )
    .fetch_one(connection)
    .await?;
    let recorded_at = row.recorded_at.to_jiff();
    Ok(HeadRow {
        position: row.position,
        hash: row.hash,
        recorded_at,
    })
}

/// The identity of the log.
pub(crate) async fn epoch(connection: impl PgExecutor<'_>) -> Result<Uuid, sqlx::Error> {
    sqlx::query_scalar!("select epoch from eventlog.head")
        .fetch_one(connection)
        .await
}

/// The head, locked until the transaction ends.
pub(crate) async fn lock_head(connection: &mut PgConnection) -> Result<HeadRow, sqlx::Error> {
    let row = sqlx::query!(
        r#"select position, hash as "hash: Hash", recorded_at as "recorded_at: jiff_sqlx::Timestamp"
        from eventlog.head for update"#
    )
    .fetch_one(connection)
    .await?;
    let recorded_at = row.recorded_at.to_jiff();
    Ok(HeadRow {
        position: row.position,
        hash: row.hash,
        recorded_at,
    })
}

/// Wakes the listeners of other processes.
pub(crate) async fn notify(
    connection: &mut PgConnection,
    position: Position,
) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify('eventlog', $1::bigint::text)", position)
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest version of each of `streams`; 0 for one without events.
pub(crate) async fn versions(
    connection: &mut PgConnection,
    streams: &[&str],
) -> Result<BTreeMap<String, Version>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        select s.stream as "stream!", coalesce((
            select e.version from eventlog.events e where e.stream = s.stream
            order by e.version desc limit 1
        ), 0) as "version!"
        from unnest($1::text[]) as s(stream)
        "#,
        streams as _
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.stream, row.version))
        .collect())
}

/// The streams that grew after one position and up to another, with their newest versions.
pub(crate) async fn grown(
    connection: &mut PgConnection,
    after: Position,
    up_to: Position,
) -> Result<Vec<(String, Version)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select stream, max(version) as "version!" from eventlog.events
        where position > $1 and position <= $2 group by stream"#,
        after,
        up_to
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.stream, row.version))
        .collect())
}

/// The hash of the event at a position, if there is one.
pub(crate) async fn hash_at(
    connection: impl PgExecutor<'_>,
    position: Position,
) -> Result<Option<Hash>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select hash as "hash: Hash" from eventlog.events where position = $1"#,
        position
    )
    .fetch_optional(connection)
    .await
}

/// The receipts of `request_ids` that exist, in no order.
pub(crate) async fn receipts(
    connection: impl PgExecutor<'_>,
    request_ids: &[Uuid],
) -> Result<Vec<Receipt>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select request_id, method, request_hash as "request_hash: Hash", response,
            first_position, last_position, recorded_at as "recorded_at: jiff_sqlx::Timestamp"
        from eventlog.receipts where request_id = any($1)"#,
        request_ids
    )
    .fetch_all(connection)
    .await?;
    let receipts = rows.into_iter().map(|row| Receipt {
        request_id: row.request_id,
        method: row.method,
        request_hash: row.request_hash,
        response: Bytes::from(row.response),
        first: row.first_position,
        last: row.last_position,
        recorded_at: row.recorded_at.to_jiff(),
    });
    Ok(receipts.collect())
}

struct EventRow {
    position: Position,
    stream: String,
    version: Version,
    kind: String,
    recorded_at: jiff_sqlx::Timestamp,
    metadata: Vec<u8>,
    payload: Vec<u8>,
    hash: Hash,
}

impl From<EventRow> for Recorded {
    fn from(row: EventRow) -> Self {
        Self {
            position: row.position,
            stream: row.stream,
            version: row.version,
            kind: row.kind,
            recorded_at: row.recorded_at.to_jiff(),
            metadata: Bytes::from(row.metadata),
            payload: Bytes::from(row.payload),
            hash: row.hash,
        }
    }
}

/// The next events of the log, at most `limit` and at most about [`PAGE_BYTES`].
pub(crate) async fn page(
    executor: impl PgExecutor<'_>,
    after: Position,
    limit: i64,
) -> Result<Page, sqlx::Error> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"select position, stream, version, kind,
            recorded_at as "recorded_at: jiff_sqlx::Timestamp", metadata, payload, hash as "hash: Hash"
        from eventlog.events where position > $1 order by position limit $2"#,
        after,
        limit
    )
    .fetch(executor);
    collect(rows, limit).await
}

/// The next events of one stream, at most `limit` and at most about [`PAGE_BYTES`].
pub(crate) async fn stream_page(
    executor: impl PgExecutor<'_>,
    stream: &str,
    after: Version,
    limit: i64,
) -> Result<Page, sqlx::Error> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"select position, stream, version, kind,
            recorded_at as "recorded_at: jiff_sqlx::Timestamp", metadata, payload, hash as "hash: Hash"
        from eventlog.events where stream = $1 and version > $2 order by version limit $3"#,
        stream,
        after,
        limit
    )
    .fetch(executor);
    collect(rows, limit).await
}

/// The next events of several streams, stream by stream, at most `limit` and at most about
/// [`PAGE_BYTES`].
pub(crate) async fn streams_page(
    executor: impl PgExecutor<'_>,
    streams: &[&str],
    after: (&str, Version),
    limit: i64,
) -> Result<Page, sqlx::Error> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"select position, stream, version, kind,
            recorded_at as "recorded_at: jiff_sqlx::Timestamp", metadata, payload, hash as "hash: Hash"
        from eventlog.events where stream = any($1) and (stream, version) > ($2, $3)
        order by stream, version limit $4"#,
        streams as _,
        after.0,
        after.1,
        limit
    )
    .fetch(executor);
    collect(rows, limit).await
}

/// Some events in order, and whether there are no more.
pub(crate) struct Page {
    pub(crate) events: Vec<Recorded>,
    pub(crate) end: bool,
}

async fn collect(
    rows: impl futures::Stream<Item = Result<EventRow, sqlx::Error>>,
    limit: i64,
) -> Result<Page, sqlx::Error> {
    let mut rows = std::pin::pin!(rows);
    let (mut events, mut bytes) = (Vec::new(), 0);
    while bytes < PAGE_BYTES {
        let Some(row) = rows.try_next().await? else {
            let end = i64::try_from(events.len()).is_ok_and(|events| events < limit);
            return Ok(Page { events, end });
        };
        bytes += row.metadata.len() + row.payload.len();
        events.push(Recorded::from(row));
    }
    Ok(Page { events, end: false })
}

/// The head, and the first event beyond it, which there must not be; both as of one moment.
pub(crate) async fn head_and_beyond(
    connection: impl PgExecutor<'_>,
) -> Result<(HeadRow, Option<Position>), sqlx::Error> {
    let row = sqlx::query!(
        r#"select h.position, h.hash as "hash: Hash",
            h.recorded_at as "recorded_at: jiff_sqlx::Timestamp",
            (select min(e.position) from eventlog.events e where e.position > h.position) as beyond
        from eventlog.head h"#
    )
    .fetch_one(connection)
    .await?;
    let recorded_at = row.recorded_at.to_jiff();
    Ok((
        HeadRow {
            position: row.position,
            hash: row.hash,
            recorded_at,
        },
        row.beyond,
    ))
}
