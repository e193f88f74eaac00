-- What a list or a reading asks for every row is asked once a statement: who the caller is becomes an expression that the planner
-- can lift out of the loop, a live share or a visible matter a plain index probe in the policy. Nobody sees more or less than before.
set local role doorstep_definer;

create or replace function trust.mac(v text, k bytea) returns text language sql stable as $$
  select encode(sha256(k || sha256(k || convert_to(
    v || '|' || pg_backend_pid() || '|' || extract(epoch from transaction_timestamp())::text, 'UTF8'))), 'hex') $$;
create or replace function trust.mac(v text) returns text language plpgsql stable security definer set search_path = trust, pg_catalog as
  $$ begin return (select trust.mac(v, s.k) from trust.secret s); end $$;
create or replace function trust.ctx() returns text[] language plpgsql stable security definer set search_path = trust, pg_catalog as $$
declare c text := nullif(current_setting('doorstep.ctx', true), ''); v text; key bytea; begin
  if c is null then return null; end if;
  v := split_part(c, ';', 1);
  select s.k into key from trust.secret s;
  if trust.mac(v, key) is distinct from split_part(c, ';', 2) then raise exception 'forged scope' using errcode = '42501'; end if;
  return string_to_array(v, '|'); end $$;

-- Without "security definer" and "set" these are taken into the statement that asks; only trust.ctx() looks behind the guard.
create or replace function trust.ctx_account() returns uuid language sql stable as $$ select nullif((trust.ctx())[1], '')::uuid $$;
create or replace function trust.ctx_kind() returns text language sql stable as $$ select nullif((trust.ctx())[2], '') $$;
create or replace function trust.ctx_party() returns uuid language sql stable as $$ select nullif((trust.ctx())[3], '')::uuid $$;
create or replace function trust.ctx_unit() returns int language sql stable as $$ select nullif((trust.ctx())[4], '')::int $$;
create or replace function trust.ctx_city() returns int language sql stable as $$ select nullif((trust.ctx())[5], '')::int $$;
create or replace function trust.ctx_county() returns int language sql stable as $$ select nullif((trust.ctx())[6], '')::int $$;
create or replace function trust.ctx_station() returns int language sql stable as $$ select nullif((trust.ctx())[7], '')::int $$;
create or replace function trust.ctx_branches() returns smallint[] language sql stable as
  $$ select string_to_array(nullif((trust.ctx())[8], ''), ':')::smallint[] $$;
create or replace function trust.ctx_matter() returns uuid language sql stable as $$ select nullif((trust.ctx())[9], '')::uuid $$;

-- A person or firm is seen through a visible matter it is party to: the same question as trust.sees, for all its matters at once.
create or replace function trust.sees_party(p uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare c text[] := trust.ctx(); me uuid := nullif(c[3], '')::uuid; mine int := nullif(c[4], '')::int;
  in_city int := nullif(c[5], '')::int; in_county int := nullif(c[6], '')::int; at_station int := nullif(c[7], '')::int;
  kinds smallint[] := string_to_array(nullif(c[8], ''), ':')::smallint[]; job uuid := nullif(c[9], '')::uuid; begin
  return c is not null and exists (
    select 1 from public.share s join public.matter m on m.id = s.matter_id where s.party_id = p and (m.id = job
      or ((m.station = at_station or m.county = in_county or m.city = in_city) and (kinds is null or m.branch = any (kinds)))
      or exists (select 1 from public.share o where o.matter_id = m.id and (o.unit_id = mine or o.party_id = me)
        and (o.until is null or o.until > clock_timestamp())))); end $$;

-- Asked at every request or twenty times a second: in plpgsql, which keeps its plans, where SQL functions are planned at every call.
create or replace function trust.works_with_records(rights jsonb) returns boolean language plpgsql immutable set search_path = pg_catalog as $$
begin
  return exists (select 1 from jsonb_array_elements_text(rights) r
    where split_part(r, ':', 1) in ('receive', 'decide', 'hand_out', 'read', 'search', 'supervise')
      and split_part(r, ':', 4) <> 'public'); end $$;
create or replace function trust.scope_of(u public.unit) returns text language plpgsql immutable set search_path = pg_catalog as $$
begin
  return case when u.id is null then '||' when u.station is not null then '||' || u.station
    when u.county is not null then '|' || u.county || '|' else u.city || '||' end; end $$;
create or replace function trust.outbox_batch(n int) returns table (id bigint, event_id uuid, matter_id uuid, kind varchar, state varchar,
  branch smallint, city int, county int, station int, units int[], parties uuid[])
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin
  return query select o.id, o.event_id, o.matter_id, o.kind, o.state, m.branch, m.city, m.county, m.station,
    (select array_agg(s.unit_id) from public.share s where s.matter_id = o.matter_id and s.unit_id is not null
       and (s.until is null or s.until > clock_timestamp())),
    (select array_agg(s.party_id) from public.share s where s.matter_id = o.matter_id and s.party_id is not null
       and (s.until is null or s.until > clock_timestamp()))
  from public.outbox o join public.matter m on m.id = o.matter_id where o.done_at is null order by o.id limit n; end $$;
create or replace function trust.outbox_done(ids bigint[]) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as
  $$ begin update public.outbox set done_at = clock_timestamp() where id = any (ids); end $$;
create or replace function trust.making_papers(n int) returns table (id uuid, matter_id uuid)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select p.id, p.matter_id from public.paper p where p.state = 'making' order by p.issued_at limit n; end $$;

revoke all on function trust.mac(text, bytea) from public;
grant execute on function trust.ctx() to doorstep_app, doorstep_worker, doorstep_owner, doorstep_migrator;

set local role doorstep_owner;
drop policy see on matter;
create policy see on matter for select using (
  ((station = (select trust.ctx_station()) or county = (select trust.ctx_county()) or city = (select trust.ctx_city()))
    and ((select trust.ctx_branches()) is null or branch = any ((select trust.ctx_branches())::smallint[])))
  or id = (select trust.ctx_matter())
  or exists (select 1 from share s where s.matter_id = matter.id and (s.until is null or s.until > clock_timestamp())
    and (s.unit_id = (select trust.ctx_unit()) or s.party_id = (select trust.ctx_party()))));
do $$ declare t text; begin
  foreach t in array array['posting','event','event_body','paper'] loop
    execute format('drop policy see on %I', t);
    execute format('create policy see on %I for select using (exists (select 1 from matter m where m.id = matter_id))', t);
  end loop; end $$;
drop policy see on step;
create policy see on step for select using (unit_id = (select trust.ctx_unit()) or party_id = (select trust.ctx_party())
  or exists (select 1 from matter m where m.id = matter_id));
drop policy see on file;
create policy see on file for select using ((matter_id is null and account_id = (select trust.ctx_account()))
  or (matter_id is not null and exists (select 1 from matter m where m.id = matter_id)));
