-- What reference logs said, as received: what a service keeps of them in memory is folded from it at start.
create table source_events (
    log text not null,
    position bigint not null,
    stream text not null,
    kind text not null,
    payload bytea not null,
    recorded_at timestamptz not null,
    primary key (log, position)
);
