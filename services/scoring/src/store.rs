//! The read model in PostgreSQL. Every statement names its tables without a schema: the connection's search_path
//! says whether it works on the live model or on one that is being rebuilt.

use std::collections::BTreeMap;

use ids::Month;
use jiff::Timestamp;
use jiff::tz::Offset;
use jiff_sqlx::ToSqlx as _;
use measures::{Facts, Key};
use sqlx::PgConnection;

use crate::facts_row::FactsRow;
use crate::model::Points;
use crate::rescore::Change;
use ids::IndexKey;

/// What is remembered of these dossiers; those never heard of are absent.
pub(crate) async fn facts(
    tx: &mut PgConnection,
    codes: &[String],
) -> sqlx::Result<BTreeMap<String, Facts>> {
    let rows = sqlx::query!(
        r#"select code, facts as "facts: sqlx::types::Json<FactsRow>"
           from dossier_facts where code = any($1)"#,
        codes,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.code, row.facts.0.into()))
        .collect())
}

/// Remembers these dossiers.
pub(crate) async fn put_facts(
    tx: &mut PgConnection,
    dossiers: &BTreeMap<String, Facts>,
    offset: Offset,
) -> sqlx::Result<()> {
    let codes: Vec<String> = dossiers.keys().cloned().collect();
    let units: Vec<String> = dossiers.values().map(|facts| facts.unit.clone()).collect();
    // Arrays of arrays have one length in SQL: the units of one dossier come as one text.
    let before: Vec<String> = dossiers.values().map(units_before).collect();
    let months = dossiers.values().map(|facts| facts.months(offset));
    let (opened, ended): (Vec<Option<i32>>, Vec<Option<i32>>) = months
        .map(|(opened, ended)| (opened.map(Month::ordinal), ended.map(Month::ordinal)))
        .unzip();
    let rows: Vec<sqlx::types::Json<FactsRow>> = dossiers
        .values()
        .map(|facts| sqlx::types::Json(FactsRow::from(facts)))
        .collect();
    sqlx::query!(
        "insert into dossier_facts (code, unit, units_before, opened_month, ended_month, facts)
         select code, unit, string_to_array(before, ' '), opened_month, ended_month, facts
         from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::jsonb[])
             as given (code, unit, before, opened_month, ended_month, facts)
         on conflict (code) do update set unit = excluded.unit, units_before = excluded.units_before,
             opened_month = excluded.opened_month, ended_month = excluded.ended_month, facts = excluded.facts",
        &codes,
        &units,
        &before,
        &opened as &[Option<i32>],
        &ended as &[Option<i32>],
        &rows as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Codes, which have no blanks, of the units that a dossier was handed over by.
fn units_before(facts: &Facts) -> String {
    let units: Vec<&str> = facts.before.iter().map(|(unit, _)| unit.as_str()).collect();
    units.join(" ")
}

/// Dossiers that `units` have or had and that were under the clock at some time in the months `from..=until`, oldest first, after
/// `after` in the order of their codes.
pub(crate) async fn facts_in(
    tx: &mut PgConnection,
    units: &[String],
    (from, until): (Month, Month),
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<(String, Facts)>> {
    let rows = sqlx::query!(
        r#"select code, facts as "facts: sqlx::types::Json<FactsRow>" from dossier_facts
           where (unit = any($1) or units_before && $1) and opened_month <= $3
             and (ended_month is null or ended_month >= $2) and code > $4
           order by code limit $5"#,
        units,
        from.ordinal(),
        until.ordinal(),
        after,
        limit,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.code, row.facts.0.into()))
        .collect())
}

