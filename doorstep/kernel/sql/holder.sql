-- Is the paper with this code made out to this name? The caller brings the keyed index of the name; a yes or no goes back.
set local role doorstep_definer;
create function trust.paper_is_of(h bytea, name bytea) returns boolean language sql stable security definer set search_path = trust, public, pg_catalog as $$
  select coalesce((select holder = name from public.paper where code_hash = h), false) $$;
revoke all on function trust.paper_is_of(bytea, bytea) from public;
grant execute on function trust.paper_is_of(bytea, bytea) to doorstep_app;
set local role doorstep_owner;
