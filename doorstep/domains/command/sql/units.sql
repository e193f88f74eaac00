-- Duty units 警力: who is on duty, how they stand, where they are. The last position lies in the unit's own row while it is on duty; the
-- track behind it is kept for the region's days and no longer. What is reported off duty is not stored: the database refuses it.
set local role doorstep_owner;
do $$ declare t text; begin
  foreach t in array array['duty_unit', 'duty_member', 'duty_state', 'duty_position', 'safety_check', 'duty_note'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy definer_all on %I to doorstep_definer using (true) with check (true)', t);
    execute format('grant select, insert, update on %I to doorstep_definer', t);
    execute format('grant select on %I to doorstep_app, doorstep_worker', t);
  end loop;
end $$;
grant delete on duty_position, duty_note to doorstep_definer;
grant usage on all sequences in schema public to doorstep_definer;
create index duty_position_at on duty_position using brin (at) with (autosummarize = on);
create unique index duty_member_once on duty_member (account_id) where until is null;
create index duty_member_of on duty_member (duty_unit_id) where until is null;
create index duty_state_of on duty_state (duty_unit_id, at desc);
create index safety_check_open on safety_check (due_at) where answered_at is null;
create index safety_check_of on safety_check (duty_unit_id, asked_at desc);
create index duty_note_of on duty_note (duty_unit_id, given_at desc);
create index duty_note_to on duty_note (to_id) where taken_at is null;
create function duty_state_stays() returns trigger language plpgsql as $$
begin raise exception 'how a unit stood is never changed' using errcode = '42501'; end $$;
create trigger duty_state_stays before update or delete on duty_state for each row execute function duty_state_stays();

set local role doorstep_definer;
-- Of which organisational units the caller holds one of these rights, by how far each of them reaches.
create function trust.duty_reach(verbs text[]) returns int[] language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  if trust.ctx_kind() is distinct from 'officer' then return '{}'; end if;
  return array(select distinct u.id from public.account a join public.unit own on own.id = a.unit_id
    cross join jsonb_array_elements_text(a.rights) r join public.unit u on u.id = own.id
      or split_part(r, ':', 3) in ('city', 'province') and u.city = own.city
      or split_part(r, ':', 3) = 'county' and u.county = own.county
    where a.id = trust.ctx_account() and a.ended_at is null and split_part(r, ':', 1) = any (verbs) and split_part(r, ':', 4) <> 'public'); end $$;

-- Whose duty units the caller sees: an officer on duty those of the own unit, who supervises or dispatches those below.
create function trust.duty_sees() returns int[] language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  if trust.ctx_kind() = 'system' then return array(select u.id from public.unit u); end if;
  return trust.duty_reach(array['duty', 'dispatch', 'supervise']); end $$;
-- Whose duty units the caller commands: sets how they stand, with a reason; asks whether everyone is all right.
create function trust.duty_commands(u int) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin return exists (select 1 from public.duty_unit d where d.id = u and d.unit_id = any (trust.duty_reach(array['dispatch', 'supervise']))); end $$;
create function trust.duty_rides(u int) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin return exists (select 1 from public.duty_member d where d.duty_unit_id = u and d.account_id = trust.ctx_account() and d.until is null); end $$;

-- How a unit stands from now on, with the call it is out for. Written down each time. Off duty nobody knows where it is.
create function trust.duty_stands(u int, new text, moment timestamptz, told timestamptz, reason text, m uuid, slot text) returns void
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  update public.duty_unit d set state = new, state_at = moment, on_matter = m, on_slot = slot, version = d.version + 1 where d.id = u;
  if new = 'off' then
    update public.duty_unit d set lon = null, lat = null, heading = null, speed = null, accuracy = null, position_at = null, shift_to = told
      where d.id = u;
    update public.duty_member d set until = told where d.duty_unit_id = u and d.until is null;
  end if;
  insert into public.duty_state (duty_unit_id, at, told_at, state, by, why, matter_id) values (u, moment, told, new, trust.ctx_account(), reason, m);
end $$;

-- From one state to another; ``was`` is the state the caller saw, and whoever was quicker wins. It keeps its call while it is out.
create function trust.duty_set(u int, was text, new text, moment timestamptz, told timestamptz, reason text) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; out boolean := new in ('assigned', 'moving', 'there'); begin
  select state, on_matter, on_slot into r from public.duty_unit where id = u and active for no key update;
  if not found or not (trust.duty_rides(u) or trust.duty_commands(u)) then return 'no-right'; end if;
  if r.state <> was then return 'moved-on'; end if;
  if new = 'off' and r.on_matter is not null then return 'busy'; end if;
  perform trust.duty_stands(u, new, moment, told, reason, case when out then r.on_matter end, case when out then r.on_slot else '' end);
  return 'done'; end $$;

-- Out for a call, or done with it: said by the verbs of calls, which proved before that the caller may.
create function trust.duty_occupy(u int, m uuid, slot text, new text, moment timestamptz) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; begin
  if trust.ctx_kind() not in ('officer', 'system') or not trust.sees(m) then return 'no-right'; end if;
  select state, on_matter, on_slot into r from public.duty_unit where id = u for no key update;
  if not found or r.state in ('off', 'broken') then return 'off'; end if;
  if r.on_matter <> m and r.state in ('assigned', 'moving', 'there') then return 'busy'; end if;
  if r.on_matter = m and r.state = new and r.on_slot = slot then return 'same'; end if;
  perform trust.duty_stands(u, new, moment, moment, '', m, slot); return 'done'; end $$;
create function trust.duty_release(u int, m uuid, new text, moment timestamptz) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; begin
  if trust.ctx_kind() not in ('officer', 'system') or not trust.sees(m) then return 'no-right'; end if;
  select state, on_matter into r from public.duty_unit where id = u for no key update;
  if not found or r.on_matter is distinct from m then return 'same'; end if;
  perform trust.duty_stands(u, case when r.state in ('off', 'broken') then r.state else new end, moment, moment, '', null, ''); return 'done'; end $$;

-- On duty: the crew, until when. Officers sign on to units of their own unit; whoever commands it signs on anybody of it, or by
-- telling it over the radio a crew that has no account here. Who rode elsewhere leaves that unit, unless it is out and would be empty.
create function trust.duty_on(u int, crew uuid[], moment timestamptz, ends timestamptz, reason text) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; other record; begin
  select d.state, d.unit_id, d.shift_to into r from public.duty_unit d where d.id = u and d.active for no key update;
  if not found then return 'no-right'; end if;
  if not trust.duty_commands(u) and not (crew @> array[trust.ctx_account()] and r.unit_id = any (trust.duty_reach(array['duty']))) then return 'no-right'; end if;
  if exists (select 1 from unnest(crew) c where not exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) x where a.id = c
      and a.kind = 'officer' and a.ended_at is null and a.unit_id = r.unit_id and split_part(x, ':', 1) = 'duty')) then return 'crew'; end if;
  for other in select d.id, d.state, d.on_matter, (select count(*) from public.duty_member m where m.duty_unit_id = d.id and m.until is null
      and m.account_id <> all (crew)) as left_in from public.duty_unit d where d.id <> u and d.id in
      (select m.duty_unit_id from public.duty_member m where m.account_id = any (crew) and m.until is null) order by d.id for no key update loop
    if other.left_in = 0 and other.on_matter is not null then return 'busy'; end if;
    update public.duty_member m set until = moment where m.duty_unit_id = other.id and m.account_id = any (crew) and m.until is null;
    if other.left_in = 0 and other.state <> 'off' then perform trust.duty_stands(other.id, 'off', moment, moment, '', null, ''); end if;
  end loop;
  insert into public.duty_member (duty_unit_id, account_id, since) select u, c, moment from unnest(crew) c
    where not exists (select 1 from public.duty_member m where m.account_id = c and m.until is null);
  update public.duty_unit set shift_from = case when r.state = 'off' then moment else shift_from end, shift_to = ends where id = u;
  if r.state = 'off' then perform trust.duty_stands(u, 'available', moment, moment, reason, null, ''); end if;
  return 'done'; end $$;
