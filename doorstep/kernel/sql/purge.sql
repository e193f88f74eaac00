-- What the relay has told everybody is kept for a week to look into, then goes, with the marks of the reactors that saw it.
set local role doorstep_owner;
grant delete on outbox, reaction to doorstep_definer;
grant select on reaction to doorstep_definer;
create policy definer_purges on outbox for delete to doorstep_definer using (done_at < clock_timestamp() - interval '7 days');
create policy definer_all on reaction to doorstep_definer using (true);
set local role doorstep_definer;
create function trust.purge_outbox(n int) returns int
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare gone uuid[]; begin
  with old as (delete from public.outbox where id in (
      select o.id from public.outbox o where o.done_at < clock_timestamp() - interval '7 days' order by o.done_at limit n)
    returning event_id)
  select array_agg(old.event_id) into gone from old;
  delete from public.reaction where event_id = any (gone);
  return coalesce(cardinality(gone), 0); end $$;
revoke all on function trust.purge_outbox(int) from public;
grant execute on function trust.purge_outbox(int) to doorstep_worker;
set local role doorstep_owner;
