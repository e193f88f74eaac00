-- A sheet and a reprint are moved on by staff: whose paper it is sees them and changes nothing.
set local role doorstep_owner;
drop policy change on blank;
create policy change on blank for update using ((select trust.ctx_unit()) is not null
    and (unit_id = (select trust.ctx_unit()) or trust.sees(matter_id)))
  with check ((select trust.ctx_unit()) is not null and (unit_id = (select trust.ctx_unit()) or trust.sees(matter_id)));
drop policy add on reprint;
create policy add on reprint for insert with check (trust.sees(matter_id) and account_id = (select trust.ctx_account())
  and (select trust.ctx_unit()) is not null);
drop policy change on reprint;
create policy change on reprint for update using (trust.sees(matter_id) and (select trust.ctx_unit()) is not null)
  with check (trust.sees(matter_id) and (select trust.ctx_unit()) is not null);