-- Leaves the unit; the last one takes it off duty, which cannot be while it is out for a call.
create function trust.duty_leave(moment timestamptz) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; begin
  select d.id, d.state, d.on_matter into r from public.duty_unit d where d.id = (select m.duty_unit_id from public.duty_member m
    where m.account_id = trust.ctx_account() and m.until is null) for no key update;
  if not found then return 'same'; end if;
  if exists (select 1 from public.duty_member m where m.duty_unit_id = r.id and m.until is null and m.account_id <> trust.ctx_account()) then
    update public.duty_member m set until = moment where m.account_id = trust.ctx_account() and m.until is null; return 'done'; end if;
  if r.on_matter is not null or r.state in ('assigned', 'moving', 'there') then return 'busy'; end if;
  perform trust.duty_stands(r.id, 'off', moment, moment, '', null, ''); return 'done'; end $$;

-- Where a unit was: the newest into its row, one place in ten seconds into the track. On duty only, and nothing from before the shift.
-- Answers how many places were new, or why nothing is taken. The fixes were looked at before: {at, lon, lat, heading, speed, accuracy}.
create function trust.duty_report(u int, fixes jsonb) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; n int; begin
  select d.state, d.position_at, d.shift_from into r from public.duty_unit d where d.id = u for no key update;
  if not found or not (trust.duty_rides(u) or trust.duty_commands(u)) then return 'no-right'; end if;
  if r.state = 'off' then return 'off'; end if;
  with told as (select * from jsonb_to_recordset(fixes) as f(at timestamptz, lon float8, lat float8, heading float8, speed float8, accuracy float8)
      where f.at >= r.shift_from),
    kept as (insert into public.duty_position as p (duty_unit_id, tick, at, lon, lat, heading, speed, accuracy)
      select distinct on (1, 2) u, floor(extract(epoch from f.at) / 10)::bigint, f.at, f.lon, f.lat, f.heading, f.speed, f.accuracy from told f
      order by 1, 2, f.at on conflict do nothing),
    newest as (update public.duty_unit d set lon = f.lon, lat = f.lat, heading = f.heading, speed = f.speed, accuracy = f.accuracy,
      position_at = f.at from (select * from told order by at desc limit 1) f where d.id = u and (r.position_at is null or f.at > r.position_at))
  select count(*) into n from told f where r.position_at is null or f.at > r.position_at;
  return n::text; end $$;

