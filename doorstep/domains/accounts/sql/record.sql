-- A telephone that its owner has just changed is changed in the own record, too, by which running matters reach them. Only in the
-- transaction that changed the account's, and only the record of who is signed in.
set local role doorstep_definer;
create function trust.keep_phone(now_ bytea) returns text
language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  if now_ is null or not exists (select 1 from trust.proving p join public.account_claim c on c.phone = p.phone
      where c.account_id = trust.ctx_account() and p.about = 'comes' and p.used_at >= transaction_timestamp()) then return 'over'; end if;
  update public.party p set sealed = now_ from public.account a
    where a.id = trust.ctx_account() and a.kind = 'resident' and p.id = a.party_id and p.key is not null;
  return case when found then 'ok' else 'nobody' end; end $$;
revoke all on function trust.keep_phone(bytea) from public;
grant execute on function trust.keep_phone(bytea) to doorstep_app;
set local role doorstep_owner;
