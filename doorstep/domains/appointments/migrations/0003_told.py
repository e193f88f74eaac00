"""Whoever booked a time at which a point is closed after all is told. Reversing it forgets who was."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"
_BACK = """set local role doorstep_definer;
drop function trust.bookings_ahead(timestamptz); set local role doorstep_owner"""


class Migration(migrations.Migration):
    dependencies = [("appointments", "0002_kept")]
    operations = [
        migrations.AddField("Booking", "told_at", models.DateTimeField(null=True)),
        migrations.RunSQL((_SQL / "told.sql").read_text(), _BACK),
    ]
