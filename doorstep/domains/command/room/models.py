"""What a duty room keeps: the questions of its report, the reports, and what one shift handed to the next."""

from __future__ import annotations

from django.db import models


class RoomQuery(models.Model):
    """One question of the morning report: SQL that gives one number for a unit ($1) and a stretch of time ($2 to $3). Never
    changed; of one name the highest id is asked."""

    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=24)
    place = models.SmallIntegerField()
    text = models.TextField()

    class Meta:
        app_label = "command"
        db_table = "room_query"


class RoomReport(models.Model):
    """The report of one station on one morning; ``hash`` goes on from the one before it. ``figures``: name, value, query."""

    id = models.UUIDField(primary_key=True)
    unit_id = models.IntegerField()
    day = models.DateField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    made_at = models.DateTimeField()
    figures = models.JSONField()
    hash = models.BinaryField()

    class Meta:
        app_label = "command"
        db_table = "room_report"


class RoomHandover(models.Model):
    """What one shift handed to the next: ``figures`` at that moment, words of whoever gave (sealed), and whoever took it."""

    id = models.UUIDField(primary_key=True)
    unit_id = models.IntegerField()
    given_by = models.UUIDField()
    given_at = models.DateTimeField()
    figures = models.JSONField()
    key = models.BinaryField()
    sealed = models.BinaryField()
    taken_by = models.UUIDField(null=True)
    taken_at = models.DateTimeField(null=True)
    taken_key = models.BinaryField(null=True)
    taken_sealed = models.BinaryField(null=True)

    class Meta:
        app_label = "command"
        db_table = "room_handover"
