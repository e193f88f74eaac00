"""Which tables an outlet or kiosk may touch: those named here, as far as their own policies let it; every other is shut.

It is done after each migration, so that a table which comes later is shut until somebody names it here.
"""

from __future__ import annotations

from django.db import connection, transaction

_WITH_POLICIES = ("matter", "party", "step", "share", "errand", "outlet_staff", "access")
_THROUGH_A_MATTER = ("event", "event_body", "posting", "outbox", "paper", "notice", "involved", "payment")
_ITS_OWN = ("draft", "request_key", "file")
OPEN = frozenset(_WITH_POLICIES + _THROUGH_A_MATTER + _ITS_OWN)
"""Tables that an outlet works with. Each of them shows rows of its own errands, or of its own account."""

_SHUT = """do $$ declare t record; opened text[] := %s; begin
  for t in select c.oid::regclass as name, c.relname = any (opened) as is_open,
      exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polname = 'shut') as is_shut
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity loop
    if t.is_open and t.is_shut then execute format('drop policy shut on %%s', t.name); end if;
    if not t.is_open and not t.is_shut then
      execute format('create policy shut on %%s as restrictive to doorstep_app using (not (select trust.apart()))', t.name);
    end if;
  end loop; end $$"""


def shut() -> None:
    """Shut each table that is not `OPEN` to accounts of an outlet or kiosk; as the migrator. Again changes nothing."""
    named = "array[{}]".format(", ".join(f"'{one}'" for one in sorted(OPEN)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local role doorstep_owner")
        cursor.execute(_SHUT.replace("%s", named, 1).replace("%%", "%"))
