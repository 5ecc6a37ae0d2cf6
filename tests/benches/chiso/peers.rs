//! The same rows written without an event log.

use std::sync::Arc;

use anyhow::Context as _;
use prost::Message as _;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::Mutex;

use crate::append::{BULK, KIND, Sample, Streams};
use crate::measure::Caller;

const HASH: [u8; 32] = [9; 32];

/// A table of the event log's shape, whose positions a sequence gives.
pub(crate) async fn make_table(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(
        r#"create table events (
            position    bigint generated always as identity primary key,
            stream      text collate "C" not null,
            version     bigint not null,
            kind        text collate "C" not null,
            recorded_at timestamptz not null,
            metadata    bytea not null,
            payload     bytea not null,
            hash        bytea not null,
            unique (stream, version)
        )"#,
    )
    .execute(pool)
    .await
    .context("making a plain table")?;
    Ok(())
}

/// Where a caller's statement goes.
#[derive(Clone)]
pub(crate) enum Way {
    /// A pool's next free connection, tested before and after, as sqlx does unless told otherwise.
    Pool(PgPool),
    /// A connection that some callers use in turn.
    Own(Arc<Mutex<PgConnection>>),
}

/// Connections without a pool, for as many callers.
pub(crate) async fn own(url: &str, count: usize) -> anyhow::Result<Vec<Way>> {
    let mut ways = Vec::with_capacity(count);
    for _ in 0..count {
        let connection = PgConnection::connect(url).await.context("connecting")?;
        ways.push(Way::Own(Arc::new(Mutex::new(connection))));
    }
    Ok(ways)
}

/// One statement, so one transaction and one commit, for each event; a version that is there already is refused.
pub(crate) struct SingleCaller {
    way: Way,
    streams: Streams,
    payload: Vec<u8>,
    metadata: Vec<u8>,
}

impl SingleCaller {
    pub(crate) fn new(way: Way, streams: Streams) -> Self {
        let sample = Sample::new();
        Self {
            way,
            streams,
            payload: sample.payload.to_vec(),
            metadata: sample.metadata.encode_to_vec(),
        }
    }
}

impl Caller for SingleCaller {
    async fn once(&mut self) -> anyhow::Result<u64> {
        let (stream, version) = self.streams.next();
        let insert = sqlx::query(
            "insert into events (stream, version, kind, recorded_at, metadata, payload, hash)
             values ($1, $2, $3, now(), $4, $5, $6)",
        )
        .bind(stream)
        .bind(version + 1)
        .bind(KIND)
        .bind(&self.metadata)
        .bind(&self.payload)
        .bind(&HASH[..]);
        let inserted = match &self.way {
            Way::Pool(pool) => insert.execute(pool).await,
            Way::Own(connection) => insert.execute(&mut *connection.lock().await).await,
        };
        inserted.context("inserting a row")?;
        Ok(1)
    }
}

/// Many rows in one statement on one connection.
pub(crate) struct BatchCaller {
    connection: PgConnection,
    streams: Streams,
    payload: Vec<u8>,
    metadata: Vec<u8>,
}

impl BatchCaller {
    pub(crate) async fn new(url: &str, streams: Streams) -> anyhow::Result<Self> {
        let sample = Sample::new();
        Ok(Self {
            connection: PgConnection::connect(url).await?,
            streams,
            payload: sample.payload.to_vec(),
            metadata: sample.metadata.encode_to_vec(),
        })
    }
}

impl Caller for BatchCaller {
    async fn once(&mut self) -> anyhow::Result<u64> {
        let mut streams = Vec::with_capacity(BULK);
        let mut versions = Vec::with_capacity(BULK);
        for _ in 0..BULK {
            let (stream, version) = self.streams.next();
            streams.push(stream.to_owned());
            versions.push(version + 1);
        }
        sqlx::query(
            "insert into events (stream, version, kind, recorded_at, metadata, payload, hash)
             select e.stream, e.version, e.kind, now(), e.metadata, e.payload, e.hash
             from unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[])
                 as e(stream, version, kind, metadata, payload, hash)",
        )
        .bind(&streams)
        .bind(&versions)
        .bind(vec![KIND; BULK])
        .bind(vec![&self.metadata[..]; BULK])
        .bind(vec![&self.payload[..]; BULK])
        .bind(vec![&HASH[..]; BULK])
        .execute(&mut self.connection)
        .await
        .context("inserting a batch")?;
        Ok(BULK as u64)
    }
}
