"""Each cordon that was ordered for a call, and its posts. The last one of a call is in force until it ends."""

from __future__ import annotations

from django.db import models


class Cordon(models.Model):
    """What was ordered around one sighting. ``by_now`` and ``inside`` are rings of degrees, drawn as they were then."""

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    lon = models.FloatField()
    lat = models.FloatField()
    seen_at = models.DateTimeField()
    heading = models.FloatField(null=True)
    made_at = models.DateTimeField()
    made_by = models.UUIDField()
    holds = models.BooleanField()
    horizon_s = models.FloatField()
    by_now = models.JSONField()
    inside = models.JSONField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "command"
        db_table = "cordon"
        indexes = [models.Index(fields=["matter_id", "-made_at"], name="cordon_matter")]


class CordonPost(models.Model):
    """A place to close: who was ordered there, when they can stand, how much sooner than whoever flees. No unit: open."""

    id = models.UUIDField(primary_key=True)
    cordon_id = models.UUIDField()
    lon = models.FloatField()
    lat = models.FloatField()
    street = models.CharField(max_length=80)
    crossing = models.CharField(max_length=80)
    duty_unit_id = models.IntegerField(null=True)
    callsign = models.CharField(max_length=40)
    there_s = models.FloatField(null=True)
    slack_s = models.FloatField(null=True)
    source = models.CharField(max_length=12)

    class Meta:
        app_label = "command"
        db_table = "cordon_post"
        indexes = [models.Index(fields=["cordon_id"], name="cordon_post_of")]
