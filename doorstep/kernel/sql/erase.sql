-- Erasing: what a person brought goes, the codes stay. The verb has written its event; here the database does the rest, so
-- that nobody needs a right to delete.
set local role doorstep_definer;

-- A person's own record goes with the last matter that needs it: one they brought, or one that concerns them. Not while they have an account.
create function trust.forget_party(p uuid) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  update public.party set key = null, sealed = null, id_blind = null where id = p
    and not exists (select 1 from public.account a where a.party_id = p)
    and not exists (select 1 from public.share s join public.matter x on x.id = s.matter_id where s.party_id = p and x.key is not null)
    and not exists (select 1 from public.involved i join public.matter x on x.id = i.matter_id where i.party_id = p and x.key is not null);
end $$;

-- Destroy the contents of one matter whose last event says that it was erased. False: the caller may not, or it does not.
-- By order it takes two: another account than the one that erases has ordered it in the last thirty days.
create function trust.erase(m uuid) returns boolean language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare p uuid; begin
  if not trust.sees(m) or not (trust.ctx_kind() = 'system' or exists (
      select 1 from public.account a, jsonb_array_elements_text(a.rights) r
      where a.id = trust.ctx_account() and split_part(r, ':', 1) = 'erase')) then return false; end if;
  select x.applicant_id into p from public.matter x join public.event e on e.matter_id = x.id and e.seq = x.version
    where x.id = m and e.kind = 'erased' and (trust.ctx_kind() = 'system' or exists (
      select 1 from public.event o where o.matter_id = m and o.kind = 'erasure_ordered'
        and o.account_id <> trust.ctx_account() and o.at > e.at - interval '30 days'));
  if not found then return false; end if;
  update public.matter set key = null, sealed = '' where id = m;
  delete from public.event_body where matter_id = m;
  delete from public.posting where matter_id = m;
  update public.file set key = null where matter_id = m;
  update public.paper set holder = null, sealed = '' where matter_id = m;
  perform trust.forget_party(p);
  return true; end $$;

-- What `trust.erase` takes besides: where it was, and who else was concerned.
create function trust.erase_ties(m uuid) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare gone uuid[]; p uuid; begin
  if exists (select 1 from public.matter where id = m and key is null) and trust.sees(m) then
    update public.matter set lon = null, lat = null where id = m;
    with old as (delete from public.involved where matter_id = m returning party_id)
      select array_agg(old.party_id) into gone from old where old.party_id is not null;
    foreach p in array coalesce(gone, '{}') loop perform trust.forget_party(p); end loop;
  end if; end $$;

-- Ended matters kept for longer than their pack allows: for each pack version the years after the end.
create function trust.outlived(packs bytea[], years int[], at timestamptz, n int) returns table (id uuid)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select m.id from public.matter m join unnest(packs, years) as held (pack, y) on held.pack = m.pack
  where m.key is not null and m.closed_at < outlived.at - make_interval(years => held.y) order by m.closed_at limit n $$;

revoke all on function trust.forget_party(uuid), trust.erase(uuid), trust.erase_ties(uuid), trust.outlived(bytea[], int[], timestamptz, int)
  from public;
grant execute on function trust.erase(uuid), trust.erase_ties(uuid) to doorstep_app, doorstep_worker;
grant execute on function trust.outlived(bytea[], int[], timestamptz, int) to doorstep_worker;
set local role doorstep_owner;

-- The few orders that wait for a second person, found among all events.
create index event_ordered on public.event (at) where kind = 'erasure_ordered';
