-- Closed roads; and what the live map may tell whom: calls and duty units without a word about a person.
set local role doorstep_owner;
alter table closure enable row level security;
alter table closure force row level security;
create policy see on closure for select using ((select trust.holds('dispatch')) or (select trust.holds('duty')));
create policy add on closure for insert to doorstep_app with check ((select trust.holds('dispatch')) and set_by = (select trust.ctx_account())
  and ended_at is null);
create policy open on closure for update to doorstep_app using ((select trust.holds('dispatch')));
grant select, insert on closure to doorstep_app;
grant update (ended_at) on closure to doorstep_app;

set local role doorstep_definer;
-- Of which organisational units a session sees calls and duty units on the map: null nothing, else an array; a dispatcher all.
create function trust.command_scope(token_hash bytea) returns int[] language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare a public.account; u public.unit; verbs text[]; begin
  select acc.* into a from trust.session s join public.account acc on acc.id = s.account_id
    where s.token = token_hash and s.revoked_at is null and s.expires_at > clock_timestamp() and acc.ended_at is null;
  if not found or a.kind <> 'officer' then return null; end if;
  select array_agg(split_part(x, ':', 1)) into verbs from jsonb_array_elements_text(a.rights) x where split_part(x, ':', 4) <> 'public';
  if 'dispatch' = any (verbs) then return array(select id from public.unit order by id); end if;
  if not (verbs && array['duty', 'supervise']) then return null; end if;
  select * into u from public.unit where id = a.unit_id;
  if 'supervise' = any (verbs) and u.station is null and u.county is not null then
    return array(select id from public.unit v where v.county = u.county order by id); end if;
  if 'supervise' = any (verbs) and u.station is null and u.city is not null then
    return array(select id from public.unit v where v.city = u.city order by id); end if;
  return array[a.unit_id]; end $$;
create function trust.command_units() returns table (unit_id int, v int, told jsonb) language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select d.unit_id, d.id, jsonb_build_object('id', d.id, 'name', d.callsign, 'kind', d.kind, 'team', d.team, 'state', d.state,
    'lon', round(d.lon::numeric, 5), 'lat', round(d.lat::numeric, 5), 'at', extract(epoch from d.position_at)::bigint)
  from public.duty_unit d where d.active and d.state <> 'off' order by d.id $$;
create function trust.command_calls() returns table (unit_id int, told jsonb) language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select c.unit_id, jsonb_build_object('id', c.matter_id, 'name', c.number, 'kind', c.kind, 'level', c.level,
    'lon', round(c.lon::numeric, 5), 'lat', round(c.lat::numeric, 5), 'at', extract(epoch from c.told_at)::bigint,
    'out', (select count(*) from public.sending s where s.matter_id = c.matter_id and s.ended = ''))
  from public.call_place c where c.closed_at is null and c.parent_id is null order by c.told_at $$;
revoke all on function trust.command_scope(bytea), trust.command_units(), trust.command_calls() from public;
grant execute on function trust.command_scope(bytea), trust.command_units(), trust.command_calls() to doorstep_stream;
set local role doorstep_owner;
