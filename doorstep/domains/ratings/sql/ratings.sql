-- Ratings: cast, counted and released by these functions alone. The app may call them; it can read no vote. Who handled a
-- matter learns of no vote, neither by a row, nor by when a figure moves: figures hold votes of days before, in full fives.

set local role doorstep_owner;
alter table rating_vote enable row level security;
alter table rating_vote force row level security;
create policy definer_all on rating_vote to doorstep_definer using (true) with check (true);
grant select, insert on rating_vote to doorstep_definer;
grant update (released, call_back, key, sealed) on rating_vote to doorstep_definer;
grant select, insert, delete on rating_published to doorstep_definer;
grant select on point to doorstep_definer;
grant select on rating_published to doorstep_app, doorstep_worker;
grant usage on all sequences in schema public to doorstep_definer;

set local role doorstep_definer;
create schema ratings;

-- The code on the slip of a matter: nothing is stored, only this database can make it, and 60 bits are not guessed.
create function ratings.code(m uuid) returns text language sql stable security definer set search_path = trust, pg_catalog as $$
  select string_agg(substr('23456789ABCDEFGHJKLMNPQRSTUVWXYZ', (get_byte(h, i) & 31) + 1, 1), '' order by i)
  from (select sha256(s.k || sha256(s.k || convert_to('rating' || m::text, 'UTF8'))) h from trust.secret s) x, generate_series(0, 11) i $$;
create function ratings.code_of(m uuid) returns text language plpgsql stable security definer set search_path = trust, pg_catalog as $$
begin return case when trust.sees(m) then ratings.code(m) end; end $$;

-- Did the caller have a hand in this matter?
create function ratings.handled(m uuid) returns boolean language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select exists (select 1 from public.event e where e.matter_id = m and e.account_id = trust.ctx_account()) $$;

-- What somebody holding number and code may know before rating. Five wrong codes lock the number for fifteen minutes.
create function ratings.asked(n text, given text) returns jsonb language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
declare r record; begin
  select id, item, unit_id, closed_at, state into r from public.matter where number = n;
  if not found then return jsonb_build_object('no', 'wrong'); end if;
  if (select count(*) from trust.failure f where f.login = 'rating ' || n and f.at > clock_timestamp() - interval '15 minutes') >= 5
    then return jsonb_build_object('no', 'locked'); end if;
  if given is distinct from ratings.code(r.id) then
    insert into trust.failure (login) values ('rating ' || n);
    return jsonb_build_object('no', 'wrong'); end if;
  return jsonb_build_object('matter', r.id, 'item', r.item, 'unit', r.unit_id,
    'ended', r.closed_at is not null and r.state in ('closed', 'granted', 'refused'),
    'rated', exists (select 1 from public.rating_vote v where v.matter_id = r.id), 'handled', ratings.handled(r.id)); end $$;

-- One vote. Online by the applicant alone; else with the code, and entered for somebody (paper, phone) by no handler.
create function ratings.vote(m uuid, given text, lvl int, via text, on_day date, vote uuid, k bytea, s bytea, req bytea, but text[]) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; begin
  select applicant_id, unit_id, item, state, closed_at into r from public.matter where id = m;
  if not found then return 'not-found'; end if;
  if via = 'online' and (trust.ctx_party() is null or trust.ctx_party() is distinct from r.applicant_id) then return 'no-right'; end if;
  if via <> 'online' and given is distinct from ratings.code(m) then return 'wrong'; end if;
  if via in ('paper', 'phone') and not exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) x
      where a.id = trust.ctx_account() and split_part(x, ':', 1) = 'rate' and split_part(x, ':', 3) <> 'own') then return 'no-right'; end if;
  if via <> 'online' and ratings.handled(m) then return 'handled'; end if;
  if r.closed_at is null or r.state not in ('closed', 'granted', 'refused') or r.item = any (but) then return 'not-yet'; end if;
  insert into public.rating_vote (id, matter_id, unit_id, item, level, way, day, entered_by, key, sealed, request)
    values (vote, m, r.unit_id, r.item, lvl, via, on_day, case when via in ('paper', 'phone') then trust.ctx_account() end, k, s, req)
    on conflict (matter_id) do nothing;
  return case when found then 'ok' when exists (select 1 from public.rating_vote v where v.matter_id = m and v.request = req) then 'again'
    else 'rated' end; end $$;

-- How the caller rated this matter of theirs; null if they did not, or it is not theirs.
create function ratings.own(m uuid) returns int language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select v.level from public.rating_vote v join public.matter x on x.id = v.matter_id
  where x.id = m and x.applicant_id = trust.ctx_party() $$;