/// Adds to counters.
pub(crate) async fn add_counters(
    tx: &mut PgConnection,
    deltas: &BTreeMap<Key, i64>,
) -> sqlx::Result<()> {
    let units: Vec<String> = deltas.keys().map(|key| key.unit.clone()).collect();
    let months: Vec<i32> = deltas.keys().map(|key| key.month.ordinal()).collect();
    let counters: Vec<String> = deltas
        .keys()
        .map(|key| key.counter.name().to_owned())
        .collect();
    let procedures: Vec<String> = deltas
        .keys()
        .map(|key| key.procedure.clone().unwrap_or_default())
        .collect();
    let values: Vec<i64> = deltas.values().copied().collect();
    sqlx::query!(
        "insert into counters (unit, month, counter, procedure, value)
         select * from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::bigint[])
         on conflict (unit, month, counter, procedure)
             do update set value = counters.value + excluded.value",
        &units,
        &months,
        &counters,
        &procedures,
        &values,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Every counter.
pub(crate) async fn counters(tx: &mut PgConnection) -> sqlx::Result<Vec<(Key, i64)>> {
    let rows = sqlx::query!("select unit, month, counter, procedure, value from counters")
        .fetch_all(tx)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let key = Key {
                unit: row.unit,
                month: Month::from_ordinal(row.month)?,
                counter: row.counter.parse().ok()?,
                procedure: (!row.procedure.is_empty()).then_some(row.procedure),
            };
            Some((key, row.value))
        })
        .collect())
}

/// Forgets what is void, and the leaves of editions that an index is no longer scored by.
pub(crate) async fn forget_leaves(tx: &mut PgConnection, changes: &[&Change]) -> sqlx::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let text =
        |column: fn(&Change) -> String| changes.iter().copied().map(column).collect::<Vec<_>>();
    sqlx::query!(
        "delete from leaf_scores using unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
             as told (index_code, period, subject, edition, void)
         where leaf_scores.index_code = told.index_code and leaf_scores.period = told.period
             and leaf_scores.subject = told.subject
             and (told.void or leaf_scores.edition <> told.edition)",
        &text(|change| change.key.index.clone()),
        &text(|change| change.key.period.to_string()),
        &text(|change| change.key.subject.to_string()),
        &text(|change| change.edition.clone()),
        &changes
            .iter()
            .map(|change| change.is_void())
            .collect::<Vec<_>>(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Remembers the points just told.
pub(crate) async fn put_leaves(
    tx: &mut PgConnection,
    leaves: &[(IndexKey, String, Points)],
) -> sqlx::Result<()> {
    if leaves.is_empty() {
        return Ok(());
    }
    let text = |column: fn(&(IndexKey, String, Points)) -> String| {
        leaves.iter().map(column).collect::<Vec<_>>()
    };
    sqlx::query!(
        "insert into leaf_scores (index_code, period, subject, leaf, edition, points, max, reason)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                              $7::text[], $8::text[])
         on conflict (index_code, period, subject, leaf) do update set edition = excluded.edition,
             points = excluded.points, max = excluded.max, reason = excluded.reason",
        &text(|(key, ..)| key.index.clone()),
        &text(|(key, ..)| key.period.to_string()),
        &text(|(key, ..)| key.subject.to_string()),
        &text(|(_, leaf, _)| leaf.clone()),
        &text(|(.., points)| points.edition.clone()),
        &text(|(.., points)| points.points.clone()),
        &text(|(.., points)| points.max.clone()),
        &text(|(.., points)| points.reason.clone()),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Every leaf's points as last told.
pub(crate) async fn leaves(
    tx: &mut PgConnection,
) -> sqlx::Result<BTreeMap<IndexKey, BTreeMap<String, Points>>> {
    let rows = sqlx::query!(
        "select index_code, period, subject, leaf, edition, points, max, reason from leaf_scores"
    )
    .fetch_all(tx)
    .await?;
    let mut leaves: BTreeMap<IndexKey, BTreeMap<String, Points>> = BTreeMap::new();
    for row in rows {
        let (Ok(period), Ok(subject)) = (row.period.parse(), row.subject.parse()) else {
            continue;
        };
        let key = IndexKey {
            index: row.index_code,
            period,
            subject,
        };
        let points = Points {
            edition: row.edition,
            points: row.points,
            max: row.max,
            reason: row.reason,
        };
        leaves.entry(key).or_default().insert(row.leaf, points);
    }
    Ok(leaves)
}

/// Moves the horizon on.
pub(crate) async fn put_horizon(tx: &mut PgConnection, at: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into horizon (recorded_at) values ($1)
         on conflict (id) do update set recorded_at = excluded.recorded_at",
        at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The horizon, if anything was applied yet.
pub(crate) async fn horizon(tx: &mut PgConnection) -> sqlx::Result<Option<Timestamp>> {
    let row = sqlx::query!(r#"select recorded_at as "at: jiff_sqlx::Timestamp" from horizon"#)
        .fetch_optional(tx)
        .await?;
    Ok(row.map(|row| row.at.to_jiff()))
}
