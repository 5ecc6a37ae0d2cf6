//! Imports: facts that another system recorded, taken in by the thousand.
//!
//! Rows are judged in chunks. A row that was taken in before is known by its receipt, whose id
//! follows from source and source event id. The others are grouped by dossier, decided in order on
//! the dossier's state like any command, and appended dossier by dossier, each with the receipts of
//! its rows. So a repeated import changes nothing, and an interrupted one is simply repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::dossiers::v1 as pb;
use contracts::problem::Problem;
use eventlog::command::Loaded;
use eventlog::{EventLog, Position};
use futures::{StreamExt, TryStreamExt, stream};
use identity::Permit;
use jiff::Timestamp;
use runtime::Clock;
use tonic::Streaming;
use uuid::Uuid;

use crate::applicant::ApplicantKey;
use crate::case::{Ask, Case};
use crate::reference::Reference;
use crate::wire::events;
use crate::wire::import::{self as wire, Row};
use group::Group;

mod group;

/// The RPC's name, in receipts.
pub(super) const METHOD: &str = "ImportDossiers";
/// Most rows of a call: what fits a deadline many times over.
const ROWS_MAX: i64 = 10_000;
/// Rows judged at a time: enough to make the look-ups cheap, few enough to hold in memory.
const CHUNK_ROWS: usize = 2_000;
/// Dossiers appended at once: what fills the appender's batches; more would only wait there.
const IN_FLIGHT: usize = 64;

/// Takes in the rows of one call.
pub(crate) struct Importer<'a> {
    log: &'a EventLog,
    reference: Arc<Reference>,
    key: &'a ApplicantKey,
    clock: &'a Clock,
    permit: Permit,
    tally: Tally,
}

/// What became of rows.
#[derive(Debug, Default)]
struct Tally {
    accepted: i64,
    repeated: Vec<i64>,
    refused: Vec<pb::RefusedRow>,
    position: Position,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.repeated.extend(other.repeated);
        self.refused.extend(other.refused);
        self.position = self.position.max(other.position);
    }

    fn refuse(&mut self, row: &Row, reason: impl Into<String>) {
        self.refused.push(pb::RefusedRow {
            row: row.number,
            source_event_id: row.source_event_id.clone(),
            code: row.code.to_string(),
            reason: reason.into(),
        });
    }

    /// A row whose id was used before: the same fact again, or another under its id.
    fn known(&mut self, row: &Row, method: &str, hash: [u8; 32]) {
        if method == METHOD && hash == row.hash {
            self.repeated.push(row.number);
        } else {
            self.refuse(
                row,
                "the source event id was used for other content; give the fact its own",
            );
        }
    }
}

impl<'a> Importer<'a> {
    pub(crate) fn new(
        log: &'a EventLog,
        reference: Arc<Reference>,
        key: &'a ApplicantKey,
        clock: &'a Clock,
        permit: Permit,
    ) -> Self {
        Self {
            log,
            reference,
            key,
            clock,
            permit,
            tally: Tally::default(),
        }
    }

    /// Takes in the rows as they come.
    pub(crate) async fn import(
        mut self,
        mut rows: Streaming<pb::ImportDossiersRequest>,
    ) -> tonic::Result<pb::ImportDossiersResponse> {
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        let mut source = None;
        let mut number = 0;
        while let Some(request) = rows.message().await? {
            number += 1;
            if number > ROWS_MAX {
                let message = "a call takes 10,000 rows; those are in, send the rest in another";
                return Err(Problem::resource_exhausted("TOO_MANY_ROWS", message).into());
            }
            chunk.extend(self.read(number, request, &mut source));
            if chunk.len() == CHUNK_ROWS {
                self.take(std::mem::take(&mut chunk)).await?;
            }
        }
        self.take(chunk).await?;
        if self.tally.accepted == 0 && self.tally.repeated.is_empty() {
            // Rows that cannot be read are refused without a look at what they name.
            self.permit.no_unit_to_check();
        }
        Ok(self.answer())
    }

    /// Reads a row, or tallies its refusal.
    fn read(
        &mut self,
        number: i64,
        request: pb::ImportDossiersRequest,
        source: &mut Option<String>,
    ) -> Option<Row> {
        let source_event_id = request.source_event_id.clone();
        let code = request.code.clone();
        let first = source.get_or_insert_with(|| request.source.clone());
        let read = if *first == request.source {
            wire::row(number, request, self.key, self.clock.now())
        } else {
            Err(Problem::invalid(
                "source",
                "differs from the first row's; use a call for each source",
            ))
        };
        match read {
            Ok(row) => Some(row),
            Err(problem) => {
                let reason = problem.to_string();
                self.tally.refused.push(pb::RefusedRow {
                    row: number,
                    source_event_id,
                    code,
                    reason,
                });
                None
            }
        }
    }

