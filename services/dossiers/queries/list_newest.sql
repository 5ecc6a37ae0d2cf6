-- Keyset paging: a page starts after the last row of the one before, however many rows came since.
select
    code, procedure, unit, status,
    opened_at as "opened_at: jiff_sqlx::Timestamp",
    received_at as "received_at: jiff_sqlx::Timestamp",
    due_at as "due_at: jiff_sqlx::Timestamp",
    ended_at as "ended_at: jiff_sqlx::Timestamp",
    version
from dossier
where ($1::text is null or unit = $1)
  and ($2::smallint is null or status = $2)
  and ($3::timestamptz is null or (opened_at, code) < ($3, $4::text))
order by opened_at desc, code desc
limit $5
