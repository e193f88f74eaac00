-- Who is away is known to those who work there and above, and told by the one who goes, or by who supervises the unit.
set local role doorstep_owner;
alter table desk_absence enable row level security;
alter table desk_absence force row level security;
create policy see on desk_absence for select using (account_id = (select trust.ctx_account())
  or substitute_id = (select trust.ctx_account()) or unit_id = (select trust.ctx_unit())
  or exists (select 1 from unit u where u.id = unit_id and (u.county = (select trust.ctx_county()) or u.city = (select trust.ctx_city()))));
create policy add on desk_absence for insert with check (told_by = (select trust.ctx_account())
  and (account_id = (select trust.ctx_account()) or exists (select 1 from unit u where u.id = unit_id
    and (u.county = (select trust.ctx_county()) or u.city = (select trust.ctx_city())))));
create policy change on desk_absence for update using (account_id = (select trust.ctx_account()) or exists (select 1 from unit u
  where u.id = unit_id and (u.county = (select trust.ctx_county()) or u.city = (select trust.ctx_city())))) with check (true);
grant select, insert on desk_absence to doorstep_app;
grant update (ended_at) on desk_absence to doorstep_app;
