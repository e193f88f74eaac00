-- Accounts that people make by themselves, and passwords that were forgotten. Who holds a telephone is proved by a code that the
-- database draws and only the worker is told, to send it: SQL run as the application proves no telephone, makes no account that is
-- more than assurance 1, raises none, and sets no password.
set local role doorstep_definer;
create table trust.proving (
  token bytea primary key, about text not null, key bytea not null, typed bytea not null, phone bytea not null, document bytea not null,
  name bytea not null, code text, code_hash bytea, at timestamptz not null default clock_timestamp(), tries smallint not null default 0,
  tried_at timestamptz, proved_at timestamptz, used_at timestamptz);
create table trust.asked_code (phone bytea not null, source bytea, at timestamptz not null default clock_timestamp());
create index asked_code_at on trust.asked_code (at);
revoke all on trust.proving, trust.asked_code from public;

set local role doorstep_owner;
alter table account_claim enable row level security;
alter table account_claim force row level security;
create policy definer_all on account_claim to doorstep_definer using (true) with check (true);
create policy own on account_claim for select using (account_id = (select trust.ctx_account()));
grant select on account_claim to doorstep_app;
grant select, insert, update, delete on account_claim to doorstep_definer;
set local role doorstep_definer;

-- A code for the telephone that was typed, unless too many were asked for. Said the same whether an account fits or not; for a
-- forgotten password a code is drawn only if one does.
create function trust.begin_proving(t bytea, why text, wrapped bytea, sealed bytea, p bytea, d bytea, n bytea, s bytea) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare now_ timestamptz := clock_timestamp(); drawn text; fits boolean; begin
  if why not in ('new', 'reset') then raise exception 'no such purpose' using errcode = '22023'; end if;
  perform pg_advisory_xact_lock(hashtextextended(encode(p, 'hex'), 0));
  if exists (select 1 from trust.asked_code where phone = p and at > now_ - interval '1 minute') then return 'soon'; end if;
  if (select count(*) from trust.asked_code where phone = p and at > now_ - interval '1 day') >= 5 then return 'phone'; end if;
  if (select count(*) from trust.asked_code where source = s and at > now_ - interval '1 hour') >= 20 then return 'source'; end if;
  if (select count(*) from trust.asked_code where at > now_ - interval '10 minutes') >= 600 then return 'source'; end if;
  insert into trust.asked_code values (p, s, now_);
  fits := why = 'new' or trust.claimant(p, d) is not null;
  drawn := lpad((('x' || substr(gen_random_uuid()::text, 1, 8))::bit(32)::bigint % 1000000)::text, 6, '0');
  insert into trust.proving as x (token, about, key, typed, phone, document, name, code, code_hash)
    values (t, why, wrapped, sealed, p, d, n, case when fits then drawn end, case when fits then trust.hash_of(t, drawn) end)
    on conflict (token) do update set key = excluded.key, typed = excluded.typed, phone = p, document = d, name = n,
      code = excluded.code, code_hash = excluded.code_hash, at = now_, tries = 0, tried_at = null, proved_at = null
    where x.used_at is null and x.about = why;
  return case when found then 'ok' else 'used' end; end $$;
create function trust.hash_of(t bytea, said text) returns bytea language sql stable as
  $$ select sha256(k || t || sha256(convert_to(said, 'UTF8') || k)) from trust.secret $$;
-- The live account that was made with this telephone and this document.
create function trust.claimant(p bytea, d bytea) returns uuid language sql stable as $$
  select a.id from public.account_claim c join public.account a on a.id = c.account_id
    where c.phone = p and c.document = d and a.ended_at is null $$;

-- What the holder of the token typed, and how far they are. Whether the telephone has an account is told only to who proved to hold it.
create function trust.proving_of(t bytea) returns jsonb language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select jsonb_build_object('about', p.about, 'key', encode(p.key, 'hex'), 'typed', encode(p.typed, 'hex'), 'proved', p.proved_at is not null,
      'left', greatest(5 - p.tries, 0), 'taken', p.proved_at is not null and p.about = 'new'
        and exists (select 1 from trust.credential c where c.login = 'tel:' || encode(p.phone, 'hex')))
    from trust.proving p where p.token = t and p.used_at is null and p.at > clock_timestamp() - interval '1 hour' $$;

create function trust.prove(t bytea, said text) returns text language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare p trust.proving; begin
  select * into p from trust.proving where token = t and used_at is null for update;
  if p.token is null or p.tries >= 5 or p.at < clock_timestamp() - interval '10 minutes' then return 'over'; end if;
  update trust.proving set tries = tries + 1 where token = t;
  if p.code_hash is distinct from trust.hash_of(t, said) then return 'wrong'; end if;
  update trust.proving set proved_at = clock_timestamp(), code = null where token = t;
  return 'ok'; end $$;