    /// Decides and appends a chunk. A row whose id comes a second time waits for the first.
    async fn take(&mut self, mut rows: Vec<Row>) -> Result<(), Problem> {
        while !rows.is_empty() {
            let mut seen = BTreeSet::new();
            let (now, later) = rows.into_iter().partition(|row| seen.insert(row.id));
            self.take_distinct(now).await?;
            rows = later;
        }
        Ok(())
    }

    async fn take_distinct(&mut self, rows: Vec<Row>) -> Result<(), Problem> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let receipts: BTreeMap<Uuid, (String, [u8; 32])> = self
            .log
            .receipts(&ids)
            .await?
            .into_iter()
            .map(|receipt| (receipt.request_id, (receipt.method, receipt.request_hash)))
            .collect();
        let stream_of = |row: &Row| events::stream(row.code.as_str());
        let (known, fresh): (Vec<Row>, Vec<Row>) = rows
            .into_iter()
            .partition(|row| receipts.contains_key(&row.id));
        let mut groups: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in fresh {
            groups.entry(stream_of(&row)).or_default().push(row);
        }
        // Whether a row is known is said to those who might have brought it.
        let checked = known.iter().filter(|_| self.permit.depends_on_unit());
        let checked: BTreeSet<String> = checked.map(stream_of).collect();
        let streams: BTreeSet<&String> = groups.keys().chain(&checked).collect();
        let mut loaded = self.load(&streams).await?;
        for row in &known {
            let case = loaded.entry(stream_of(row)).or_default();
            match case.state.admit(&self.ask(row)) {
                Ok(()) => {
                    let (method, hash) = &receipts[&row.id];
                    self.tally.known(row, method, *hash);
                }
                Err(denied) => self.tally.refuse(row, denied.to_string()),
            }
        }
        let now = self.clock.now();
        let settled: Vec<Tally> = stream::iter(groups)
            .map(|(stream, rows)| {
                let loaded = loaded.remove(&stream).unwrap_or_default();
                self.group(stream, rows, now).settle(loaded)
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        settled.into_iter().for_each(|tally| self.tally.add(tally));
        Ok(())
    }

    /// The dossiers that the rows are about, as they stand.
    async fn load(
        &self,
        streams: &BTreeSet<&String>,
    ) -> Result<BTreeMap<String, Loaded<Case>>, Problem> {
        let streams: Vec<&str> = streams.iter().map(|stream| stream.as_str()).collect();
        let mut loaded: BTreeMap<String, Loaded<Case>> = BTreeMap::new();
        for event in self.log.load_many(&streams).await? {
            loaded
                .entry(event.stream.clone())
                .or_default()
                .apply::<events::Codec>(&event)?;
        }
        Ok(loaded)
    }

    fn ask(&self, row: &Row) -> Ask {
        Ask {
            code: row.code.clone(),
            at: row.at,
            wish: row.wish.clone(),
            reference: self.reference.clone(),
            permit: self.permit.clone(),
        }
    }

    fn group(&self, stream: String, rows: Vec<Row>, now: Timestamp) -> Group {
        Group {
            log: self.log.clone(),
            reference: self.reference.clone(),
            stream,
            rows,
            permit: self.permit.clone(),
            now,
        }
    }

    fn answer(mut self) -> pb::ImportDossiersResponse {
        let Tally {
            accepted,
            repeated,
            refused: refusals,
            position,
        } = &mut self.tally;
        refusals.sort_by_key(|refused| refused.row);
        repeated.sort_unstable();
        metrics::counter!("chiso_dossiers_import_rows_total", "outcome" => "accepted")
            .increment(accepted.unsigned_abs());
        metrics::counter!("chiso_dossiers_import_rows_total", "outcome" => "repeated")
            .increment(repeated.len() as u64);
        metrics::counter!("chiso_dossiers_import_rows_total", "outcome" => "refused")
            .increment(refusals.len() as u64);
        pb::ImportDossiersResponse {
            accepted: *accepted,
            repeated: i64::try_from(repeated.len()).unwrap_or(ROWS_MAX),
            refused: i64::try_from(refusals.len()).unwrap_or(ROWS_MAX),
            refusals: std::mem::take(refusals),
            position: *position,
            repeated_rows: std::mem::take(repeated),
        }
    }
}
