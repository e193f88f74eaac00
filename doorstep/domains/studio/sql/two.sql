-- What needs two people is put in force by somebody else than who wrote it: here, whatever the programme that faces the town does.
-- What needs two (layer_two) and what the files say (layer_file) are written at each start and publication by the migrator alone.
set local role doorstep_owner;
alter table layer_file enable row level security;
alter table layer_file force row level security;
alter table layer_two enable row level security;
alter table layer_two force row level security;
create policy definer_all on layer_file to doorstep_definer using (true) with check (true);
create policy definer_all on layer_two to doorstep_definer using (true) with check (true);
grant select, insert, update, delete on layer_file, layer_two to doorstep_definer;

set local role doorstep_definer;
-- What a layer does: for each item and point its operations and rows, one by one.
create function trust.layer_does(items text, points text) returns table (name text, op jsonb) language sql immutable as $$
  select i.key, o from jsonb_each(coalesce(items, '{}')::jsonb) i, jsonb_array_elements(coalesce(i.value -> 'operations', '[]')) o
  union all select p.key, jsonb_build_object(k.key, r)
    from jsonb_each(coalesce(points, '{}')::jsonb) p, jsonb_each(p.value) k, jsonb_array_elements(k.value) r $$;

-- Is there a difference between two layers that needs two people?
create function trust.differs_by_two(items text, points text, items_ text, points_ text) returns boolean
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  with was as (select * from trust.layer_does(items, points)), now as (select * from trust.layer_does(items_, points_)),
    other as ((select * from was except select * from now) union all (select * from now except select * from was))
  select exists (select 1 from other o join public.layer_two t on o.op ? t.kind) $$;

-- Before a layer comes into force: who puts it there is written down, and did not write it if it needs two. Whoever is at the
-- command line as the migrator is nobody of the town and has no account.
create function trust.two_persons() returns trigger language plpgsql security definer set search_path = trust, public, pg_catalog as $$
declare held public.layer_sheet; next public.layer_sheet; file public.layer_file; begin
  new.account_id := trust.ctx_account();
  if new.account_id is null then return new; end if;
  select s.* into held from public.layer_in_force f left join public.layer_sheet s on s.id = f.sheet_id
    where f.unit_id = new.unit_id order by f.publication_id desc limit 1;
  select * into next from public.layer_sheet where id = new.sheet_id;
  select * into file from public.layer_file where unit_id = new.unit_id;
  if exists (select 1 from public.layer_sheet x where x.unit_id = new.unit_id and x.account_id = new.account_id
        and x.version > coalesce(held.version, 0) and x.version <= coalesce(next.version, 0))
    and trust.differs_by_two(coalesce(held.items, file.items), case when held.items is null then file.points else coalesce(held.points, file.points) end,
      coalesce(next.items, file.items), case when next.items is null then file.points else coalesce(next.points, file.points) end)
  then raise exception 'who wrote it may not put it in force' using errcode = '23514', constraint = 'layer_by_two'; end if;
  return new; end $$;
revoke all on function trust.layer_does(text, text), trust.differs_by_two(text, text, text, text), trust.two_persons() from public;
set local role doorstep_owner;
create trigger layer_in_force_two before insert on layer_in_force for each row execute function trust.two_persons();
