-- One count of what is running instead of two that overlapped. Sums alone, for who may design and for who publishes: without an
-- item by item and version; of one item also by unit and by where it stands, in codes (open steps and forks), which says
-- whether it could go on in another version.
set local role doorstep_definer;
drop function trust.running(text);
drop function trust.open_by_version();
create function trust.running(item_ text default null)
returns table (item varchar, pack bytea, unit_id int, at jsonb, n bigint)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  if trust.ctx_account() is null and session_user not in ('doorstep_migrator', 'doorstep_owner') then
    return;
  elsif item_ is null then
    return query select m.item, m.pack, null::int, null::jsonb, count(*) from public.matter m
      where m.closed_at is null group by m.item, m.pack;
  else
    return query select m.item, m.pack, m.unit_id,
        m.flow - '{visits,returns,decided,late,last,tries}'::text[], count(*) from public.matter m
      where m.item = item_ and m.closed_at is null group by 1, 2, 3, 4;
  end if;
end $$;
revoke all on function trust.running(text) from public;
grant execute on function trust.running(text) to doorstep_app, doorstep_migrator, doorstep_owner;
set local role doorstep_owner;
