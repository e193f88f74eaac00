-- The looks that nobody explained are few among millions: found by an index of those without a step or an own matter as their
-- reason, newest first; whether one was explained after all is asked of each line, not of the whole log.
set local role doorstep_owner;
create index access_unexplained on access (at desc) where kind in ('read', 'file', 'paper') and purpose not in ('own', 'step', 'system');

set local role doorstep_definer;
create or replace function audit.unexplained(since timestamptz, n int) returns table (at timestamptz, zh text, en text, login varchar,
  unit_id int, number varchar, item varchar, kind varchar, purpose varchar)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  if not exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) x
      where a.id = trust.ctx_account() and split_part(x, ':', 1) = 'audit') then return; end if;
  return query select r.at, a.zh, a.en, a.login, r.unit_id, m.number, m.item, r.kind, r.purpose
    from public.access r join public.account a on a.id = r.account_id left join public.matter m on m.id = r.matter_id
    where r.at >= since and r.kind in ('read', 'file', 'paper') and r.purpose not in ('own', 'step', 'system')
      and a.party_id is distinct from r.party_id and not exists (select 1 from public.access w where w.matter_id = r.matter_id
        and w.account_id = r.account_id and w.purpose = r.purpose and w.kind = 'read' and w.detail <> '' offset 0)
    order by r.at desc limit n; end $$;
set local role doorstep_owner;
