-- Cordons: who sees the call sees them; the command centre orders them, and ends them. What was ordered is not changed afterwards.
set local role doorstep_owner;
do $$ declare t text; begin
  foreach t in array array['cordon', 'cordon_post'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy definer_all on %I to doorstep_definer using (true) with check (true)', t);
    execute format('grant select, insert on %I to doorstep_app', t);
  end loop;
end $$;
grant update (ended_at) on cordon to doorstep_app;
create policy see on cordon for select using (exists (select 1 from matter m where m.id = matter_id));
create policy add on cordon for insert with check (made_by = (select trust.ctx_account()) and (select trust.holds('dispatch')) and trust.sees(matter_id));
create policy change on cordon for update using ((select trust.holds('dispatch')) and trust.sees(matter_id));
create policy see on cordon_post for select using (exists (select 1 from cordon c where c.id = cordon_id));
create policy add on cordon_post for insert with check ((select trust.holds('dispatch'))
  and exists (select 1 from cordon c where c.id = cordon_id and c.made_by = (select trust.ctx_account())));
