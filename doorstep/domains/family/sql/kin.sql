-- A parent whose matter (item ZN-001) waits for the authority to be entered: ids for the worker alone, and a mandate that this very
-- matter proves, for its applicant as the parent. Nothing else of this kind can be written without a unit.
set local role doorstep_definer;
create function trust.parents_due(most int) returns table (matter_id uuid) language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select s.matter_id from public.step s join public.matter m on m.id = s.matter_id
    where m.item = 'ZN-001' and s.name = 'enter' and s.closed_at is null order by s.opened_at limit most $$;
create function trust.proves_parent(parent uuid) returns boolean language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select trust.ctx_kind() = 'system' and exists (select 1 from public.step s join public.matter m on m.id = s.matter_id
    where m.id = trust.ctx_matter() and m.item = 'ZN-001' and m.applicant_id = parent and s.name = 'enter' and s.closed_at is null) $$;
revoke all on function trust.parents_due(int), trust.proves_parent(uuid) from public;
grant execute on function trust.parents_due(int), trust.proves_parent(uuid) to doorstep_worker;
set local role doorstep_owner;
create policy by_register on mandate for insert to doorstep_worker
  with check (kind = 'parent' and revoked_at is null and unit_id is null and trust.proves_parent(agent_id));
create policy see_own_work on mandate for select to doorstep_worker using (trust.proves_parent(agent_id));