-- An account of assurance 1, bound to nobody: its login is the telephone that was proved, its rights reach what is its own.
create function trust.sign_up(t bytea, a uuid, named text, rights jsonb, salt bytea, proof bytea) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare p trust.proving; own text; begin
  select * into p from trust.proving where token = t and about = 'new' and used_at is null and proved_at > clock_timestamp() - interval '30 minutes' for update;
  if p.token is null then return 'over'; end if;
  if exists (select 1 from jsonb_array_elements_text(rights) r where split_part(r, ':', 1) not in ('apply', 'rate', 'read')
      or split_part(r, ':', 3) <> 'own' or split_part(r, ':', 4) not in ('public', 'personal')) then
    raise exception 'an account that is made by oneself reaches what is one''s own' using errcode = '42501'; end if;
  own := 'tel:' || encode(p.phone, 'hex');
  if exists (select 1 from trust.credential c where c.login = own) then return 'taken'; end if;
  insert into public.account (id, login, kind, role, rights, party_id, unit_id, branches, zh, en, assurance)
    values (a, own, 'resident', 'resident', rights, null, null, '[]', named, named, 1);
  insert into trust.credential values (a, own, salt, proof);
  insert into public.account_claim (account_id, phone, document, name, at) values (a, p.phone, p.document, p.name, clock_timestamp());
  update trust.proving set used_at = clock_timestamp() where token = t;
  return 'ok'; end $$;

create function trust.new_password(t bytea, salt_ bytea, proof_ bytea) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare p trust.proving; a uuid; begin
  select * into p from trust.proving where token = t and about = 'reset' and used_at is null and proved_at > clock_timestamp() - interval '30 minutes' for update;
  a := trust.claimant(p.phone, p.document);
  if a is null then return 'over'; end if;
  perform trust.set_password(a, salt_, proof_);
  update trust.proving set used_at = clock_timestamp() where token = t;
  return 'ok'; end $$;
-- Another password: every session that the old one opened ends, and failures count no more.
create function trust.set_password(a uuid, salt_ bytea, proof_ bytea) returns void
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare l text; begin
  update trust.credential c set salt = salt_, proof = proof_ where c.account_id = a returning c.login into l;
  update trust.session set revoked_at = clock_timestamp() where account_id = a and revoked_at is null;
  delete from trust.failure f where f.login = l; end $$;

-- For the worker alone: codes to be sent, to the telephone that is to be proved and no other, which the worker checks, and what is a day old forgotten.
create function trust.codes_to_send(most int) returns table (token bytea, about text, key bytea, typed bytea, phone bytea, code text)
language sql volatile security definer set search_path = trust, public, pg_catalog as $$
  update trust.proving x set tried_at = clock_timestamp() where x.token in (
    select p.token from trust.proving p where p.code is not null and p.at > clock_timestamp() - interval '10 minutes'
      and (p.tried_at is null or p.tried_at < clock_timestamp() - interval '10 seconds') order by p.at limit most for update skip locked)
  returning x.token, x.about, x.key, x.typed, x.phone, x.code $$;
create function trust.code_sent(t bytea, said text) returns void language sql volatile security definer set search_path = trust, public, pg_catalog as
  $$ update trust.proving set code = null where token = t and code = said $$;
create function trust.forget_proving() returns int language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare n int; begin
  delete from trust.asked_code where at < clock_timestamp() - interval '1 day';
  delete from trust.proving where at < clock_timestamp() - interval '1 day';
  get diagnostics n = row_count;
  return n; end $$;

revoke all on function trust.begin_proving(bytea, text, bytea, bytea, bytea, bytea, bytea, bytea), trust.hash_of(bytea, text),
  trust.claimant(bytea, bytea), trust.proving_of(bytea), trust.prove(bytea, text), trust.sign_up(bytea, uuid, text, jsonb, bytea, bytea),
  trust.new_password(bytea, bytea, bytea), trust.set_password(uuid, bytea, bytea), trust.codes_to_send(int), trust.code_sent(bytea, text),
  trust.forget_proving() from public;
grant execute on function trust.begin_proving(bytea, text, bytea, bytea, bytea, bytea, bytea, bytea), trust.proving_of(bytea),
  trust.prove(bytea, text), trust.sign_up(bytea, uuid, text, jsonb, bytea, bytea), trust.new_password(bytea, bytea, bytea) to doorstep_app;
grant execute on function trust.codes_to_send(int), trust.code_sent(bytea, text), trust.forget_proving() to doorstep_worker;
grant execute on function trust.set_password(uuid, bytea, bytea) to doorstep_migrator, doorstep_owner;
set local role doorstep_owner;
