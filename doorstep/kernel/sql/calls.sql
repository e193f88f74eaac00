-- What the worker finds to do in open steps: connectors to ask, people to remind. Ids only.
set local role doorstep_definer;
create function trust.open_calls(n int) returns table (matter_id uuid, name varchar, opened_at timestamptz)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select s.matter_id, s.name, s.opened_at from public.step s where s.by = 'call' and s.closed_at is null
  order by s.opened_at limit n; end $$;
create function trust.steps_to_remind(at timestamptz, n int) returns table (matter_id uuid, name varchar)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select s.matter_id, s.name from public.step s where s.remind_at <= at and s.closed_at is null
  order by s.remind_at limit n; end $$;
revoke all on function trust.open_calls(int), trust.steps_to_remind(timestamptz, int) from public;
grant execute on function trust.open_calls(int), trust.steps_to_remind(timestamptz, int) to doorstep_worker;
set local role doorstep_owner;
