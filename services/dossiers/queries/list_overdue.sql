-- What has passed its due date since the timer last looked is overdue too.
select
    code, procedure, unit, status,
    opened_at as "opened_at: jiff_sqlx::Timestamp",
    received_at as "received_at: jiff_sqlx::Timestamp",
    due_at as "due_at: jiff_sqlx::Timestamp",
    ended_at as "ended_at: jiff_sqlx::Timestamp",
    version
from dossier
where (running or overdue)
  and (overdue or due_at < $2::timestamptz)
  and ($1::text is null or unit = $1)
  and ($3::timestamptz is null or (due_at, code) > ($3, $4::text))
order by due_at, code
limit $5
