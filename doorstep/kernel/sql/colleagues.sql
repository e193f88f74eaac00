-- Who works where the caller does or below: names and verbs, nothing by which one could sign in. A unit without records knows its own.
set local role doorstep_definer;
create function trust.colleagues() returns table (id uuid, zh text, en text, unit_id int, branches jsonb, verbs text[])
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
declare c text[] := trust.ctx(); begin
  if c is null or c[4] = '' then return; end if;
  return query select a.id, a.zh, a.en, a.unit_id, a.branches,
      array(select distinct split_part(r, ':', 1) from jsonb_array_elements_text(a.rights) r where split_part(r, ':', 4) <> 'public')
    from public.account a join public.unit u on u.id = a.unit_id
    where a.ended_at is null and a.kind = 'officer' and (u.id = c[4]::int or u.station = nullif(c[7], '')::int
      or u.county = nullif(c[6], '')::int or u.city = nullif(c[5], '')::int)
    order by a.unit_id, a.login; end $$;
revoke all on function trust.colleagues() from public;
grant execute on function trust.colleagues() to doorstep_app, doorstep_worker;
set local role doorstep_owner;
