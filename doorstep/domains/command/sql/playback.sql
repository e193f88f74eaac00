-- Playback 回放: a past hour of the map, for a purpose that one person states and another agrees to. The request is a row that only the
-- functions here change; positions leave through `playback_told` alone, which asks for the agreed request, writes the look into the
-- log of looks and keeps whose positions were shown, all in one statement.
set local role doorstep_owner;
alter table playback enable row level security;
alter table playback force row level security;
create policy definer_all on playback to doorstep_definer using (true) with check (true);
grant select, insert, update on playback to doorstep_definer;
grant select on playback to doorstep_app;

set local role doorstep_definer;
-- Of which organisational units the caller may ask for a playback (supervises persons, or audits), or agree to one (also who
-- supervises figures alone: whoever agrees sees no position).
create function trust.playback_reach(asks boolean) returns int[] language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  if trust.ctx_kind() is distinct from 'officer' then return '{}'; end if;
  return array(select distinct u.id from public.account a join public.unit own on own.id = a.unit_id
    cross join jsonb_array_elements_text(a.rights) r join public.unit u on u.id = own.id
      or split_part(r, ':', 3) in ('city', 'province') and u.city = own.city
      or split_part(r, ':', 3) = 'county' and u.county = own.county
    where a.id = trust.ctx_account() and a.ended_at is null and (split_part(r, ':', 1) = 'audit'
      or split_part(r, ':', 1) = 'supervise' and (not asks or split_part(r, ':', 4) <> 'public')) order by 1); end $$;
-- A unit and all below it.
create function trust.playback_area(area int) returns int[] language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select array(select u.id from public.unit u where area in (u.id, u.station, u.county, u.city) order by u.id) $$;
create function trust.playback_within(area int, asks boolean) returns boolean language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select trust.playback_area(area) <> '{}' and trust.playback_area(area) <@ trust.playback_reach(asks) $$;

create function trust.playback_ask(one uuid, area_ int, since_ timestamptz, why text, moment timestamptz, oldest timestamptz, waits interval) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  if not trust.playback_within(area_, true) then return 'no-right'; end if;
  if since_ + interval '1 hour' > moment then return 'not-yet'; end if;
  if since_ < oldest then return 'gone'; end if;
  if btrim(why) = '' then return 'no-purpose'; end if;
  insert into public.playback (id, area, since, purpose, asked_by, unit_id, asked_at, lapses_at, answer, units)
    values (one, area_, since_, why, trust.ctx_account(), trust.ctx_unit(), moment, moment + waits, '', '{}');
  return 'done'; end $$;

-- The second person: never who asked, and nobody whose reach ends before the area does.
create function trust.playback_decide(one uuid, yes boolean, why text, moment timestamptz, waits interval) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r public.playback; begin
  select * into r from public.playback p where p.id = one for update;
  if not found or not trust.playback_within(r.area, false) then return 'no-right'; end if;
  if r.asked_by = trust.ctx_account() then return 'own'; end if;
  if r.agreed is not null then return 'decided'; end if;
  if greatest(moment, clock_timestamp()) >= r.lapses_at then return 'lapsed'; end if;
  update public.playback p set agreed = yes, answer = why, decided_by = trust.ctx_account(), decided_unit = trust.ctx_unit(),
    decided_at = moment, lapses_at = moment + waits where p.id = one;
  return 'done'; end $$;

create function trust.playback_close(one uuid, moment timestamptz) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  update public.playback p set closed_at = coalesce(p.closed_at, moment) where p.id = one and p.asked_by = trust.ctx_account();
  return case when found then 'done' else 'no-right' end; end $$;

-- Whether the caller may open it now: 'open', or why not. The clock of the server counts where it is ahead of the one told.
create function trust.playback_stands(r public.playback, moment timestamptz, oldest timestamptz) returns text
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare t timestamptz := greatest(moment, clock_timestamp()); begin
  return case when r.closed_at is not null then 'closed' when r.opened_at is not null and t >= r.ends_at then 'ended'
    when not r.agreed then 'refused' when r.opened_at is null and t >= r.lapses_at then 'lapsed' when r.agreed is null then 'waits'
    when r.since < oldest then 'gone' else 'open' end; end $$;

