"""The table of bookings, and who may touch its rows. Reversing drops both."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer;
drop function trust.taken(int, timestamptz, timestamptz), trust.free_bookings(timestamptz); set local role doorstep_owner"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("kernel", "0002_trust")]
    operations = [
        migrations.CreateModel(
            name="Booking",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("point_id", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("place", models.SmallIntegerField()),
                ("matter_id", models.UUIDField()),
                ("step", models.CharField(max_length=128)),
                ("made_at", models.DateTimeField()),
                ("account_id", models.UUIDField()),
                ("freed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "booking",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("freed_at__isnull", True)),
                        fields=("point_id", "at", "place"),
                        name="booking_place",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("freed_at__isnull", True)),
                        fields=("matter_id",),
                        name="booking_matter",
                    ),
                ],
            },
        ),
        migrations.RunSQL((_SQL / "booking.sql").read_text(), _BACK),
    ]
