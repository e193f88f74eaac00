-- How items are used, as sums: no matter, unit, day or person goes out. Asked for by who may design, whose own scope
-- may hold no matter at all.
set local role doorstep_owner;
create index matter_open_version on matter (item, pack) where closed_at is null;
create index matter_item on matter (item, opened_at desc);

set local role doorstep_definer;
-- Open matters, by item and the version that they were opened under.
create function trust.open_by_version() returns table (item varchar, pack bytea, n bigint)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select m.item, m.pack, count(*) from public.matter m
  where m.closed_at is null and trust.ctx_account() is not null group by m.item, m.pack $$;

-- Which row of which table answered in the latest matters of an item, by version. Decisions stand in clear in the headers.
create function trust.rows_hit(code text, most int) returns table (pack bytea, rule text, "row" int, n bigint)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select m.pack, h ->> 'rule', (h ->> 'row')::int, count(*)
  from (select x.id, x.pack from public.matter x where x.item = code and trust.ctx_account() is not null
    order by x.opened_at desc limit most) m
  join public.event e on e.matter_id = m.id
  cross join lateral jsonb_array_elements(e.header::jsonb -> 'happened') h
  where e.header like '%"decided"%' and h ->> 'kind' = 'decided' and h ? 'row'
  group by 1, 2, 3 $$;

revoke all on function trust.open_by_version(), trust.rows_hit(text, int) from public;
grant execute on function trust.open_by_version(), trust.rows_hit(text, int) to doorstep_app;
set local role doorstep_owner;
