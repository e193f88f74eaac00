-- The duty room also sees the calls on its own ground and its own duty units: levels, times and states; nobody's name or words.
set local role doorstep_owner;
create index call_place_ground on call_place (unit_id, told_at desc);
insert into room_query (id, name, place, text) values
  (20, 'calls', 20, 'select count(*) from call_place c where c.unit_id = $1 and c.told_at >= $2 and c.told_at < $3'),
  (21, 'calls_urgent', 21, 'select count(*) from call_place c where c.unit_id = $1 and c.told_at >= $2 and c.told_at < $3 and c.level = ''urgent'''),
  (22, 'calls_open', 22, 'select count(*) from call_place c where c.unit_id = $1 and c.told_at < $3 and (c.closed_at is null or c.closed_at >= $3)'),
  (23, 'first_there', 23, 'select round(percentile_cont(0.5) within group (order by extract(epoch from f.at - f.told_at))) from (select c.told_at, min(s.there_at) as at from call_place c join sending s on s.matter_id = c.matter_id where c.unit_id = $1 and c.told_at >= $2 and c.told_at < $3 group by c.matter_id, c.told_at) f where f.at is not null'),
  (24, 'on_duty', 24, 'select count(*) from duty_unit d where d.unit_id = $1 and d.active and d.state <> ''off''');

set local role doorstep_definer;
-- Calls that are open on the ground of the viewer's own unit, the most urgent first.
create function trust.room_calls() returns table (kind varchar, level varchar, told_at timestamptz, sent bigint, there timestamptz)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare mine int := trust.ctx_unit(); begin
  if mine is null or not trust.holds('duty') then return; end if;
  return query select c.kind, c.level, c.told_at, count(s.id), min(s.there_at) from public.call_place c
    left join public.sending s on s.matter_id = c.matter_id
    where c.unit_id = mine and c.closed_at is null group by c.matter_id, c.kind, c.level, c.told_at
    order by case c.level when 'urgent' then 0 when 'prompt' then 1 else 2 end, c.told_at limit 20; end $$;
-- Who rides in the own units: names of colleagues on duty.
create function trust.room_crew() returns table (duty_unit_id int, zh varchar, en varchar, since timestamptz)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare mine int := trust.ctx_unit(); begin
  if mine is null or not trust.holds('duty') then return; end if;
  return query select m.duty_unit_id, a.zh::varchar, a.en::varchar, m.since from public.duty_member m join public.duty_unit d on d.id = m.duty_unit_id
    join public.account a on a.id = m.account_id where d.unit_id = mine and m.until is null order by 1, 4; end $$;
revoke all on function trust.room_calls(), trust.room_crew() from public;
grant execute on function trust.room_calls(), trust.room_crew() to doorstep_app;
set local role doorstep_owner;
