-- The station's duty room: what it hands from shift to shift, signed by both, and the report of each morning, frozen with what was
-- asked. A query is a row that is never changed: a better one is another row.
set local role doorstep_owner;
do $$ declare t text; begin
  foreach t in array array['room_query', 'room_report', 'room_handover'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy definer_all on %I to doorstep_definer using (true) with check (true)', t);
  end loop;
  foreach t in array array['room_report', 'room_handover'] loop
    execute format('create policy see on %I for select to doorstep_app using (unit_id = (select trust.ctx_unit())
      or exists (select 1 from unit u where u.id = unit_id and (u.county = (select trust.ctx_county()) or u.city = (select trust.ctx_city()))))', t);
  end loop;
end $$;
create policy see on room_query for select using (true);
create policy add on room_handover for insert to doorstep_app with check (given_by = (select trust.ctx_account())
  and unit_id = (select trust.ctx_unit()) and taken_by is null and taken_at is null);
create policy take on room_handover for update to doorstep_app using (unit_id = (select trust.ctx_unit()) and taken_at is null)
  with check (taken_by = (select trust.ctx_account()) and taken_by <> given_by);
grant select on room_query, room_report, room_handover to doorstep_app;
grant insert on room_handover to doorstep_app;
grant update (taken_by, taken_at, taken_key, taken_sealed) on room_handover to doorstep_app;
grant select on room_query to doorstep_definer;
grant select, insert on room_report to doorstep_definer;
create unique index room_report_of on room_report (unit_id, day);
create index room_handover_of on room_handover (unit_id, given_at desc);
create function room_stays() returns trigger language plpgsql as $$
begin raise exception 'a report and its queries are never changed' using errcode = '42501'; end $$;
create trigger room_report_stays before update or delete on room_report for each row execute function room_stays();
create trigger room_query_stays before update or delete on room_query for each row execute function room_stays();

-- One number each, of one unit ($1) from $2 to $3. "now" is $3: what is open is counted when the report is made.
insert into room_query (id, name, place, text) values
  (1, 'received', 1, 'select count(*) from matter m where m.unit_id = $1 and m.opened_at >= $2 and m.opened_at < $3 and m.state <> ''draft'''),
  (2, 'ended', 2, 'select count(*) from matter m where m.unit_id = $1 and m.closed_at >= $2 and m.closed_at < $3'),
  (3, 'refused', 3, 'select count(*) from matter m where m.unit_id = $1 and m.closed_at >= $2 and m.closed_at < $3 and m.state = ''refused'''),
  (4, 'returned', 4, 'select count(*) from step s where s.unit_id = $1 and s.closed_at >= $2 and s.closed_at < $3 and s.outcome = ''return'''),
  (5, 'waiting', 5, 'select count(*) from step s where s.unit_id = $1 and s.closed_at is null'),
  (6, 'late', 6, 'select count(*) from step s where s.unit_id = $1 and s.closed_at is null and s.due_at < $3'),
  (7, 'due', 7, 'select count(*) from step s where s.unit_id = $1 and s.closed_at is null and s.due_at >= $3 and s.due_at < $3 + interval ''1 day'''),
  (8, 'nobody', 8, 'select count(*) from step s where s.unit_id = $1 and s.closed_at is null and s.account_id is null');

set local role doorstep_definer;
-- Reports that are due and not there yet, for each station; how many were made. $1 the day, $2 and $3 what it looks back on.
create function trust.room_reports(on_day date, since timestamptz, until timestamptz, made timestamptz) returns int
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare place record; q record; told jsonb; n numeric; many int := 0; before bytea; begin
  for place in select u.id from public.unit u where u.kind = 'station' and u.active
      and not exists (select 1 from public.room_report r where r.unit_id = u.id and r.day = on_day) order by u.id loop
    told := '[]';
    for q in select id, name, text from public.room_query where not exists
        (select 1 from public.room_query later where later.name = room_query.name and later.id > room_query.id) order by room_query.place loop
      execute q.text into n using place.id, since, until;
      told := told || jsonb_build_object('name', q.name, 'value', n, 'query', q.id);
    end loop;
    select r.hash into before from public.room_report r where r.unit_id = place.id order by r.day desc limit 1;
    insert into public.room_report (id, unit_id, day, since, until, made_at, figures, hash) values (gen_random_uuid(), place.id, on_day,
      since, until, made, told, sha256(coalesce(before, '') || convert_to(place.id || ' ' || on_day || ' ' || told::text, 'UTF8')))
      on conflict do nothing;
    many := many + 1;
  end loop;
  return many; end $$;
revoke all on function trust.room_reports(date, timestamptz, timestamptz, timestamptz) from public;
grant execute on function trust.room_reports(date, timestamptz, timestamptz, timestamptz) to doorstep_worker;

-- The same numbers for the viewer's own unit at this moment.
create function trust.room_now(since timestamptz, until timestamptz) returns jsonb
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare q record; told jsonb := '{}'; n numeric; mine int := trust.ctx_unit(); begin
  if mine is null or trust.ctx_kind() is distinct from 'officer' then return told; end if;
  for q in select id, name, text from public.room_query where not exists
      (select 1 from public.room_query later where later.name = room_query.name and later.id > room_query.id) order by room_query.place loop
    execute q.text into n using mine, since, until;
    told := told || jsonb_build_object(q.name, n);
  end loop;
  return told; end $$;
revoke all on function trust.room_now(timestamptz, timestamptz) from public;
grant execute on function trust.room_now(timestamptz, timestamptz) to doorstep_app;
set local role doorstep_owner;
