//! The ballot box: what was used, and what waits for company. Every step is one transaction.

use std::collections::{BTreeMap, BTreeSet};

use contracts::problem::Problem;
use eventlog::StorageError;
use sqlx::{PgConnection, PgPool};
use survey::{Ballot, Code, mixing};

use super::key::{BallotKey, Unsealable};

/// Where ballots wait that lost their unit and group.
pub(crate) const REST: i32 = -1;

/// The ballot boxes of all waves.
#[derive(Debug, Clone)]
pub(crate) struct Urn {
    pub(crate) pool: PgPool,
    pub(crate) key: BallotKey,
}

/// A row of an import.
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    pub(crate) mark: [u8; 32],
    pub(crate) cell: u16,
    pub(crate) ballot: Ballot,
}

/// What of an import was not taken in before.
#[derive(Debug, Clone)]
pub(crate) struct Fresh {
    pub(crate) marks: BTreeSet<[u8; 32]>,
    /// How many of which cell.
    pub(crate) cells: BTreeMap<u16, usize>,
}

/// Why a ballot does not go in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UrnError {
    /// Its token was used.
    #[error("the token was used, and its ballot is in the box; a token is good for one ballot")]
    Spent,
    /// The wave was closed.
    #[error("the wave is closed; it takes no more ballots")]
    Closed,
    /// The database did not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The box was made with another key.
    #[error(transparent)]
    Unsealable(#[from] Unsealable),
}

impl From<UrnError> for Problem {
    fn from(error: UrnError) -> Self {
        match error {
            UrnError::Spent => Self::refused("TOKEN_SPENT", error.to_string()),
            UrnError::Closed => Self::refused("WAVE_CLOSED", error.to_string()),
            UrnError::Storage(error) => error.into(),
            UrnError::Unsealable(error) => {
                tracing::error!(%error, "a ballot box cannot be used");
                Self::internal(error.to_string())
            }
        }
    }
}

impl Urn {
    /// Takes in a ballot and marks its token as used, both or neither. Says how many wait in the cell.
    pub(crate) async fn cast(
        &self,
        wave: &Code,
        cell: u16,
        mark: [u8; 32],
        ballot: Ballot,
    ) -> Result<usize, UrnError> {
        let failed = || StorageError::during("cast a ballot");
        let mut tx = self.pool.begin().await.map_err(failed())?;
        hold_open(&mut tx, wave).await?;
        let marked = sqlx::query!(
            "insert into survey_spent (wave, mark) values ($1, $2) on conflict do nothing",
            wave.as_str(),
            &mark,
        )
        .execute(&mut *tx)
        .await
        .map_err(failed())?;
        if marked.rows_affected() == 0 {
            return Err(UrnError::Spent);
        }
        let held = self
            .put(&mut tx, wave, cell.into(), vec![ballot], true)
            .await?;
        tx.commit().await.map_err(failed())?;
        Ok(held)
    }

