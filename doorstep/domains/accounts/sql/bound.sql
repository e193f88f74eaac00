-- An account becomes somebody's by a matter alone (item ZN-002): an officer has compared person and document, and the matter waits.
-- The worker carries it out; the database looks for itself that the matter says so. The application has no such door.
set local role doorstep_definer;
create function trust.accounts_due(most int) returns table (matter_id uuid) language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select s.matter_id from public.step s join public.matter m on m.id = s.matter_id
    where m.item = 'ZN-002' and s.name = 'bind' and s.closed_at is null order by s.opened_at limit most $$;

-- Was this step of the matter that was entered finished by an officer, who is not that one?
create function trust.officer_did(named text, answered text, but_not uuid default null) returns uuid
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select s.account_id from public.step s join public.account a on a.id = s.account_id
    where s.matter_id = trust.ctx_matter() and s.name = named and s.outcome = answered and s.closed_at is not null
      and a.kind = 'officer' and a.id is distinct from but_not order by s.closed_at desc limit 1 $$;

-- The account that was made with this telephone, this name and the applicant's document becomes the applicant's; one they had before ends.
create function trust.bind_account(p bytea, n bytea) returns text language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare m public.matter; a uuid; begin
  if trust.ctx_kind() is distinct from 'system' then return 'none'; end if;
  select x.* into m from public.matter x join public.step s on s.matter_id = x.id
    where x.id = trust.ctx_matter() and x.item = 'ZN-002' and s.name = 'bind' and s.closed_at is null;
  if m.applicant_id is null or trust.officer_did('check', 'approve') is null then return 'none'; end if;
  select c.account_id into a from public.account_claim c join public.account o on o.id = c.account_id and o.ended_at is null
    join public.party y on y.id = m.applicant_id and y.id_blind = c.document
    where c.phone = p and c.name = n and o.kind = 'resident' and (o.party_id is null or o.party_id = y.id) for update of o;
  if a is null then return 'none'; end if;
  perform trust.let_go(o.id) from public.account o where o.party_id = m.applicant_id and o.id <> a and o.ended_at is null;
  update public.account set party_id = m.applicant_id, assurance = 2 where id = a;
  update public.account_claim set verified_at = clock_timestamp(), matter_id = m.id where account_id = a;
  return 'done'; end $$;
-- An account ends, and with it every session; its telephone is free for another.
create function trust.let_go(a uuid) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  delete from trust.credential where account_id = a;
  update public.account set ended_at = clock_timestamp(), login = 'ended:' || a where id = a;
  update trust.session set revoked_at = clock_timestamp() where account_id = a and revoked_at is null; end $$;

revoke all on function trust.accounts_due(int), trust.officer_did(text, text, uuid), trust.bind_account(bytea, bytea), trust.let_go(uuid) from public;
grant execute on function trust.accounts_due(int), trust.bind_account(bytea, bytea) to doorstep_worker;
set local role doorstep_owner;