-- A bad vote gets one call-back. From here to the end of the statement block the caller is the system, for the new matter alone:
-- its opener stands for nobody. Answers what the call-back is about, and which units had a hand in it.
create function ratings.begin_call_back(vote uuid, fresh uuid) returns jsonb language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
declare r record; begin
  update public.rating_vote set call_back = fresh where id = vote and level <= 2 and call_back is null;
  if not found then return null; end if;
  select x.id, x.number, x.item, x.unit_id, x.applicant_id, v.level into r
    from public.rating_vote v join public.matter x on x.id = v.matter_id where v.id = vote;
  perform trust.put(concat_ws('|', '00000000-0000-0000-0000-000000000000', 'system', '', '', '||', '', fresh::text));
  return jsonb_build_object('number', r.number, 'item', r.item, 'unit', r.unit_id, 'party', r.applicant_id, 'level', r.level,
    'hands', (select jsonb_agg(distinct u) from (select r.unit_id u union select e.unit_id from public.event e where e.matter_id = r.id
      and e.unit_id is not null union select p.unit_id from public.point p join public.matter x on p.id in (x.point_id, x.hand_out_id)
      where x.id = r.id) h)); end $$;

-- Votes of days before ``today`` go out in full fives: of one unit and item; what is left of a unit, once there are ten, by fives of
-- the unit alone. Every published number is a sum of such fives, so that no two of them differ by less than five votes.
create function ratings.release(today date) returns void language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
begin
  update public.rating_vote v set released = 1 from (
    select id, row_number() over (partition by unit_id, item order by day, id) n, count(*) over (partition by unit_id, item) held
    from public.rating_vote where released is null and day < today) w
  where w.id = v.id and w.n <= w.held / 5 * 5;
  update public.rating_vote v set released = 2 from (
    select id, row_number() over (partition by unit_id order by day, id) n, count(*) over (partition by unit_id) held
    from public.rating_vote where released is null and day < today) w
  where w.id = v.id and w.held >= 10 and w.n <= (w.held - 5) / 5 * 5; end $$;

-- Bring the published figures up to ``today`` unless they are younger than ``age``. Ended matters since ``midnight`` wait for tomorrow,
-- as votes do; items in ``but`` are not rated.
create function ratings.publish(today date, midnight timestamptz, but text[], age interval) returns void
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  if exists (select 1 from public.rating_published p where p.day = today and p.counted_at > clock_timestamp() - age) then return; end if;
  if not pg_try_advisory_xact_lock(hashtext('ratings.publish')) then return; end if;
  perform ratings.release(today);
  delete from public.rating_published;
  insert into public.rating_published (subject, key, could, votes, day, counted_at)
  with ended as (select unit_id, item, count(*) could from public.matter where closed_at < midnight and applicant_id is not null
      and state in ('closed', 'granted', 'refused') and item <> all (but) group by 1, 2),
    cast_ as (select unit_id, item, level, released, count(*) n from public.rating_vote where released is not null group by 1, 2, 3, 4),
    lines as (
      select 'unit' subject, unit_id::text key, sum(could) could from ended group by 2
      union all select 'item', item, sum(could) from ended group by 2),
    counted as (
      select 'unit' subject, unit_id::text key, level, sum(n) n from cast_ group by 2, 3
      union all select 'item', item, level, sum(n) from cast_ where released = 1 group by 2, 3)
  select l.subject, l.key, l.could, coalesce((select jsonb_object_agg(c.level, c.n) from counted c where c.subject = l.subject
    and c.key = l.key), '{}'), today, clock_timestamp() from lines l; end $$;

-- What people wrote, of released votes of units in the caller's scope; without the matter, the day or the order they came in.
create function ratings.words(n int) returns table (id uuid, unit_id int, item varchar, level smallint, key bytea, sealed bytea)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select v.id, v.unit_id, v.item, v.level, v.key, v.sealed from public.rating_vote v join public.unit u on u.id = v.unit_id
  where v.released is not null and v.key is not null and (u.city = trust.ctx_city() or u.county = trust.ctx_county())
    and exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) x where a.id = trust.ctx_account()
      and split_part(x, ':', 1) = 'supervise' and split_part(x, ':', 4) <> 'public')
  order by v.id limit n $$;

-- When the content of a matter is destroyed, what was written in its rating goes with it.
create function ratings.forget() returns trigger language plpgsql security definer set search_path = trust, public, pg_catalog as $$
begin update public.rating_vote set key = null, sealed = null where matter_id = new.id; return null; end $$;

revoke all on schema ratings from public;
revoke all on all functions in schema ratings from public;
grant usage on schema ratings to doorstep_owner, doorstep_migrator, doorstep_app, doorstep_worker;
grant execute on function ratings.forget() to doorstep_owner;
grant execute on function ratings.code_of(uuid), ratings.asked(text, text),
  ratings.vote(uuid, text, int, text, date, uuid, bytea, bytea, bytea, text[]), ratings.own(uuid), ratings.begin_call_back(uuid, uuid),
  ratings.publish(date, timestamptz, text[], interval), ratings.words(int) to doorstep_app;
set local role doorstep_owner;
create trigger rating_forgotten after update of key on matter for each row when (old.key is not null and new.key is null)
  execute function ratings.forget();
