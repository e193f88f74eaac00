-- What is booked and still to come, for the worker: when, where and for which matter; who it is for, it reads in that matter's scope.
set local role doorstep_definer;
create function trust.bookings_ahead(now_at timestamptz)
returns table (id uuid, matter_id uuid, point_id int, at timestamptz, told boolean)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select b.id, b.matter_id, b.point_id, b.at, b.told_at is not null from public.booking b
  where b.freed_at is null and b.at > now_at order by b.at; end $$;
revoke all on function trust.bookings_ahead(timestamptz) from public;
grant execute on function trust.bookings_ahead(timestamptz) to doorstep_worker;
set local role doorstep_owner;
