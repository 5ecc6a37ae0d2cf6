//! Letting ballots out of the box: in company while a wave is open, all of them once it is closed.
//!
//! Each step moves ballots from the box into the log in one transaction, so none is lost and none comes twice, wherever a
//! crash falls; what is left to do follows from the tables alone. Replicas may all do it: the locks are in the database.

use std::collections::BTreeMap;

use contracts::problem::Problem;
use decider::Decider as _;
use eventlog::command::{Codec as _, Context, load};
use eventlog::{Appended, EventLog, Expected, StorageError, StreamAppend};
use rand::Rng as _;
use runtime::Ids;
use sqlx::PgConnection;
use survey::{Ballot, Batch, Cell, Code, Plan, Wave, WaveCommand, WaveEvent, mixing};

use super::codec::{WaveCodec, wave_stream};
use super::urn::{REST, Urn};
use super::wire;

/// The name of its commands in metadata, and who acts.
const METHOD: &str = "ReleaseBallots";
const ACTOR: &str = "ballot box";

/// Moves ballots from the box into the log.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    pub(crate) log: EventLog,
    pub(crate) urn: Urn,
    pub(crate) ids: Ids,
}

impl Counter {
    /// Lets ballots out of a pool that is full.
    pub(crate) async fn release(&self, plan: &Plan, wave: &Wave, cell: u16) -> Result<(), Problem> {
        let Some((unit, group)) = plan.cell_at(cell) else {
            return Err(Problem::internal(
                "a pool of ballots is of no unit; restore the database",
            ));
        };
        let mut tx = self.begin().await?;
        let number = i32::from(cell);
        let mut pool = self.urn.take(&mut tx, &plan.wave, number).await?;
        let out = mixing::overflow(&mut pool, || rand::rng().next_u64());
        if out.is_empty() {
            return Ok(());
        }
        self.urn
            .keep(&mut tx, &plan.wave, number, &mut pool, 0)
            .await?;
        let cell = Cell {
            unit: Some(unit.clone()),
            group: Some(group.clone()),
        };
        let events = released(wave, &cell, out)?;
        let appended = self.append(&mut tx, plan, Expected::Any, &events).await?;
        self.commit(tx, &appended).await
    }

    /// Empties the box of a closed wave and says so.
    pub(crate) async fn count(&self, plan: &Plan, wave: &Wave) -> Result<(), Problem> {
        let failed = || StorageError::during("close a ballot box");
        sqlx::query!(
            "insert into survey_box (wave, closed) values ($1, true)
             on conflict (wave) do update set closed = true where not survey_box.closed",
            plan.wave.as_str(),
        )
        .execute(&self.urn.pool)
        .await
        .map_err(failed())?;
        let cells = sqlx::query_scalar!(
            "select cell from survey_pool where wave = $1 and cell >= 0 and held > 0 order by cell",
            plan.wave.as_str(),
        )
        .fetch_all(&self.urn.pool)
        .await
        .map_err(failed())?;
        let mut units: BTreeMap<usize, Vec<u16>> = BTreeMap::new();
        let groups = plan.edition.groups.len().max(1);
        for cell in cells
            .into_iter()
            .filter_map(|cell| u16::try_from(cell).ok())
        {
            units
                .entry(usize::from(cell) / groups)
                .or_default()
                .push(cell);
        }
        for cells in units.into_values() {
            self.settle_unit(plan, wave, &cells).await?;
        }
        self.settle_rest(plan).await
    }