-- Is everyone all right? Asked by whoever commands the unit; answered by its crew, or written down by who heard them.
create function trust.safety_ask(one uuid, u int, moment timestamptz, due timestamptz) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; begin
  select state, on_matter into r from public.duty_unit d where d.id = u for no key update;
  if not found or not trust.duty_commands(u) then return 'no-right'; end if;
  if r.state = 'off' then return 'off'; end if;
  if exists (select 1 from public.safety_check s where s.duty_unit_id = u and s.answered_at is null) then return 'asked'; end if;
  insert into public.safety_check (id, duty_unit_id, matter_id, asked_by, asked_at, due_at, answer)
    values (one, u, r.on_matter, trust.ctx_account(), moment, due, '');
  return 'done'; end $$;
create function trust.safety_answer(one uuid, said text, moment timestamptz) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; begin
  select s.duty_unit_id, s.answered_at into r from public.safety_check s where s.id = one for update;
  if not found or not (trust.duty_rides(r.duty_unit_id) or trust.duty_commands(r.duty_unit_id)) then return 'no-right'; end if;
  if r.answered_at is not null then return 'answered'; end if;
  update public.safety_check s set answered_at = moment, answer = said, answered_by = trust.ctx_account() where s.id = one;
  return 'done'; end $$;

-- Words from a unit to another (a shift hands over to the next one of the same unit); read and confirmed by who rides there.
create function trust.duty_tell(one uuid, u int, toward int, m uuid, moment timestamptz, k bytea, s bytea) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  if not trust.duty_rides(u) and not trust.duty_commands(u) then return 'no-right'; end if;
  if not exists (select 1 from public.duty_unit d where d.id = toward and d.active) then return 'no-right'; end if;
  if u <> toward and (select d.state from public.duty_unit d where d.id = toward) = 'off' then return 'off'; end if;
  if m is not null and not trust.sees(m) and not exists (select 1 from public.duty_unit d where d.id = u and d.on_matter = m) then return 'no-right'; end if;
  if u = toward and exists (select 1 from public.duty_note n where n.duty_unit_id = u and n.to_id = u and n.taken_at is null) then return 'waits'; end if;
  insert into public.duty_note (id, duty_unit_id, to_id, matter_id, given_by, given_at, key, sealed) values (one, u, toward, m, trust.ctx_account(), moment, k, s);
  return 'done'; end $$;
-- Taken by somebody else than gave it. Of a shift: by who may sign on to the unit; they ride in it from now on, and the crew before is off.
create function trust.duty_take(one uuid, moment timestamptz, ends timestamptz) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare n record; d record; begin
  select * into n from public.duty_note x where x.id = one for update;
  if not found then return 'no-right'; end if;
  select * into d from public.duty_unit x where x.id = n.to_id for no key update;
  if n.duty_unit_id <> n.to_id and not trust.duty_rides(n.to_id) then return 'no-right'; end if;
  if n.duty_unit_id = n.to_id and not (d.unit_id = any (trust.duty_reach(array['duty']))
    and d.unit_id = (select a.unit_id from public.account a where a.id = trust.ctx_account())) then return 'no-right'; end if;
  if n.given_by = trust.ctx_account() then return 'own'; end if;
  if n.taken_at is not null then return 'taken'; end if;
  if n.duty_unit_id = n.to_id then
    if exists (select 1 from public.duty_member m join public.duty_unit x on x.id = m.duty_unit_id where m.account_id = trust.ctx_account()
      and m.until is null and m.duty_unit_id <> n.to_id and x.on_matter is not null) then return 'busy'; end if;
    update public.duty_member m set until = moment where m.duty_unit_id = n.to_id and m.until is null;
    update public.duty_unit x set shift_from = case when x.state = 'off' then x.shift_from else moment end where x.id = n.to_id;
    perform trust.duty_on(n.to_id, array[trust.ctx_account()], moment, ends, '');
  end if;
  update public.duty_note x set taken_by = trust.ctx_account(), taken_at = moment where x.id = one;
  return 'done'; end $$;

