-- Opening hours by page: what a layer says of points comes into force with it. What was said of a point is kept for good, so that
-- the hours of a past day stay what they were.
set local role doorstep_owner;
alter table point_hours enable row level security;
alter table point_hours force row level security;
create trigger point_hours_stays before update or delete on point_hours for each row execute function append_only();
create policy definer_all on point_hours to doorstep_definer using (true) with check (true);
create policy see on point_hours for select using (true);
grant select, insert on point_hours to doorstep_definer;
grant select on point_hours to doorstep_app, doorstep_worker;
grant select, update (hours) on point to doorstep_definer;

set local role doorstep_definer;
alter function trust.publish_layer(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb) rename to publish_items;
revoke all on function trust.publish_items(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb) from doorstep_app;

-- Put a sheet in force, with what it says of points: ``hours``, by the point's id. Null comes back, and nothing is done, if another
-- publication named one of these items or points since ``known``.
create function trust.publish_layer(sheet uuid, known bigint, moment timestamptz, reason text, undone bigint, sources jsonb, versions jsonb,
  offers jsonb, hours jsonb) returns bigint language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare n bigint; layer int; begin
  lock table public.publication in exclusive mode;
  if exists (select 1 from public.point_hours h where h.publication_id > known and $9 ? h.point_id::text) then return null; end if;
  n := trust.publish_items(sheet, known, moment, reason, undone, sources, versions, offers);
  if n is null then return null; end if;
  select unit_id into layer from public.layer_sheet where id = sheet;
  if exists (select 1 from jsonb_object_keys($9) k left join public.point p on p.id = k::int
      where p.id is null or not trust.layer_reaches(layer, p.unit_id)) then
    raise exception 'a point beyond the layer' using errcode = '42501'; end if;
  update public.point p set hours = h.value from jsonb_each($9) h where p.id = h.key::int;
  insert into public.point_hours (point_id, at, publication_id, hours, by, why)
    select h.key::int, moment, n, h.value, p.by, reason from jsonb_each($9) h, public.publication p where p.id = n;
  return n; end $$;

-- How much is promised for days at a point: what runs there and is due between two moments, day by day in the town's zone. No names.
create function trust.promised_at(places int[], since timestamptz, till timestamptz, zone text) returns table (point int, due date, n bigint)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin
  if not trust.knows_layers() then return; end if;
  return query select m.hand_out_id, (m.due_at at time zone zone)::date, count(*) from public.matter m
    where m.closed_at is null and m.hand_out_id = any (places) and m.due_at >= since and m.due_at < till group by 1, 2; end $$;
revoke all on function trust.publish_layer(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb, jsonb),
  trust.promised_at(int[], timestamptz, timestamptz, text) from public;
grant execute on function trust.publish_layer(uuid, bigint, timestamptz, text, bigint, jsonb, jsonb, jsonb, jsonb),
  trust.promised_at(int[], timestamptz, timestamptz, text) to doorstep_app;
set local role doorstep_owner;
