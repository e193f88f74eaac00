-- What a place without police sees of a matter is asked in one place: the kernel's own question answers for it by its errands
-- alone, so that whatever a table or function grants by unit, district or share is not granted there.
set local role doorstep_definer;
do $$ begin
  execute replace(pg_get_functiondef('trust.sees(uuid)'::regprocedure), 'trust.sees(', 'trust.sees_within(');
end $$;
create or replace function trust.sees(m uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  if trust.apart() then return trust.outlet_sees(m); end if;
  return trust.sees_within(m); end $$;
revoke all on function trust.sees_within(uuid) from public;

-- A kiosk sees what it sent for two minutes; a little longer while somebody is busy with it (they pay, or wait for the paper),
-- fifteen minutes at most. When they leave, or somebody else begins, it is seen no more.
create or replace function trust.outlet_sees(m uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
declare me uuid := trust.ctx_account(); begin
  if trust.ctx_kind() = 'kiosk' then
    return exists (select 1 from public.errand e where e.matter_id = m and e.seen_by = me and e.stays_until > clock_timestamp());
  end if;
  return exists (select 1 from public.errand e join public.outlet_staff o on o.point_id = e.point_id and o.account_id = me
    where e.matter_id = m and e.ended_at is null and e.until > clock_timestamp()); end $$;
create function trust.kiosk_stays(m uuid) returns jsonb language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  if trust.ctx_kind() is distinct from 'kiosk' or not trust.outlet_sees(m) then return null; end if;
  update public.errand e set stays_until = clock_timestamp() + interval '2 minutes'
    where e.matter_id = m and e.came_at > clock_timestamp() - interval '15 minutes';
  return (select jsonb_build_object('number', r.number, 'state', r.state, 'ended', r.closed_at is not null, 'papers', coalesce((
    select jsonb_agg(jsonb_build_object('number', p.number, 'template', p.template, 'ready', p.file_id is not null) order by p.issued_at)
    from public.paper p where p.matter_id = m), '[]')) from public.matter r where r.id = m); end $$;
create function trust.kiosk_leaves() returns void language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  update public.errand e set stays_until = null where trust.ctx_kind() = 'kiosk' and e.seen_by = trust.ctx_account()
    and e.stays_until is not null; end $$;
-- Somebody comes back to a kiosk, to pay or to print, with the number and the card of whoever sent it at one.
create function trust.kiosk_returns(n text, who bytea) returns uuid language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
declare found_id uuid; begin
  if trust.ctx_kind() is distinct from 'kiosk' then return null; end if;
  update public.errand e set seen_by = trust.ctx_account(), came_at = clock_timestamp(), stays_until = clock_timestamp() + interval '2 minutes'
    from public.matter m, public.party p where m.number = n and e.matter_id = m.id and e.agreed = 'own' and p.id = e.principal_id
    and p.id_blind = who and m.key is not null returning e.matter_id into found_id;
  return found_id; end $$;
-- The machine could not print what was due to the person: the window that has the matter is told on its page.
create function trust.kept_for_window(m uuid) returns boolean language plpgsql volatile security definer set search_path = trust, public, pg_catalog as $$
begin
  update public.errand e set unprinted_at = clock_timestamp() where e.matter_id = m and e.unprinted_at is null and trust.apart() and trust.outlet_sees(m);
  return found; end $$;
revoke all on function trust.kiosk_stays(uuid), trust.kiosk_leaves(), trust.kiosk_returns(text, bytea), trust.kept_for_window(uuid) from public;
grant execute on function trust.kiosk_stays(uuid), trust.kiosk_leaves(), trust.kiosk_returns(text, bytea), trust.kept_for_window(uuid)
  to doorstep_app;
set local role doorstep_owner;
grant update (unprinted_at, stays_until, seen_by, came_at) on errand to doorstep_definer;
create or replace function errand_is_recorded() returns trigger language plpgsql as $$
begin
  new.recorded_at := clock_timestamp(); new.came_at := new.recorded_at; new.stays_until := new.recorded_at + interval '2 minutes';
  new.seen_by := new.account_id; return new; end $$;
-- Of errands it reads those whose matter it sees now; of its own looks, the same.
create policy apart on errand as restrictive for select to doorstep_app using (not (select trust.apart())
  or matter_id is null and account_id = (select trust.ctx_account()) or trust.outlet_sees(matter_id));
create policy apart on access as restrictive for select to doorstep_app using (not (select trust.apart()) or trust.outlet_sees(matter_id));
