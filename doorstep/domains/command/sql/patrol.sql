-- Patrols. Nothing in these tables is about a person that the police deal with; officers see them, who stands where no police do does not.
-- Marks and checks are added and never changed; a plan's input is frozen; the seed is the worker's alone.
set local role doorstep_owner;
create table patrol_seed (plan_id uuid primary key, seed bigint not null);
do $$ declare t text; begin
  foreach t in array array['patrol_mark', 'patrol_plan', 'patrol_leg', 'patrol_stop', 'patrol_check', 'patrol_seed'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy work on %I to doorstep_worker using (true) with check (true)', t);
  end loop;
  foreach t in array array['patrol_mark', 'patrol_plan', 'patrol_leg', 'patrol_stop', 'patrol_check'] loop
    execute format('create policy see on %I for select to doorstep_app using ((select trust.ctx_kind()) = ''officer'')', t);
    execute format('grant select on %I to doorstep_app, doorstep_worker', t);
  end loop;
end $$;
create policy add on patrol_mark for insert to doorstep_app with check (account_id = (select trust.ctx_account()));
create policy add on patrol_plan for insert to doorstep_app with check (asked_by = (select trust.ctx_account()) and state = 'asked'
  and coalesce(raw, 'null') = 'null' and coalesce(told, 'null') = 'null');
create policy add on patrol_check for insert to doorstep_app with check (account_id = (select trust.ctx_account()) and how in ('tapped', 'disputed'));
grant insert on patrol_mark, patrol_plan, patrol_check to doorstep_app;
grant insert on patrol_leg, patrol_stop, patrol_check to doorstep_worker;
grant update (state, job, tries, made_at, raw, told, checked_at) on patrol_plan to doorstep_worker;
grant select, insert on patrol_seed to doorstep_worker;
-- One plan of a shift is asked for or in force at a time.
create unique index patrol_plan_ready on patrol_plan (since) where state = 'ready';
create unique index patrol_plan_open on patrol_plan (since) where state in ('asked', 'making');
create function patrol_stays() returns trigger language plpgsql as $$
begin raise exception 'what was drawn, planned and done is added to, and never changed' using errcode = '42501'; end $$;
do $$ declare t text; begin
  foreach t in array array['patrol_mark', 'patrol_leg', 'patrol_stop', 'patrol_check'] loop
    execute format('create trigger %I before update or delete on %I for each row execute function patrol_stays()', t || '_stays', t);
  end loop;
end $$;

set local role doorstep_definer;
-- For the worker: where these duty units were, and when a call had them, to hold against what they were to patrol.
create function trust.patrol_tracks(units int[], since timestamptz, until timestamptz)
returns table (duty_unit_id int, at timestamptz, lon float8, lat float8, accuracy float8)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin return query select p.duty_unit_id, p.at, p.lon, p.lat, p.accuracy from public.duty_position p
  where p.duty_unit_id = any (units) and p.at >= since and p.at <= until order by 1, 2; end $$;
create function trust.patrol_calls(units int[], since timestamptz, until timestamptz)
returns table (duty_unit_id int, matter_id uuid, begin_at timestamptz, end_at timestamptz)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin return query select s.duty_unit_id, s.matter_id, s.alerted_at, coalesce(s.finished_at, until) from public.sending s
  where s.duty_unit_id = any (units) and s.alerted_at < until and coalesce(s.finished_at, until) > since; end $$;
revoke all on function trust.patrol_tracks(int[], timestamptz, timestamptz), trust.patrol_calls(int[], timestamptz, timestamptz) from public;
grant execute on function trust.patrol_tracks(int[], timestamptz, timestamptz), trust.patrol_calls(int[], timestamptz, timestamptz) to doorstep_worker;
set local role doorstep_owner;
