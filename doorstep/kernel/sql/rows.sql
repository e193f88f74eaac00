-- Who may touch which row, table by table. Every scoped table has FORCE row-level security; with no session entered
-- each of them is empty. Integer scope columns and (select …) keep the plan on its index.

do $$ declare t text; begin
  foreach t in array array['matter','step','share','posting','draft','request_key','event','event_body','outbox','reaction','file',
    'paper','notice','party','account','access','involved','tie'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop;
  foreach t in array array['matter','step','share','paper','notice','outbox','party','file','event'] loop
    execute format('create policy definer_reads on %I for select to doorstep_definer using (true)', t);
  end loop;
  foreach t in array array['matter','file','paper','party','event_body','posting'] loop
    execute format('create policy definer_erases on %I to doorstep_definer using (true) with check (true)', t);
  end loop;
  foreach t in array array['step','event','event_body','outbox','posting','paper','notice'] loop
    execute format('create policy add on %I for insert with check (trust.sees(matter_id))', t);
  end loop;
  -- A visible matter is a plain index probe in the policy, which the planner lifts out of the loop.
  foreach t in array array['posting','event','event_body','paper','involved'] loop
    execute format('create policy see on %I for select using (exists (select 1 from matter m where m.id = matter_id))', t);
  end loop;
end $$;
create policy see on outbox for select using (trust.sees(matter_id));
create policy definer_all on account to doorstep_definer using (true) with check (true);
create policy definer_marks on outbox for update to doorstep_definer using (true) with check (true);
create policy definer_logs on access to doorstep_definer using (true) with check (true);
create policy definer_all on involved to doorstep_definer using (true) with check (true);
create policy definer_all on reaction to doorstep_definer using (true);
create policy definer_purges on outbox for delete to doorstep_definer using (done_at < clock_timestamp() - interval '7 days');
create policy definer_purges on request_key to doorstep_definer using (at < clock_timestamp() - interval '7 days');

create policy see on matter for select using (
  ((station = (select trust.ctx_station()) or county = (select trust.ctx_county()) or city = (select trust.ctx_city()))
    and ((select trust.ctx_branches()) is null or branch = any ((select trust.ctx_branches())::smallint[])))
  or id = (select trust.ctx_matter())
  or exists (select 1 from share s where s.matter_id = matter.id and (s.until is null or s.until > clock_timestamp())
    and (s.unit_id = (select trust.ctx_unit()) or s.party_id = (select trust.ctx_party()))));
create policy change on matter for update using (trust.sees(id)) with check (true);
create policy add on matter for insert with check (opened_by = (select trust.ctx_account()));

create policy see on step for select using (unit_id = (select trust.ctx_unit()) or party_id = (select trust.ctx_party())
  or exists (select 1 from matter m where m.id = matter_id));
create policy change on step for update using (trust.sees(matter_id)) with check (true);
create policy see on share for select using (
  unit_id = (select trust.ctx_unit()) or party_id = (select trust.ctx_party()) or trust.sees(matter_id));
create policy change on share for update using (trust.sees(matter_id)) with check (true);
create policy add on share for insert with check (trust.may_share(matter_id));
create policy add on involved for insert with check (trust.sees(matter_id));
create policy change on involved for update using (trust.sees(matter_id) and party_id is null) with check (trust.sees(matter_id));
create policy see on tie for select using (
  exists (select 1 from matter m where m.id = matter_id) and exists (select 1 from matter m where m.id = other_id));
create policy add on tie for insert with check (trust.sees(matter_id) or trust.sees(other_id));
create policy change on paper for update using (trust.sees(matter_id)) with check (trust.sees(matter_id));

create policy own on draft using (account_id = (select trust.ctx_account())) with check (account_id = (select trust.ctx_account()));
create policy own on request_key using (account_id = (select trust.ctx_account())) with check (account_id = (select trust.ctx_account()));

-- A file is its uploader's until a verb attaches it to a matter; from then on it is the matter's.
create policy see on file for select using (
  (matter_id is null and account_id = (select trust.ctx_account()))
  or (matter_id is not null and exists (select 1 from matter m where m.id = matter_id)));
create policy add on file for insert with check (
  account_id = (select trust.ctx_account()) and (matter_id is null or trust.sees(matter_id)));
create policy change on file for update using (matter_id is null and account_id = (select trust.ctx_account()))
  with check (matter_id is null or trust.sees(matter_id));
create policy drop on file for delete using (matter_id is null and account_id = (select trust.ctx_account()));

create policy see on notice for select using (party_id = (select trust.ctx_party()) or (select trust.ctx_kind()) = 'system');
create policy change on notice for update using (party_id = (select trust.ctx_party())) with check (party_id = (select trust.ctx_party()));

-- To have typed a record once gives no lasting sight of it.
create policy see on party for select using (id = (select trust.ctx_party()) or trust.sees_party(id));
create policy add on party for insert with check (opened_by = (select trust.ctx_account()));
create policy change on party for update using (id = (select trust.ctx_party()) or trust.sees_party(id)) with check (true);

-- I see who looked at me (rights 7: unit and purpose, never a name); an account sees its own looks.
create policy see on access for select using (party_id = (select trust.ctx_party()) or account_id = (select trust.ctx_account()));
create policy add on access for insert with check (account_id = (select trust.ctx_account()));
create policy relay on reaction to doorstep_worker using (true) with check (true);

grant select on unit, point, fact, pack_version, pack_offer to doorstep_app, doorstep_worker, doorstep_stream;
grant select, insert, update on matter, step, share, paper, party, notice, paper_counter, involved to doorstep_app, doorstep_worker;
grant select, insert, update, delete on draft, request_key, file to doorstep_app, doorstep_worker;
grant select, insert on event, event_body, posting, access, outbox, tie to doorstep_app, doorstep_worker;
grant select, insert on reaction to doorstep_worker;
grant usage on schema public to doorstep_definer, doorstep_app, doorstep_worker, doorstep_stream, doorstep_backup;
grant usage on all sequences in schema public to doorstep_app, doorstep_worker;

-- What the definer may: read what its functions answer from, mark, erase and purge. It owns no data table and bypasses no
-- policy: each has one above that names it.
grant select on account, unit, matter, share, step, party, paper, notice, outbox, file, fact, access, event, involved, reaction,
  event_body, posting, request_key to doorstep_definer;
grant insert on account, access to doorstep_definer;
grant update on account, outbox to doorstep_definer;
grant update (key, sealed, lon, lat) on matter to doorstep_definer;
grant update (key, sealed, id_blind) on party to doorstep_definer;
grant update (key) on file to doorstep_definer;
grant update (holder, sealed) on paper to doorstep_definer;
grant delete on event_body, posting, outbox, reaction, involved, request_key to doorstep_definer;
