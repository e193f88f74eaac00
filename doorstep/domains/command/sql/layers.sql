-- What the live map needs besides: whose each unit and call is, for the filter; calls of kinds that no wall shows; how much waits at
-- the desks; and orders to wait at a post.
set local role doorstep_owner;
alter table duty_order enable row level security;
alter table duty_order force row level security;
create policy definer_all on duty_order to doorstep_definer using (true) with check (true);
grant select, insert, update on duty_order to doorstep_definer;
grant select on duty_order to doorstep_app;
create policy see on duty_order for select to doorstep_app using (exists (select 1 from duty_unit d where d.id = duty_unit_id));
create unique index duty_order_once on duty_order (duty_unit_id) where ended_at is null;

set local role doorstep_definer;
create or replace function trust.command_units() returns table (unit_id int, v int, told jsonb) language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select d.unit_id, d.id, jsonb_build_object('id', d.id, 'name', d.callsign, 'kind', d.kind, 'team', d.team, 'state', d.state, 'of', d.unit_id,
    'lon', round(d.lon::numeric, 5), 'lat', round(d.lat::numeric, 5), 'at', extract(epoch from d.position_at)::bigint)
  from public.duty_unit d where d.active and d.state <> 'off' order by d.id $$;
create or replace function trust.command_calls() returns table (unit_id int, told jsonb) language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select c.unit_id, jsonb_build_object('id', c.matter_id, 'name', c.number, 'kind', c.kind, 'level', c.level, 'of', c.unit_id, 'shy', c.shy,
    'lon', round(c.lon::numeric, 5), 'lat', round(c.lat::numeric, 5), 'at', extract(epoch from c.told_at)::bigint,
    'out', (select count(*) from public.sending s where s.matter_id = c.matter_id and s.ended = ''))
  from public.call_place c where c.closed_at is null and c.parent_id is null order by c.told_at $$;

-- How many steps wait at the desks of each unit that the caller sees on the map. Counts; no matter and nobody.
create function trust.command_queues() returns table (unit_id int, n bigint) language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin
  return query select s.unit_id, count(*) from public.step s where s.closed_at is null and s.unit_id = any (trust.duty_sees()) group by 1; end $$;

-- A free unit is to wait at a post, by whoever dispatches it. One order at a time; the next call, the end of the shift or a breakdown ends it.
create function trust.duty_order(one uuid, u int, code text, zh_ text, en_ text, lon_ float8, lat_ float8, moment timestamptz) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; begin
  select d.state, d.on_matter, d.unit_id into r from public.duty_unit d where d.id = u and d.active for no key update;
  if not found or not (r.unit_id = any (trust.duty_reach(array['dispatch']))) then return 'no-right'; end if;
  if r.state = 'off' then return 'off'; end if;
  if r.on_matter is not null or r.state not in ('available', 'finished') then return 'busy'; end if;
  update public.duty_order o set ended_at = moment where o.duty_unit_id = u and o.ended_at is null;
  insert into public.duty_order (id, duty_unit_id, post, zh, en, lon, lat, ordered_by, ordered_at)
    values (one, u, code, zh_, en_, lon_, lat_, trust.ctx_account(), moment);
  return 'done'; end $$;
-- Read and confirmed by its crew; taken back by whoever dispatches.
create function trust.duty_order_say(one uuid, what text, moment timestamptz) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare o public.duty_order; mine boolean; begin
  select * into o from public.duty_order x where x.id = one for update;
  if not found then return 'no-right'; end if;
  mine := case what when 'seen' then trust.duty_rides(o.duty_unit_id) when 'back' then exists (select 1 from public.duty_unit d
    where d.id = o.duty_unit_id and d.unit_id = any (trust.duty_reach(array['dispatch']))) else false end;
  if not mine then return 'no-right'; end if;
  if o.ended_at is not null then return 'over'; end if;
  update public.duty_order x set seen_at = case what when 'seen' then coalesce(x.seen_at, moment) else x.seen_at end,
    ended_at = case what when 'back' then moment end where x.id = one;
  return 'done'; end $$;
create function trust.duty_order_ends() returns trigger language plpgsql security definer set search_path = trust, public, pg_catalog as $$
begin
  if new.matter_id is not null or new.state in ('off', 'broken', 'assigned') then
    update public.duty_order o set ended_at = new.told_at where o.duty_unit_id = new.duty_unit_id and o.ended_at is null; end if;
  return null; end $$;
revoke all on function trust.command_queues(), trust.duty_order(uuid, int, text, text, text, float8, float8, timestamptz),
  trust.duty_order_say(uuid, text, timestamptz), trust.duty_order_ends() from public;
grant execute on function trust.command_queues(), trust.duty_order(uuid, int, text, text, text, float8, float8, timestamptz),
  trust.duty_order_say(uuid, text, timestamptz) to doorstep_app;
grant execute on function trust.duty_order_ends() to doorstep_owner;
set local role doorstep_owner;
create trigger duty_order_ends after insert on duty_state for each row execute function trust.duty_order_ends();
