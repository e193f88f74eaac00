"""Who the police are: units and the points where people meet them. Open data, no row-level security."""

from __future__ import annotations

from django.db import models

from doorstep.rulebook.taking import served
from doorstep.rulebook.words import Words


class Unit(models.Model):
    """An organisational unit. ``city``, ``county`` and ``station`` are unit ids: the scope it stands for.

    A station has all three, a district bureau has no ``station``, a city branch neither ``county``.
    """

    id = models.IntegerField(primary_key=True)
    code = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=16)
    zh = models.TextField()
    en = models.TextField()
    parent = models.ForeignKey("self", models.PROTECT, null=True)
    city = models.IntegerField()
    county = models.IntegerField(null=True)
    station = models.IntegerField(null=True)
    division = models.CharField(max_length=12)
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "unit"

    @property
    def name(self) -> Words:
        return Words(self.zh, self.en)


class Point(models.Model):
    """A place of service: hall, station, community police room, kiosk area, online."""

    id = models.IntegerField(primary_key=True)
    code = models.CharField(max_length=24, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT)
    kind = models.CharField(max_length=16)
    zh = models.TextField()
    en = models.TextField()
    address_zh = models.TextField()
    address_en = models.TextField()
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    phone = models.CharField(max_length=24, default="")
    hours = models.JSONField(default=dict)
    sure = models.BooleanField(default=True)
    """False: name, address or hours are ours, and wait for those who know the place."""
    channels = models.JSONField(default=list)
    takes = models.JSONField(default=dict)
    """Channel to the codes of the items taken through it; a channel without a list takes all that go through it."""

    class Meta:
        db_table = "point"

    def serves(self, channel: str, code: str) -> bool:
        """Is this item taken here through this channel today, as far as the point is concerned?"""
        return served(self, channel, code)

    @property
    def name(self) -> Words:
        return Words(self.zh, self.en)

    @property
    def address(self) -> Words:
        return Words(self.address_zh, self.address_en)
