"""Roads that are closed to those who are sent: a ring on the map with an end."""

from __future__ import annotations

from django.db import models


class Closure(models.Model):
    """``ring``: corners in degrees, the first again at the end; ``ended_at``: opened before its time."""

    id = models.UUIDField(primary_key=True)
    words = models.CharField(max_length=120)
    ring = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    set_by = models.UUIDField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "command"
        db_table = "closure"
        indexes = [models.Index(fields=["until"], name="closure_until")]
