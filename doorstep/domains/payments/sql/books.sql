-- The ledger only grows; a refund is seen by whoever sees its matter; a cash desk by its unit and those above it.
set local role doorstep_owner;
do $$ declare t text; begin
  foreach t in array array['ledger', 'refund', 'drawer'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop;
end $$;
create function refuse_change() returns trigger language plpgsql as $$
begin raise exception '% only grows', tg_table_name using errcode = '42501'; end $$;
create trigger ledger_grows before update or delete on ledger for each row execute function refuse_change();
create trigger ledger_stays before truncate on ledger for each statement execute function refuse_change();

-- Is the unit the viewer's own, or under it? For staff who work with records there.
create function in_reach(u int) returns boolean language sql stable as $$
  select u = (select trust.ctx_unit()) or exists (select 1 from unit o where o.id = u and (o.station = (select trust.ctx_station())
    or o.county = (select trust.ctx_county()) or o.city = (select trust.ctx_city()))) $$;
create policy see on ledger for select using (in_reach(unit_id) or exists (select 1 from matter m where m.id = matter_id));
create policy add on ledger for insert with check (
  account_id = (select trust.ctx_account()) and (trust.sees(matter_id) or matter_id is null and in_reach(unit_id)));
create policy see on refund for select using (exists (select 1 from matter m where m.id = matter_id));
create policy add on refund for insert with check (trust.sees(matter_id) and account_id = (select trust.ctx_account()));
create policy change on refund for update using (trust.sees(matter_id) and state in ('waiting', 'ordered'))
  with check (trust.sees(matter_id));
create policy see on drawer for select using (in_reach(unit_id));
create policy add on drawer for insert with check (
  account_id = (select trust.ctx_account()) and unit_id = (select trust.ctx_unit()));
create policy change on drawer for update using (in_reach(unit_id) and second_at is null) with check (in_reach(unit_id));
drop policy change on payment;
create policy change on payment for update using (trust.sees(matter_id)) with check (trust.sees(matter_id));
create policy definer_reads on refund for select to doorstep_definer using (true);
grant execute on function in_reach(int) to doorstep_app, doorstep_worker, doorstep_definer;
grant select, insert on ledger to doorstep_app, doorstep_worker;
grant select, insert, update on refund, drawer to doorstep_app, doorstep_worker;
grant select on refund to doorstep_definer;
set local role doorstep_definer;

-- Orders of which the payment service has not said for good whether they are paid, those asked longest ago first. Ids only.
drop function trust.asked_payments(timestamptz, int);
create function trust.asked_payments(n int) returns table (id uuid, matter_id uuid)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select p.id, p.matter_id from public.payment p where p.order_state = 'asked' order by p.asked_at limit n; end $$;
-- Refunds that the payment service is to carry out.
create function trust.ordered_refunds(before timestamptz, n int) returns table (id uuid, matter_id uuid)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select r.id, r.matter_id from public.refund r where r.state = 'ordered' and r.means = 'online'
  and (r.tried_at is null or r.tried_at < before) order by r.at limit n; end $$;
revoke all on function trust.asked_payments(int), trust.ordered_refunds(timestamptz, int) from public;
grant execute on function trust.asked_payments(int), trust.ordered_refunds(timestamptz, int) to doorstep_worker;
set local role doorstep_owner;
