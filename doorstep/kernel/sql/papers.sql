-- Papers to be made: the newest and the oldest, half of each, so that who waits at a page gets theirs though many wait, and none waits for ever.
set local role doorstep_definer;
create or replace function trust.making_papers(n int) returns table (id uuid, matter_id uuid)
language plpgsql stable security definer set search_path = trust, public, pg_catalog as $$
#variable_conflict use_column
begin return query (select p.id, p.matter_id from public.paper p where p.state = 'making' order by p.issued_at desc limit (n + 1) / 2)
  union all (select p.id, p.matter_id from public.paper p where p.state = 'making' order by p.issued_at limit n / 2); end $$;
set local role doorstep_owner;
