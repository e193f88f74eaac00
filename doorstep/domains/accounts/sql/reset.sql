-- A colleague's forgotten password: one person asks, another agrees, and a code drawn here is told once, to the second. Three powers
-- are kept apart (administer, secure, audit): an ordinary work account takes who administers and who secures; an account that holds
-- one of the three itself takes two persons of two powers, neither of them its owner. Residents have their telephone, or a window.
set local role doorstep_definer;
create table trust.password_code (reset_id uuid primary key, code_hash bytea not null, tries smallint not null default 0);
revoke all on trust.password_code from public;

set local role doorstep_owner;
alter table password_reset enable row level security;
alter table password_reset force row level security;
create policy definer_all on password_reset to doorstep_definer using (true) with check (true);
create policy own on password_reset for select using (account_id = (select trust.ctx_account()));
grant select on password_reset to doorstep_app;
grant select, insert, update on password_reset to doorstep_definer;

set local role doorstep_definer;
-- Which of the three powers an account in use holds; none for one that has ended.
create function trust.powers_of(a uuid) returns text[] language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select coalesce(array_agg(distinct split_part(x, ':', 1)), '{}') from public.account c, jsonb_array_elements_text(c.rights) x
    where c.id = a and c.ended_at is null and split_part(x, ':', 1) in ('administer', 'secure', 'audit') $$;

-- Does a power of this account reach the unit: of its city, its county, its station, or its own.
create function trust.power_reaches(a uuid, power text, theirs int) returns boolean
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select exists (select 1 from public.account c join public.unit mine on mine.id = c.unit_id join public.unit other on other.id = theirs,
      jsonb_array_elements_text(c.rights) x
    where c.id = a and c.ended_at is null and split_part(x, ':', 1) = power and case split_part(x, ':', 3)
      when 'province' then true when 'city' then other.city = mine.city when 'county' then other.county = mine.county
      when 'station' then other.station = mine.station else other.id = mine.id end) $$;

-- By which powers may this account act on a reset of that one: empty for itself, for a resident's, for one that has ended.
create function trust.reset_powers(a uuid, target uuid) returns text[]
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare t public.account; held text[]; begin
  select * into t from public.account where id = target and ended_at is null and kind <> 'resident' and unit_id is not null;
  if t.id is null or a is null or a = target then return '{}'; end if;
  select coalesce(array_agg(p), '{}') into held from unnest(trust.powers_of(a)) p where trust.power_reaches(a, p, t.unit_id);
  if trust.powers_of(target) = '{}' then
    select coalesce(array_agg(p), '{}') into held from unnest(held) p where p in ('administer', 'secure'); end if;
  return held; end $$;

create function trust.ask_reset(r uuid, l text, reason text) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare me uuid := trust.ctx_account(); t public.account; held text[]; begin
  if trust.powers_of(me) = '{}' then return 'no-right'; end if;
  select a.* into t from trust.credential c join public.account a on a.id = c.account_id
    where c.login = l and a.ended_at is null and a.kind <> 'resident';
  if t.id is null then return 'nobody'; end if;
  if t.id = me then return 'own'; end if;
  held := trust.reset_powers(me, t.id);
  if trust.powers_of(t.id) = '{}' then
    select coalesce(array_agg(p), '{}') into held from unnest(held) p where p = 'administer'; end if;
  if held = '{}' then return 'no-right'; end if;
  perform pg_advisory_xact_lock(hashtextextended('reset' || t.id, 0));
  if exists (select 1 from public.password_reset where id = r and asked_by = me) then return 'ok'; end if;
  if exists (select 1 from public.password_reset where account_id = t.id and state in ('waiting', 'agreed') and until > clock_timestamp()) then
    return 'open'; end if;
  insert into public.password_reset (id, account_id, asked_by, powers, asked_at, why, state, until)
    values (r, t.id, me, to_jsonb(held), clock_timestamp(), reason, 'waiting', clock_timestamp() + interval '24 hours');
  insert into public.access (account_id, kind, tier, purpose, detail) values (me, 'account', 0, 'administer', 'password reset asked for ' || l);
  return 'ok'; end $$;

-- The second person. From here on the old password opens nothing and every session of the account has ended. The code is told once.
create function trust.agree_reset(r uuid) returns jsonb
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare me uuid := trust.ctx_account(); x public.password_reset; l text; drawn text := ''; noise bytea; held text[]; begin
  select * into x from public.password_reset where id = r for update;
  if x.id is null then return jsonb_build_object('said', 'nobody'); end if;
  if x.account_id = me then return jsonb_build_object('said', 'own'); end if;
  if x.asked_by = me then return jsonb_build_object('said', 'same'); end if;
  held := trust.reset_powers(me, x.account_id);
  -- Of another power than the first, whichever each of them acts by.
  if held = '{}' or (select count(distinct p) from (select unnest(held) union select jsonb_array_elements_text(x.powers)) u (p)) < 2 then
    return jsonb_build_object('said', 'no-right'); end if;
  if x.state <> 'waiting' or x.until <= clock_timestamp() then return jsonb_build_object('said', 'over'); end if;
  noise := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
  for n in 0..15 loop
    drawn := drawn || substr('abcdefghijkmnpqrstuvwxyz23456789', (get_byte(noise, n) & 31) + 1, 1) || case when n in (3, 7, 11) then '-' else '' end;
  end loop;
  insert into trust.password_code (reset_id, code_hash) values (r, trust.hash_of(uuid_send(r), drawn));
  update public.password_reset set state = 'agreed', agreed_by = me, agreed_at = clock_timestamp(),
    until = clock_timestamp() + interval '8 hours' where id = r;
  perform trust.set_password(x.account_id, uuid_send(gen_random_uuid()), sha256(uuid_send(gen_random_uuid()) || noise));
  select c.login into l from trust.credential c where c.account_id = x.account_id;
  insert into public.access (account_id, kind, tier, purpose, detail) values (me, 'account', 0, 'administer', 'password reset agreed for ' || l);
  return jsonb_build_object('said', 'ok', 'login', l, 'code', drawn, 'until', clock_timestamp() + interval '8 hours'); end $$;

