-- A payment is seen and made by whoever sees its matter.
set local role doorstep_owner;
alter table payment enable row level security;
alter table payment force row level security;
create policy see on payment for select using (exists (select 1 from matter m where m.id = matter_id));
create policy add on payment for insert with check (trust.sees(matter_id));
create policy change on payment for update using (trust.sees(matter_id) and paid_at is null) with check (trust.sees(matter_id));
create policy definer_reads on payment for select to doorstep_definer using (true);
grant select, insert, update on payment to doorstep_app, doorstep_worker;
grant select on payment to doorstep_definer;
set local role doorstep_definer;

-- Orders that were begun and of which nobody has said yet whether they were paid. Ids only.
create function trust.asked_payments(since timestamptz, n int) returns table (id uuid, matter_id uuid)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select p.id, p.matter_id from public.payment p where p.paid_at is null and p.asked_at > since
  order by p.asked_at limit n; end $$;
revoke all on function trust.asked_payments(timestamptz, int) from public;
grant execute on function trust.asked_payments(timestamptz, int) to doorstep_worker;
set local role doorstep_owner;
