-- What somebody may ask of rows that no policy shows them: an exact answer to an exact question, a yes or no, a sum.
set local role doorstep_definer;

-- Exact look-up by keyed identifier. Every call leaves a row in access, found or not.
create function trust.find_party(blind bytea, why text) returns uuid language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare p uuid; begin
  if trust.ctx_account() is null then return null; end if;
  select id into p from public.party where id_blind = blind;
  insert into public.access (account_id, unit_id, party_id, kind, tier, purpose, detail)
    values (trust.ctx_account(), trust.ctx_unit(), p, 'lookup', 0, why, case when p is null then 'none' else 'exact' end);
  return p; end $$;

-- What anybody learns from the code on a paper or in a message: that it is ours. A paper also says whether its name is still held.
create function trust.check_paper(h bytea) returns jsonb language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select jsonb_build_object('number', number, 'template', template, 'item', item, 'unit_id', unit_id, 'state', state,
    'issued_at', issued_at, 'valid_until', valid_until, 'named', holder is not null) from public.paper where code_hash = h $$;
create function trust.check_notice(c text) returns jsonb language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select jsonb_build_object('template', template, 'at', at) from public.notice where check_code = c $$;

-- Is the paper with this code made out to this name? The caller brings the keyed index of the name; a yes or no goes back.
create function trust.paper_is_of(h bytea, name bytea) returns boolean language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select coalesce((select holder = name from public.paper where code_hash = h), false) $$;

revoke all on function trust.find_party(bytea, text), trust.check_paper(bytea), trust.check_notice(text), trust.paper_is_of(bytea, bytea) from public;
grant execute on function trust.find_party(bytea, text), trust.check_paper(bytea), trust.check_notice(text), trust.paper_is_of(bytea, bytea) to doorstep_app;
set local role doorstep_owner;
