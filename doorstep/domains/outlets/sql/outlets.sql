-- Where no police stand. An account of an outlet or kiosk is bound to one point. It opens a matter only as an errand: somebody came,
-- was identified and agreed. An outlet sees the matters of its own errands until their end and nothing else of its unit; a kiosk
-- sees one for two minutes by the database's own clock, so that what is sent is answered, and never again.
set local role doorstep_owner;
do $$ declare t text; begin
  foreach t in array array['outlet_staff', 'errand'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy definer_all on %I to doorstep_definer using (true) with check (true)', t);
  end loop;
end $$;
create policy own on outlet_staff for select using (account_id = (select trust.ctx_account()));
create policy see on errand for select using (account_id = (select trust.ctx_account()) or principal_id = (select trust.ctx_party())
  or exists (select 1 from outlet_staff o where o.point_id = errand.point_id)
  or (matter_id is not null and trust.sees(matter_id)));
create policy add on errand for insert with check (matter_id is null and ended_at is null and account_id = (select trust.ctx_account())
  and exists (select 1 from outlet_staff o where o.point_id = errand.point_id));
grant select, insert on errand to doorstep_app, doorstep_worker;
grant select on outlet_staff to doorstep_app, doorstep_worker;
grant select, insert on outlet_staff to doorstep_definer;
grant select on errand to doorstep_definer;
grant update (matter_id, ended_at, recorded_at) on errand to doorstep_definer;
create function errand_is_recorded() returns trigger language plpgsql as $$
begin new.recorded_at := clock_timestamp(); return new; end $$;
create trigger errand_recorded before insert on errand for each row execute function errand_is_recorded();
grant execute on function errand_is_recorded() to doorstep_app, doorstep_worker;

set local role doorstep_definer;
-- Is the one who asks somewhere without police? Read at every statement, so without proving the scope once more: the policies
-- beside it do, and refuse a scope that was forged.
create function trust.apart() returns boolean language sql stable as
  $$ select split_part(coalesce(current_setting('doorstep.ctx', true), ''), '|', 2) in ('outlet', 'kiosk') $$;

-- May an outlet or kiosk see this matter now?
create function trust.outlet_sees(m uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare me uuid := trust.ctx_account(); begin
  if trust.ctx_kind() = 'kiosk' then
    return exists (select 1 from public.errand e where e.matter_id = m and e.account_id = me
      and e.recorded_at > clock_timestamp() - interval '2 minutes');
  end if;
  return exists (select 1 from public.errand e join public.outlet_staff o on o.point_id = e.point_id and o.account_id = me
    where e.matter_id = m and e.ended_at is null and e.until > clock_timestamp()); end $$;

create function trust.outlet_knows(p uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin return exists (select 1 from public.errand e where e.principal_id = p and trust.outlet_sees(e.matter_id)); end $$;

-- A matter that is opened there is bound to the errand it was opened by; without one it is not opened.
create function trust.bind_errand() returns trigger language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  if trust.apart() then
    update public.errand e set matter_id = new.id where e.id = (select x.id from public.errand x where x.matter_id is null
      and x.account_id = trust.ctx_account() and x.point_id = new.point_id and x.item = new.item
      and x.principal_id = new.applicant_id order by x.recorded_at desc limit 1);
    if not found then raise exception 'an outlet brings a matter only for whoever agreed to it' using errcode = '42501'; end if;
  end if;
  return null; end $$;

-- The person takes it back: from this moment the outlet sees it no more.
create function trust.end_errand(m uuid) returns boolean language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  update public.errand e set ended_at = clock_timestamp() where e.matter_id = m and e.ended_at is null and e.agreed <> 'own'
    and e.principal_id = trust.ctx_party();
  return found; end $$;

-- For the office that makes accounts.
create function trust.post_at(a uuid, p int) returns void language sql volatile security definer set search_path = trust, public, pg_catalog as
  $$ insert into public.outlet_staff values (a, p) $$;

-- The live stream says nothing to a machine or a partner.
alter function trust.audience(bytea) rename to audience_of;
create function trust.audience(token_hash bytea) returns jsonb language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  if exists (select 1 from trust.session s join public.account a on a.id = s.account_id
      where s.token = token_hash and a.kind in ('outlet', 'kiosk')) then return null; end if;
  return trust.audience_of(token_hash); end $$;

revoke all on function trust.apart(), trust.outlet_sees(uuid), trust.outlet_knows(uuid), trust.bind_errand(), trust.end_errand(uuid),
  trust.post_at(uuid, int), trust.audience(bytea), trust.audience_of(bytea) from public;
grant execute on function trust.apart(), trust.outlet_sees(uuid), trust.outlet_knows(uuid)
  to doorstep_app, doorstep_worker, doorstep_owner, doorstep_migrator;
grant execute on function trust.bind_errand() to doorstep_owner, doorstep_app, doorstep_worker;
grant execute on function trust.end_errand(uuid) to doorstep_app;
grant execute on function trust.post_at(uuid, int) to doorstep_migrator, doorstep_owner;
revoke execute on function trust.audience_of(bytea) from doorstep_stream;
grant execute on function trust.audience(bytea) to doorstep_stream;

set local role doorstep_owner;
create trigger matter_binds_errand after insert on matter for each row execute function trust.bind_errand();
create policy apart on matter as restrictive for select to doorstep_app using (not (select trust.apart()) or trust.outlet_sees(id));
create policy apart on party as restrictive for select to doorstep_app using (not (select trust.apart()) or trust.outlet_knows(id));
do $$ declare t text; begin
  foreach t in array array['step', 'share'] loop
    execute format('create policy apart on %I as restrictive for select to doorstep_app
      using (not (select trust.apart()) or trust.outlet_sees(matter_id))', t);
  end loop;
  foreach t in array array['step', 'event'] loop
    execute format('create policy apart_add on %I as restrictive for insert to doorstep_app
      with check (not (select trust.apart()) or trust.outlet_sees(matter_id))', t);
  end loop;
end $$;
create policy apart_change on matter as restrictive for update to doorstep_app
  using (not (select trust.apart()) or trust.outlet_sees(id));
create policy apart_change on party as restrictive for update to doorstep_app
  using (not (select trust.apart()) or trust.outlet_knows(id));
