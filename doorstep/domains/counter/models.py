"""What the desks keep beside the matters: who is away and who stands in."""

from __future__ import annotations

from django.db import models


class Absence(models.Model):
    """Somebody is away from a day to a day, and a colleague stands in: it begins and ends by itself. ``ended_at``: taken back."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    substitute_id = models.UUIDField()
    unit_id = models.IntegerField()
    first = models.DateField()
    last = models.DateField()
    told_by = models.UUIDField()
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "desk_absence"
        indexes = [
            models.Index(fields=["substitute_id", "last"], name="desk_absence_stands_in"),
            models.Index(fields=["unit_id", "last"], name="desk_absence_unit"),
        ]
