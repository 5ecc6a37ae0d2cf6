//! Imports: ballots that were cast elsewhere, taken into the same box as the others.
//!
//! A row is known by source and row id. Only a keyed digest of both is kept, and nothing of what the row says, so a
//! repeat is a repeat whatever it says: to compare would be to keep what tells the ballot.

use std::collections::BTreeSet;

use contracts::assessments::v1 as pb;
use contracts::problem::Problem;
use survey::{Ballot, Code, Plan, Weight};
use tonic::Streaming;

use super::api::Api;
use super::urn::Paper;
use super::wire::{self, events};

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
    /// The source, the wave and its plan, from the first row on.
    of: Option<(String, Code, Plan)>,
    chunk: Vec<Paper>,
    answer: pb::ImportBallotsResponse,
}

impl<'a> Importer<'a> {
    pub(super) fn new(api: &'a Api) -> Self {
        Self {
            api,
            of: None,
            chunk: Vec::new(),
            answer: pb::ImportBallotsResponse::default(),
        }
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
        let Some((_, wave, _)) = self.of.as_ref().filter(|_| !self.chunk.is_empty()) else {
            return Ok(());
        };
        let papers = std::mem::take(&mut self.chunk);
        let marks: Vec<[u8; 32]> = papers.iter().map(|paper| paper.mark).collect();
        let mut fresh: BTreeSet<[u8; 32]> = self.api.urn.import(wave, papers).await?;
        self.api.full.notify_one();
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
