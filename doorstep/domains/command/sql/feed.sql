-- The position feed asks one question before it takes anything; safety checks ask by themselves where a unit has been out for long.
set local role doorstep_definer;
-- The unit that is reported for: the one named, or the one that the caller rides in. Nothing where they may not report.
create function trust.duty_last(u int) returns table (id int, callsign varchar, state varchar, lon float8, lat float8, position_at timestamptz)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare mine int; begin
  select m.duty_unit_id into mine from public.duty_member m where m.account_id = trust.ctx_account() and m.until is null;
  if u is not null and u is distinct from mine and not trust.duty_commands(u) then return; end if;
  return query select d.id, d.callsign, d.state, d.lon, d.lat, d.position_at from public.duty_unit d where d.id = coalesce(u, mine) and d.active; end $$;

-- Asked by the clock: a unit that has been at its call for so long, and was not asked since.
create function trust.safety_round(moment timestamptz, there_for interval, within interval) returns int
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare n int; begin
  insert into public.safety_check (id, duty_unit_id, matter_id, asked_by, asked_at, due_at, answer)
    select gen_random_uuid(), d.id, d.on_matter, '00000000-0000-0000-0000-000000000000', moment, moment + within, '' from public.duty_unit d
    where d.active and d.state = 'there' and d.state_at <= moment - there_for and not exists (select 1 from public.safety_check s
      where s.duty_unit_id = d.id and (s.answered_at is null or s.answered_at > moment - there_for));
  get diagnostics n = row_count; return n; end $$;
revoke all on function trust.duty_last(int), trust.safety_round(timestamptz, interval, interval) from public;
grant execute on function trust.duty_last(int) to doorstep_app;
grant execute on function trust.safety_round(timestamptz, interval, interval) to doorstep_worker;
set local role doorstep_owner;
