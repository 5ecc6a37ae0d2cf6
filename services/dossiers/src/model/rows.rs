//! Rows of the read model, written a batch at a time.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::model::Folded;

/// Rows as columns, for one `UNNEST`.
#[derive(Debug, Default)]
pub(super) struct Rows {
    code: Vec<String>,
    procedure: Vec<String>,
    unit: Vec<String>,
    status: Vec<i16>,
    opened_at: Vec<jiff_sqlx::Timestamp>,
    received_at: Vec<Option<jiff_sqlx::Timestamp>>,
    due_at: Vec<Option<jiff_sqlx::Timestamp>>,
    ended_at: Vec<Option<jiff_sqlx::Timestamp>>,
    running: Vec<bool>,
    overdue: Vec<bool>,
    check_at: Vec<Option<jiff_sqlx::Timestamp>>,
    belated: Vec<bool>,
    /// Units that have an open step, parted by spaces: `UNNEST` would flatten lists of lists.
    step_units: Vec<String>,
    version: Vec<i64>,
    position: Vec<i64>,
}

impl Rows {
    /// Adds the row of one dossier as it stands; none before it is filed.
    pub(super) fn push(&mut self, code: &str, folded: &Folded) {
        let Some(filed) = folded.loaded.state.0.filed() else {
            return;
        };
        let running = filed.overdue_after();
        let marked = filed
            .reception
            .as_ref()
            .is_some_and(|reception| reception.marked_overdue);
        self.code.push(code.to_owned());
        self.procedure.push(filed.filing.procedure.to_string());
        self.unit.push(filed.filing.unit.to_string());
        self.status.push(filed.status.code().into());
        self.opened_at.push(folded.opened_at.to_sqlx());
        self.received_at
            .push(filed.received_at().map(ToSqlx::to_sqlx));
        self.due_at.push(filed.due_at().map(ToSqlx::to_sqlx));
        self.ended_at.push(filed.ended_at().map(ToSqlx::to_sqlx));
        self.running.push(running.is_some());
        self.overdue.push(marked && filed.end.is_none());
        self.check_at
            .push(running.map(|due| check_at(due, folded.recorded_at).to_sqlx()));
        self.belated
            .push(running.is_some_and(|due| due <= folded.recorded_at));
        let open = filed
            .steps
            .values()
            .filter(|step| step.completed_at.is_none());
        let units: BTreeSet<&str> = open.map(|step| step.unit.as_str()).collect();
        self.step_units.push(Vec::from_iter(units).join(" "));
        self.version.push(folded.loaded.version);
        self.position.push(folded.loaded.last_position);
    }

    /// Writes them.
    pub(super) async fn upsert(&self, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query_file!(
            "queries/upsert_dossiers.sql",
            &self.code,
            &self.procedure,
            &self.unit,
            &self.status,
            &self.opened_at as _,
            &self.received_at as _,
            &self.due_at as _,
            &self.ended_at as _,
            &self.running,
            &self.overdue,
            &self.check_at as _,
            &self.belated,
            &self.step_units,
            &self.version,
            &self.position,
        )
        .execute(tx)
        .await?;
        Ok(())
    }
}

/// When the timer has to look at a dossier that is overdue after `due`: at the first moment that
/// the database, which keeps microseconds, can tell from it; or when the log learned of it, if
/// later.
fn check_at(due: Timestamp, recorded_at: Timestamp) -> Timestamp {
    let after = due
        .saturating_add(SignedDuration::from_micros(1))
        .unwrap_or(due);
    after.max(recorded_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timer_looks_right_after_the_due_date_and_not_before_the_log_knows() {
        let due: Timestamp = "2024-05-04T01:00:00.0000005Z".parse().unwrap();
        let before = due - SignedDuration::from_hours(1);
        assert_eq!(
            check_at(due, before).to_string(),
            "2024-05-04T01:00:00.0000015Z"
        );
        let after = due + SignedDuration::from_hours(1);
        assert_eq!(check_at(due, after), after);
    }
}
