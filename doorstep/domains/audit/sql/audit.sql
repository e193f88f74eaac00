-- For the auditor alone: looks that nobody explained, with the names that the person looked at is not told (rights 7).
set local role doorstep_definer;
create schema audit;
create function audit.unexplained(since timestamptz, n int) returns table (at timestamptz, zh text, en text, login varchar, unit_id int,
  number varchar, item varchar, kind varchar, purpose varchar)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  if not exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) x
      where a.id = trust.ctx_account() and split_part(x, ':', 1) = 'audit') then return; end if;
  return query select r.at, a.zh, a.en, a.login, r.unit_id, m.number, m.item, r.kind, r.purpose
    from public.access r join public.account a on a.id = r.account_id left join public.matter m on m.id = r.matter_id
    where r.at >= since and r.kind in ('read', 'file', 'paper') and r.purpose not in ('own', 'step', 'system')
      and a.party_id is distinct from r.party_id and not exists (select 1 from public.access w where w.account_id = r.account_id
        and w.matter_id = r.matter_id and w.purpose = r.purpose and w.kind = 'read' and w.detail <> '')
    order by r.at desc limit n; end $$;
revoke all on schema audit from public;
revoke all on all functions in schema audit from public;
grant usage on schema audit to doorstep_owner, doorstep_migrator, doorstep_app;
grant execute on function audit.unexplained(timestamptz, int) to doorstep_app;
set local role doorstep_owner;
