//! Imports: ballots that were cast elsewhere, taken into the same box as the others.
//!
//! A row is known by source and row id. Only a keyed digest of both is kept, and nothing of what the row says, so a
//! repeat is a repeat whatever it says: to compare would be to keep what tells the ballot.
//!
//! A client brings ballots of the units that it is granted. Who brought how many of which unit is one event a chunk, in the
//! transaction that put them into the box; it says nothing of rows, and what leaves the box names neither.

use std::collections::BTreeSet;

use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::command::{Codec as _, Context};
use eventlog::{Appended, Expected, StorageError, StreamAppend};
use identity::Permit;
use sqlx::PgConnection;
use survey::{Ballot, Code, Plan, WaveCommand, Weight};
use tonic::Streaming;

use super::api::{Api, no_wave};
use super::codec::{WaveCodec, wave_stream};
use super::urn::Paper;
use super::wire::{self, events};
use crate::campaigns::Own;

/// The RPC's name, in metadata.
const METHOD: &str = "ImportBallots";
/// Who acts where nobody is asked who calls.
const ACTOR: &str = "import";

/// Most rows of a call: what fits a deadline many times over.
const ROWS_MAX: i64 = 10_000;
/// Rows taken in at a time: enough to make it cheap, few enough to hold no pool for long.
const CHUNK_ROWS: usize = 500;
/// Longest name of a source, in characters.
const SOURCE_MAX: usize = 64;
/// Longest identity of a row, in characters.
const ROW_ID_MAX: usize = 200;

/// Takes in the rows of one call.
pub(super) struct Importer<'a> {
    api: &'a Api,
    permit: Permit,
    /// The units that the client is granted.
    own: Own,
    /// The source, the wave and its plan, from the first row on.
    of: Option<(String, Code, Plan)>,
    chunk: Vec<Paper>,
    answer: pb::ImportBallotsResponse,
}

impl<'a> Importer<'a> {
    /// An importer for who has the permit.
    ///
    /// # Errors
    /// `UNAVAILABLE` while the registry does not answer.
    pub(super) async fn new(api: &'a Api, permit: Permit) -> Result<Self, Problem> {
        Ok(Self {
            api,
            own: Own::of(&permit, &api.units).await?,
            permit,
            of: None,
            chunk: Vec::new(),
            answer: pb::ImportBallotsResponse::default(),
        })
    }

    /// Takes in the rows as they come.
    pub(super) async fn import(
        mut self,
        mut rows: Streaming<pb::ImportBallotsRequest>,
    ) -> tonic::Result<pb::ImportBallotsResponse> {
        let mut number = 0;
        while let Some(row) = rows.message().await? {
            number += 1;
            if number > ROWS_MAX {
                self.take().await?;
                let message = "a call takes 10,000 rows; those are in, send the rest in another";
                return Err(Problem::resource_exhausted("TOO_MANY_ROWS", message).into());
            }
            if self.of.is_none() {
                let wave = wire::code("wave", &row.wave)?;
                let plan = self.api.open_plan(&wave)?;
                check_source(&row.source)?;
                self.of = Some((row.source.clone(), wave, plan));
            }
            match self.read(&row) {
                Ok(paper) => self.chunk.push(paper),
                Err(problem) => {
                    self.answer.refused += 1;
                    self.answer.refusals.push(pb::RefusedBallot {
                        row: number,
                        source_row_id: row.source_row_id.chars().take(ROW_ID_MAX).collect(),
                        reason: problem.to_string(),
                    });
                }
            }
            if self.chunk.len() == CHUNK_ROWS {
                self.take().await?;
            }
        }
        self.take().await?;
        if self.answer.accepted == 0 && self.answer.repeated == 0 {
            // Rows that cannot be read are refused without a look at what they name.
            self.permit.no_unit_to_check();
        }
        Ok(self.answer)
    }

