-- Open steps whose due time was counted into a year without a calendar, for the worker to count anew when it has landed.
set local role doorstep_definer;
create function trust.provisional_steps(before timestamptz, n int) returns table (matter_id uuid, name varchar)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select s.matter_id, s.name from public.step s where s.closed_at is null and s.provisional and s.due_at < before
  order by s.due_at limit n $$;
revoke all on function trust.provisional_steps(timestamptz, int) from public;
grant execute on function trust.provisional_steps(timestamptz, int) to doorstep_worker;
set local role doorstep_owner;
