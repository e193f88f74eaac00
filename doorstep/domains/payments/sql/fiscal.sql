-- A fiscal receipt is seen by whoever sees its matter, and by the unit whose money it is.
set local role doorstep_owner;
alter table fiscal_receipt enable row level security;
alter table fiscal_receipt force row level security;
create policy see on fiscal_receipt for select using (
  in_reach(unit_id) or exists (select 1 from matter m where m.id = matter_id));
create policy add on fiscal_receipt for insert with check (trust.sees(matter_id));
create policy change on fiscal_receipt for update using (trust.sees(matter_id)) with check (trust.sees(matter_id));
create policy definer_reads on fiscal_receipt for select to doorstep_definer using (true);
grant select, insert, update on fiscal_receipt to doorstep_app, doorstep_worker;
grant select on fiscal_receipt to doorstep_definer;
set local role doorstep_definer;
create function trust.wanted_receipts(before timestamptz, n int) returns table (id uuid, matter_id uuid)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select r.id, r.matter_id from public.fiscal_receipt r where r.state in ('wanted', 'cancel')
  and (r.tried_at is null or r.tried_at < before) order by r.at limit n; end $$;
revoke all on function trust.wanted_receipts(timestamptz, int) from public;
grant execute on function trust.wanted_receipts(timestamptz, int) to doorstep_worker;
set local role doorstep_owner;
