-- For relay, worker and stream: ids, states and hashes, never contents. They find here what is due, and forget what is old.
set local role doorstep_definer;

-- Asked twenty times a second: in plpgsql, which keeps its plans, where SQL functions are planned at every call.
create function trust.outbox_batch(n int) returns table (id bigint, event_id uuid, matter_id uuid, kind varchar, state varchar)
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select o.id, o.event_id, o.matter_id, o.kind, o.state from public.outbox o where o.done_at is null order by o.id limit n; end $$;
create function trust.outbox_done(ids bigint[]) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as
  $$ begin update public.outbox set done_at = clock_timestamp() where id = any (ids); end $$;

-- For the stream: whom committed events concern. The ids come with the relay's NOTIFY, which carries nothing else.
create function trust.outbox_told(ids bigint[]) returns table (id bigint, matter_id uuid, kind varchar, state varchar,
  branch smallint, city int, county int, station int, units int[], parties uuid[])
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select o.id, o.matter_id, o.kind, o.state, m.branch, m.city, m.county, m.station,
    (select array_agg(s.unit_id) from public.share s where s.matter_id = o.matter_id and s.unit_id is not null
       and (s.until is null or s.until > clock_timestamp())),
    (select array_agg(s.party_id) from public.share s where s.matter_id = o.matter_id and s.party_id is not null
       and (s.until is null or s.until > clock_timestamp()))
  from public.outbox o join public.matter m on m.id = o.matter_id where o.id = any (ids) order by o.id $$;

-- Open steps past their due time; and those whose due time was counted into a year without a calendar, to count anew.
create function trust.due_steps(at timestamptz, n int) returns table (id uuid, matter_id uuid, name varchar)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select s.id, s.matter_id, s.name from public.step s where s.closed_at is null and s.late_at is null and s.due_at <= at
  order by s.due_at limit n $$;
create function trust.provisional_steps(before timestamptz, n int) returns table (matter_id uuid, name varchar)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select s.matter_id, s.name from public.step s where s.closed_at is null and s.provisional and s.due_at < before
  order by s.due_at limit n $$;

create function trust.making_papers(n int) returns table (id uuid, matter_id uuid)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select p.id, p.matter_id from public.paper p where p.state = 'making' order by p.issued_at limit n; end $$;
create function trust.matters_after(after uuid, n int) returns table (id uuid)
language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select m.id from public.matter m where after is null or m.id > after order by m.id limit n $$;

-- A file whose key is gone is rubbish on the disk.
create function trust.known_files(ids uuid[]) returns table (id uuid, state varchar, at timestamptz)
language sql stable security definer set search_path = trust, public, pg_catalog as
  $$ select f.id, f.state, f.at from public.file f where f.id = any (ids) and f.key is not null $$;

-- What the relay has told everybody is kept for a week to look into, then goes, with the marks of the reactors that saw it.
create function trust.purge_outbox(n int) returns int
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare gone uuid[]; begin
  with old as (delete from public.outbox where id in (
      select o.id from public.outbox o where o.done_at < clock_timestamp() - interval '7 days' order by o.done_at limit n)
    returning event_id)
  select array_agg(old.event_id) into gone from old;
  delete from public.reaction where event_id = any (gone);
  return coalesce(cardinality(gone), 0); end $$;

-- A repeated request is known for a week (its policy says so); then its id may come again.
create function trust.purge_requests(n int) returns int
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare gone int; begin
  delete from public.request_key where ctid = any (array(select r.ctid from public.request_key r limit n));
  get diagnostics gone = row_count;
  return gone; end $$;

-- Fingerprints of what was recorded in a stretch of time, for the seal: hashes only, so that whoever seals reads nothing.
create function trust.sealable_events(a timestamptz, b timestamptz) returns table (leaf bytea)
language sql stable security definer set search_path = public, pg_catalog set timezone = 'UTC' as $$
  select sha256(convert_to(jsonb_build_array(e.id, e.matter_id, e.seq, e.kind, e.at, e.recorded_at, e.account_id, e.unit_id,
    e.header, encode(e.body, 'hex'), encode(e.hash, 'hex'))::text, 'UTF8'))
  from event e where e.recorded_at >= a and e.recorded_at < b order by e.recorded_at, e.id $$;
create function trust.sealable_reads(a timestamptz, b timestamptz) returns table (leaf bytea)
language sql stable security definer set search_path = public, pg_catalog set timezone = 'UTC' as $$
  select sha256(convert_to(jsonb_build_array(r.id, r.at, r.account_id, r.unit_id, r.matter_id, r.party_id, r.kind, r.tier,
    r.purpose, r.detail)::text, 'UTF8'))
  from access r where r.at >= a and r.at < b order by r.at, r.id $$;
create function trust.first_recorded() returns timestamptz language sql stable security definer set search_path = public, pg_catalog as
  $$ select least((select min(recorded_at) from event), (select min(at) from access)) $$;

revoke all on function trust.outbox_batch(int), trust.outbox_done(bigint[]), trust.outbox_told(bigint[]), trust.due_steps(timestamptz, int),
  trust.provisional_steps(timestamptz, int), trust.making_papers(int), trust.matters_after(uuid, int), trust.known_files(uuid[]),
  trust.purge_outbox(int), trust.purge_requests(int), trust.sealable_events(timestamptz, timestamptz),
  trust.sealable_reads(timestamptz, timestamptz), trust.first_recorded() from public;
grant execute on function trust.outbox_batch(int), trust.outbox_done(bigint[]), trust.due_steps(timestamptz, int),
  trust.provisional_steps(timestamptz, int), trust.making_papers(int), trust.matters_after(uuid, int), trust.known_files(uuid[]),
  trust.purge_outbox(int), trust.purge_requests(int), trust.sealable_events(timestamptz, timestamptz),
  trust.sealable_reads(timestamptz, timestamptz), trust.first_recorded() to doorstep_worker;
grant execute on function trust.outbox_told(bigint[]) to doorstep_stream;
grant execute on function trust.matters_after(uuid, int) to doorstep_migrator, doorstep_owner;
set local role doorstep_owner;
