-- The owner of an account has another telephone: a code to the one that leaves and a code to the one that comes, both drawn here.
-- Who has lost the old one makes a new account and has it verified at a window (item ZN-002); the old one ends then.
set local role doorstep_definer;
create or replace function trust.begin_proving(t bytea, why text, wrapped bytea, sealed bytea, p bytea, d bytea, n bytea, s bytea) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare now_ timestamptz := clock_timestamp(); drawn text; fits boolean; begin
  if why not in ('new', 'reset', 'leaves', 'comes') or (why in ('leaves', 'comes') and trust.ctx_account() is null) then
    raise exception 'no such purpose' using errcode = '22023'; end if;
  perform pg_advisory_xact_lock(hashtextextended(encode(p, 'hex'), 0));
  if exists (select 1 from trust.asked_code where phone = p and at > now_ - interval '1 minute') then return 'soon'; end if;
  if (select count(*) from trust.asked_code where phone = p and at > now_ - interval '1 day') >= 5 then return 'phone'; end if;
  if (select count(*) from trust.asked_code where source = s and at > now_ - interval '1 hour') >= 20 then return 'source'; end if;
  if (select count(*) from trust.asked_code where at > now_ - interval '10 minutes') >= 600 then return 'source'; end if;
  insert into trust.asked_code values (p, s, now_);
  fits := case why when 'reset' then trust.claimant(p, d) is not null
    when 'leaves' then exists (select 1 from public.account_claim c where c.account_id = trust.ctx_account() and c.phone = p)
    else true end;
  drawn := lpad((('x' || substr(gen_random_uuid()::text, 1, 8))::bit(32)::bigint % 1000000)::text, 6, '0');
  insert into trust.proving as x (token, about, key, typed, phone, document, name, code, code_hash)
    values (t, why, wrapped, sealed, p, d, n, case when fits then drawn end, case when fits then trust.hash_of(t, drawn) end)
    on conflict (token) do update set key = excluded.key, typed = excluded.typed, phone = p, document = d, name = n,
      code = excluded.code, code_hash = excluded.code_hash, at = now_, tries = 0, tried_at = null, proved_at = null
    where x.used_at is null and x.about = why;
  return case when found then 'ok' else 'used' end; end $$;

create function trust.change_phone(old_ bytea, new_ bytea) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare a uuid := trust.ctx_account(); p bytea; own text; begin
  select n.phone into p from trust.proving o, trust.proving n, public.account_claim c
    where o.token = old_ and o.about = 'leaves' and o.used_at is null and o.proved_at > clock_timestamp() - interval '30 minutes'
      and n.token = new_ and n.about = 'comes' and n.used_at is null and n.proved_at > clock_timestamp() - interval '30 minutes'
      and c.account_id = a and c.phone = o.phone for update;
  if p is null then return 'over'; end if;
  own := 'tel:' || encode(p, 'hex');
  if exists (select 1 from trust.credential x where x.login = own) then return 'taken'; end if;
  update trust.credential set login = own where account_id = a;
  update public.account set login = own where id = a;
  update public.account_claim set phone = p where account_id = a;
  update trust.proving set used_at = clock_timestamp() where token in (old_, new_);
  update trust.session set revoked_at = clock_timestamp() where account_id = a and revoked_at is null;
  insert into public.access (account_id, kind, tier, purpose, detail) values (a, 'account', 0, 'own', 'telephone changed');
  return 'ok'; end $$;
revoke all on function trust.change_phone(bytea, bytea) from public;
grant execute on function trust.change_phone(bytea, bytea) to doorstep_app;
set local role doorstep_owner;