-- The hour itself. Times are seconds from its beginning. A call that nobody is to see on a map (violence at home) has no kind and no
-- place here, and whoever was out for it no position meanwhile.
create function trust.playback_hour(area_ int, since_ timestamptz) returns jsonb
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare inside int[] := trust.playback_area(area_); until_ timestamptz := since_ + interval '1 hour'; shown jsonb; calls jsonb; events jsonb; begin
  select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'name', d.callsign, 'kind', d.kind, 'team', d.team,
      'states', (select coalesce(jsonb_agg(jsonb_build_array(round(extract(epoch from s.at - since_)::numeric, 1), s.state) order by s.at, s.id), '[]')
        from public.duty_state s where s.duty_unit_id = d.id and s.at < until_ and s.at >= coalesce((select max(b.at) from public.duty_state b
          where b.duty_unit_id = d.id and b.at <= since_), since_)),
      'fixes', (select coalesce(jsonb_agg(jsonb_build_array(round(extract(epoch from p.at - since_)::numeric, 1), round(p.lon::numeric, 5),
          round(p.lat::numeric, 5)) order by p.at), '[]') from public.duty_position p
        where p.duty_unit_id = d.id and p.at >= since_ and p.at < until_ and not exists (select 1 from public.sending g
          join public.call_place c on c.matter_id = g.matter_id where c.shy and g.duty_unit_id = d.id and p.at >= g.alerted_at
          and p.at < coalesce(g.finished_at, c.closed_at, 'infinity')))) order by d.id), '[]') into shown
    from public.duty_unit d where d.unit_id = any (inside) and (exists (select 1 from public.duty_state s where s.duty_unit_id = d.id
      and s.at >= since_ and s.at < until_) or coalesce((select s.state from public.duty_state s where s.duty_unit_id = d.id and s.at < since_
      order by s.at desc, s.id desc limit 1), 'off') <> 'off');
  select coalesce(jsonb_agg(jsonb_build_object('id', c.matter_id, 'name', c.number, 'kind', case when c.shy then '' else c.kind end,
      'level', c.level, 'lon', case when c.shy then null else round(c.lon::numeric, 5) end,
      'lat', case when c.shy then null else round(c.lat::numeric, 5) end, 'from', round(extract(epoch from c.told_at - since_)::numeric, 1),
      'to', round(extract(epoch from c.closed_at - since_)::numeric, 1)) order by c.told_at, c.matter_id), '[]') into calls
    from public.call_place c where c.unit_id = any (inside) and c.parent_id is null and c.told_at < until_
      and (c.closed_at is null or c.closed_at >= since_);
  select coalesce(jsonb_agg(jsonb_build_array(round(extract(epoch from e.at - since_)::numeric, 1), e.what, e.call, e.unit)
      order by e.at, e.place, e.unit), '[]') into events from (
    select c.told_at as at, 0 as place, 'taken' as what, c.number as call, '' as unit from public.call_place c
      where c.unit_id = any (inside) and c.parent_id is null
    union all select c.closed_at, 9, 'closed', c.number, '' from public.call_place c
      where c.unit_id = any (inside) and c.parent_id is null and c.closed_at >= since_
    union all select m.at, m.place, m.what, c.number, g.callsign from public.sending g join public.call_place c on c.matter_id = g.matter_id
      cross join lateral (values (g.alerted_at, 1, 'alerted'), (g.answered_at, 2, 'coming'), (g.there_at, 3, 'there'),
        (g.finished_at, 4, 'cleared')) m(at, place, what)
      where (c.unit_id = any (inside) or g.unit_id = any (inside)) and g.alerted_at < until_ and g.alerted_at > since_ - interval '2 days') e
    where e.at >= since_ and e.at < until_;
  return jsonb_build_object('units', shown, 'calls', calls, 'events', events); end $$;

-- Opening it: for who asked, with the agreed request, while it lasts. Each opening is in the log of looks.
create function trust.playback_told(one uuid, moment timestamptz, oldest timestamptz, lasts interval) returns jsonb
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r public.playback; stands text; told jsonb; begin
  select * into r from public.playback p where p.id = one for update;
  if not found or r.asked_by is distinct from trust.ctx_account() or not trust.playback_within(r.area, true) then
    return jsonb_build_object('refused', 'no-right'); end if;
  stands := trust.playback_stands(r, moment, oldest);
  if stands <> 'open' then return jsonb_build_object('refused', stands); end if;
  told := trust.playback_hour(r.area, r.since);
  update public.playback p set opened_at = coalesce(p.opened_at, moment), ends_at = coalesce(p.ends_at, moment + lasts),
    units = array(select (u->>'id')::int from jsonb_array_elements(told->'units') u) where p.id = one;
  insert into public.access (account_id, unit_id, kind, tier, purpose, detail)
    values (trust.ctx_account(), trust.ctx_unit(), 'playback', 2, 'playback', one::text);
  return told || jsonb_build_object('ends', extract(epoch from coalesce(r.ends_at, moment + lasts)), 'now', extract(epoch from moment)); end $$;

-- Whose hour was played back: told to the crews whose units were shown, with the unit and the purpose (rights 7).
create function trust.playback_of_me(most int) returns table (since timestamptz, opened_at timestamptz, unit_id int, decided_unit int, purpose text)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin
  return query select p.since, p.opened_at, p.unit_id, p.decided_unit, p.purpose::text from public.playback p where p.opened_at is not null
    and exists (select 1 from public.duty_member m where m.account_id = trust.ctx_account() and m.duty_unit_id = any (p.units)
      and m.since < p.since + interval '1 hour' and (m.until is null or m.until > p.since)) order by p.opened_at desc limit most; end $$;

do $$ declare f record; begin
  for f in select p.oid::regprocedure as name, p.proname from pg_proc p where p.pronamespace = 'trust'::regnamespace and p.proname like 'playback\_%' loop
    execute format('revoke all on function %s from public', f.name);
    if f.proname not in ('playback_hour', 'playback_stands') then execute format('grant execute on function %s to doorstep_app', f.name); end if;
  end loop;
end $$;
grant execute on function trust.playback_within(int, boolean) to doorstep_owner;

set local role doorstep_owner;
create policy see on playback for select to doorstep_app using (asked_by = (select trust.ctx_account()) or trust.playback_within(area, false));
