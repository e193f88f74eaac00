-- A drawn decision is written by the verb that decided, and seen by those who supervise the unit alone: who decided learns of nothing.
set local role doorstep_definer;
grant execute on function trust.supervised() to doorstep_app, doorstep_owner;
set local role doorstep_owner;
alter table desk_sample enable row level security;
alter table desk_sample force row level security;
create policy see on desk_sample for select using (unit_id = any ((select trust.supervised())::int[]));
create policy add on desk_sample for insert with check (trust.sees(matter_id));
create policy change on desk_sample for update using (unit_id = any ((select trust.supervised())::int[]) and result = '') with check (true);
grant select, insert on desk_sample to doorstep_app;
grant insert on desk_sample to doorstep_worker;
grant update (reviewer_id, result, looked_at) on desk_sample to doorstep_app;
