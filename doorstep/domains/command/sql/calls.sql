-- Calls: who sees a matter sees its call. What was reported from a telephone is seen by whoever reported it, as far as it stands here.
set local role doorstep_owner;
do $$ declare t text; begin
  foreach t in array array['call_place','sending','call_receipt','address_flag','call_device','call_shift'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy definer_all on %I to doorstep_definer using (true) with check (true)', t);
    execute format('grant select, insert, update on %I to doorstep_app, doorstep_worker, doorstep_definer', t);
  end loop;
  foreach t in array array['sending','call_receipt'] loop
    execute format('create policy see on %I for select using (exists (select 1 from matter m where m.id = matter_id))', t);
  end loop;
  foreach t in array array['call_place','sending','call_receipt'] loop
    execute format('create policy add on %I for insert with check (trust.sees(matter_id))', t);
    execute format('create policy change on %I for update using (trust.sees(matter_id)) with check (trust.sees(matter_id))', t);
  end loop;
end $$;
create policy see on call_place for select using (reported_by = (select trust.ctx_account())
  or exists (select 1 from matter m where m.id = matter_id));

set local role doorstep_definer;
-- Whether the caller holds a right of the command centre or of a duty unit, by their account.
create function trust.holds(v text) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  return exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) x where a.id = trust.ctx_account()
    and a.ended_at is null and split_part(x, ':', 1) = v and split_part(x, ':', 4) <> 'public'); end $$;

-- A call that no operator types: reported by somebody signed in, or by a device with a token that lives. From here to the end of the
-- statement block the caller is the system, for the new matter alone.
create function trust.begin_call(fresh uuid, device bytea, now_ timestamptz) returns jsonb language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
declare who uuid := trust.ctx_account(); d public.call_device; p uuid := trust.ctx_party(); begin
  if exists (select 1 from public.matter where id = fresh) then return null; end if;
  if device is not null then
    select * into d from public.call_device where token = device and ended_at is null and until > now_;
    if not found then return null; end if;
    who := d.id;
  elsif who is null or trust.ctx_kind() is distinct from 'resident' then return null; end if;
  perform trust.put(concat_ws('|', '00000000-0000-0000-0000-000000000000', 'system', '', '', '||', '', fresh::text));
  return jsonb_build_object('by', who, 'party', case when device is null then p end, 'kind', d.kind, 'name', d.name, 'item', d.item,
    'lon', d.lon, 'lat', d.lat); end $$;

-- What a device reported under this id of its own, so that the same report again is the same call.
create function trust.reported(device bytea, m uuid) returns jsonb language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select jsonb_build_object('number', c.number, 'state', c.state) from public.call_place c join public.call_device d on d.id = c.reported_by
  where d.token = device and c.matter_id = m $$;

-- How far help is for whoever reported: no callsign, no name.
create function trust.call_stands(m uuid) returns jsonb language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  return (select jsonb_build_object('sent', count(*), 'coming', count(answered_at), 'there', count(there_at)) from public.sending s
    join public.call_place c on c.matter_id = s.matter_id where c.matter_id = m and c.reported_by = trust.ctx_account()); end $$;
revoke all on function trust.holds(text), trust.begin_call(uuid, bytea, timestamptz), trust.reported(bytea, uuid), trust.call_stands(uuid) from public;
grant execute on function trust.holds(text) to doorstep_app, doorstep_worker, doorstep_owner, doorstep_definer;
grant execute on function trust.begin_call(uuid, bytea, timestamptz), trust.reported(bytea, uuid), trust.call_stands(uuid) to doorstep_app;

set local role doorstep_owner;
create policy see on address_flag for select using ((select trust.holds('dispatch')) or (select trust.holds('duty')));
create policy add on address_flag for insert with check (set_by = (select trust.ctx_account())
  and ((select trust.holds('dispatch')) or (select trust.holds('duty'))));
create policy change on address_flag for update using ((select trust.holds('dispatch')) or set_by = (select trust.ctx_account()));
create policy see on call_device for select using ((select trust.holds('dispatch')));
create policy add on call_device for insert with check ((select trust.holds('dispatch')) and made_by = (select trust.ctx_account()));
create policy change on call_device for update using ((select trust.holds('dispatch')));
create policy see on call_shift for select using (unit_id = (select trust.ctx_unit()) and (select trust.holds('dispatch')));
create policy add on call_shift for insert with check (given_by = (select trust.ctx_account()) and taken_by is null
  and unit_id = (select trust.ctx_unit()) and (select trust.holds('dispatch')));
-- Taken by another person than gave it; the database holds to that.
create policy change on call_shift for update using (unit_id = (select trust.ctx_unit()) and taken_by is null)
  with check (taken_by = (select trust.ctx_account()) and taken_by <> given_by and (select trust.holds('dispatch')));

-- When the content of a matter is destroyed, what was said of its place goes with it.
set local role doorstep_definer;
create function trust.forget_call() returns trigger language plpgsql security definer set search_path = trust, public, pg_catalog as $$
begin update public.call_place set sealed = null, lon = null, lat = null where matter_id = new.id; return null; end $$;
revoke all on function trust.forget_call() from public;
grant execute on function trust.forget_call() to doorstep_owner;
set local role doorstep_owner;
create trigger call_forgotten after update of key on matter for each row when (old.key is not null and new.key is null)
  execute function trust.forget_call();
