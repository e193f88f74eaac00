"""A refund is moved on by staff alone, and confirmed by another than who ordered it."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_owner; drop policy change on refund; drop policy settle on refund;
create policy change on refund for update using (trust.sees(matter_id) and state in ('waiting', 'ordered'))
  with check (trust.sees(matter_id))"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_fiscal")]
    operations = [
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(second_id__isnull=True) | ~models.Q(second_id=models.F("account_id")),
                name="refund_two",
            ),
        ),
        migrations.RunSQL((_SQL / "hands.sql").read_text(), _BACK),
    ]
