-- What became of bad votes is added up once for all lines, not once for each.
set local role doorstep_definer;
create or replace function ratings.publish(today date, midnight timestamptz, but text[]) returns void language plpgsql volatile security definer
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
set local role doorstep_owner;
