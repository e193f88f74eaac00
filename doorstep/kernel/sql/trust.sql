-- Trust in the database. Rights are checked in the kernel and again here, so that SQL run as the app role reaches
-- nothing without a session. Run by the migrator as doorstep_owner; it may also act as doorstep_definer.
-- Scope is entered only by trust.enter(token): a keyed hash over (values, backend, transaction) makes a setting that
-- was written by hand, edited, or left from another transaction worthless.

set local role doorstep_owner;
do $$ begin execute format('grant create on database %I to doorstep_definer', current_database()); end $$;
set local role doorstep_definer;
create schema trust;
create table trust.secret (k bytea not null);
insert into trust.secret
  select sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text || clock_timestamp()::text, 'UTF8'));
create table trust.credential (account_id uuid primary key, login text unique not null, salt bytea not null, proof bytea not null);
create table trust.failure (login text not null, at timestamptz not null default clock_timestamp());
create index failure_login on trust.failure (login, at);
create table trust.session (
  token bytea primary key, id uuid not null default gen_random_uuid(), account_id uuid not null,
  opened_at timestamptz not null default clock_timestamp(), expires_at timestamptz not null, revoked_at timestamptz);
create index session_account on trust.session (account_id);

create function trust.mac(v text, k bytea) returns text language sql stable as $$
  select encode(sha256(k || sha256(k || convert_to(
    v || '|' || pg_backend_pid() || '|' || extract(epoch from transaction_timestamp())::text, 'UTF8'))), 'hex') $$;
create function trust.mac(v text) returns text language plpgsql stable security definer set search_path = trust, pg_catalog as
  $$ begin return (select trust.mac(v, s.k) from trust.secret s); end $$;

-- account, kind, party, unit, city, county, station, branches, matter: '' where empty.
create function trust.ctx() returns text[] language plpgsql stable security definer set search_path = trust, pg_catalog as $$
declare c text := nullif(current_setting('doorstep.ctx', true), ''); v text; key bytea; begin
  if c is null then return null; end if;
  v := split_part(c, ';', 1);
  select s.k into key from trust.secret s;
  if trust.mac(v, key) is distinct from split_part(c, ';', 2) then raise exception 'forged scope' using errcode = '42501'; end if;
  return string_to_array(v, '|'); end $$;

-- Without "security definer" and "set" these are taken into the statement that asks; only trust.ctx() looks behind the guard.
create function trust.ctx_account() returns uuid language sql stable as $$ select nullif((trust.ctx())[1], '')::uuid $$;
create function trust.ctx_kind() returns text language sql stable as $$ select nullif((trust.ctx())[2], '') $$;
create function trust.ctx_party() returns uuid language sql stable as $$ select nullif((trust.ctx())[3], '')::uuid $$;
create function trust.ctx_unit() returns int language sql stable as $$ select nullif((trust.ctx())[4], '')::int $$;
create function trust.ctx_city() returns int language sql stable as $$ select nullif((trust.ctx())[5], '')::int $$;
create function trust.ctx_county() returns int language sql stable as $$ select nullif((trust.ctx())[6], '')::int $$;
create function trust.ctx_station() returns int language sql stable as $$ select nullif((trust.ctx())[7], '')::int $$;
create function trust.ctx_branches() returns smallint[] language sql stable as
  $$ select string_to_array(nullif((trust.ctx())[8], ''), ':')::smallint[] $$;
create function trust.ctx_matter() returns uuid language sql stable as $$ select nullif((trust.ctx())[9], '')::uuid $$;

