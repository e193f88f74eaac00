"""A fiscal receipt has its signed paper, and is moved on by staff and the worker alone."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_owner; drop policy change on fiscal_receipt; drop policy settle on fiscal_receipt;
create policy change on fiscal_receipt for update using (trust.sees(matter_id)) with check (trust.sees(matter_id))"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0004_hands")]
    operations = [
        migrations.AddField("fiscalreceipt", "file_id", models.UUIDField(null=True)),
        migrations.RunSQL((_SQL / "signed.sql").read_text(), _BACK),
    ]
