-- Ratings at every desk: sums are kept by place, way and item, so that nothing is counted when somebody looks; what was entered wrongly
-- is taken back; people without an account are rung up by a unit without a hand in it.

set local role doorstep_owner;
alter table rating_end enable row level security;
alter table rating_end force row level security;
alter table rating_count enable row level security;
alter table rating_count force row level security;
alter table rating_undone enable row level security;
alter table rating_undone force row level security;
alter table rating_ring enable row level security;
alter table rating_ring force row level security;
create policy definer_all on rating_end to doorstep_definer using (true) with check (true);
create policy definer_all on rating_count to doorstep_definer using (true) with check (true);
create policy definer_all on rating_undone to doorstep_definer using (true) with check (true);
create policy definer_all on rating_ring to doorstep_definer using (true) with check (true);
create unique index rating_count_of on rating_count (unit_id, branch, point_id, channel, item);
grant select, insert, update, delete on rating_end to doorstep_definer;
grant select, insert, update on rating_count, rating_ring to doorstep_definer;
grant select, insert on rating_undone to doorstep_definer;
grant update (released, call_back, key, sealed, outcome), delete on rating_vote to doorstep_definer;
grant usage on all sequences in schema public to doorstep_definer;

set local role doorstep_definer;
-- A matter that has a result waits here to be counted, once; one that goes on after all is not counted yet.
create function ratings.ended() returns trigger language plpgsql security definer set search_path = trust, public, pg_catalog as $$
begin
  if new.closed_at is not null and new.applicant_id is not null and new.state in ('closed', 'granted', 'refused') then
    insert into public.rating_end (matter_id, closed_at, unit_id, branch, point_id, channel, item, counted)
      values (new.id, new.closed_at, new.unit_id, new.branch, new.point_id, new.channel, new.item, false) on conflict do nothing;
  elsif tg_op = 'UPDATE' then delete from public.rating_end where matter_id = new.id and not counted; end if;
  return null; end $$;

-- Which units had a hand in a matter: the one that decides, those that wrote in it, those at whose points it was taken and handed out.
create function ratings.hands(m uuid) returns int[] language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select array(select x.unit_id from public.matter x where x.id = m
    union select e.unit_id from public.event e where e.matter_id = m and e.unit_id is not null
    union select p.unit_id from public.point p join public.matter x on p.id in (x.point_id, x.hand_out_id) where x.id = m) $$;

-- Who may not enter its rating: who handled it; and anybody of a unit with a hand in it, as long as some other unit has somebody who may.
create function ratings.stops(m uuid) returns text language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare mine int := trust.ctx_unit(); units int[]; begin
  if ratings.handled(m) then return 'handled'; end if;
  if mine is null then return null; end if;
  units := ratings.hands(m);
  if mine = any (units) and exists (select 1 from public.account a where a.ended_at is null and a.unit_id <> all (units)
      and exists (select 1 from jsonb_array_elements_text(a.rights) x where split_part(x, ':', 1) = 'rate' and split_part(x, ':', 3) <> 'own'))
    then return 'near'; end if;
  return null; end $$;

create or replace function ratings.asked(n text, given text) returns jsonb language plpgsql volatile security definer
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
    'rated', exists (select 1 from public.rating_vote v where v.matter_id = r.id), 'stops', ratings.stops(r.id)); end $$;

-- Am I the one who rings this person up?
create function ratings.ringing(m uuid) returns boolean language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select exists (select 1 from public.rating_ring r where r.matter_id = m and r.account_id = trust.ctx_account()) $$;

create or replace function ratings.vote(m uuid, given text, lvl int, via text, on_day date, vote uuid, k bytea, s bytea, req bytea, but text[])
returns text language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare r record; stop text; begin
  if req is not null and exists (select 1 from public.rating_vote v where v.matter_id = m and v.request = req) then return 'again'; end if;
  select applicant_id, unit_id, branch, point_id, channel, item, state, closed_at into r from public.matter where id = m;
  if not found then return 'not-found'; end if;
  if via = 'online' and (trust.ctx_party() is null or trust.ctx_party() is distinct from r.applicant_id) then return 'no-right'; end if;
  if via <> 'online' and given is distinct from ratings.code(m) and not (via = 'phone' and ratings.ringing(m)) then return 'wrong'; end if;
  if via in ('paper', 'phone') and not exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) x
      where a.id = trust.ctx_account() and split_part(x, ':', 1) = 'rate' and split_part(x, ':', 3) <> 'own') then return 'no-right'; end if;
  if via <> 'online' then stop := ratings.stops(m); end if;
  if stop is not null then return stop; end if;
  if r.closed_at is null or r.state not in ('closed', 'granted', 'refused') or r.item = any (but) then return 'not-yet'; end if;
  insert into public.rating_vote (id, matter_id, unit_id, branch, point_id, channel, item, level, way, day, entered_by, key, sealed, request)
    values (vote, m, r.unit_id, r.branch, r.point_id, r.channel, r.item, lvl, via, on_day,
      case when via in ('paper', 'phone') then trust.ctx_account() end, k, s, req)
    on conflict (matter_id) do nothing;
  if found then
    update public.rating_ring set came = 'rated' where matter_id = m and account_id = trust.ctx_account() and via = 'phone';
    return 'ok'; end if;
  return 'rated'; end $$;

