-- The ballot box of surveys. What these tables may and may not tell is written down in src/surveys.rs. None of them has a
-- time, a sequence or an order: the keys are keyed digests or numbers of cells.

-- One row a wave that took ballots. Whoever brings a ballot holds it for share, so that none comes in once it is closed.
create table survey_box (
    wave    text collate "C" primary key,
    -- Takes no more ballots.
    closed  boolean not null default false,
    -- Is empty; the log tells what was in it.
    counted boolean not null default false
);

-- Tokens that were used, as keyed digests, until the wave is counted.
create table survey_spent (
    wave text collate "C" not null,
    mark bytea not null check (octet_length(mark) = 32),
    primary key (wave, mark)
);

-- Rows of imports that were taken in, as keyed digests of source and row id, for ever: a row counts once.
create table survey_imported (
    wave text collate "C" not null,
    mark bytea not null check (octet_length(mark) = 32),
    primary key (wave, mark)
);

-- The ballots of one unit and group that wait for company: one sealed text, made anew with every ballot.
create table survey_pool (
    wave   text collate "C" not null,
    -- Number of the unit and group within the wave; -1: those that lost both.
    cell   int not null check (cell >= -1),
    sealed bytea not null,
    -- Ballots in it.
    held   int not null check (held >= 0),
    -- Ballots that came in since the wave opened.
    total  int not null check (total >= 0),
    primary key (wave, cell)
) with (fillfactor = 50);
