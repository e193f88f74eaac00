-- Fingerprints of what was recorded in a stretch of time, for the seal: hashes only, so that whoever seals reads nothing.
-- BRIN: both tables grow in time, so that an index of a few pages finds a stretch.
create index event_recorded on event using brin (recorded_at) with (autosummarize = on);
create index access_recorded on access using brin (at) with (autosummarize = on);
set local role doorstep_definer;
create function trust.sealable_events(a timestamptz, b timestamptz) returns table (leaf bytea)
language sql stable security definer set search_path = public, pg_catalog set timezone = 'UTC' as $$
  select sha256(convert_to(jsonb_build_array(e.id, e.matter_id, e.seq, e.kind, e.at, e.recorded_at, e.account_id, e.unit_id,
    e.header, encode(e.prev, 'hex'), encode(e.hash, 'hex'))::text, 'UTF8'))
  from event e where e.recorded_at >= a and e.recorded_at < b order by e.recorded_at, e.id $$;
create function trust.sealable_reads(a timestamptz, b timestamptz) returns table (leaf bytea)
language sql stable security definer set search_path = public, pg_catalog set timezone = 'UTC' as $$
  select sha256(convert_to(jsonb_build_array(r.id, r.at, r.account_id, r.unit_id, r.matter_id, r.party_id, r.kind, r.tier,
    r.purpose, r.detail)::text, 'UTF8'))
  from access r where r.at >= a and r.at < b order by r.at, r.id $$;
create function trust.first_recorded() returns timestamptz language sql stable security definer set search_path = public, pg_catalog as
  $$ select least((select min(recorded_at) from event), (select min(at) from access)) $$;
revoke all on function trust.sealable_events(timestamptz, timestamptz), trust.sealable_reads(timestamptz, timestamptz),
  trust.first_recorded() from public;
grant execute on function trust.sealable_events(timestamptz, timestamptz), trust.sealable_reads(timestamptz, timestamptz),
  trust.first_recorded() to doorstep_worker;
set local role doorstep_owner;
