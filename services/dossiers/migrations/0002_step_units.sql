-- Units that have a step of the dossier open: what such a unit leaves when it ends is found by it.
-- The rows are filled anew, as their version is another one.
alter table dossier add column step_units text[] collate "C" not null default '{}';

create index dossier_with_steps on dossier using gin (step_units);