-- Scope (place and branch) or a live share, nothing else. A system job sees the one matter it entered for.
create function trust.sees(m uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare c text[] := trust.ctx(); r record; begin
  if c is null then return false; end if;
  if nullif(c[9], '')::uuid = m then return true; end if;
  if c[7] <> '' or c[6] <> '' or c[5] <> '' then
    select city, county, station, branch into r from public.matter where id = m;
    if found and (r.station = nullif(c[7], '')::int or r.county = nullif(c[6], '')::int or r.city = nullif(c[5], '')::int)
       and (c[8] = '' or r.branch = any (string_to_array(c[8], ':')::smallint[])) then return true; end if;
  end if;
  return exists (select 1 from public.share s where s.matter_id = m and (s.until is null or s.until > clock_timestamp())
    and (s.unit_id = nullif(c[4], '')::int or s.party_id = nullif(c[3], '')::uuid)); end $$;

-- A share may be written for a matter that does not exist yet (it is being opened) or that the caller sees.
create function trust.may_share(m uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  return trust.ctx() is not null and (trust.sees(m) or not exists (select 1 from public.matter where id = m)); end $$;

-- A person or firm is seen through a visible matter that it brought or that concerns it.
create function trust.sees_party(p uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare c text[] := trust.ctx(); me uuid := nullif(c[3], '')::uuid; mine int := nullif(c[4], '')::int;
  in_city int := nullif(c[5], '')::int; in_county int := nullif(c[6], '')::int; at_station int := nullif(c[7], '')::int;
  kinds smallint[] := string_to_array(nullif(c[8], ''), ':')::smallint[]; job uuid := nullif(c[9], '')::uuid; begin
  return c is not null and exists (
    select 1 from (select matter_id from public.share where party_id = p
        union all select matter_id from public.involved where party_id = p) s
      join public.matter m on m.id = s.matter_id where (m.id = job
      or ((m.station = at_station or m.county = in_county or m.city = in_city) and (kinds is null or m.branch = any (kinds)))
      or exists (select 1 from public.share o where o.matter_id = m.id and (o.unit_id = mine or o.party_id = me)
        and (o.until is null or o.until > clock_timestamp())))); end $$;

create function trust.salt_of(l text) returns bytea language sql stable security definer set search_path = trust, pg_catalog as $$
  select coalesce((select salt from trust.credential where login = l),
    substr(sha256((select k from trust.secret) || convert_to('salt' || l, 'UTF8')), 1, 16)) $$;

-- Sign in: the caller proves the password by its stretched form; only the hash of that is stored, so the app role cannot
-- mint a session for anybody. Five failures in 15 minutes lock the login until they age.
create function trust.login(l text, stretched bytea, token_hash bytea, minutes int) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare c trust.credential; a public.account; begin
  if (select count(*) from trust.failure f where f.login = l and f.at > clock_timestamp() - interval '15 minutes') >= 5 then
    return 'locked'; end if;
  select * into c from trust.credential where login = l;
  if c.account_id is not null then select * into a from public.account where id = c.account_id; end if;
  if a.id is null or a.ended_at is not null or sha256(stretched) <> c.proof then
    insert into trust.failure (login) values (l); return 'wrong'; end if;
  delete from trust.failure f where f.login = l;
  insert into trust.session (token, account_id, expires_at)
    values (token_hash, a.id, clock_timestamp() + make_interval(mins => least(minutes, 720)));
  return 'ok'; end $$;

create function trust.logout(token_hash bytea) returns void language sql volatile security definer set search_path = trust, pg_catalog as
  $$ update trust.session set revoked_at = clock_timestamp() where token = token_hash and revoked_at is null $$;

create function trust.put(v text) returns void language plpgsql volatile security definer set search_path = trust, pg_catalog as
  $$ begin perform set_config('doorstep.ctx', v || ';' || trust.mac(v), true); end $$;

-- Asked at every request or twenty times a second: in plpgsql, which keeps its plans, where SQL functions are planned at every call.
create function trust.scope_of(u public.unit) returns text language plpgsql immutable set search_path = pg_catalog as $$
begin
  return case when u.id is null then '||' when u.station is not null then '||' || u.station
    when u.county is not null then '|' || u.county || '|' else u.city || '||' end; end $$;

-- A place is a scope only for who may work with records there: an auditor, a chief or a partner has none.
create function trust.works_with_records(rights jsonb) returns boolean language plpgsql immutable set search_path = pg_catalog as $$
begin
  return exists (select 1 from jsonb_array_elements_text(rights) r
    where split_part(r, ':', 1) in ('receive', 'decide', 'hand_out', 'read', 'search', 'supervise')
      and split_part(r, ':', 4) <> 'public'); end $$;

-- Enter the scope of a session for this transaction. Null when there is no live session: the caller is nobody. A person's record,
-- matters and notices are shown to an account only when somebody has verified who it belongs to (2). Below that the party it may
-- name is no party: the account sees what it typed itself, and nothing that was fetched.
create function trust.enter(raw text) returns jsonb language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; a public.account; v text; begin
  select s.id, one, u, x.k into r from trust.session s join public.account one on one.id = s.account_id and one.ended_at is null
    left join public.unit u on u.id = one.unit_id cross join trust.secret x
    where s.token = sha256(convert_to(raw, 'UTF8')) and s.revoked_at is null and s.expires_at > clock_timestamp();
  if not found then return null; end if;
  a := r.one;
  if a.assurance < 2 then a.party_id := null; end if;
  v := concat_ws('|', a.id, a.kind, coalesce(a.party_id::text, ''), coalesce(a.unit_id::text, ''),
    case when trust.works_with_records(a.rights) then trust.scope_of(r.u) else '||' end, translate(a.branches::text, ',[] "', ':'), '');
  perform set_config('doorstep.ctx', v || ';' || trust.mac(v, r.k), true);
  return to_jsonb(a) || jsonb_build_object('session_id', r.id, 'unit', r.u); end $$;

-- A background job acts for one matter only, as the system.
create function trust.enter_system(m uuid) returns boolean language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  if not exists (select 1 from public.matter where id = m) then return false; end if;
  perform trust.put(concat_ws('|', '00000000-0000-0000-0000-000000000000', 'system', '', '', '||', '', m::text));
  return true; end $$;

-- For the stream: whose session is this and what may it hear of. No name, no right to read anything.
create function trust.audience(token_hash bytea) returns jsonb language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare s trust.session; a public.account; u public.unit; begin
  select * into s from trust.session where token = token_hash and revoked_at is null and expires_at > clock_timestamp();
  if not found then return null; end if;
  select * into a from public.account where id = s.account_id and ended_at is null;
  if not found then return null; end if;
  select * into u from public.unit where id = a.unit_id and trust.works_with_records(a.rights);
  return jsonb_build_object('party', case when a.assurance >= 2 then a.party_id end, 'unit', a.unit_id, 'branches', a.branches,
    'station', case when u.station is not null then u.station end,
    'county', case when u.station is null then u.county end,
    'city', case when u.station is null and u.county is null then u.city end); end $$;

create function trust.create_account(v jsonb, salt bytea, proof bytea) returns void
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  insert into public.account select * from jsonb_populate_record(null::public.account, v);
  insert into trust.credential values ((v ->> 'id')::uuid, v ->> 'login', salt, proof); end $$;
create function trust.end_account(a uuid) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  update public.account set ended_at = clock_timestamp() where id = a;
  update trust.session set revoked_at = clock_timestamp() where account_id = a and revoked_at is null; end $$;

revoke all on all tables in schema trust from public;
revoke all on all functions in schema trust from public;
grant usage on schema trust to doorstep_owner, doorstep_migrator, doorstep_app, doorstep_worker, doorstep_stream;
grant execute on function trust.ctx(), trust.ctx_account(), trust.ctx_kind(), trust.ctx_party(), trust.ctx_unit(), trust.ctx_city(),
  trust.ctx_county(), trust.ctx_station(), trust.ctx_branches(), trust.ctx_matter(), trust.sees(uuid),
  trust.may_share(uuid), trust.sees_party(uuid), trust.enter(text)
  to doorstep_app, doorstep_worker, doorstep_owner, doorstep_migrator;
grant execute on function trust.salt_of(text), trust.login(text, bytea, bytea, int), trust.logout(bytea) to doorstep_app;
grant execute on function trust.audience(bytea) to doorstep_stream;
grant execute on function trust.enter_system(uuid) to doorstep_worker;
grant execute on function trust.create_account(jsonb, bytea, bytea), trust.end_account(uuid), trust.enter_system(uuid)
  to doorstep_migrator, doorstep_owner;
set local role doorstep_owner;
