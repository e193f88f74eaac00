-- Erasing: what a person brought goes, the codes stay. The verb has written its event; here the database does the rest, so
-- that nobody needs a right to delete. Also: pages that check a paper know whether its name is still held.
set local role doorstep_owner;
do $$ declare t text; begin
  foreach t in array array['matter', 'file', 'paper', 'rating', 'party', 'event_body', 'posting'] loop
    execute format('create policy definer_erases on %I to doorstep_definer using (true) with check (true)', t);
  end loop; end $$;
create policy definer_reads on event for select to doorstep_definer using (true);
grant select on event to doorstep_definer;
grant select, delete on event_body, posting to doorstep_definer;
grant update (key, sealed) on matter, rating to doorstep_definer;
grant update (key, sealed, id_blind) on party to doorstep_definer;
grant update (key) on file to doorstep_definer;
grant update (holder, sealed) on paper to doorstep_definer;
set local role doorstep_definer;

-- Destroy the contents of one matter whose last event says that it was erased. False: the caller may not, or it does not.
create function trust.erase(m uuid) returns boolean language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare p uuid; begin
  if not trust.sees(m) or not (trust.ctx_kind() = 'system' or exists (
      select 1 from public.account a, jsonb_array_elements_text(a.rights) r
      where a.id = trust.ctx_account() and split_part(r, ':', 1) = 'erase')) then return false; end if;
  select x.applicant_id into p from public.matter x join public.event e on e.matter_id = x.id and e.seq = x.version
    where x.id = m and e.kind = 'erased';
  if not found then return false; end if;
  update public.matter set key = null, sealed = '' where id = m;
  delete from public.event_body where matter_id = m;
  delete from public.posting where matter_id = m;
  update public.file set key = null where matter_id = m;
  update public.paper set holder = null, sealed = '' where matter_id = m;
  update public.rating set key = null, sealed = null where matter_id = m;
  -- The person's own record goes with the last matter that needs it, unless they have an account.
  update public.party set key = null, sealed = null, id_blind = null where id = p
    and not exists (select 1 from public.account a where a.party_id = p)
    and not exists (select 1 from public.share s join public.matter x on x.id = s.matter_id where s.party_id = p and x.key is not null);
  return true; end $$;

-- Ended matters kept for longer than their pack allows: for each pack version the years after the end.
create function trust.outlived(packs bytea[], years int[], at timestamptz, n int) returns table (id uuid)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select m.id from public.matter m join unnest(packs, years) as held (pack, y) on held.pack = m.pack
  where m.key is not null and m.closed_at < outlived.at - make_interval(years => held.y) order by m.closed_at limit n $$;

-- A file whose key is gone is rubbish on the disk.
create or replace function trust.known_files() returns table (id uuid, state varchar, at timestamptz)
language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select f.id, f.state, f.at from public.file f where f.key is not null $$;
create or replace function trust.check_paper(h bytea) returns jsonb language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select jsonb_build_object('number', number, 'template', template, 'item', item, 'unit_id', unit_id, 'state', state,
    'issued_at', issued_at, 'valid_until', valid_until, 'named', holder is not null) from public.paper where code_hash = h $$;
revoke all on function trust.erase(uuid), trust.outlived(bytea[], int[], timestamptz, int) from public;
grant execute on function trust.erase(uuid) to doorstep_app, doorstep_worker;
grant execute on function trust.outlived(bytea[], int[], timestamptz, int) to doorstep_worker;
set local role doorstep_owner;
