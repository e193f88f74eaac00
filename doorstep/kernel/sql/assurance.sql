-- A person's record, matters and notices are shown to an account only when somebody has verified who it belongs to (2). Below that
-- the party it may name is no party: the account sees what it typed itself, and nothing that was fetched.
set local role doorstep_definer;
create or replace function trust.enter(raw text) returns jsonb language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare s trust.session; a public.account; u public.unit; begin
  select * into s from trust.session where token = sha256(convert_to(raw, 'UTF8'))
    and revoked_at is null and expires_at > clock_timestamp();
  if not found then return null; end if;
  select * into a from public.account where id = s.account_id and ended_at is null;
  if not found then return null; end if;
  if a.assurance < 2 then a.party_id := null; end if;
  select * into u from public.unit where id = a.unit_id;
  perform trust.put(concat_ws('|', a.id, a.kind, coalesce(a.party_id::text, ''), coalesce(a.unit_id::text, ''),
    case when trust.works_with_records(a.rights) then trust.scope_of(u) else '||' end, (select coalesce(string_agg(b, ':'), '') from jsonb_array_elements_text(a.branches) b), ''));
  return to_jsonb(a) || jsonb_build_object('session_id', s.id, 'unit', case when u.id is null then null else to_jsonb(u) end); end $$;
create or replace function trust.audience(token_hash bytea) returns jsonb language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
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
set local role doorstep_owner;
