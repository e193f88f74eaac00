"""A paper remembers its holder as a keyed index, so that a checker can ask whether a name belongs to it."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_trust")]
    operations = [
        migrations.AddField("paper", "holder", models.BinaryField(null=True)),
        migrations.RunSQL(
            (_SQL / "holder.sql").read_text(),
            "set local role doorstep_definer; drop function trust.paper_is_of(bytea, bytea); set local role doorstep_owner",
        ),
    ]
