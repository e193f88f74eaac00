-- Found when every function that looks behind the policies was read with the accounts of outlets, machines and departments in mind
-- (docs/definer.md): to have a unit is not to stand at a window.
set local role doorstep_definer;

-- Does the one who asks take people in, at a window of the police?
create function trust.at_window() returns boolean language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
begin
  return trust.ctx_kind() = 'officer' and exists (select 1 from public.account a, jsonb_array_elements_text(a.rights) r
    where a.id = trust.ctx_account() and a.ended_at is null and split_part(r, ':', 1) = 'receive'); end $$;
revoke all on function trust.at_window() from public;
grant execute on function trust.at_window() to doorstep_app, doorstep_worker;

do $do$ declare one text[]; was text; begin
  foreach one slice 1 in array array[
    -- By number and card a matter is shown to a window for a day; by card, who may act for whom: to windows alone.
    array['trust.let_in(bytea, bytea, text)', 'trust.ctx_unit() is null', 'not trust.at_window()'],
    array['trust.mandates_of(bytea)', 'trust.ctx_unit() is null', 'not trust.at_window()'],
    array['trust.end_mandate(uuid, bytea)', 'trust.ctx_unit() is not null', 'trust.at_window()'],
    -- How many matters run under which version, and which rows of tables answer, is for those who work here.
    array['trust.running(text)', 'trust.ctx_account() is null and', 'trust.ctx_kind() is distinct from ''officer'' and'],
    array['trust.rows_hit(text, int)', 'trust.ctx_account() is not null', 'trust.ctx_kind() = ''officer'''],
    -- Who begins a call-back enters the scope of a matter that is not there yet, and of no other.
    array['ratings.begin_call_back(uuid, uuid)', 'same uuid; begin',
      'same uuid; begin if exists (select 1 from public.matter where id = fresh) then return null; end if;']]
  loop
    was := pg_get_functiondef(one[1]::regprocedure);
    if strpos(was, one[2]) = 0 then raise exception '% does not say %', one[1], one[2]; end if;
    execute replace(was, one[2], one[3]);
  end loop;
end $do$;
-- Figures are released by the day they are asked for: by the worker's clock, by nobody else.
revoke execute on function ratings.publish(date, timestamptz, text[]) from doorstep_app;
set local role doorstep_owner;
