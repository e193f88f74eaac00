"""The worker may remove what the relay told everybody more than a week ago."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer; drop function trust.purge_outbox(int); set local role doorstep_owner;
drop policy definer_purges on outbox; drop policy definer_all on reaction;
revoke delete on outbox, reaction from doorstep_definer; revoke select on reaction from doorstep_definer"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0009_quick")]
    operations = [migrations.RunSQL((_SQL / "purge.sql").read_text(), _BACK)]
