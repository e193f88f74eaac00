-- A booking is seen and made by whoever sees its matter; how many places of a time are taken, anybody who is signed in may ask.
set local role doorstep_owner;
alter table booking enable row level security;
alter table booking force row level security;
create policy see on booking for select using (exists (select 1 from matter m where m.id = matter_id));
create policy add on booking for insert with check (trust.sees(matter_id));
create policy change on booking for update using (trust.sees(matter_id)) with check (trust.sees(matter_id));
create policy definer_frees on booking to doorstep_definer using (true) with check (true);
grant select, insert, update on booking to doorstep_app, doorstep_worker;
grant select, update on booking to doorstep_definer;
set local role doorstep_definer;

create function trust.taken(point int, since timestamptz, till timestamptz) returns table (at timestamptz, place smallint)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select b.at, b.place from public.booking b where b.point_id = point and b.at >= since and b.at < till
  and b.freed_at is null and trust.ctx() is not null; end $$;

-- What ended needs its time no more.
create function trust.free_bookings(now_at timestamptz) returns int language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare n int; begin
  update public.booking b set freed_at = now_at from public.matter m
    where m.id = b.matter_id and m.closed_at is not null and b.freed_at is null and b.at > now_at;
  get diagnostics n = row_count; return n; end $$;
revoke all on function trust.taken(int, timestamptz, timestamptz), trust.free_bookings(timestamptz) from public;
grant execute on function trust.taken(int, timestamptz, timestamptz) to doorstep_app, doorstep_worker;
grant execute on function trust.free_bookings(timestamptz) to doorstep_worker;
set local role doorstep_owner;