    fn read(&self, row: &pb::ImportBallotsRequest) -> Result<Paper, Problem> {
        let Some((source, wave, plan)) = &self.of else {
            return Err(Problem::internal("a row comes before the first one"));
        };
        for (field, said, first) in [
            ("source", &row.source, source.as_str()),
            ("wave", &row.wave, wave.as_str()),
        ] {
            if said != first {
                let why = "differs from the first row's; use a call for each";
                return Err(Problem::invalid(field, why));
            }
        }
        let id = &row.source_row_id;
        if !(1..=ROW_ID_MAX).contains(&id.chars().count()) || id.chars().any(char::is_control) {
            let why = "needs 1 to 200 printable characters";
            return Err(Problem::invalid("source_row_id", why));
        }
        let unit = events::unit(&row.unit).map_err(|why| Problem::invalid("unit", why))?;
        self.own.may(&self.permit, &unit)?;
        let group = wire::code("group", &row.group)?;
        let cell = plan.cell(&unit, &group).ok_or_else(|| {
            let why = "is not asked about this unit; name a unit and a group of the wave's plan";
            Problem::invalid("group", why)
        })?;
        let answers = row
            .answers
            .iter()
            .map(|it| (it.question.as_str(), it.value.as_str()));
        let ballot = Ballot::read(&plan.edition, &group, answers).map_err(wire::invalid)?;
        let weight = match row.weight.as_str() {
            "" => Weight::default(),
            weight => weight.parse().map_err(|()| {
                let why = "must be 0.01 to 100 with at most 2 digits behind the point";
                Problem::invalid("weight", why)
            })?,
        };
        let ballot = ballot.weighing(weight);
        let mark = self.api.urn.key.imported(wave, source, id);
        Ok(Paper { mark, cell, ballot })
    }

    /// Takes in what was read.
    async fn take(&mut self) -> Result<(), Problem> {
        let papers = std::mem::take(&mut self.chunk);
        let Some((source, wave, plan)) = self.of.as_ref().filter(|_| !papers.is_empty()) else {
            return Ok(());
        };
        let marks: Vec<[u8; 32]> = papers.iter().map(|paper| paper.mark).collect();
        let failed = || StorageError::during("import ballots");
        let begun = self.api.urn.pool.begin().await;
        let mut tx = begun.map_err(failed())?;
        let fresh = self.api.urn.import(&mut tx, wave, papers).await?;
        let ballots = fresh.cells.into_iter().filter_map(|(cell, count)| {
            let (unit, group) = plan.cell_at(cell)?;
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            Some(((unit.clone(), group.clone()), count))
        });
        let import = WaveCommand::Import {
            source: source.clone(),
            ballots: ballots.collect(),
        };
        let appended = self.record(&mut tx, wave, import).await?;
        tx.commit().await.map_err(failed())?;
        if let Some(appended) = appended {
            self.api.log.committed(&appended);
        }
        self.api.full.notify_one();
        let mut fresh: BTreeSet<[u8; 32]> = fresh.marks;
        for mark in marks {
            // A row that comes twice in a call counts the first time.
            if fresh.remove(&mark) {
                self.answer.accepted += 1;
            } else {
                self.answer.repeated += 1;
            }
        }
        Ok(())
    }
}

impl Importer<'_> {
    /// Says who brought how many ballots.
    async fn record(
        &self,
        tx: &mut PgConnection,
        wave: &Code,
        import: WaveCommand,
    ) -> Result<Option<Appended>, Problem> {
        let decided = {
            let view = self.api.view.borrow();
            let known = view.surveys.wave(wave);
            let known = known.ok_or_else(|| no_wave(wave.as_str()))?;
            known.state.decide(import).map_err(wire::wave_refused)?
        };
        if decided.is_empty() {
            return Ok(None);
        }
        let id = self.api.ids.uuid();
        let mut context = Context::internal(METHOD, ACTOR, id, self.api.clock.now());
        if let Some(caller) = self.permit.caller() {
            context.actor.clone_from(&caller.subject);
            context.client.clone_from(&caller.client);
            context.roles = caller.roles.iter().map(|role| role.as_str()).collect();
        }
        let encoded = decided.iter().enumerate().map(|(index, event)| {
            let (kind, payload) = WaveCodec::encode(event);
            context.event(index, kind, payload)
        });
        let streams = vec![StreamAppend {
            stream: wave_stream(wave),
            expected: Expected::Any,
            events: encoded.collect(),
        }];
        Ok(Some(self.api.log.append_in(tx, streams).await?))
    }
}

fn check_source(source: &str) -> Result<(), Problem> {
    let sound = (1..=SOURCE_MAX).contains(&source.len())
        && source
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if sound {
        return Ok(());
    }
    let why = "must be 1 to 64 letters, digits, dots, underscores and hyphens";
    Err(Problem::invalid("source", why))
}
