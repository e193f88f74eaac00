"""Papers that are corrected by a matter of their own. Reversing drops table, trigger and function."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql" / "correction.sql"
_BACK = """set local role doorstep_owner; drop trigger paper_replaced on paper; drop policy definer_replaces on paper;
set local role doorstep_definer; drop function trust.replace_paper(); set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("counter", "0003_load")]
    operations = [
        migrations.CreateModel(
            name="PaperCorrection",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("paper_id", models.UUIDField()),
                ("old_matter", models.UUIDField()),
                ("new_matter", models.UUIDField()),
                ("reason", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "paper_correction",
                "indexes": [
                    models.Index(fields=["new_matter"], name="paper_correction_new"),
                    models.Index(fields=["old_matter"], name="paper_correction_old"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=["paper_id", "new_matter"], name="paper_correction_once")
                ],
            },
        ),
        migrations.RunSQL(_SQL.read_text(), _BACK),
    ]