    /// Whether a token was used.
    pub(crate) async fn is_spent(&self, wave: &Code, mark: [u8; 32]) -> Result<bool, UrnError> {
        let found = sqlx::query_scalar!(
            "select 1 as found from survey_spent where wave = $1 and mark = $2",
            wave.as_str(),
            &mark,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(StorageError::during("look for a token"))?;
        Ok(found.is_some())
    }

    /// Takes in those papers that were not taken in before, and says which, and how many of which cell.
    pub(crate) async fn import(
        &self,
        tx: &mut PgConnection,
        wave: &Code,
        papers: Vec<Paper>,
    ) -> Result<Fresh, UrnError> {
        let failed = || StorageError::during("import ballots");
        hold_open(tx, wave).await?;
        // In one order everywhere, so that two imports never wait for each other.
        let marks: BTreeSet<[u8; 32]> = papers.iter().map(|paper| paper.mark).collect();
        let marks: Vec<Vec<u8>> = marks.into_iter().map(Vec::from).collect();
        let marks: BTreeSet<[u8; 32]> = sqlx::query_scalar!(
            "insert into survey_imported (wave, mark)
             select $1, mark from unnest($2::bytea[]) as marks (mark) order by mark
             on conflict do nothing returning mark",
            wave.as_str(),
            &marks,
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(failed())?
        .into_iter()
        .filter_map(|mark| mark.try_into().ok())
        .collect();
        let mut cells: BTreeMap<u16, Vec<Ballot>> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for paper in papers {
            if marks.contains(&paper.mark) && taken.insert(paper.mark) {
                cells.entry(paper.cell).or_default().push(paper.ballot);
            }
        }
        let mut fresh = Fresh {
            marks,
            cells: BTreeMap::new(),
        };
        for (cell, ballots) in cells {
            fresh.cells.insert(cell, ballots.len());
            self.put(tx, wave, cell.into(), ballots, true).await?;
        }
        Ok(fresh)
    }

    /// Adds ballots to a pool; `count` says whether they come from outside.
    pub(crate) async fn put(
        &self,
        tx: &mut PgConnection,
        wave: &Code,
        cell: i32,
        ballots: Vec<Ballot>,
        count: bool,
    ) -> Result<usize, UrnError> {
        sqlx::query!(
            "insert into survey_pool (wave, cell, sealed, held, total) values ($1, $2, '', 0, 0)
             on conflict do nothing",
            wave.as_str(),
            cell,
        )
        .execute(&mut *tx)
        .await
        .map_err(StorageError::during("make a pool of ballots"))?;
        let came = if count { ballots.len() } else { 0 };
        let mut pool = self.take(tx, wave, cell).await?;
        pool.extend(ballots);
        self.keep(tx, wave, cell, &mut pool, came).await?;
        Ok(pool.len())
    }

    /// The ballots that wait in a pool, which stays locked until the transaction ends.
    pub(crate) async fn take(
        &self,
        tx: &mut PgConnection,
        wave: &Code,
        cell: i32,
    ) -> Result<Vec<Ballot>, UrnError> {
        let sealed = sqlx::query_scalar!(
            "select sealed from survey_pool where wave = $1 and cell = $2 for update",
            wave.as_str(),
            cell,
        )
        .fetch_optional(tx)
        .await
        .map_err(StorageError::during("open a pool of ballots"))?;
        Ok(self.key.open(wave, cell, &sealed.unwrap_or_default())?)
    }

    /// Seals what is to wait on; `came` more came in from outside.
    pub(crate) async fn keep(
        &self,
        tx: &mut PgConnection,
        wave: &Code,
        cell: i32,
        pool: &mut [Ballot],
        came: usize,
    ) -> Result<(), UrnError> {
        let sealed = if pool.is_empty() {
            vec![]
        } else {
            self.key.seal(wave, cell, pool)
        };
        sqlx::query!(
            "update survey_pool set sealed = $3, held = $4, total = total + $5
             where wave = $1 and cell = $2",
            wave.as_str(),
            cell,
            sealed,
            rows(pool.len()),
            rows(came),
        )
        .execute(tx)
        .await
        .map_err(StorageError::during("seal a pool of ballots"))?;
        Ok(())
    }

    /// Ballots that came in by the number of the cell, while a wave is not counted.
    pub(crate) async fn came(&self, wave: &Code) -> Result<BTreeMap<u16, u32>, UrnError> {
        let rows = sqlx::query!(
            "select cell, total from survey_pool where wave = $1 and cell >= 0",
            wave.as_str(),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(StorageError::during("count the ballots of a wave"))?;
        let cells = rows.into_iter().filter_map(|row| {
            let cell = u16::try_from(row.cell).ok()?;
            Some((cell, u32::try_from(row.total).ok()?))
        });
        Ok(cells.collect())
    }

    /// The pools that let ballots go, at most `limit`.
    pub(crate) async fn full(&self, limit: i64) -> Result<Vec<(String, i32)>, UrnError> {
        let pools = sqlx::query!(
            "select wave, cell from survey_pool where held >= $1 and cell >= 0 limit $2",
            rows(mixing::FULL),
            limit,
        )
        .fetch_all(&self.pool)
        .await
        .map_err(StorageError::during("look for full pools of ballots"))?;
        Ok(pools
            .into_iter()
            .map(|pool| (pool.wave, pool.cell))
            .collect())
    }
}

/// Keeps the box open until the transaction ends.
async fn hold_open(tx: &mut PgConnection, wave: &Code) -> Result<(), UrnError> {
    let failed = || StorageError::during("open a ballot box");
    sqlx::query!(
        "insert into survey_box (wave) values ($1) on conflict do nothing",
        wave.as_str(),
    )
    .execute(&mut *tx)
    .await
    .map_err(failed())?;
    let closed = sqlx::query_scalar!(
        "select closed from survey_box where wave = $1 for share",
        wave.as_str(),
    )
    .fetch_one(tx)
    .await
    .map_err(failed())?;
    if closed {
        Err(UrnError::Closed)
    } else {
        Ok(())
    }
}

/// A number of ballots for the database; a pool holds far fewer than its limit.
pub(crate) fn rows(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
