-- Two documents of one person, by a matter alone (item ZN-003): two officers, one after the other, looked at both, and the matter waits.
-- The person is known by the new one; the old one leads to the same person and is history. Whoever the new one stood for before keeps
-- the matters that it brought, and the person sees them.
set local role doorstep_owner;
alter table person_document enable row level security;
alter table person_document force row level security;
create policy definer_all on person_document to doorstep_definer using (true) with check (true);
create policy see on person_document for select using (party_id = (select trust.ctx_party()));
create policy definer_joins on share for insert to doorstep_definer with check (role = 'applicant');
grant select on person_document to doorstep_app;
grant select, insert, delete on person_document to doorstep_definer;
grant insert on posting to doorstep_definer;
set local role doorstep_definer;
create or replace function trust.find_party(blind bytea, why text) returns uuid language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare p uuid; begin
  if trust.ctx_account() is null then return null; end if;
  select id into p from public.party where id_blind = blind;
  if p is null then select party_id into p from public.person_document where id_blind = blind; end if;
  insert into public.access (account_id, unit_id, party_id, kind, tier, purpose, detail)
    values (trust.ctx_account(), trust.ctx_unit(), p, 'lookup', 0, why, case when p is null then 'none' else 'exact' end);
  return p; end $$;

create function trust.documents_due(most int) returns table (matter_id uuid) language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select s.matter_id from public.step s join public.matter m on m.id = s.matter_id
    where m.item = 'ZN-003' and s.name = 'join' and s.closed_at is null order by s.opened_at limit most $$;

-- fresh: the new document; was, now_: the old one, and the record as it reads now, sealed; named: the name; mine: what the person is
-- searched by; both: what finds a matter of theirs from now on.
create function trust.join_document(fresh bytea, was bytea, now_ bytea, named bytea, mine bytea[], both_ bytea[]) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare m public.matter; a public.party; b public.party; one uuid; begin
  if trust.ctx_kind() is distinct from 'system' then return 'taken'; end if;
  select x.* into m from public.matter x join public.step s on s.matter_id = x.id
    where x.id = trust.ctx_matter() and x.item = 'ZN-003' and s.name = 'join' and s.closed_at is null;
  one := trust.officer_did('check', 'approve');
  if m.applicant_id is null or one is null or trust.officer_did('confirm', 'approve', one) is null then return 'taken'; end if;
  perform 1 from public.party where id = m.applicant_id or id_blind = fresh order by id for update;
  select * into a from public.party where id = m.applicant_id;
  select * into b from public.party where id_blind = fresh;
  if a.key is null or b.id = a.id or exists (select 1 from public.person_document where id_blind = fresh) then return 'taken'; end if;
  if b.id is not null then
    if exists (select 1 from public.matter where applicant_id = b.id and key is not null) and not exists (
        select 1 from public.posting p join public.matter x on x.id = p.matter_id where x.applicant_id = b.id and p.token = named) then
      return 'taken'; end if;
    update public.party set id_blind = null where id = b.id;
    insert into public.share (id, matter_id, party_id, role, tier, at, reason, opened_at, state)
      select gen_random_uuid(), x.id, a.id, 'applicant', 1, clock_timestamp(), 'joined', x.opened_at, x.state
        from public.matter x where x.applicant_id = b.id and exists (
          select 1 from public.share s where s.matter_id = x.id and s.party_id = b.id and s.role = 'applicant' and s.until is null);
    insert into public.posting (token, matter_id) select t, x.id from public.matter x, unnest(mine) t
      where x.applicant_id = b.id and x.key is not null on conflict do nothing;
    update public.account set party_id = a.id where party_id = b.id;
  end if;
  insert into public.person_document (id, party_id, id_blind, sealed, at, matter_id, other_id)
    values (gen_random_uuid(), a.id, a.id_blind, was, clock_timestamp(), m.id, b.id);
  update public.party set id_blind = fresh, sealed = now_ where id = a.id;
  insert into public.posting (token, matter_id) select t, x.id from public.matter x, unnest(both_) t
    where x.applicant_id = a.id and x.key is not null on conflict do nothing;
  update public.account_claim c set document = fresh from public.account o where o.id = c.account_id and o.party_id = a.id;
  return 'done'; end $$;

-- What is history of a person goes with their record.
create function trust.forget_documents() returns trigger language plpgsql security definer set search_path = trust, public, pg_catalog as $$
begin delete from public.person_document where party_id = new.id; return null; end $$;

revoke all on function trust.documents_due(int), trust.join_document(bytea, bytea, bytea, bytea, bytea[], bytea[]), trust.forget_documents() from public;
grant execute on function trust.documents_due(int), trust.join_document(bytea, bytea, bytea, bytea, bytea[], bytea[]) to doorstep_worker;
grant execute on function trust.forget_documents() to doorstep_owner;
set local role doorstep_owner;
create trigger party_forgets after update on party for each row when (old.key is not null and new.key is null)
  execute function trust.forget_documents();
