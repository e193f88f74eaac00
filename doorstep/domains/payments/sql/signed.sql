-- A fiscal receipt is moved on by staff who give money back, or by the worker that issues it: whose receipt it is changes nothing.
set local role doorstep_owner;
drop policy change on fiscal_receipt;
create policy change on fiscal_receipt for update to doorstep_app
  using (trust.sees(matter_id) and (select trust.ctx_unit()) is not null)
  with check (trust.sees(matter_id) and (select trust.ctx_unit()) is not null);
create policy settle on fiscal_receipt for update to doorstep_worker
  using (trust.sees(matter_id)) with check (trust.sees(matter_id));
