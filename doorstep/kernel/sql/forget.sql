-- A person's own record goes with the last matter that needs it: one they brought, or one that concerns them. Not while they have an account.
set local role doorstep_owner;
grant select on involved to doorstep_definer;
set local role doorstep_definer;
create function trust.forget_party(p uuid) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  update public.party set key = null, sealed = null, id_blind = null where id = p
    and not exists (select 1 from public.account a where a.party_id = p)
    and not exists (select 1 from public.share s join public.matter x on x.id = s.matter_id where s.party_id = p and x.key is not null)
    and not exists (select 1 from public.involved i join public.matter x on x.id = i.matter_id where i.party_id = p and x.key is not null);
end $$;
create or replace function trust.erase(m uuid) returns boolean language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
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
  perform trust.forget_party(p);
  return true; end $$;
create or replace function trust.erase_ties(m uuid) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare gone uuid[]; p uuid; begin
  if exists (select 1 from public.matter where id = m and key is null) and trust.sees(m) then
    update public.matter set lon = null, lat = null where id = m;
    with old as (delete from public.involved where matter_id = m returning party_id)
      select array_agg(old.party_id) into gone from old where old.party_id is not null;
    foreach p in array coalesce(gone, '{}') loop perform trust.forget_party(p); end loop;
  end if; end $$;
revoke all on function trust.forget_party(uuid) from public;
set local role doorstep_owner;
