-- For a supervisor: how much waits in the units of the own scope, with whom, how long it has lain, how much was sent back.
-- Counts alone, by a function that asks once who may: a policy would look behind each of a hundred thousand steps.
set local role doorstep_definer;
create function trust.supervised() returns int[] language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare c text[] := trust.ctx(); begin
  if c is null or not exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) r where a.id = nullif(c[1], '')::uuid
      and split_part(r, ':', 1) = 'supervise' and split_part(r, ':', 4) <> 'public') then return '{}'; end if;
  return array(select u.id from public.unit u where u.id = nullif(c[4], '')::int or u.station = nullif(c[7], '')::int
    or u.county = nullif(c[6], '')::int or u.city = nullif(c[5], '')::int); end $$;

create function trust.desk_load(at timestamptz, soon timestamptz)
returns table (unit_id int, account_id uuid, age int, waits bigint, late bigint, near bigint)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare mine int[] := trust.supervised(); kinds smallint[] := trust.ctx_branches(); begin
  return query select s.unit_id, s.account_id,
      width_bucket(extract(epoch from desk_load.at - s.opened_at)::float8, array[86400, 259200, 604800, 1296000, 2592000]::float8[]),
      count(*), count(*) filter (where s.due_at < desk_load.at),
      count(*) filter (where s.due_at >= desk_load.at and s.due_at < desk_load.soon)
    from public.step s where s.unit_id = any (mine) and s.closed_at is null
      and (kinds is null or exists (select 1 from public.matter m where m.id = s.matter_id and m.branch = any (kinds)))
    group by 1, 2, 3; end $$;

create function trust.desk_returns(since timestamptz) returns table (unit_id int, decided bigint, returned bigint)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare mine int[] := trust.supervised(); begin
  return query select s.unit_id, count(*), count(*) filter (where s.outcome = 'return') from public.step s
    where s.unit_id = any (mine) and s.closed_at >= since and s.outcome in ('approve', 'return', 'refuse') group by 1; end $$;

revoke all on function trust.supervised(), trust.desk_load(timestamptz, timestamptz), trust.desk_returns(timestamptz) from public;
grant execute on function trust.desk_load(timestamptz, timestamptz), trust.desk_returns(timestamptz) to doorstep_app;
set local role doorstep_owner;