-- What I entered for others on this day, to compare with the slips once more.
create function ratings.entered(on_day date) returns table (number varchar, item varchar, unit_id int, level smallint, way varchar)
language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select m.number, v.item, v.unit_id, v.level, v.way from public.rating_vote v join public.matter m on m.id = v.matter_id
  where v.entered_by = trust.ctx_account() and v.day = on_day and v.released is null order by m.number $$;

-- An entry is taken back by who made it, on its day, as if it had never been, but for a line that says so. Nobody has begun on its
-- call-back. Answers the call-back that is to be ended; from then on the caller is the system, for that alone.
create function ratings.take_back(n text, on_day date, at timestamptz) returns jsonb language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
declare v record; begin
  select x.id, x.matter_id, x.level, x.way, x.day, x.call_back, x.entered_by into v from public.rating_vote x
    join public.matter m on m.id = x.matter_id
    where m.number = n and x.entered_by = trust.ctx_account() and x.day = on_day and x.released is null for update of x;
  if not found then return case when exists (select 1 from public.rating_undone u join public.matter m on m.id = u.matter_id
      where m.number = n and u.account_id = trust.ctx_account() and u.day = on_day
        and not exists (select 1 from public.rating_vote y where y.matter_id = m.id))
    then '{}' else jsonb_build_object('no', 'not-entered') end; end if;
  if v.call_back is not null and exists (select 1 from public.event e where e.matter_id = v.call_back and e.seq > 1)
    then return jsonb_build_object('no', 'begun'); end if;
  insert into public.rating_undone (vote_id, matter_id, account_id, level, way, day, at, call_back)
    values (v.id, v.matter_id, v.entered_by, v.level, v.way, v.day, at, v.call_back);
  update public.rating_ring set came = '' where matter_id = v.matter_id and account_id = v.entered_by and came = 'rated';
  delete from public.rating_vote where id = v.id;
  if v.call_back is not null then
    perform trust.put(concat_ws('|', '00000000-0000-0000-0000-000000000000', 'system', '', '', '||', '', v.call_back::text)); end if;
  return jsonb_build_object('call_back', v.call_back); end $$;

-- One press at a pad may rate all that a visit finished: however many it were, one call-back looks into the visit.
create or replace function ratings.begin_call_back(vote uuid, fresh uuid) returns jsonb language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
declare r record; same uuid; begin
  select o.call_back into same from public.rating_vote v join public.matter x on x.id = v.matter_id
    join public.matter y on y.applicant_id = x.applicant_id and y.id <> x.id and y.unit_id = x.unit_id
    join public.rating_vote o on o.matter_id = y.id and o.day = v.day and o.way = 'pad' and o.call_back is not null
    where v.id = vote and v.way = 'pad' and v.level <= 2 limit 1;
  update public.rating_vote set call_back = coalesce(same, fresh) where id = vote and level <= 2 and call_back is null;
  if not found or same is not null then return null; end if;
  select x.id, x.number, x.item, x.unit_id, x.applicant_id, v.level into r
    from public.rating_vote v join public.matter x on x.id = v.matter_id where v.id = vote;
  perform trust.put(concat_ws('|', '00000000-0000-0000-0000-000000000000', 'system', '', '', '||', '', fresh::text));
  return jsonb_build_object('number', r.number, 'item', r.item, 'unit', r.unit_id, 'party', r.applicant_id, 'level', r.level,
    'hands', to_jsonb(ratings.hands(r.id))); end $$;

