-- Read models of the dossiers service. Everything here follows from event logs. What comes from this
-- service's own log (all but reference_event) may be emptied: it is filled again at the next start.

-- How far each read model has come in this service's own log, and which version of it is stored.
-- A row of another version is emptied and filled again.
create table read_model (
    name     text collate "C" primary key,
    version  int not null,
    position bigint not null check (position >= 0)
);

-- One row a dossier, for the lists and for the timer.
create table dossier (
    code      text collate "C" primary key,
    procedure text collate "C" not null,
    unit      text collate "C" not null,
    -- Portal status code, 1 to 10.
    status    smallint not null check (status between 1 and 10),
    -- When it entered the record: the moment of its first event. Never changes, so pages hold still.
    opened_at timestamptz not null,
    received_at timestamptz,
    due_at    timestamptz,
    ended_at  timestamptz,
    -- Its clock runs towards the due date.
    running   boolean not null,
    -- That it became overdue is on record, and it is unfinished.
    overdue   boolean not null,
    -- When the timer has to look at it; null when there is nothing to wait for.
    check_at  timestamptz,
    -- It was past due already when the log learned of its newest event.
    belated   boolean not null,
    version   bigint not null check (version > 0),
    -- Of its newest event in the log.
    position  bigint not null check (position > 0)
);

create index dossier_newest on dossier (opened_at desc, code desc);
create index dossier_newest_of_unit on dossier (unit, opened_at desc, code desc);
create index dossier_newest_in_status on dossier (status, opened_at desc, code desc);
create index dossier_longest_overdue on dossier (due_at, code) where running or overdue;
create index dossier_timer on dossier (belated, check_at) where check_at is not null;

-- The last number given to a dossier of one agency and day; `prefix` is `<agency>-<YYMMDD>`.
create table code_counter (
    prefix text collate "C" primary key,
    last   int not null check (last between 0 and 9999)
);

-- The registry's events as they were received: folded into the directory at start. To have them sent
-- again, empty this and delete the registry's row of jetstream.checkpoints.
create table reference_event (
    position bigint primary key check (position > 0),
    stream   text collate "C" not null,
    kind     text collate "C" not null,
    payload  bytea not null
);
