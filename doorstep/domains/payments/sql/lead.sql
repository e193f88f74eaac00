-- Who leads units without working with records of persons is told the sums of a day, and how many cash desks are open or differ.
set local role doorstep_owner;
create policy definer_reads on ledger for select to doorstep_definer using (true);
create policy definer_reads on drawer for select to doorstep_definer using (true);
grant select on ledger, drawer to doorstep_definer;
set local role doorstep_definer;
create function trust.money_led(since timestamptz, until timestamptz)
returns table (unit_id int, cash bigint, online bigint, refunded bigint, differs bigint, total bigint, desks bigint, unsigned bigint, wrong bigint)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare me public.unit; begin
  select u.* into me from public.account a join public.unit u on u.id = a.unit_id where a.id = trust.ctx_account() and a.ended_at is null
    and exists (select 1 from jsonb_array_elements_text(a.rights) r where split_part(r, ':', 1) = 'supervise');
  return query with mine as (select u.id from public.unit u where case when me.station is not null then u.station = me.station
      when me.county is not null then u.county = me.county else u.city = me.city end),
    sums as (select l.unit_id, sum(l.fen) filter (where l.kind = 'received' and l.means = 'cash') cash,
        sum(l.fen) filter (where l.kind = 'received' and l.means = 'online') online, sum(l.fen) filter (where l.kind = 'refunded') refunded,
        sum(l.fen) filter (where l.kind in ('surplus', 'shortage')) differs, sum(l.fen) total
      from public.ledger l where l.unit_id in (select id from mine) and l.at >= since and l.at < until group by 1),
    boxes as (select d.unit_id, count(*) desks, count(*) filter (where d.second_at is null) unsigned,
        count(*) filter (where d.counted_fen <> d.booked_fen) wrong
      from public.drawer d where d.unit_id in (select id from mine) and d.opened_at < until and (d.second_at is null or d.second_at >= since)
      group by 1)
  select coalesce(s.unit_id, b.unit_id), coalesce(s.cash, 0)::bigint, coalesce(s.online, 0)::bigint, coalesce(s.refunded, 0)::bigint,
    coalesce(s.differs, 0)::bigint, coalesce(s.total, 0)::bigint, coalesce(b.desks, 0), coalesce(b.unsigned, 0), coalesce(b.wrong, 0)
  from sums s full join boxes b on b.unit_id = s.unit_id order by 1; end $$;
revoke all on function trust.money_led(timestamptz, timestamptz) from public;
grant execute on function trust.money_led(timestamptz, timestamptz) to doorstep_app;
set local role doorstep_owner;
