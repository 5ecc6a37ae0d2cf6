-- The schema `eventlog` itself is made by the migrator, which keeps its bookkeeping there too, apart
-- from the migrations of the service that shares the database.

-- One row: where the log ends. Every append moves it by compare-and-swap, so the row's lock is the
-- only lock that appenders share. Free space on the page keeps the updates in place (HOT).
create table eventlog.head (
    id          boolean primary key default true check (id),
    epoch       uuid not null default gen_random_uuid(),
    position    bigint not null check (position >= 0),
    hash        bytea not null check (octet_length(hash) = 32),
    recorded_at timestamptz not null
) with (fillfactor = 10);

insert into eventlog.head (position, hash, recorded_at)
values (0, decode(repeat('00', 32), 'hex'), 'epoch');

create table eventlog.events (
    position    bigint primary key check (position > 0),
    stream      text collate "C" not null,
    version     bigint not null check (version > 0),
    kind        text collate "C" not null,
    recorded_at timestamptz not null,
    metadata    bytea not null,
    payload     bytea not null,
    hash        bytea not null check (octet_length(hash) = 32),
    constraint events_stream_version unique (stream, version)
);

-- The answer to every command that carried a request id, stored by the append that obeyed it.
create table eventlog.receipts (
    request_id     uuid primary key,
    method         text not null,
    request_hash   bytea not null check (octet_length(request_hash) = 32),
    response       bytea not null,
    first_position bigint not null,
    last_position  bigint not null,
    recorded_at    timestamptz not null
);

-- History is never rewritten by accident. Who must (a repair, a test of the hash chain) says so in
-- the session: set eventlog.allow_change = 'yes'.
create function eventlog.refuse_change() returns trigger language plpgsql as $$
begin
    if current_setting('eventlog.allow_change', true) = 'yes' then
        return null;
    end if;
    raise exception '% on %.% refused: the event log is append-only',
        lower(tg_op), tg_table_schema, tg_table_name
        using errcode = 'restrict_violation',
              hint = 'append a correcting event instead';
end
$$;

create trigger events_are_immutable before update or delete or truncate on eventlog.events
    for each statement execute function eventlog.refuse_change();
create trigger receipts_are_immutable before update or truncate on eventlog.receipts
    for each statement execute function eventlog.refuse_change();
create trigger head_stays before insert or delete or truncate on eventlog.head
    for each statement execute function eventlog.refuse_change();
