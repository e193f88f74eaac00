-- What ended needs its time no more, unless the time is what was given: who booked an inspection comes after the matter is over.
set local role doorstep_definer;
create or replace function trust.free_bookings(now_at timestamptz) returns int language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare n int; begin
  update public.booking b set freed_at = now_at from public.matter m
    where m.id = b.matter_id and m.closed_at is not null and m.state <> 'granted' and b.freed_at is null and b.at > now_at;
  get diagnostics n = row_count; return n; end $$;
set local role doorstep_owner;
