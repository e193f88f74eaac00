-- Who else is concerned, and which matters have to do with each other: seen through a matter one sees, never by themselves.
set local role doorstep_owner;
grant select, insert, update on involved to doorstep_app, doorstep_worker;
grant select, insert on tie to doorstep_app, doorstep_worker;
do $$ declare t text; begin
  foreach t in array array['involved', 'tie'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop; end $$;
create policy see on involved for select using (exists (select 1 from matter m where m.id = matter_id));
create policy add on involved for insert with check (trust.sees(matter_id));
create policy change on involved for update using (trust.sees(matter_id) and party_id is null) with check (trust.sees(matter_id));
create policy definer_all on involved to doorstep_definer using (true) with check (true);
create policy see on tie for select using (
  exists (select 1 from matter m where m.id = matter_id) and exists (select 1 from matter m where m.id = other_id));
create policy add on tie for insert with check (trust.sees(matter_id) or trust.sees(other_id));
grant select, delete on involved to doorstep_definer;
grant update (lon, lat) on matter to doorstep_definer;
set local role doorstep_definer;

-- A person or firm is seen through a visible matter that it brought or that concerns it.
create or replace function trust.sees_party(p uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare c text[] := trust.ctx(); me uuid := nullif(c[3], '')::uuid; mine int := nullif(c[4], '')::int;
  in_city int := nullif(c[5], '')::int; in_county int := nullif(c[6], '')::int; at_station int := nullif(c[7], '')::int;
  kinds smallint[] := string_to_array(nullif(c[8], ''), ':')::smallint[]; job uuid := nullif(c[9], '')::uuid; begin
  return c is not null and exists (
    select 1 from (select matter_id from public.share where party_id = p
        union all select matter_id from public.involved where party_id = p) s
      join public.matter m on m.id = s.matter_id where (m.id = job
      or ((m.station = at_station or m.county = in_county or m.city = in_city) and (kinds is null or m.branch = any (kinds)))
      or exists (select 1 from public.share o where o.matter_id = m.id and (o.unit_id = mine or o.party_id = me)
        and (o.until is null or o.until > clock_timestamp())))); end $$;

-- What `trust.erase` takes besides: where it was, and who else was concerned.
create function trust.erase_ties(m uuid) returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  if exists (select 1 from public.matter where id = m and key is null) and trust.sees(m) then
    update public.matter set lon = null, lat = null where id = m;
    delete from public.involved where matter_id = m;
  end if; end $$;
revoke all on function trust.erase_ties(uuid) from public;
grant execute on function trust.erase_ties(uuid) to doorstep_app, doorstep_worker;
set local role doorstep_owner;
