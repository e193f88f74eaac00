"""The worker may forget requests of more than a week ago."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer; drop function trust.purge_requests(int); set local role doorstep_owner;
drop policy definer_purges on request_key; revoke select, delete on request_key from doorstep_definer;
drop index request_key_at"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0012_ties")]
    operations = [migrations.RunSQL((_SQL / "requests.sql").read_text(), _BACK)]
