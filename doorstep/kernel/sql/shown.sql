-- Rights 11: a unit that was only asked a question sees its question, its answer and what the question shows; and so does whatever
-- runs SQL in its name. (What was typed into the form is sealed under one key for the whole matter; `read.read_matter` cuts it.)
set local role doorstep_definer;

-- What the asker ticked for the unit that asks now: pointers and ids of files. Null for whoever sees the whole, by place or another share.
create function trust.shown(m uuid) returns text[] language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare c text[] := trust.ctx(); mine int := nullif(c[4], '')::int; begin
  if mine is null or nullif(c[9], '')::uuid = m or not exists (select 1 from public.share s where s.matter_id = m and s.unit_id = mine
      and s.role = 'asked' and (s.until is null or s.until > clock_timestamp())) then return null; end if;
  if exists (select 1 from public.share s where s.matter_id = m and s.role <> 'asked' and (s.until is null or s.until > clock_timestamp())
      and (s.unit_id = mine or s.party_id = nullif(c[3], '')::uuid)) then return null; end if;
  if exists (select 1 from public.matter x where x.id = m and (x.station = nullif(c[7], '')::int or x.county = nullif(c[6], '')::int
      or x.city = nullif(c[5], '')::int) and (c[8] = '' or x.branch = any (string_to_array(c[8], ':')::smallint[]))) then return null; end if;
  return array(select jsonb_array_elements_text(coalesce(e.header::jsonb -> 'shows', '[]')) from public.step s join public.event e
    on e.matter_id = m and e.kind = 'added' and e.at >= s.opened_at and e.header::jsonb ->> 'step' = s.name
    where s.matter_id = m and s.unit_id = mine and s.closed_at is null); end $$;
revoke all on function trust.shown(uuid) from public;
grant execute on function trust.shown(uuid) to doorstep_app, doorstep_worker;
set local role doorstep_owner;

do $$ declare t text; asked text := 'not exists (select 1 from share s where s.matter_id = %1$I.matter_id
    and s.unit_id = (select trust.ctx_unit()) and s.role = ''asked'') or trust.shown(%1$I.matter_id) is null'; begin
  foreach t in array array['paper', 'involved', 'tie'] loop
    execute format('create policy asked on %1$I as restrictive for select to doorstep_app using (' || asked || ')', t);
  end loop;
  execute format('create policy asked on %1$I as restrictive for select to doorstep_app
    using (matter_id is null or ' || asked || ' or id::text = any (trust.shown(matter_id)))', 'file');
  execute format('create policy asked on %1$I as restrictive for select to doorstep_app
    using (' || asked || ' or exists (select 1 from event e join unit u on u.id = (select trust.ctx_unit())
      where e.matter_id = event_body.matter_id and e.seq = event_body.seq
      and e.header::jsonb ->> ''step'' like ''%%@'' || u.code))', 'event_body');
end $$;
