-- What Django's models cannot say: the partitioned access log, the chain that the database itself checks.

create table access (
  id bigint generated always as identity, at timestamptz not null default clock_timestamp(), account_id uuid not null,
  unit_id int, matter_id uuid, party_id uuid, kind varchar(12) not null, tier smallint not null,
  purpose varchar(32) not null, detail text not null default '', primary key (id, at)) partition by range (at);
create table access_rest partition of access default;
do $$ declare m date; begin
  for m in select generate_series(date '2026-01-01', date '2028-12-01', interval '1 month')::date loop
    execute format('create table access_%s partition of access for values from (%L) to (%L)',
      to_char(m, 'YYYYMM'), m, (m + interval '1 month')::date); end loop; end $$;
create index access_party on access (party_id, at desc);
create index access_matter on access (matter_id, at desc);
create index access_account on access (account_id, at desc);
-- BRIN: these tables grow in time, so that an index of a few pages finds a stretch: for the seal, and to forget.
create index access_recorded on access using brin (at) with (autosummarize = on);
create index event_recorded on event using brin (recorded_at) with (autosummarize = on);
create index request_key_at on request_key using brin (at) with (autosummarize = on);

-- The database, not the app, says when a row was recorded, and that an event continues its chain: a hash covers the hash before
-- it and what the event says. The definer may read every event, so that the link is found without asking who the caller is.
set local role doorstep_definer;
create function event_links() returns trigger language plpgsql security definer set search_path = public, pg_catalog as $$
declare p bytea; begin
  new.recorded_at := clock_timestamp();
  if new.seq = 1 then p := sha256(convert_to(new.matter_id::text, 'UTF8'));
  else select hash into p from event where matter_id = new.matter_id and seq = new.seq - 1; end if;
  if p is null or new.hash <> sha256(p || convert_to(concat_ws('|', new.matter_id, new.seq, new.kind,
      (extract(epoch from new.at) * 1000000)::bigint, new.account_id, coalesce(new.unit_id::text, ''),
      coalesce(encode(new.body, 'hex'), ''), new.header), 'UTF8')) then
    raise exception 'event % of % does not continue its chain', new.seq, new.matter_id using errcode = '23514'; end if;
  return new; end $$;
set local role doorstep_owner;
create trigger event_links before insert on event for each row execute function event_links();
create function append_only() returns trigger language plpgsql as $$
begin raise exception '% is append-only', tg_table_name using errcode = '42501'; end $$;
create trigger event_append before update or delete on event for each row execute function append_only();
create trigger access_append before update or delete on access for each row execute function append_only();
create sequence matter_number minvalue 1 maxvalue 9999999 cycle;
