-- A visit is offered to the unit it is in, and taken by one of it; an original that stays is known to whoever sees its matter.
set local role doorstep_owner;
alter table visit_offer enable row level security;
alter table visit_offer force row level security;
alter table original_kept enable row level security;
alter table original_kept force row level security;
create policy see on visit_offer for select using (unit_id = (select trust.ctx_unit())
  and (to_account is null or to_account = (select trust.ctx_account()) or from_account = (select trust.ctx_account())));
create policy add on visit_offer for insert with check (from_account = (select trust.ctx_account()) and unit_id = (select trust.ctx_unit())
  and exists (select 1 from draft d where d.id = visit_id and d.account_id = (select trust.ctx_account())));
create policy change on visit_offer for update using (from_account = (select trust.ctx_account()) and ended_at is null) with check (true);
create policy definer_all on visit_offer to doorstep_definer using (true) with check (true);
create policy definer_hands_over on draft to doorstep_definer using (true) with check (true);
create policy see on original_kept for select using (exists (select 1 from matter m where m.id = matter_id));
create policy add on original_kept for insert with check (unit_id = (select trust.ctx_unit()) and trust.sees(matter_id));
create policy change on original_kept for update using (unit_id = (select trust.ctx_unit()) and returned_at is null)
  with check (unit_id = (select trust.ctx_unit()));
grant select, insert on visit_offer, original_kept to doorstep_app;
grant update (ended_at) on visit_offer to doorstep_app;
grant update (returned_by, returned_at, signed) on original_kept to doorstep_app;
grant select on visit_offer, draft to doorstep_definer;
grant update (taken_by, ended_at) on visit_offer to doorstep_definer;
grant update (account_id) on draft, file to doorstep_definer;

set local role doorstep_definer;
-- The caller takes an offered visit over: what was typed and the scans that belong to it become theirs, and the giver has them no more.
create function trust.take_visit(o uuid, now_at timestamptz) returns uuid language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
declare r record; me uuid := trust.ctx_account(); begin
  select * into r from public.visit_offer where id = o and ended_at is null for update;
  if not found or r.unit_id is distinct from trust.ctx_unit() or r.from_account = me or coalesce(r.to_account, me) <> me then return null; end if;
  update public.draft set account_id = me where id = r.visit_id and account_id = r.from_account;
  if not found then return null; end if;
  update public.file set account_id = me where id = any (r.files) and account_id = r.from_account and matter_id is null;
  update public.visit_offer set taken_by = me, ended_at = now_at where id = o;
  return r.visit_id; end $$;
revoke all on function trust.take_visit(uuid, timestamptz) from public;
grant execute on function trust.take_visit(uuid, timestamptz) to doorstep_app;
set local role doorstep_owner;
