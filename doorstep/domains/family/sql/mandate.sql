-- Acting for somebody else. Tier 2 of a share: a parent or guardian, who keeps the papers too. A mandate is what lets a resident open a matter whose applicant is another person, and what lets
-- the agent see that matter: its share is written here alone, ends with the mandate, and nobody can make it longer.
set local role doorstep_owner;
alter table mandate enable row level security;
alter table mandate force row level security;
create policy see on mandate for select using (principal_id = (select trust.ctx_party()) or agent_id = (select trust.ctx_party())
  or (unit_id = (select trust.ctx_unit()) and at > clock_timestamp() - interval '1 day'));
create policy add on mandate for insert with check (granted_by = (select trust.ctx_account()) and revoked_at is null
  and ((kind = 'given' and principal_id = (select trust.ctx_party())) or unit_id = (select trust.ctx_unit())));
create policy definer_all on mandate to doorstep_definer using (true) with check (true);
grant select, insert on mandate to doorstep_app, doorstep_worker;
grant select on mandate to doorstep_definer;
grant update (revoked_at) on mandate to doorstep_definer;

-- A name is shown to whom the mandate binds: to the agent while it lasts.
create policy through_mandate on party for select using (exists (select 1 from mandate d where
  (d.agent_id = party.id and d.agent_id is distinct from (select trust.ctx_party()))
  or (d.principal_id = party.id and d.revoked_at is null and d.until > clock_timestamp())));
create policy by_mandate on draft as restrictive using (mandate_id is null or exists (select 1 from mandate d
  where d.id = mandate_id and d.agent_id = (select trust.ctx_party()) and d.revoked_at is null and d.until > clock_timestamp()));
create policy of_mandate on notice for insert with check (exists (select 1 from mandate d
  where d.id = matter_id and party_id in (d.principal_id, d.agent_id)));

create policy definer_lets_agent on share for insert to doorstep_definer with check (role = 'agent');
create policy definer_ends_agent on share for update to doorstep_definer using (role = 'agent') with check (role = 'agent');
create policy no_agent on share as restrictive for insert to doorstep_app, doorstep_worker with check (role <> 'agent');
grant update (until) on share to doorstep_definer;
create function trust_agent_share_stays() returns trigger language plpgsql as $$
begin
  if current_user = 'doorstep_definer' then return new; end if;
  raise exception 'a share of an agent ends with its mandate' using errcode = '42501'; end $$;
create trigger share_of_agent before update on share for each row
  when ((old.role = 'agent' or new.role = 'agent') and (old.role, old.until, old.party_id, old.reason, old.matter_id)
    is distinct from (new.role, new.until, new.party_id, new.reason, new.matter_id))
  execute function trust_agent_share_stays();
set local role doorstep_definer;

-- The live mandate by which the one who asks may act for this person in this item; null if there is none.
create function trust.acts_for(p uuid, of_item varchar, of_branch smallint) returns uuid language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select d.id from public.mandate d where d.principal_id = p and d.agent_id = trust.ctx_party() and d.revoked_at is null
    and d.until > clock_timestamp() and (d.items ? of_item or d.branches @> to_jsonb(of_branch)) order by d.until desc limit 1 $$;

-- A resident opens matters of their own, parts of them for somebody else's signature, and those of whoever let them.
create function trust.may_bring(m uuid, p uuid, code varchar, kind smallint) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  return trust.ctx_kind() is distinct from 'resident' or p is null or p = trust.ctx_party() or m = trust.ctx_matter()
    or trust.acts_for(p, code, kind) is not null; end $$;

create function trust.let_agent() returns trigger language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare d public.mandate; me uuid := trust.ctx_party(); begin
  if trust.ctx_kind() = 'resident' and new.applicant_id is distinct from me and new.id is distinct from trust.ctx_matter() then
    select x.* into d from public.mandate x where x.id = trust.acts_for(new.applicant_id, new.item, new.branch);
    if d.id is not null then
      insert into public.share (id, matter_id, party_id, role, tier, at, until, reason, opened_at, state)
        values (gen_random_uuid(), new.id, me, 'agent', case d.kind when 'given' then 1 else 2 end, clock_timestamp(), d.until, d.id::text, new.opened_at, new.state);
    end if;
  end if;
  return null; end $$;

-- Taken back by whom it binds, or at a window by whoever shows the identity document of one of the two; what it let the agent
-- see is seen no longer from that moment.
create function trust.end_mandate(m uuid, shown bytea) returns boolean language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare d public.mandate; begin
  update public.mandate x set revoked_at = clock_timestamp() where x.id = m and x.revoked_at is null and x.until > clock_timestamp()
    and ((trust.ctx_party() in (x.principal_id, x.agent_id) and (x.kind = 'given' or trust.ctx_party() = x.agent_id))
      or (trust.ctx_unit() is not null and shown is not null
        and exists (select 1 from public.party p where p.id in (x.principal_id, x.agent_id) and p.id_blind = shown)))
    returning * into d;
  if d.id is null then return false; end if;
  update public.share s set until = d.revoked_at where s.party_id = d.agent_id and s.role = 'agent' and s.reason = d.id::text
    and s.until > d.revoked_at;
  return true; end $$;

-- Somebody stands at a window with an identity document: the live mandates that bind them. Each look is on record.
create function trust.mandates_of(shown bytea) returns setof public.mandate language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare p uuid; begin
  if trust.ctx_unit() is null then return; end if;
  select x.id into p from public.party x where x.id_blind = shown;
  insert into public.access (account_id, unit_id, party_id, kind, tier, purpose, detail)
    values (trust.ctx_account(), trust.ctx_unit(), p, 'lookup', 0, 'mandate', case when p is null then 'none' else 'exact' end);
  return query select d.* from public.mandate d where p in (d.principal_id, d.agent_id) and d.revoked_at is null
    and d.until > clock_timestamp() order by d.at; end $$;

revoke all on function trust.acts_for(uuid, varchar, smallint), trust.may_bring(uuid, uuid, varchar, smallint), trust.let_agent(),
  trust.end_mandate(uuid, bytea), trust.mandates_of(bytea) from public;
grant execute on function trust.acts_for(uuid, varchar, smallint), trust.may_bring(uuid, uuid, varchar, smallint)
  to doorstep_app, doorstep_worker;
grant execute on function trust.let_agent() to doorstep_owner, doorstep_app, doorstep_worker;
grant execute on function trust.end_mandate(uuid, bytea), trust.mandates_of(bytea) to doorstep_app;
set local role doorstep_owner;
create policy brings on matter as restrictive for insert to doorstep_app, doorstep_worker
  with check (trust.may_bring(id, applicant_id, item, branch));
create trigger matter_lets_agent after insert on matter for each row execute function trust.let_agent();
