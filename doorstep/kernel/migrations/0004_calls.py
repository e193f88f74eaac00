"""The worker finds the calls to make and the steps to remind of."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer;
drop function trust.open_calls(int), trust.steps_to_remind(timestamptz, int);
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_family")]
    operations = [
        migrations.AddField("step", "remind_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "step",
            models.Index(
                fields=["opened_at"], name="step_call", condition=models.Q(closed_at__isnull=True, by="call")
            ),
        ),
        migrations.AddIndex(
            "step",
            models.Index(
                fields=["remind_at"],
                name="step_remind",
                condition=models.Q(closed_at__isnull=True, remind_at__isnull=False),
            ),
        ),
        migrations.RunSQL((_SQL / "calls.sql").read_text(), _BACK),
    ]
