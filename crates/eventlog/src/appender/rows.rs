//! A judged batch as the columns of one statement.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::ask::Ask;
use crate::event::{Hash, Position, Version};
use crate::hash::Link;
use crate::judge::Verdict;

/// The head row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeadRow {
    pub(crate) position: Position,
    pub(crate) hash: Hash,
    /// When the newest event was recorded.
    pub(crate) recorded_at: Timestamp,
}

/// The accepted appends of a batch, column by column, and the head that they move.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    base: HeadRow,
    next: HeadRow,
    streams: Vec<&'a str>,
    versions: Vec<Version>,
    kinds: Vec<&'static str>,
    metadata: Vec<&'a [u8]>,
    payloads: Vec<&'a [u8]>,
    hashes: Vec<Hash>,
    receipts: ReceiptRows<'a>,
}

#[derive(Debug, Default)]
struct ReceiptRows<'a> {
    request_ids: Vec<Uuid>,
    methods: Vec<&'a str>,
    request_hashes: Vec<Hash>,
    responses: Vec<&'a [u8]>,
    firsts: Vec<Position>,
    lasts: Vec<Position>,
}

impl<'a> Rows<'a> {
    /// Lays out and chains what `judged` accepts after `base`, at `now` or, if the clock went back,
    /// at the time of the event before.
    pub(crate) fn new<'v>(
        base: HeadRow,
        now: Timestamp,
        judged: impl Iterator<Item = (&'a Ask, &'v Verdict)>,
    ) -> Self {
        let recorded_at = micros(now).max(base.recorded_at);
        let mut rows = Self {
            base,
            next: HeadRow {
                recorded_at,
                ..base
            },
            streams: Vec::new(),
            versions: Vec::new(),
            kinds: Vec::new(),
            metadata: Vec::new(),
            payloads: Vec::new(),
            hashes: Vec::new(),
            receipts: ReceiptRows::default(),
        };
        for (ask, verdict) in judged {
            let Verdict::Accepted { appended, before } = verdict else {
                continue;
            };
            for (stream, before) in ask.streams.iter().zip(before) {
                for (event, version) in stream.events.iter().zip(before + 1..) {
                    rows.chain(&stream.stream, version, event);
                }
            }
            for receipt in &ask.receipts {
                let columns = &mut rows.receipts;
                columns.request_ids.push(receipt.request_id);
                columns.methods.push(&receipt.method);
                columns.request_hashes.push(receipt.request_hash);
                columns.responses.push(&receipt.response);
                columns.firsts.push(appended.first);
                columns.lasts.push(appended.last);
            }
        }
        rows
    }

    /// The head after these rows.
    pub(crate) fn next(&self) -> HeadRow {
        self.next
    }

    /// How many events there are.
    pub(crate) fn events(&self) -> usize {
        self.streams.len()
    }

    fn chain(&mut self, stream: &'a str, version: Version, event: &'a crate::ask::AskEvent) {
        self.next.position += 1;
        self.next.hash = Link {
            position: self.next.position,
            stream,
            version,
            kind: event.kind,
            recorded_at: self.next.recorded_at,
            metadata: &event.metadata_digest,
            payload: &event.payload_digest,
        }
        .hash(&self.next.hash);
        self.streams.push(stream);
        self.versions.push(version);
        self.kinds.push(event.kind);
        self.metadata.push(&event.metadata);
        self.payloads.push(&event.payload);
        self.hashes.push(self.next.hash);
    }

    /// Moves the head and inserts the rows in one statement, if the head is still where they were
    /// laid out from. Says whether it was; if not, nothing happened.
    ///
    /// The compare-and-swap comes first in the statement and everything else hangs on it: whoever
    /// waits here for the head's row lock finds the row changed and inserts nothing. `notify` wakes
    /// the listeners of other processes.
    pub(crate) async fn write(
        &self,
        connection: &mut PgConnection,
        notify: bool,
    ) -> Result<bool, sqlx::Error> {
        let moved = sqlx::query_scalar!(
            r#"
            with moved as (
                update eventlog.head set position = $3, hash = $4, recorded_at = $5
                where position = $1 and hash = $2
                returning position
            ), event as (
                insert into eventlog.events
                    (position, stream, version, kind, recorded_at, metadata, payload, hash)
                select $1 + e.place, e.stream, e.version, e.kind, $5, e.metadata, e.payload, e.hash
                from unnest(
                    $6::text[], $7::bigint[], $8::text[], $9::bytea[], $10::bytea[], $11::bytea[]
                ) with ordinality as e(stream, version, kind, metadata, payload, hash, place)
                where exists (select from moved)
            ), receipt as (
                insert into eventlog.receipts
                    (request_id, method, request_hash, response, first_position, last_position,
                    recorded_at)
                select r.request_id, r.method, r.request_hash, r.response, r.first, r.last, $5
                from unnest(
                    $12::uuid[], $13::text[], $14::bytea[], $15::bytea[], $16::bigint[],
                    $17::bigint[]
                ) as r(request_id, method, request_hash, response, first, last)
                where exists (select from moved)
            )
            select case when $18 then pg_notify('eventlog', position::text) end is null as "moved!"
            from moved
            "#,
            self.base.position,
            &self.base.hash[..],
            self.next.position,
            &self.next.hash[..],
            self.next.recorded_at.to_sqlx() as _,
            &self.streams[..] as _,
            &self.versions[..],
            &self.kinds[..] as _,
            &self.metadata[..] as _,
            &self.payloads[..] as _,
            &self.hashes[..] as _,
            &self.receipts.request_ids[..],
            &self.receipts.methods[..] as _,
            &self.receipts.request_hashes[..] as _,
            &self.receipts.responses[..] as _,
            &self.receipts.firsts[..],
            &self.receipts.lasts[..],
            notify,
        )
        .fetch_optional(connection)
        .await?;
        Ok(moved.is_some())
    }
}

/// PostgreSQL keeps microseconds, and the chain must cover what is stored.
fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond())
        .expect("fewer digits of an instant in range are in range")
}
