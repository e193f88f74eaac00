-- A paper that is corrected by a matter of its own is replaced the moment the new one is ready: /verify says so from then on.
set local role doorstep_owner;
alter table paper_correction enable row level security;
alter table paper_correction force row level security;
create policy see on paper_correction for select using (exists (select 1 from matter m where m.id in (old_matter, new_matter)));
create policy add on paper_correction for insert with check (trust.sees(old_matter) and trust.sees(new_matter)
  and exists (select 1 from paper p where p.id = paper_id and p.matter_id = old_matter));
create policy definer_all on paper_correction to doorstep_definer using (true) with check (true);
create policy definer_replaces on paper to doorstep_definer using (true) with check (true);
grant select, insert on paper_correction to doorstep_app;
grant select on paper_correction to doorstep_worker, doorstep_definer;
grant update (done_at) on paper_correction to doorstep_definer;
grant update (state) on paper to doorstep_definer;

set local role doorstep_definer;
create function trust.replace_paper() returns trigger language plpgsql security definer set search_path = trust, public, pg_catalog as $$
begin
  update public.paper p set state = 'replaced' from public.paper_correction c where c.new_matter = new.matter_id and c.done_at is null
    and p.id = c.paper_id and p.template = new.template and p.state = 'ready';
  update public.paper_correction c set done_at = clock_timestamp() from public.paper p where c.new_matter = new.matter_id
    and c.done_at is null and p.id = c.paper_id and p.state = 'replaced';
  return null; end $$;
revoke all on function trust.replace_paper() from public;
grant execute on function trust.replace_paper() to doorstep_owner;
set local role doorstep_owner;
create trigger paper_replaced after update of state on paper for each row when (new.state = 'ready' and old.state = 'making')
  execute function trust.replace_paper();
