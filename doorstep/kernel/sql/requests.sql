-- A repeated request is known for a week; then its id may come again.
set local role doorstep_owner;
create index request_key_at on request_key using brin (at) with (autosummarize = on);
grant select, delete on request_key to doorstep_definer;
create policy definer_purges on request_key to doorstep_definer using (at < clock_timestamp() - interval '7 days');
set local role doorstep_definer;
create function trust.purge_requests(n int) returns int
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare gone int; begin
  delete from public.request_key where id in (select r.id from public.request_key r limit n);
  get diagnostics gone = row_count;
  return gone; end $$;
revoke all on function trust.purge_requests(int) from public;
grant execute on function trust.purge_requests(int) to doorstep_worker;
set local role doorstep_owner;
