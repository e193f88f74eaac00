-- Sheets, shifts and what was done with them are seen by their unit and those above it; a sheet that is used, with its matter, too.
-- Serials are unique in the whole country, so whether one is known is asked behind the guard.
set local role doorstep_owner;
do $$ declare t text; begin
  foreach t in array array['blank', 'blank_move', 'blank_shift', 'reprint'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop;
end $$;
create function blanks_in_reach(u int) returns boolean language sql stable as $$
  select u = (select trust.ctx_unit()) or exists (select 1 from unit o where o.id = u and (o.station = (select trust.ctx_station())
    or o.county = (select trust.ctx_county()) or o.city = (select trust.ctx_city()))) $$;
create function blank_move_stays() returns trigger language plpgsql as $$
begin raise exception 'blank_move only grows' using errcode = '42501'; end $$;
create trigger blank_move_grows before update or delete on blank_move for each row execute function blank_move_stays();
create policy see on blank for select using (
  blanks_in_reach(unit_id) or exists (select 1 from matter m where m.id = matter_id));
create policy add on blank for insert with check (unit_id = (select trust.ctx_unit()));
create policy change on blank for update using (unit_id = (select trust.ctx_unit()) or trust.sees(matter_id))
  with check (unit_id = (select trust.ctx_unit()) or trust.sees(matter_id));
create policy see on blank_move for select using (blanks_in_reach(unit_id));
create policy add on blank_move for insert with check (account_id = (select trust.ctx_account()));
create policy see on blank_shift for select using (blanks_in_reach(unit_id));
create policy add on blank_shift for insert with check (
  account_id = (select trust.ctx_account()) and unit_id = (select trust.ctx_unit()));
create policy change on blank_shift for update using (blanks_in_reach(unit_id) and second_at is null)
  with check (blanks_in_reach(unit_id));
create policy see on reprint for select using (exists (select 1 from matter m where m.id = matter_id));
create policy add on reprint for insert with check (trust.sees(matter_id) and account_id = (select trust.ctx_account()));
create policy change on reprint for update using (trust.sees(matter_id)) with check (trust.sees(matter_id));
create policy definer_reads on blank for select to doorstep_definer using (true);
grant execute on function blanks_in_reach(int) to doorstep_app, doorstep_worker, doorstep_definer;
grant select, insert on blank_move to doorstep_app, doorstep_worker;
grant select, insert, update on blank, blank_shift, reprint to doorstep_app, doorstep_worker;
grant select on blank to doorstep_definer;
set local role doorstep_definer;
create function trust.blank_bound(paper uuid) returns boolean language plpgsql stable security definer
set search_path = trust, public, pg_catalog as $$
begin return exists (select 1 from public.blank b where b.paper_id = paper and b.state = 'used'); end $$;
revoke all on function trust.blank_bound(uuid) from public;
grant execute on function trust.blank_bound(uuid) to doorstep_app, doorstep_worker;
set local role doorstep_owner;
