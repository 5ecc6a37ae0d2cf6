//! The read model in PostgreSQL. Every statement names its tables without a schema: the connection's search_path
//! says whether it works on the live model or on one that is being rebuilt.

use std::collections::BTreeMap;

use contracts::scoring::v1 as scoring;
use ids::IndexKey;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::handler::Changed;
use crate::model::{Component, IndexRow, Model};

/// Keeps the leaves named in `told`, as the model has them now.
pub(crate) async fn put_leaves(
    tx: &mut PgConnection,
    model: &Model,
    told: &BTreeMap<IndexKey, BTreeMap<String, String>>,
) -> sqlx::Result<()> {
    // An index that is scored by another edition has other leaves: what the model forgot is forgotten here.
    let keys: Vec<&IndexKey> = told.keys().collect();
    let (indices, periods, subjects) = columns(keys.iter().copied());
    let editions: Vec<String> = keys
        .iter()
        .map(|key| model.editions.get(*key).cloned().unwrap_or_default())
        .collect();
    sqlx::query!(
        "delete from leaves using unnest($1::text[], $2::text[], $3::text[], $4::text[])
             as told (index_code, period, subject, edition)
         where leaves.index_code = told.index_code and leaves.period = told.period
             and leaves.subject = told.subject and leaves.edition <> told.edition",
        &indices,
        &periods,
        &subjects,
        &editions,
    )
    .execute(&mut *tx)
    .await?;
    let rows: Vec<(&IndexKey, &scoring::LeafScore)> = told
        .iter()
        .flat_map(|(key, leaves)| {
            let now = model.leaves.get(key);
            leaves
                .keys()
                .filter_map(move |leaf| Some((key, now?.get(leaf)?)))
        })
        .collect();
    let (indices, periods, subjects) = columns(rows.iter().map(|(key, _)| *key));
    let text = |column: fn(&scoring::LeafScore) -> &String| {
        rows.iter()
            .map(|(_, leaf)| column(leaf).clone())
            .collect::<Vec<String>>()
    };
    let editions: Vec<String> = rows
        .iter()
        .map(|(key, _)| model.editions.get(*key).cloned().unwrap_or_default())
        .collect();
    let inputs: Vec<Json<Vec<(String, String)>>> = rows
        .iter()
        .map(|(_, leaf)| {
            let pairs = leaf
                .inputs
                .iter()
                .map(|input| (input.name.clone(), input.value.clone()));
            Json(pairs.collect())
        })
        .collect();
    sqlx::query!(
        "insert into leaves (index_code, period, subject, leaf, edition, points, max, reason, inputs)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                              $7::text[], $8::text[], $9::jsonb[])
         on conflict (index_code, period, subject, leaf) do update set edition = excluded.edition,
             points = excluded.points, max = excluded.max, reason = excluded.reason,
             inputs = excluded.inputs",
        &indices,
        &periods,
        &subjects,
        &text(|leaf| &leaf.leaf),
        &editions,
        &text(|leaf| &leaf.points),
        &text(|leaf| &leaf.max),
        &text(|leaf| &leaf.reason),
        &inputs as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn columns<'a>(
    keys: impl Iterator<Item = &'a IndexKey>,
) -> (Vec<String>, Vec<String>, Vec<String>) {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for key in keys {
        columns.0.push(key.index.clone());
        columns.1.push(key.period.to_string());
        columns.2.push(key.subject.to_string());
    }
    columns
}

/// Reads every leaf into the model.
pub(crate) async fn load_leaves(tx: &mut PgConnection, model: &mut Model) -> sqlx::Result<()> {
    let rows = sqlx::query!(
        r#"select index_code, period, subject, leaf, edition, points, max, reason,
                  inputs as "inputs: Json<Vec<(String, String)>>" from leaves"#
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        let Some(key) = key(row.index_code, &row.period, &row.subject) else {
            continue;
        };
        let inputs = row.inputs.0.into_iter();
        let leaf = scoring::LeafScore {
            leaf: row.leaf.clone(),
            points: row.points,
            max: row.max,
            reason: row.reason,
            inputs: inputs
                .map(|(name, value)| scoring::Input {
                    name,
                    value,
                    ..scoring::Input::default()
                })
                .collect(),
        };
        model.editions.insert(key.clone(), row.edition);
        model.leaves.entry(key).or_default().insert(row.leaf, leaf);
    }
    Ok(())
}

fn key(index: String, period: &str, subject: &str) -> Option<IndexKey> {
    Some(IndexKey {
        index,
        period: period.parse().ok()?,
        subject: subject.parse().ok()?,
    })
}

/// Keeps indices as they are after a batch.
pub(crate) async fn put_indices(tx: &mut PgConnection, changed: &[Changed]) -> sqlx::Result<()> {
    let gone = changed.iter().filter(|change| change.after.is_none());
    remove_indices(tx, gone.map(|change| &change.key)).await?;
    let kept = changed.iter();
    let kept: Vec<_> = kept
        .filter_map(|change| Some((&change.key, change.after.as_ref()?)))
        .collect();
    if kept.is_empty() {
        return Ok(());
    }
    let (indices, periods, subjects) = columns(kept.iter().map(|(key, _)| *key));
    let text = |column: fn(&IndexRow) -> &String| {
        kept.iter()
            .map(|(_, after)| column(after).clone())
            .collect::<Vec<String>>()
    };
    let number = |column: fn(&IndexRow) -> i32| {
        kept.iter()
            .map(|(_, after)| column(after))
            .collect::<Vec<i32>>()
    };
    let components: Vec<Json<&Vec<Component>>> = kept
        .iter()
        .map(|(_, after)| Json(&after.components))
        .collect();
    sqlx::query!(
        "insert into indices (index_code, period, subject, edition, total, max, reason, components, band,
                              rank, ranked, exact)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                              $7::text[], $8::jsonb[], $9::text[], $10::integer[], $11::integer[],
                              $12::text[])
         on conflict (index_code, period, subject) do update set edition = excluded.edition,
             total = excluded.total, max = excluded.max, reason = excluded.reason,
             components = excluded.components, band = excluded.band, rank = excluded.rank,
             ranked = excluded.ranked, exact = excluded.exact",
        &indices,
        &periods,
        &subjects,
        &text(|row| &row.edition),
        &text(|row| &row.total),
        &text(|row| &row.max),
        &text(|row| &row.reason),
        &components as _,
        &text(|row| &row.band),
        &number(|row| row.rank),
        &number(|row| row.ranked),
        &text(|row| &row.exact),
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn remove_indices<'a>(
    tx: &mut PgConnection,
    keys: impl Iterator<Item = &'a IndexKey>,
) -> sqlx::Result<()> {
    let (indices, periods, subjects) = columns(keys);
    if indices.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "delete from indices using unnest($1::text[], $2::text[], $3::text[])
             as gone (index_code, period, subject)
         where indices.index_code = gone.index_code and indices.period = gone.period
             and indices.subject = gone.subject",
        &indices,
        &periods,
        &subjects,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Every index as last told.
pub(crate) async fn indices(tx: &mut PgConnection) -> sqlx::Result<BTreeMap<IndexKey, IndexRow>> {
    let rows = sqlx::query!(
        r#"select index_code, period, subject, edition, total, exact, max, reason,
                  components as "components: Json<Vec<Component>>", band, rank, ranked from indices"#
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let index = IndexRow {
                edition: row.edition,
                total: row.total,
                exact: row.exact,
                max: row.max,
                reason: row.reason,
                components: row.components.0,
                band: row.band,
                rank: row.rank,
                ranked: row.ranked,
            };
            Some((key(row.index_code, &row.period, &row.subject)?, index))
        })
        .collect())
}
