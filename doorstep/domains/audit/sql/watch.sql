-- For whoever keeps the accounts safe: failed sign-ins, locked accounts, looks in great number, and what waits for a second person.
-- Counts and units; a name only of a work account that is locked or tried. No matter, no resident and no telephone.
set local role doorstep_definer;
create function audit.watch() returns jsonb language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare day_ timestamptz := clock_timestamp() - interval '1 day'; found_ jsonb; n int; one text; begin
  if not exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) x
      where a.id = trust.ctx_account() and split_part(x, ':', 1) = 'secure') then return null; end if;
  with tried as (select f.login, count(*) as n, max(f.at) as last, count(*) filter (where f.at > clock_timestamp() - interval '15 minutes') as now_
      from trust.failure f where f.at > day_ group by 1),
    known as (select t.*, a.zh, a.en, a.unit_id, a.kind from tried t left join trust.credential c on c.login = t.login
      left join public.account a on a.id = c.account_id)
  select jsonb_build_object(
    'staff', (select coalesce(jsonb_agg(jsonb_build_object('login', k.login, 'zh', k.zh, 'en', k.en, 'unit', k.unit_id, 'n', k.n, 'last', k.last,
        'locked', k.now_ >= 5) order by k.now_ >= 5 desc, k.n desc, k.login), '[]')
      from (select * from known where kind <> 'resident' order by now_ >= 5 desc, n desc limit 50) k),
    'residents', (select count(*) from known where kind = 'resident'), 'residents_locked', (select count(*) from known where kind = 'resident' and now_ >= 5),
    'unknown', (select count(*) from known where kind is null), 'unknown_tries', (select coalesce(sum(k.n), 0) from known k where kind is null),
    'sessions', (select count(*) from trust.session s join public.account a on a.id = s.account_id and a.kind <> 'resident'
      where s.revoked_at is null and s.expires_at > clock_timestamp()),
    'wide', (select coalesce(jsonb_agg(w order by w.most desc, w.unit), '[]') from (
      select l.unit_id as unit, count(*) as accounts, max(l.n) as most from (
        select r.account_id, r.unit_id, count(distinct r.matter_id) + count(*) filter (where r.kind = 'lookup') as n
        from (select * from public.access x where x.at > day_ and x.kind in ('read', 'file', 'paper', 'lookup') and x.unit_id is not null
          order by x.at desc limit 50000) r group by 1, 2) l where l.n >= 100 group by 1 limit 50) w)
  ) into found_;
  -- Domains that are not there have nothing that waits.
  select count(*) into n from public.event e join public.matter m on m.id = e.matter_id and m.key is not null
    where e.kind = 'erasure_ordered' and e.at > clock_timestamp() - interval '30 days';
  found_ := found_ || jsonb_build_object('erasure', n);
  foreach one in array array['reprint', 'refund'] loop
    if has_table_privilege('doorstep_definer', to_regclass('public.' || one), 'select') then
      execute format('select count(*) from public.%I where state = ''waiting''', one) into n;
      found_ := found_ || jsonb_build_object(one, n);
    end if;
  end loop;
  return found_; end $$;
revoke all on function audit.watch() from public;
grant execute on function audit.watch() to doorstep_app;
set local role doorstep_owner;
