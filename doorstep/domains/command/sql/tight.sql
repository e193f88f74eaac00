-- Read once more with the question who else could ask: a duty unit is taken up for a call alone, by the centre or by its own crew;
-- patrols are drawn, asked for and ticked off by officers.
set local role doorstep_definer;
create function trust.duty_for_call(u int, m uuid) returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin return trust.sees(m) and exists (select 1 from public.call_place c where c.matter_id = m)
  and (trust.ctx_kind() = 'system' or trust.holds('dispatch') or trust.duty_rides(u)); end $$;
do $$ declare f text; begin
  foreach f in array array['duty_occupy(int, uuid, text, text, timestamptz)', 'duty_release(int, uuid, text, timestamptz)'] loop
    execute replace(pg_get_functiondef(('trust.' || f)::regprocedure),
      'trust.ctx_kind() not in (''officer'', ''system'') or not trust.sees(m)', 'not trust.duty_for_call(u, m)');
  end loop;
end $$;
revoke all on function trust.duty_for_call(int, uuid) from public;
set local role doorstep_owner;
do $$ declare t text; begin
  foreach t in array array['patrol_mark', 'patrol_plan', 'patrol_check'] loop
    execute format('create policy officers on %I as restrictive for insert to doorstep_app with check ((select trust.ctx_kind()) = ''officer'')', t);
  end loop;
end $$;