    /// Empties the pools of one unit.
    async fn settle_unit(&self, plan: &Plan, wave: &Wave, cells: &[u16]) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        let mut pools: BTreeMap<Code, Vec<Ballot>> = BTreeMap::new();
        let mut of = None;
        for cell in cells {
            let Some((unit, group)) = plan.cell_at(*cell) else {
                continue;
            };
            let pool = self.urn.take(&mut tx, &plan.wave, (*cell).into()).await?;
            self.urn
                .keep(&mut tx, &plan.wave, (*cell).into(), &mut [], 0)
                .await?;
            pools.insert(group.clone(), pool);
            of = Some(unit);
        }
        let settled = mixing::settle_unit(&plan.edition, pools);
        if !settled.rest.is_empty() {
            self.urn
                .put(&mut tx, &plan.wave, REST, settled.rest, false)
                .await?;
        }
        let mut events = Vec::new();
        for (group, out) in settled.released {
            let unit = of.cloned();
            events.extend(released(wave, &Cell { unit, group }, out)?);
        }
        let appended = self.append(&mut tx, plan, Expected::Any, &events).await?;
        self.commit(tx, &appended).await
    }

    /// Empties what is left, destroys the marks of the tokens, and states what came in.
    async fn settle_rest(&self, plan: &Plan) -> Result<(), Problem> {
        let mut tx = self.begin().await?;
        let counted = sqlx::query_scalar!(
            "select counted from survey_box where wave = $1 for update",
            plan.wave.as_str(),
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(StorageError::during("open a ballot box"))?;
        if counted {
            return Ok(());
        }
        let rest = self.urn.take(&mut tx, &plan.wave, REST).await?;
        let held = rest.len();
        let out = mixing::settle_rest(rest);
        let destroyed = u32::try_from(held - out.len()).unwrap_or(u32::MAX);
        let cast = self.urn.came(&plan.wave).await?;
        let cast = cast.into_iter().filter(|(_, count)| *count > 0);
        let cast = cast.filter_map(|(cell, count)| {
            let (unit, group) = plan.cell_at(cell)?;
            Some(((unit.clone(), group.clone()), count))
        });
        let cast = cast.collect();
        self.destroy(&mut tx, &plan.wave).await?;
        // Everything that left the box before is in the log by now.
        let mut loaded = load::<WaveCodec>(&self.log, &wave_stream(&plan.wave)).await?;
        let mut events = Vec::new();
        if !out.is_empty() {
            events = released(&loaded.state, &Cell::default(), out)?;
        }
        for event in &events {
            loaded.state.evolve(event);
        }
        let count = WaveCommand::Count { cast, destroyed };
        let count = loaded.state.decide(count).map_err(wire::wave_refused)?;
        events.extend(count);
        let expected = Expected::Version(loaded.version);
        let appended = self.append(&mut tx, plan, expected, &events).await?;
        self.commit(tx, &appended).await
    }

    async fn destroy(&self, tx: &mut PgConnection, wave: &Code) -> Result<(), Problem> {
        let failed = || StorageError::during("empty a ballot box");
        let name = wave.as_str();
        sqlx::query!("delete from survey_spent where wave = $1", name)
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        sqlx::query!("delete from survey_pool where wave = $1", name)
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        sqlx::query!("update survey_box set counted = true where wave = $1", name)
            .execute(&mut *tx)
            .await
            .map_err(failed())?;
        Ok(())
    }

    async fn begin(&self) -> Result<sqlx::PgTransaction<'static>, Problem> {
        let begun = self.urn.pool.begin().await;
        Ok(begun.map_err(StorageError::during("open a ballot box"))?)
    }

    /// Appends events that say nothing of when: they happened when the wave opened.
    async fn append(
        &self,
        tx: &mut PgConnection,
        plan: &Plan,
        expected: Expected,
        events: &[WaveEvent],
    ) -> Result<Option<Appended>, Problem> {
        if events.is_empty() {
            return Ok(None);
        }
        let context = Context::internal(METHOD, ACTOR, self.ids.uuid(), plan.opens_at);
        let encoded = events.iter().enumerate().map(|(index, event)| {
            let (kind, payload) = WaveCodec::encode(event);
            context.event(index, kind, payload)
        });
        let streams = vec![StreamAppend {
            stream: wave_stream(&plan.wave),
            expected,
            events: encoded.collect(),
        }];
        Ok(Some(self.log.append_in(tx, streams).await?))
    }

    async fn commit(
        &self,
        tx: sqlx::PgTransaction<'static>,
        appended: &Option<Appended>,
    ) -> Result<(), Problem> {
        let committed = tx.commit().await;
        committed.map_err(StorageError::during("empty a ballot box"))?;
        if let Some(appended) = appended {
            self.log.committed(appended);
        }
        Ok(())
    }
}

/// What it says when ballots leave the box together.
fn released(wave: &Wave, cell: &Cell, out: Vec<Ballot>) -> Result<Vec<WaveEvent>, Problem> {
    let batches = mixing::batches(out).into_iter().map(|ballots| Batch {
        cell: cell.clone(),
        ballots,
    });
    let release = WaveCommand::Release(batches.collect());
    wave.decide(release).map_err(wire::wave_refused)
}