-- Asked for in error, or the wrong person: either of the two takes it back, while it has not been used.
create function trust.drop_reset(r uuid) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare me uuid := trust.ctx_account(); x public.password_reset; begin
  select * into x from public.password_reset where id = r for update;
  if x.id is null or x.account_id = me or trust.reset_powers(me, x.account_id) = '{}' then return 'nobody'; end if;
  if x.state not in ('waiting', 'agreed') then return 'over'; end if;
  update public.password_reset set state = 'dropped', until = clock_timestamp() where id = r;
  delete from trust.password_code where reset_id = r;
  insert into public.access (account_id, kind, tier, purpose, detail) values (me, 'account', 0, 'administer', 'password reset dropped');
  return 'ok'; end $$;

-- By whoever holds the code. Wrong ones count with wrong passwords of the same login; five on one code end it.
create function trust.use_reset(l text, code text, salt_ bytea, proof_ bytea) returns jsonb
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare x public.password_reset; k trust.password_code; begin
  if (select count(*) from trust.failure f where f.login = l and f.at > clock_timestamp() - interval '15 minutes') >= 5 then
    return jsonb_build_object('said', 'locked'); end if;
  select p.* into x from public.password_reset p join trust.credential c on c.account_id = p.account_id
    join public.account a on a.id = p.account_id and a.ended_at is null
    where c.login = l and p.state = 'agreed' and p.until > clock_timestamp() for update of p;
  if x.id is not null then select * into k from trust.password_code where reset_id = x.id for update; end if;
  if k.reset_id is null or k.tries >= 5 or k.code_hash <> trust.hash_of(uuid_send(x.id), code) then
    insert into trust.failure (login) values (l);
    update trust.password_code set tries = tries + 1 where reset_id = k.reset_id;
    return jsonb_build_object('said', 'wrong'); end if;
  perform trust.set_password(x.account_id, salt_, proof_);
  delete from trust.password_code where reset_id = x.id;
  update public.password_reset set state = 'used', used_at = clock_timestamp() where id = x.id;
  return (select jsonb_build_object('said', 'ok', 'asked_zh', b.zh, 'asked_en', b.en, 'asked_at', x.asked_at, 'agreed_zh', g.zh,
    'agreed_en', g.en, 'agreed_at', x.agreed_at) from public.account b, public.account g where b.id = x.asked_by and g.id = x.agreed_by); end $$;

-- For whoever holds one of the three powers: what waits, and what was done in the last ninety days, of accounts that it reaches.
create function trust.resets() returns jsonb language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare me uuid := trust.ctx_account(); mine text[] := trust.powers_of(me); begin
  if mine = '{}' then return null; end if;
  return (select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'login', c.login, 'zh', a.zh, 'en', a.en, 'unit', a.unit_id, 'why', p.why,
      'state', case when p.state in ('waiting', 'agreed') and p.until <= clock_timestamp() then 'over' else p.state end,
      'asked_zh', b.zh, 'asked_en', b.en, 'asked_at', p.asked_at, 'agreed_zh', g.zh, 'agreed_en', g.en, 'agreed_at', p.agreed_at,
      'used_at', p.used_at, 'until', p.until, 'mine', p.asked_by = me, 'own', p.account_id = me,
      'may', p.asked_by <> me and p.account_id <> me and (select count(distinct y) from (select unnest(trust.reset_powers(me, a.id))
        union select jsonb_array_elements_text(p.powers)) u (y)) >= 2 and trust.reset_powers(me, a.id) <> '{}') order by p.asked_at desc), '[]')
    from (select * from public.password_reset q where q.asked_at > clock_timestamp() - interval '90 days' order by q.asked_at desc limit 100) p
    join public.account a on a.id = p.account_id join trust.credential c on c.account_id = a.id
    join public.account b on b.id = p.asked_by left join public.account g on g.id = p.agreed_by
    where exists (select 1 from unnest(mine) m where trust.power_reaches(me, m, a.unit_id))); end $$;

revoke all on function trust.powers_of(uuid), trust.power_reaches(uuid, text, int), trust.reset_powers(uuid, uuid), trust.ask_reset(uuid, text, text),
  trust.agree_reset(uuid), trust.drop_reset(uuid), trust.use_reset(text, text, bytea, bytea), trust.resets() from public;
grant execute on function trust.ask_reset(uuid, text, text), trust.agree_reset(uuid), trust.drop_reset(uuid),
  trust.use_reset(text, text, bytea, bytea), trust.resets() to doorstep_app;
set local role doorstep_owner;
