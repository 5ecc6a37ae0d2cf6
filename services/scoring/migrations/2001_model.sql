-- The read model of scoring, beside the table that every read model has (crates/readmodel/migrations). It lives in whatever
-- schema the connection's search_path names first, so that a second one can be filled beside the live one and swapped in.

-- One row a dossier: what has to be remembered of it. The months are for finding the dossiers behind a figure.
create table dossier_facts (
    code text primary key,
    unit text not null,
    opened_month integer,
    ended_month integer,
    facts jsonb not null
);
create index dossier_facts_by_unit on dossier_facts (unit, opened_month);

-- Sums of the dossiers' contributions. `procedure` is empty for counters that are not kept per procedure;
-- `month` is year * 12 + month - 1.
create table counters (
    unit text not null,
    month integer not null,
    counter text not null,
    procedure text not null default '',
    value bigint not null,
    primary key (unit, month, counter, procedure)
);

-- The points of every leaf as last told in an event.
create table leaf_scores (
    index_code text not null,
    period text not null,
    subject text not null,
    leaf text not null,
    edition text not null,
    points text not null,
    max text not null,
    reason text not null,
    primary key (index_code, period, subject, leaf)
);

-- How far time has come in the followed logs: the newest recorded_at. One row.
create table horizon (
    id smallint primary key default 0 check (id = 0),
    recorded_at timestamptz not null
);
