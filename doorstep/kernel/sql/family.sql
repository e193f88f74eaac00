-- Parent and child. Whoever moves one of them may not see the other: the database lets this transaction into the other one, by the
-- tie between them and for as long as the verb needs it.
set local role doorstep_owner;
create policy definer_reads on tie for select to doorstep_definer using (true);
create policy definer_lets_in on share for insert to doorstep_definer with check (role = 'received');
grant select on tie to doorstep_definer;
grant insert on share to doorstep_definer;
set local role doorstep_definer;

-- All verbs on one family wait for each other at its root, so that no two lock its matters the other way round.
create function trust.lock_family(m uuid) returns boolean language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare root uuid := m; up uuid; begin
  loop
    select t.matter_id into up from public.tie t where t.other_id = root and t.kind = 'child';
    exit when up is null;
    root := up;
  end loop;
  perform pg_advisory_xact_lock(hashtextextended(root::text, 0));
  return true; end $$;

create function trust.parent_of(m uuid) returns table (matter_id uuid, step varchar) language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select t.matter_id, t.step from public.tie t where t.other_id = m and t.kind = 'child' and trust.sees(m) $$;
create function trust.children_of(m uuid, named varchar) returns table (matter_id uuid) language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select t.other_id from public.tie t where t.matter_id = m and t.step = named and t.kind = 'child' and trust.sees(m) order by t.at, t.id $$;

-- Into a parent, a child, or a matter that is being opened; what was seen before by a job is kept behind, and comes back.
create function trust.enter_family(m uuid) returns boolean language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare c text[] := trust.ctx(); begin
  if c is null or (exists (select 1 from public.matter where id = m) and not exists (select 1 from public.tie t where t.kind = 'child'
      and ((t.matter_id = m and trust.sees(t.other_id)) or (t.other_id = m and trust.sees(t.matter_id))))) then return false; end if;
  perform trust.put(array_to_string(c[1:8] || m::text || c[10:] || coalesce(c[9], ''), '|'));
  return true; end $$;
create function trust.leave_family() returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare c text[] := trust.ctx(); n int := array_length(c, 1); begin
  if n > 9 then perform trust.put(array_to_string(c[1:8] || c[n] || c[10:n-1], '|')); end if; end $$;

-- Somebody stands at a window with the number of an open matter and an identity card: the unit there sees it for a day. Each
-- attempt is on record, whether it finds or not.
create function trust.let_in(told bytea, shown bytea, why text) returns uuid language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare m public.matter; begin
  if trust.ctx_unit() is null then return null; end if;
  select x.* into m from public.matter x join public.posting p on p.matter_id = x.id join public.party a on a.id = x.applicant_id
    where p.token = told and a.id_blind = shown and x.closed_at is null;
  insert into public.access (account_id, unit_id, matter_id, party_id, kind, tier, purpose, detail)
    values (trust.ctx_account(), trust.ctx_unit(), m.id, m.applicant_id, 'lookup', 0, why, case when m.id is null then 'none' else 'exact' end);
  if m.id is not null and not trust.sees(m.id) then
    insert into public.share (id, matter_id, unit_id, role, tier, at, until, reason, opened_at, state)
      values (gen_random_uuid(), m.id, trust.ctx_unit(), 'received', 1, clock_timestamp(), clock_timestamp() + interval '1 day',
        'came to a window', m.opened_at, m.state);
  end if;
  return m.id; end $$;

revoke all on function trust.lock_family(uuid), trust.parent_of(uuid), trust.children_of(uuid, varchar), trust.enter_family(uuid),
  trust.leave_family(), trust.let_in(bytea, bytea, text) from public;
grant execute on function trust.lock_family(uuid), trust.parent_of(uuid), trust.children_of(uuid, varchar), trust.enter_family(uuid),
  trust.leave_family() to doorstep_app, doorstep_worker;
grant execute on function trust.let_in(bytea, bytea, text) to doorstep_app;
grant execute on function trust.find_party(bytea, text) to doorstep_worker;
set local role doorstep_owner;
