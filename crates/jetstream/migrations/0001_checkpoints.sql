-- The schema `jetstream` itself is made by the migrator, which keeps its bookkeeping there too, apart
-- from the migrations of the service and of its event log.

-- How far this service has followed each log, moved in the transaction that applies the events.
create table jetstream.checkpoints (
    log         text collate "C" primary key,
    position    bigint not null default 0 check (position >= 0),
    -- Hash of the event at `position`: the next one must chain onto it.
    hash        bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(hash) = 32),
    -- Identity of the followed log; unknown until its owner was first reached.
    log_epoch   uuid,
    -- Counts the owners: only the newest may move the position.
    owner_epoch bigint not null default 0,
    updated_at  timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
