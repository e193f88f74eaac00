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

-- What the definer may read. It owns no data table and bypasses no policy: each has one that names it (rows.sql).
set local role doorstep_owner;
grant usage on schema public to doorstep_definer, doorstep_app, doorstep_worker, doorstep_stream, doorstep_backup;
grant select on account, unit, matter, share, step, party, paper, notice, outbox, rating, file, fact, access to doorstep_definer;
grant insert on account, access to doorstep_definer;
grant update on account, outbox to doorstep_definer;

set local role doorstep_definer;

create function trust.mac(v text) returns text language sql stable security definer set search_path = trust, pg_catalog as $$
  select encode(sha256(s.k || sha256(s.k || convert_to(
    v || '|' || pg_backend_pid() || '|' || extract(epoch from transaction_timestamp())::text, 'UTF8'))), 'hex') from trust.secret s $$;

-- account, kind, party, unit, city, county, station, branches, matter: '' where empty.
create function trust.ctx() returns text[] language plpgsql stable security definer set search_path = trust, pg_catalog as $$
declare c text := nullif(current_setting('doorstep.ctx', true), ''); v text; begin
  if c is null then return null; end if;
  v := split_part(c, ';', 1);
  if trust.mac(v) is distinct from split_part(c, ';', 2) then raise exception 'forged scope' using errcode = '42501'; end if;
  return string_to_array(v, '|'); end $$;

create function trust.ctx_account() returns uuid language sql stable security definer set search_path = trust, pg_catalog as
  $$ select nullif((trust.ctx())[1], '')::uuid $$;
create function trust.ctx_kind() returns text language sql stable security definer set search_path = trust, pg_catalog as
  $$ select nullif((trust.ctx())[2], '') $$;
create function trust.ctx_party() returns uuid language sql stable security definer set search_path = trust, pg_catalog as
  $$ select nullif((trust.ctx())[3], '')::uuid $$;
create function trust.ctx_unit() returns int language sql stable security definer set search_path = trust, pg_catalog as
  $$ select nullif((trust.ctx())[4], '')::int $$;
create function trust.ctx_city() returns int language sql stable security definer set search_path = trust, pg_catalog as
  $$ select nullif((trust.ctx())[5], '')::int $$;
create function trust.ctx_county() returns int language sql stable security definer set search_path = trust, pg_catalog as
  $$ select nullif((trust.ctx())[6], '')::int $$;
create function trust.ctx_station() returns int language sql stable security definer set search_path = trust, pg_catalog as
  $$ select nullif((trust.ctx())[7], '')::int $$;
create function trust.ctx_branches() returns smallint[] language sql stable security definer set search_path = trust, pg_catalog as
  $$ select string_to_array(nullif((trust.ctx())[8], ''), ':')::smallint[] $$;
create function trust.ctx_matter() returns uuid language sql stable security definer set search_path = trust, pg_catalog as
  $$ select nullif((trust.ctx())[9], '')::uuid $$;

