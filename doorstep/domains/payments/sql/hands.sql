-- A refund is moved on by staff, or by the worker that carries it out: whoever is paid back sees it and changes nothing.
set local role doorstep_owner;
drop policy change on refund;
create policy change on refund for update to doorstep_app
  using (trust.sees(matter_id) and state in ('waiting', 'ordered') and (select trust.ctx_unit()) is not null)
  with check (trust.sees(matter_id) and (select trust.ctx_unit()) is not null);
create policy settle on refund for update to doorstep_worker
  using (trust.sees(matter_id) and state in ('waiting', 'ordered')) with check (trust.sees(matter_id));
