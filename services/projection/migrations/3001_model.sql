-- The read model of projection, beside the table that every read model has (crates/readmodel/migrations). It lives in
-- whatever schema the connection's search_path names first, so that a second one can be filled beside the live one and
-- swapped in.

-- Every leaf as scoring last told it. Decimals are text: they are shown, compared and summed, never rounded again.
create table leaves (
    index_code text not null,
    period text not null,
    subject text not null,
    leaf text not null,
    edition text not null,
    points text not null,
    max text not null,
    reason text not null,
    inputs jsonb not null,
    primary key (index_code, period, subject, leaf)
);

-- Every index as last told to the world.
create table indices (
    index_code text not null,
    period text not null,
    subject text not null,
    edition text not null,
    total text not null,
    exact text not null,
    max text not null,
    reason text not null,
    components jsonb not null,
    band text not null,
    rank integer not null,
    ranked integer not null,
    primary key (index_code, period, subject)
);
