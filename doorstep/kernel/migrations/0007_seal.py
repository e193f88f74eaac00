"""The log can be sealed: fingerprints of a stretch of time for a role that reads nothing else of it."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """drop index event_recorded; drop index access_recorded; set local role doorstep_definer;
drop function trust.sealable_events(timestamptz, timestamptz); drop function trust.sealable_reads(timestamptz, timestamptz);
drop function trust.first_recorded(); set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0006_step_name")]
    operations = [migrations.RunSQL((_SQL / "seal.sql").read_text(), _BACK)]
