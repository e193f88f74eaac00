-- Layers that are written by page. A sheet is read by who designs or lays, written by who may lay this unit's layer, and
-- changed by nobody. What is published reaches no further than the layer's unit and those under it: what is offered
-- elsewhere is taken over as it stands, here, not by the caller.
set local role doorstep_owner;
alter table layer_sheet enable row level security;
alter table layer_sheet force row level security;
alter table layer_in_force enable row level security;
alter table layer_in_force force row level security;
create trigger layer_sheet_stays before update or delete on layer_sheet for each row execute function append_only();
create trigger layer_in_force_stays before update or delete on layer_in_force for each row execute function append_only();
create policy definer_all on layer_sheet to doorstep_definer using (true) with check (true);
create policy definer_all on layer_in_force to doorstep_definer using (true) with check (true);
grant select, insert on layer_sheet, layer_in_force to doorstep_definer;
grant select, insert, update on publication to doorstep_definer;
grant select, insert on pack_offer, pack_version to doorstep_definer;
grant select, insert on layer_sheet to doorstep_app;
grant select on layer_in_force to doorstep_app;

set local role doorstep_definer;
create function trust.knows_layers() returns boolean language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) r
    where a.id = trust.ctx_account() and a.ended_at is null and split_part(r, ':', 1) in ('design', 'lay')) $$;

-- Whose layer somebody may write: that of the own unit, of those under it, or of the province (0), as the right says.
create function trust.may_lay(u int) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare a public.account; mine public.unit; asked public.unit; begin
  select * into a from public.account where id = trust.ctx_account() and ended_at is null;
  if not found then return false; end if;
  select * into mine from public.unit where id = a.unit_id;
  select * into asked from public.unit where id = u;
  return coalesce((select bool_or(case split_part(r, ':', 3) when 'province' then u = 0 when 'city' then asked.city = mine.city
      when 'county' then asked.id = mine.id or asked.county = mine.county when 'unit' then asked.id = mine.id end)
    from jsonb_array_elements_text(a.rights) r where split_part(r, ':', 1) = 'lay'), false); end $$;

-- Is this unit one that a layer reaches? Those of the province (0) and of a city reach all of it.
create function trust.layer_reaches(layer int, u int) returns boolean language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select layer = 0 or exists (select 1 from public.unit x where x.id = layer and x.kind = 'city')
    or u = layer or exists (select 1 from public.unit x where x.id = u and x.county = layer) $$;

-- Put a sheet in force. ``known``: the last publication that the publisher saw; null comes back if another named one of these
-- items since. ``sources``: the items, each with the fingerprint of what it is made of. A version's hash is taken here.
create function trust.publish_layer(sheet uuid, known bigint, moment timestamptz, reason text, undone bigint, sources jsonb, versions jsonb, offers jsonb)
returns bigint language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare s public.layer_sheet; n bigint; begin
  select * into s from public.layer_sheet where id = sheet;
  if not found or not trust.may_lay(s.unit_id) then raise exception 'not a layer of the caller' using errcode = '42501'; end if;
  if exists (select 1 from public.layer_sheet x where x.unit_id = s.unit_id and x.version > s.version) then return null; end if;
  lock table public.publication in exclusive mode;
  if exists (select 1 from public.pack_offer o where o.publication_id > known
    and sources ? o.code) then return null; end if;
  insert into public.pack_version (hash, code, content, at)
    select sha256(convert_to(x ->> 'content', 'UTF8')), x ->> 'code', x ->> 'content', moment from jsonb_array_elements(versions) x
    on conflict do nothing;
  if exists (select 1 from jsonb_array_elements(offers) x where not sources ? (x ->> 'code') or not trust.layer_reaches(s.unit_id, (x ->> 'unit')::int)
      or not exists (select 1 from public.pack_version v where v.hash = decode(x ->> 'hash', 'hex') and v.code = x ->> 'code')) then
    raise exception 'an offer beyond the layer' using errcode = '42501'; end if;
  insert into public.publication (at, by, why, undoes)
    select moment, a.zh, reason, undone from public.account a where a.id = trust.ctx_account() returning id into n;
  insert into public.pack_offer (publication_id, code, unit_id, hash, first, last, source)
    select n, x ->> 'code', (x ->> 'unit')::int, decode(x ->> 'hash', 'hex'), (x ->> 'first')::date, (x ->> 'last')::date,
      decode(sources ->> (x ->> 'code'), 'hex') from jsonb_array_elements(offers) with ordinality y (x, at) order by at;
  insert into public.pack_offer (publication_id, code, unit_id, hash, first, last, source)
    select n, o.code, o.unit_id, o.hash, o.first, o.last, decode(c.source, 'hex') from jsonb_each_text(sources) c (code, source)
    join public.pack_offer o on o.code = c.code and not trust.layer_reaches(s.unit_id, o.unit_id)
      and o.publication_id = (select max(l.publication_id) from public.pack_offer l where l.code = c.code and l.publication_id < n)
    order by o.id;
  insert into public.layer_in_force (publication_id, unit_id, sheet_id) values (n, s.unit_id, s.id);
  return n; end $$;
revoke all on function trust.knows_layers(), trust.may_lay(int), trust.layer_reaches(int, int),
  trust.publish_layer(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb) from public;
grant execute on function trust.knows_layers(), trust.may_lay(int), trust.publish_layer(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb)
  to doorstep_app;
set local role doorstep_owner;
create policy see on layer_sheet for select using ((select trust.knows_layers()));
create policy see on layer_in_force for select using ((select trust.knows_layers()));
create policy add on layer_sheet for insert with check (account_id = (select trust.ctx_account()) and trust.may_lay(unit_id));