-- Ended matters of days before, and votes that go out, are added to the sums that they belong to.
create function ratings.count_ended(midnight timestamptz, but text[]) returns void language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
begin
  delete from public.rating_end where (not counted and item = any (but)) or closed_at < midnight - interval '60 days' and counted;
  with gone as (update public.rating_end set counted = true where not counted and closed_at < midnight
    returning unit_id, branch, point_id, channel, item)
  insert into public.rating_count (unit_id, branch, point_id, channel, item, ended, l1, l2, l3, l4, l5)
    select unit_id, branch, point_id, channel, item, count(*), 0, 0, 0, 0, 0 from gone group by 1, 2, 3, 4, 5
    on conflict (unit_id, branch, point_id, channel, item) do update set ended = rating_count.ended + excluded.ended; end $$;

-- Votes go out in full fives that have something in common: at first unit, point, way and item; after three days unit, point, way and
-- branch; after a week unit, point and way; after two weeks the unit alone. Every published number is a sum of whole fives.
create or replace function ratings.release(today date) returns void language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
declare waits int[] := array[1, 4, 8, 15]; begin
  for g in 1..4 loop
    with waiting as (
      select id, unit_id u, case when g <= 2 then branch else 0 end b, case when g <= 3 then point_id else 0 end p,
        case when g <= 3 then channel else '' end c, case when g = 1 then item else '' end i, day
      from public.rating_vote where released is null and day <= today - waits[g]),
    fives as (
      select id, u, b, p, c, i, row_number() over (partition by u, b, p, c, i order by day, id) n,
        count(*) over (partition by u, b, p, c, i) / 5 * 5 held from waiting),
    gone as (update public.rating_vote v set released = g from fives f where v.id = f.id and f.n <= f.held
      returning f.u, f.b, f.p, f.c, f.i, v.level)
    insert into public.rating_count (unit_id, branch, point_id, channel, item, ended, l1, l2, l3, l4, l5)
      select u, b, p, c, i, 0, count(*) filter (where level = 1), count(*) filter (where level = 2), count(*) filter (where level = 3),
        count(*) filter (where level = 4), count(*) filter (where level = 5) from gone group by 1, 2, 3, 4, 5
      on conflict (unit_id, branch, point_id, channel, item) do update set l1 = rating_count.l1 + excluded.l1,
        l2 = rating_count.l2 + excluded.l2, l3 = rating_count.l3 + excluded.l3, l4 = rating_count.l4 + excluded.l4,
        l5 = rating_count.l5 + excluded.l5;
  end loop; end $$;

-- What became of bad votes: the last thing that was done in their call-back, once it has ended.
create function ratings.settle() returns void language sql volatile security definer set search_path = trust, public, pg_catalog as $$
  update public.rating_vote v set outcome = case when m.state = 'withdrawn' then 'withdrawn' else coalesce((select s.outcome
      from public.step s where s.matter_id = m.id and s.closed_at is not null and s.outcome <> 'close'
      order by s.closed_at desc limit 1), 'closed') end
  from public.matter m where m.id = v.call_back and v.outcome is null and m.closed_at is not null $$;

drop function ratings.publish(date, timestamptz, text[], interval);
create function ratings.publish(today date, midnight timestamptz, but text[]) returns void language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
begin
  if not pg_try_advisory_xact_lock(hashtext('ratings.publish')) then return; end if;
  perform ratings.count_ended(midnight, but);
  perform ratings.release(today);
  perform ratings.settle();
  delete from public.rating_published;
  insert into public.rating_published (subject, key, could, votes, done, day, counted_at)
  with told as (
      select s.subject, s.key, sum(c.ended) could, sum(c.l1) l1, sum(c.l2) l2, sum(c.l3) l3, sum(c.l4) l4, sum(c.l5) l5
      from public.rating_count c cross join lateral (values ('unit', c.unit_id::text), ('branch', nullif(c.branch, 0)::text),
        ('point', nullif(c.point_id, 0)::text), ('channel', nullif(c.channel, '')), ('item', nullif(c.item, ''))) s (subject, key)
      where s.key is not null group by 1, 2),
    bad as (
      select s.subject, s.key, coalesce(v.outcome, 'open') outcome, count(*) n
      from public.rating_vote v cross join lateral (values ('unit', v.unit_id::text), ('branch', case when v.released <= 2 then v.branch::text end),
        ('point', case when v.released <= 3 then v.point_id::text end), ('channel', case when v.released <= 3 then v.channel end),
        ('item', case when v.released = 1 then v.item end)) s (subject, key)
      where v.level <= 2 and v.released is not null and s.key is not null group by 1, 2, 3),
    became as materialized (select b.subject, b.key, jsonb_object_agg(b.outcome, b.n) done from bad b group by 1, 2)
  select t.subject, t.key, t.could, jsonb_build_object('1', t.l1, '2', t.l2, '3', t.l3, '4', t.l4, '5', t.l5),
    coalesce(b.done, '{}'), today, clock_timestamp()
  from told t left join became b on b.subject = t.subject and b.key = t.key; end $$;

