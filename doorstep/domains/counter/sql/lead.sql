-- Who leads units without working with records of persons, such as a chief, is told counts of the own units: no number, nobody's name.
set local role doorstep_definer;
create function trust.led() returns int[] language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare me public.unit; begin
  select u.* into me from public.account a join public.unit u on u.id = a.unit_id where a.id = trust.ctx_account() and a.ended_at is null
    and exists (select 1 from jsonb_array_elements_text(a.rights) r where split_part(r, ':', 1) = 'supervise');
  if not found then return '{}'; end if;
  return array(select u.id from public.unit u where case when me.station is not null then u.station = me.station
    when me.county is not null then u.county = me.county else u.city = me.city end); end $$;

create or replace function trust.desk_load(at timestamptz, soon timestamptz)
returns table (unit_id int, account_id uuid, age int, waits bigint, late bigint, near bigint)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare mine int[] := trust.led(); named boolean := cardinality(trust.supervised()) > 0; kinds smallint[] := trust.ctx_branches(); begin
  return query select s.unit_id, case when named then s.account_id end,
      width_bucket(extract(epoch from desk_load.at - s.opened_at)::float8, array[86400, 259200, 604800, 1296000, 2592000]::float8[]),
      count(*), count(*) filter (where s.due_at < desk_load.at),
      count(*) filter (where s.due_at >= desk_load.at and s.due_at < desk_load.soon)
    from public.step s where s.unit_id = any (mine) and s.closed_at is null
      and (kinds is null or exists (select 1 from public.matter m where m.id = s.matter_id and m.branch = any (kinds)))
    group by 1, 2, 3; end $$;

create or replace function trust.desk_returns(since timestamptz) returns table (unit_id int, decided bigint, returned bigint)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare mine int[] := trust.led(); begin
  return query select s.unit_id, count(*), count(*) filter (where s.outcome = 'return') from public.step s
    where s.unit_id = any (mine) and s.closed_at >= since and s.outcome in ('approve', 'return', 'refuse') group by 1; end $$;

-- What is open in the own units, or elsewhere on their behalf, counted by unit and item.
create function trust.desk_items(at timestamptz, soon timestamptz)
returns table (unit_id int, item varchar, waits bigint, late bigint, near bigint)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare mine int[] := trust.led(); kinds smallint[] := trust.ctx_branches(); begin
  return query select coalesce(s.unit_id, s.over_id), m.item, count(*), count(*) filter (where s.due_at < desk_items.at),
      count(*) filter (where s.due_at >= desk_items.at and s.due_at < desk_items.soon)
    from public.step s join public.matter m on m.id = s.matter_id
    where (s.unit_id = any (mine) or s.over_id = any (mine)) and s.closed_at is null and (kinds is null or m.branch = any (kinds))
    group by 1, 2; end $$;
revoke all on function trust.led(), trust.desk_items(timestamptz, timestamptz) from public;
grant execute on function trust.desk_items(timestamptz, timestamptz) to doorstep_app;
set local role doorstep_owner;
