-- Units that handed a dossier over: what happened until then is behind their figures.
alter table dossier_facts add column units_before text[] not null default '{}';
create index dossier_facts_by_unit_before on dossier_facts using gin (units_before)
    where units_before <> '{}';
