"""Which version of each item is offered now: running processes read this instead of the files."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0010_purge")]
    operations = [
        migrations.CreateModel(
            "PackOffer",
            [
                ("code", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("hash", models.BinaryField()),
                ("source", models.BinaryField()),
            ],
            {"db_table": "pack_offer"},
        ),
        migrations.RunSQL(
            "grant select on pack_offer to doorstep_app, doorstep_worker, doorstep_stream",
            "revoke select on pack_offer from doorstep_app, doorstep_worker, doorstep_stream",
        ),
    ]