-- Does a live share (not the scope) give the caller this matter?
create function trust.shared(m uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare c text[] := trust.ctx(); begin
  return c is not null and exists (
    select 1 from public.share s where s.matter_id = m and (s.until is null or s.until > clock_timestamp())
      and (s.unit_id = nullif(c[4], '')::int or s.party_id = nullif(c[3], '')::uuid)); end $$;

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

-- A person or firm is seen through a visible matter it is party to.
create function trust.sees_party(p uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  return exists (select 1 from public.share s where s.party_id = p and trust.sees(s.matter_id)); end $$;

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

create function trust.scope_of(u public.unit) returns text language sql immutable set search_path = pg_catalog as $$
  select case when u.id is null then '||' when u.station is not null then '||' || u.station
    when u.county is not null then '|' || u.county || '|' else u.city || '||' end $$;

-- A place is a scope only for who may work with records there: an auditor, a chief or a partner has none.
create function trust.works_with_records(rights jsonb) returns boolean language sql immutable set search_path = pg_catalog as $$
  select exists (select 1 from jsonb_array_elements_text(rights) r
    where split_part(r, ':', 1) in ('receive', 'decide', 'hand_out', 'read', 'search', 'supervise')
      and split_part(r, ':', 4) <> 'public') $$;

-- Enter the scope of a session for this transaction. Null when there is no live session: the caller is nobody.
create function trust.enter(raw text) returns jsonb language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare s trust.session; a public.account; u public.unit; begin
  select * into s from trust.session where token = sha256(convert_to(raw, 'UTF8'))
    and revoked_at is null and expires_at > clock_timestamp();
  if not found then return null; end if;
  select * into a from public.account where id = s.account_id and ended_at is null;
  if not found then return null; end if;
  select * into u from public.unit where id = a.unit_id;
  perform trust.put(concat_ws('|', a.id, a.kind, coalesce(a.party_id::text, ''), coalesce(a.unit_id::text, ''),
    case when trust.works_with_records(a.rights) then trust.scope_of(u) else '||' end, (select coalesce(string_agg(b, ':'), '') from jsonb_array_elements_text(a.branches) b), ''));
  return to_jsonb(a) || jsonb_build_object('session_id', s.id, 'unit', case when u.id is null then null else to_jsonb(u) end); end $$;

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
  return jsonb_build_object('party', a.party_id, 'unit', a.unit_id, 'branches', a.branches,
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

-- Exact look-up by keyed identifier. Every call leaves a row in access, found or not.
create function trust.find_party(blind bytea, why text) returns uuid language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare p uuid; begin
  if trust.ctx_account() is null then return null; end if;
  select id into p from public.party where id_blind = blind;
  insert into public.access (account_id, unit_id, party_id, kind, tier, purpose, detail)
    values (trust.ctx_account(), trust.ctx_unit(), p, 'lookup', 0, why, case when p is null then 'none' else 'exact' end);
  return p; end $$;

create function trust.check_paper(h bytea) returns jsonb language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select jsonb_build_object('number', number, 'template', template, 'item', item, 'unit_id', unit_id, 'state', state,
    'issued_at', issued_at, 'valid_until', valid_until) from public.paper where code_hash = h $$;
create function trust.check_notice(c text) returns jsonb language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select jsonb_build_object('template', template, 'at', at) from public.notice where check_code = c $$;

-- Published ratings of a unit: the oldest full fives only, so that no single vote can be told apart.
create function trust.ratings(u int) returns table (level smallint, votes bigint) language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select r.level, count(*) from (select x.level from public.rating x where x.unit_id = u order by x.day, x.id
    limit ((select count(*) from public.rating y where y.unit_id = u) / 5) * 5) r group by r.level $$;

-- For the relay and the worker: ids, never contents.
create function trust.outbox_batch(n int) returns table (id bigint, event_id uuid, matter_id uuid, kind varchar, state varchar,
  branch smallint, city int, county int, station int, units int[], parties uuid[])
language sql volatile security definer set search_path = trust, public, pg_catalog as $$
  select o.id, o.event_id, o.matter_id, o.kind, o.state, m.branch, m.city, m.county, m.station,
    (select array_agg(s.unit_id) from public.share s where s.matter_id = o.matter_id and s.unit_id is not null
       and (s.until is null or s.until > clock_timestamp())),
    (select array_agg(s.party_id) from public.share s where s.matter_id = o.matter_id and s.party_id is not null
       and (s.until is null or s.until > clock_timestamp()))
  from public.outbox o join public.matter m on m.id = o.matter_id where o.done_at is null order by o.id limit n $$;
create function trust.outbox_done(ids bigint[]) returns void language sql volatile security definer set search_path = trust, public, pg_catalog as
  $$ update public.outbox set done_at = clock_timestamp() where id = any (ids) $$;
-- For the stream: whom committed events concern. The ids come with the relay's NOTIFY, which carries nothing else.
create function trust.outbox_told(ids bigint[]) returns table (id bigint, matter_id uuid, kind varchar, state varchar,
  branch smallint, city int, county int, station int, units int[], parties uuid[])
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select o.id, o.matter_id, o.kind, o.state, m.branch, m.city, m.county, m.station,
    (select array_agg(s.unit_id) from public.share s where s.matter_id = o.matter_id and s.unit_id is not null
       and (s.until is null or s.until > clock_timestamp())),
    (select array_agg(s.party_id) from public.share s where s.matter_id = o.matter_id and s.party_id is not null
       and (s.until is null or s.until > clock_timestamp()))
  from public.outbox o join public.matter m on m.id = o.matter_id where o.id = any (ids) order by o.id $$;
create function trust.due_steps(at timestamptz, n int) returns table (id uuid, matter_id uuid, name varchar)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select s.id, s.matter_id, s.name from public.step s where s.closed_at is null and s.late_at is null and s.due_at <= at
  order by s.due_at limit n $$;
create function trust.making_papers(n int) returns table (id uuid, matter_id uuid)
language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select p.id, p.matter_id from public.paper p where p.state = 'making' order by p.issued_at limit n $$;
create function trust.matters_after(after uuid, n int) returns table (id uuid)
language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select m.id from public.matter m where after is null or m.id > after order by m.id limit n $$;
create function trust.known_files() returns table (id uuid, state varchar, at timestamptz)
language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select f.id, f.state, f.at from public.file f $$;

revoke all on all tables in schema trust from public;
revoke all on all functions in schema trust from public;
grant usage on schema trust to doorstep_owner, doorstep_migrator, doorstep_app, doorstep_worker, doorstep_stream;
grant execute on function trust.ctx_account(), trust.ctx_kind(), trust.ctx_party(), trust.ctx_unit(), trust.ctx_city(), trust.ctx_county(),
  trust.ctx_station(), trust.ctx_branches(), trust.ctx_matter(), trust.shared(uuid), trust.sees(uuid), trust.may_share(uuid),
  trust.sees_party(uuid), trust.enter(text)
  to doorstep_app, doorstep_worker, doorstep_owner, doorstep_migrator;
grant execute on function trust.salt_of(text), trust.login(text, bytea, bytea, int), trust.logout(bytea), trust.find_party(bytea, text),
  trust.check_paper(bytea), trust.check_notice(text), trust.ratings(int) to doorstep_app;
grant execute on function trust.audience(bytea), trust.outbox_told(bigint[]) to doorstep_stream;
grant execute on function trust.enter_system(uuid), trust.outbox_batch(int), trust.outbox_done(bigint[]), trust.due_steps(timestamptz, int),
  trust.making_papers(int), trust.matters_after(uuid, int), trust.known_files() to doorstep_worker;
grant execute on function trust.create_account(jsonb, bytea, bytea), trust.end_account(uuid), trust.matters_after(uuid, int),
  trust.enter_system(uuid) to doorstep_migrator, doorstep_owner;
set local role doorstep_owner;
