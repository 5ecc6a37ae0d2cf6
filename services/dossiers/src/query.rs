//! The queries: one dossier from its events, the lists from the read model.

use contracts::dossiers::v1 as pb;
use contracts::page::Page;
use contracts::problem::Problem;
use contracts::wire;
use dossier::Status;
use eventlog::command::Loaded;
use eventlog::{EventLog, StorageError, Version};
use ids::DossierCode;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;

use crate::case::Case;
use crate::page::Cursor;
use crate::wire::events::{self, Codec};
use crate::wire::resource;

/// Status codes of dossiers that are not finished: registered, received, in process, waiting for a supplement or for a
/// payment.
const UNFINISHED: [i16; 5] = [1, 2, 4, 5, 6];

/// A row of the read model.
#[derive(Debug)]
struct Row {
    code: String,
    procedure: String,
    unit: String,
    status: i16,
    opened_at: jiff_sqlx::Timestamp,
    received_at: Option<jiff_sqlx::Timestamp>,
    due_at: Option<jiff_sqlx::Timestamp>,
    ended_at: Option<jiff_sqlx::Timestamp>,
    version: i64,
}

/// A dossier as of a version (0: the newest) or of a moment of the log's time.
pub(crate) async fn dossier(
    log: &EventLog,
    code: &DossierCode,
    version: Version,
    as_of: Option<Timestamp>,
    now: Timestamp,
) -> Result<pb::Dossier, Problem> {
    let events = log.load(&events::stream(code.as_str())).await?;
    let newest = events.last().map_or(0, |event| event.version);
    let mut loaded = Loaded::<Case>::default();
    // Whether it is overdue is a question of when one looks.
    let mut seen_from = as_of.unwrap_or(now);
    for event in &events {
        let wanted = version == 0 || event.version <= version;
        if !wanted || as_of.is_some_and(|as_of| event.recorded_at > as_of) {
            break;
        }
        loaded.apply::<Codec>(event)?;
        if version > 0 && version < newest {
            seen_from = event.recorded_at;
        }
    }
    if newest == 0 {
        let message = format!("there is no dossier {code}; check the code");
        return Err(Problem::not_found("DOSSIER_NOT_FOUND", message));
    }
    if version > newest {
        let why = format!("is {version} and the newest is {newest}; ask for one up to that");
        return Err(Problem::out_of_range("version", why));
    }
    if loaded.version == 0 {
        let message = format!("the log did not know dossier {code} yet; ask for a later moment");
        return Err(Problem::not_found("DOSSIER_NOT_FOUND", message));
    }
    Ok(resource::dossier(
        &loaded.state.0,
        loaded.version,
        loaded.last_position,
        seen_from,
    ))
}

/// Code and procedure of the unfinished dossiers that a unit resolves or has an open step of, by code, after `after`.
pub(crate) async fn unfinished(
    pool: &PgPool,
    unit: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, String)>, Problem> {
    let rows = sqlx::query!(
        "select code, procedure from dossier
         where (unit = $1 or step_units @> array[$1]) and status = any($2) and code > $3 order by code limit $4",
        unit,
        &UNFINISHED,
        after,
        limit,
    )
    .fetch_all(pool)
    .await
    .map_err(StorageError::during("list unfinished dossiers"))?;
    let rows = rows.into_iter();
    Ok(rows.map(|row| (row.code, row.procedure)).collect())
}

/// How many unfinished dossiers a unit resolves or has an open step of.
pub(crate) async fn count_unfinished(pool: &PgPool, unit: &str) -> Result<i64, Problem> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from dossier
           where (unit = $1 or step_units @> array[$1]) and status = any($2)"#,
        unit,
        &UNFINISHED,
    )
    .fetch_one(pool)
    .await
    .map_err(StorageError::during("count unfinished dossiers"))?;
    Ok(count)
}

/// Dossiers of a unit (none: every unit) in a status (none: every status), newest first.
pub(crate) async fn list(
    pool: &PgPool,
    unit: Option<&str>,
    status: Option<Status>,
    page: &Page,
) -> Result<pb::ListDossiersResponse, Problem> {
    let after = Cursor::of(page)?;
    let after = after.as_ref();
    let rows = sqlx::query_file_as!(
        Row,
        "queries/list_newest.sql",
        unit,
        status.map(|status| i16::from(status.code())),
        after.map(|cursor| cursor.at.to_sqlx()) as _,
        after.map(|cursor| cursor.code.as_str()),
        count(page.size()) + 1,
    )
    .fetch_all(pool)
    .await
    .map_err(StorageError::during("list dossiers"))?;
    let (dossiers, next_page_token) = answer(rows, page, |row| row.opened_at.to_jiff());
    Ok(pb::ListDossiersResponse {
        dossiers,
        next_page_token,
    })
}

/// Unfinished dossiers of a unit (none: every unit) past their due date, longest overdue first.
pub(crate) async fn overdue(
    pool: &PgPool,
    unit: Option<&str>,
    now: Timestamp,
    page: &Page,
) -> Result<pb::ListOverdueDossiersResponse, Problem> {
    let after = Cursor::of(page)?;
    let after = after.as_ref();
    let rows = sqlx::query_file_as!(
        Row,
        "queries/list_overdue.sql",
        unit,
        now.to_sqlx() as _,
        after.map(|cursor| cursor.at.to_sqlx()) as _,
        after.map(|cursor| cursor.code.as_str()),
        count(page.size()) + 1,
    )
    .fetch_all(pool)
    .await
    .map_err(StorageError::during("list overdue dossiers"))?;
    let due = |row: &Row| row.due_at.unwrap_or(row.opened_at).to_jiff();
    let (dossiers, next_page_token) = answer(rows, page, due);
    Ok(pb::ListOverdueDossiersResponse {
        dossiers,
        next_page_token,
    })
}

/// The rows of the page and the token of the next one; one row more than the page says that there
/// is one.
fn answer(
    mut rows: Vec<Row>,
    page: &Page,
    at: impl Fn(&Row) -> Timestamp,
) -> (Vec<pb::DossierSummary>, String) {
    let more = rows.len() > page.size();
    rows.truncate(page.size());
    let token = match rows.last() {
        Some(last) if more => {
            let last = Cursor {
                at: at(last),
                code: last.code.clone(),
            };
            page.token(&last.key())
        }
        _ => String::new(),
    };
    (rows.into_iter().map(summary).collect(), token)
}

/// A number of rows as the database counts them.
pub(crate) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn summary(row: Row) -> pb::DossierSummary {
    let at = |at: Option<jiff_sqlx::Timestamp>| at.map(|at| wire::timestamp(at.to_jiff()));
    pb::DossierSummary {
        code: row.code,
        procedure: row.procedure,
        unit: row.unit,
        status: row.status.into(),
        received_at: at(row.received_at),
        due_at: at(row.due_at),
        ended_at: at(row.ended_at),
        version: row.version,
    }
}
