"""A changed telephone is changed in the own record. Reversing it drops the way; records that were changed stay so."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql" / "record.sql"
_BACK = (
    "set local role doorstep_definer; drop function trust.keep_phone(bytea); set local role doorstep_owner"
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_reset")]
    operations = [migrations.RunSQL(_SQL.read_text(), _BACK)]
