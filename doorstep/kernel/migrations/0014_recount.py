"""The worker may find the steps that were counted into a year without a calendar."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer; drop function trust.provisional_steps(timestamptz, int);
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0013_requests")]
    operations = [migrations.RunSQL((_SQL / "recount.sql").read_text(), _BACK)]
