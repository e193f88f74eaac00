-- What a supervisor lists and counts is read from an index alone, in the order it is shown, unit by unit: a page costs what is on it,
-- not what is open in the town.
set local role doorstep_owner;
create index step_overseen on step (over_id, due_at, id) where closed_at is null and over_id is not null;
create index step_arrived on step (unit_id, opened_at, id) include (account_id, due_at) where closed_at is null;
create index step_named on step (name, unit_id) where closed_at is null;
-- Open matters by the version they go by, with all that their policy asks.
create index matter_open_unit on matter (unit_id, item, pack, branch) include (station, county, city, id) where closed_at is null;
