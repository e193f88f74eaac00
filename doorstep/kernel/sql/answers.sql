-- Rights 11: a unit that was only asked writes its answer and nothing else, whatever runs SQL in its name.
set local role doorstep_definer;

-- May the session that asks write this event? Of a matter on whose question alone it sits: only what it does with its own step, and
-- the end of a part of the matter that it decides (of that it sees the whole).
create function trust.may_tell(m uuid, what text, said text) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  if trust.shown(m) is null then return true; end if;
  if what = 'heard' then return exists (select 1 from public.tie t where t.matter_id = m and t.kind = 'child'
    and t.other_id::text = said::jsonb ->> 'from' and trust.sees(t.other_id)); end if;
  return what in ('acted', 'assigned') and exists (select 1 from public.step s where s.matter_id = m
    and s.name = said::jsonb ->> 'step' and s.unit_id = nullif((trust.ctx())[4], '')::int); end $$;
revoke all on function trust.may_tell(uuid, text, text) from public;
grant execute on function trust.may_tell(uuid, text, text) to doorstep_app;
set local role doorstep_owner;

create policy answers on event as restrictive for insert to doorstep_app with check (trust.may_tell(matter_id, kind, header));
create policy answers on involved as restrictive for insert to doorstep_app with check (trust.shown(matter_id) is null);
create policy answers_change on involved as restrictive for update to doorstep_app using (trust.shown(matter_id) is null);
create policy answers on tie as restrictive for insert to doorstep_app
  with check (trust.shown(matter_id) is null and trust.shown(other_id) is null);
create policy answers on file as restrictive for insert to doorstep_app with check (matter_id is null or trust.shown(matter_id) is null);
create policy answers_change on file as restrictive for update to doorstep_app
  using (true) with check (matter_id is null or trust.shown(matter_id) is null);
-- Nor does it let anybody in, itself least of all: what a flow lets see is another unit.
create policy answers on share as restrictive for insert to doorstep_app with check (trust.shown(matter_id) is null
  or (role in ('leg', 'asked') and unit_id is distinct from (select trust.ctx_unit())));
