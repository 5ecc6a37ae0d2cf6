-- A row is never put back to an older version, so applying a batch twice changes nothing.
insert into dossier (
    code, procedure, unit, status, opened_at, received_at, due_at, ended_at, running, overdue,
    check_at, belated, step_units, version, position
)
select
    code, procedure, unit, status, opened_at, received_at, due_at, ended_at, running, overdue,
    check_at, belated, string_to_array(step_units, ' '), version, position
from unnest(
    $1::text[], $2::text[], $3::text[], $4::smallint[], $5::timestamptz[], $6::timestamptz[],
    $7::timestamptz[], $8::timestamptz[], $9::boolean[], $10::boolean[], $11::timestamptz[],
    $12::boolean[], $13::text[], $14::bigint[], $15::bigint[]
) as row (
    code, procedure, unit, status, opened_at, received_at, due_at, ended_at, running, overdue,
    check_at, belated, step_units, version, position
)
on conflict (code) do update set
    procedure = excluded.procedure,
    unit = excluded.unit,
    status = excluded.status,
    received_at = excluded.received_at,
    due_at = excluded.due_at,
    ended_at = excluded.ended_at,
    running = excluded.running,
    overdue = excluded.overdue,
    check_at = excluded.check_at,
    belated = excluded.belated,
    step_units = excluded.step_units,
    version = excluded.version,
    position = excluded.position
where dossier.version < excluded.version
