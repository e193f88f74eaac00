-- How many reprints wait for a second person is counted by functions of the definer.
set local role doorstep_owner;
create policy definer_reads on reprint for select to doorstep_definer using (true);
grant select on reprint to doorstep_definer;