-- The next person to ring up: of a matter that the caller may see, that ended lately, that nobody rated and the caller's unit had no hand
-- in, of somebody without an account. Each at most twice; who said no is left alone. One is held at a time, for half an hour.
create function ratings.ring_next(since timestamptz, until timestamptz, now_ timestamptz) returns uuid
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare me uuid := trust.ctx_account(); found_ uuid; begin
  if not exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) x where a.id = me and a.ended_at is null
      and split_part(x, ':', 1) = 'rate' and split_part(x, ':', 3) <> 'own') then return null; end if;
  select r.matter_id into found_ from public.rating_ring r where r.account_id = me and r.came = '' and r.at > now_ - interval '30 minutes'
    and not exists (select 1 from public.rating_vote v where v.matter_id = r.matter_id) limit 1;
  if found_ is not null then return found_; end if;
  select e.matter_id into found_ from public.rating_end e join public.matter m on m.id = e.matter_id
    left join public.rating_ring r on r.matter_id = e.matter_id
    where e.closed_at >= since and e.closed_at < until and m.key is not null and m.applicant_id is not null
      and (r.matter_id is null or (r.came = '' and r.at < now_ - interval '30 minutes')
        or (r.came = 'no-answer' and r.tries < 2 and r.at < now_ - interval '20 hours'))
      and not exists (select 1 from public.rating_vote v where v.matter_id = e.matter_id)
      and not exists (select 1 from public.account a where a.party_id = m.applicant_id and a.ended_at is null)
      and trust.sees(e.matter_id) and ratings.stops(e.matter_id) is null
    order by e.closed_at limit 1 for update of e skip locked;
  if found_ is null then return null; end if;
  insert into public.rating_ring (matter_id, account_id, unit_id, at, came, tries) values (found_, me, trust.ctx_unit(), now_, '', 1)
    on conflict (matter_id) do update set account_id = me, unit_id = trust.ctx_unit(), at = now_, came = '', tries = rating_ring.tries + 1;
  return found_; end $$;

create function ratings.rung(m uuid, what text) returns boolean language plpgsql volatile security definer
set search_path = trust, public, pg_catalog as $$
begin
  update public.rating_ring set came = what where matter_id = m and account_id = trust.ctx_account() and came in ('', what);
  return found; end $$;

-- Which of these matters of one's own have a vote of theirs.
create function ratings.own_of(ms uuid[]) returns setof uuid language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select v.matter_id from public.rating_vote v join public.matter x on x.id = v.matter_id
  where v.matter_id = any (ms) and x.applicant_id = trust.ctx_party() $$;

-- The codes of what a visit brought, for its receipt.
create function ratings.codes(ms uuid[], but text[]) returns table (id uuid, number varchar, code text, ended boolean)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query select m.id, m.number, ratings.code(m.id), m.closed_at is not null and m.state in ('closed', 'granted', 'refused')
  from public.matter m where m.id = any (ms) and m.item <> all (but) and trust.sees(m.id) order by m.opened_at, m.id; end $$;

insert into public.rating_end (matter_id, closed_at, unit_id, branch, point_id, channel, item, counted)
  select id, closed_at, unit_id, branch, point_id, channel, item, false from public.matter
  where closed_at is not null and applicant_id is not null and state in ('closed', 'granted', 'refused');

revoke all on all functions in schema ratings from public;
grant execute on function ratings.ended() to doorstep_owner;
grant execute on function ratings.entered(date), ratings.take_back(text, date, timestamptz), ratings.ringing(uuid),
  ratings.ring_next(timestamptz, timestamptz, timestamptz), ratings.rung(uuid, text), ratings.own_of(uuid[]), ratings.codes(uuid[], text[]) to doorstep_app;
grant execute on function ratings.publish(date, timestamptz, text[]) to doorstep_app, doorstep_worker;

set local role doorstep_owner;
create trigger rating_ended after insert or update of closed_at, state on matter for each row
  when (new.closed_at is not null) execute function ratings.ended();
create trigger rating_goes_on after update of closed_at on matter for each row
  when (old.closed_at is not null and new.closed_at is null) execute function ratings.ended();