-- The worker's: what nobody answered in time is said to be late, once; what was kept long enough is deleted.
create function trust.safety_late(moment timestamptz) returns int language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare n int; begin
  update public.safety_check s set late_at = moment where s.answered_at is null and s.late_at is null and s.due_at <= moment;
  get diagnostics n = row_count; return n; end $$;
create function trust.duty_forget(before timestamptz, most int) returns int language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare n int; o int; begin
  delete from public.duty_position p where p.ctid = any (array(select q.ctid from public.duty_position q where q.at < before limit most));
  get diagnostics n = row_count;
  delete from public.duty_note t where t.given_at < before; get diagnostics o = row_count;
  update public.duty_unit d set lon = null, lat = null, heading = null, speed = null, accuracy = null, position_at = null where d.position_at < before;
  return n + o; end $$;

-- What the region's file says there is. A unit that it names no more is kept for its log, and is not on duty again.
create function trust.duty_settle(told jsonb) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  insert into public.duty_unit as d (id, callsign, zh, en, kind, team, unit_id, skills, kit, rights, vehicle, home_lon, home_lat, active, state, on_slot, version)
    select t.id, t.callsign, t.zh, t.en, t.kind, t.team, t.unit_id, t.skills, t.kit, t.rights, t.vehicle, t.home_lon, t.home_lat, true, 'off', '', 0
    from jsonb_to_recordset(told) as t(id int, callsign text, zh text, en text, kind text, team text, unit_id int, skills text[], kit text[],
      rights text[], vehicle text, home_lon float8, home_lat float8)
    on conflict (id) do update set callsign = excluded.callsign, zh = excluded.zh, en = excluded.en, kind = excluded.kind, team = excluded.team,
      unit_id = excluded.unit_id, skills = excluded.skills, kit = excluded.kit, rights = excluded.rights, vehicle = excluded.vehicle,
      home_lon = excluded.home_lon, home_lat = excluded.home_lat, active = true;
  update public.duty_unit d set active = false where d.active and d.id not in (select t.id from jsonb_to_recordset(told) as t(id int)); end $$;

do $$ declare f record; begin
  for f in select p.oid::regprocedure as name, p.proname from pg_proc p where p.pronamespace = 'trust'::regnamespace
      and (p.proname like 'duty\_%' or p.proname like 'safety\_%') loop
    execute format('revoke all on function %s from public', f.name);
    if f.proname in ('duty_forget', 'safety_late') then execute format('grant execute on function %s to doorstep_worker', f.name);
    elsif f.proname = 'duty_settle' then execute format('grant execute on function %s to doorstep_migrator', f.name);
    elsif f.proname = 'duty_stands' then null;
    else execute format('grant execute on function %s to doorstep_app, doorstep_worker', f.name); end if;
  end loop;
end $$;

set local role doorstep_owner;
create policy see on duty_unit for select to doorstep_app, doorstep_worker using (unit_id = any ((select trust.duty_sees())::int[]));
create policy see on duty_member for select to doorstep_app, doorstep_worker using (account_id = (select trust.ctx_account())
  or exists (select 1 from duty_unit d where d.id = duty_unit_id));
do $$ declare t text; begin
  foreach t in array array['duty_state', 'safety_check'] loop
    execute format('create policy see on %I for select to doorstep_app, doorstep_worker using (exists (select 1 from duty_unit d where d.id = duty_unit_id))', t);
  end loop;
end $$;
create policy see on duty_note for select to doorstep_app, doorstep_worker using (exists (select 1 from duty_unit d where d.id in (duty_unit_id, to_id)));
-- A track is read by its own crew alone; whoever plays one back does so through a function that asks for a purpose and a second person.
create policy own on duty_position for select to doorstep_app, doorstep_worker using (duty_unit_id = any ((select array(
  select m.duty_unit_id from duty_member m where m.account_id = (select trust.ctx_account()) and m.until is null))::int[]));
