//! Whether two models say the same, row by row.

use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, PgPool, Row as _};

use crate::{LIVE, NEXT};

/// Differing rows that are shown.
const SHOWN: i64 = 100;

/// What came of comparing a rebuilt model with the live one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Rows that only one of both has, with `live:` or `rebuilt:` and the table before them; at most 100 a table.
    pub differences: Vec<String>,
    /// SHA-256 over all rows of the rebuilt model.
    pub content_hash: [u8; 32],
}

impl Comparison {
    /// Whether every row of one is a row of the other.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Compares the tables of the live model with those of the rebuilt one.
pub(crate) async fn compare(pool: &PgPool, tables: &[&str]) -> sqlx::Result<Comparison> {
    let mut hash = Sha256::new();
    let mut differences = Vec::new();
    for table in tables {
        hash_table(pool, table, &mut hash).await?;
        for (side, one, other) in [("live", LIVE, NEXT), ("rebuilt", NEXT, LIVE)] {
            let statement = format!(
                "select t::text from {one}.{table} t except select t::text from {other}.{table} t \
                 order by 1 limit {SHOWN}"
            );
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(statement))
                .fetch_all(pool)
                .await?;
            differences.extend(rows.into_iter().map(|row| format!("{side}: {table} {row}")));
        }
    }
    Ok(Comparison {
        differences,
        content_hash: hash.finalize().into(),
    })
}

async fn hash_table(pool: &PgPool, table: &str, hash: &mut Sha256) -> sqlx::Result<()> {
    hash.update(table);
    let statement = format!("select t::text from {NEXT}.{table} t order by t::text collate \"C\"");
    let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(pool);
    while let Some(row) = rows.try_next().await? {
        let row: &str = row.try_get(0)?;
        hash.update(u64::try_from(row.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(row);
    }
    Ok(())
}
