"""Two people for what a region wants two for: also in the database. Reversing it leaves that to the programme again, and forgets
who put which layer in force."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_owner;
drop trigger layer_in_force_two on layer_in_force;
set local role doorstep_definer;
drop function trust.two_persons(), trust.differs_by_two(text, text, text, text), trust.layer_does(text, text);
set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("studio", "0003_layers")]
    operations = [
        migrations.CreateModel(
            "LayerFile",
            [
                ("unit_id", models.IntegerField(primary_key=True, serialize=False)),
                ("items", models.TextField()),
                ("points", models.TextField()),
            ],
            {"db_table": "layer_file"},
        ),
        migrations.CreateModel(
            "LayerTwo",
            [("kind", models.CharField(max_length=16, primary_key=True, serialize=False))],
            {"db_table": "layer_two"},
        ),
        migrations.AddField("LayerSheet", "points", models.TextField(null=True)),
        migrations.AddField("LayerInForce", "account_id", models.UUIDField(null=True)),
        migrations.RunSQL((_SQL / "two.sql").read_text(), _BACK),
    ]
