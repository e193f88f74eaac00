"""Requests to play back a past hour of the map: who asked and why, who agreed, when it was opened and whose positions it showed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Playback(models.Model):
    """``area``: the organisational unit whose duty units and calls are shown, with all below it; ``since``: where the hour begins;
    ``agreed`` null: nobody has decided; ``lapses_at``: until then it waits for a decision, or to be opened; ``ends_at``: counted
    from its first opening; ``units``: the duty units that were shown.
    """

    id = models.UUIDField(primary_key=True)
    area = models.IntegerField()
    since = models.DateTimeField()
    purpose = models.CharField(max_length=200)
    asked_by = models.UUIDField()
    unit_id = models.IntegerField(null=True)
    asked_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    agreed = models.BooleanField(null=True)
    answer = models.CharField(max_length=200, default="")
    decided_by = models.UUIDField(null=True)
    decided_unit = models.IntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    units = ArrayField(models.IntegerField(), default=list)

    class Meta:
        app_label = "command"
        db_table = "playback"
        indexes = [models.Index(fields=["-asked_at"], name="playback_asked")]
