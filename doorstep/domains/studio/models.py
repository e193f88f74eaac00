"""What people write of their unit's layer by page, save by save, and which of it was in force from which publication on."""

from __future__ import annotations

from django.db import models


class LayerSheet(models.Model):
    """A layer as somebody saved it: never changed, the next save is the next version. ``unit_id`` 0: the province.

    ``items`` and ``points``: as JSON, what a layer file holds under these keys; without items the unit's layer is its file again,
    without points these are the file's. ``said``: what this save did, in both languages.
    """

    id = models.UUIDField(primary_key=True)
    unit_id = models.IntegerField()
    version = models.IntegerField()
    items = models.TextField(null=True)
    points = models.TextField(null=True)
    said = models.JSONField()
    account_id = models.UUIDField()
    by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "layer_sheet"
        constraints = [models.UniqueConstraint(fields=["unit_id", "version"], name="layer_sheet_version")]


class LayerInForce(models.Model):
    """From this publication on, the layer of a unit is this sheet; without one, or if it holds no items, its file.

    ``account_id``: who put it in force, as the database knows; None: at the command line.
    """

    publication_id = models.BigIntegerField(primary_key=True)
    unit_id = models.IntegerField()
    sheet_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)

    class Meta:
        db_table = "layer_in_force"
        indexes = [models.Index(fields=["unit_id", "-publication_id"], name="layer_in_force_unit")]


class LayerFile(models.Model):
    """What the file of a unit's layer says, as the migrator read it last: what a sheet is compared with."""

    unit_id = models.IntegerField(primary_key=True)
    items = models.TextField()
    points = models.TextField()

    class Meta:
        db_table = "layer_file"


class LayerTwo(models.Model):
    """An operation that is put in force by somebody else than who wrote it, as the region's file says."""

    kind = models.CharField(max_length=16, primary_key=True)

    class Meta:
        db_table = "layer_two"


class PointHours(models.Model):
    """What was said of a point's hours and branches from a moment on; never changed. ``publication_id`` None: by the files."""

    id = models.BigAutoField(primary_key=True)
    point_id = models.IntegerField()
    at = models.DateTimeField()
    publication_id = models.BigIntegerField(null=True)
    hours = models.JSONField()
    by = models.TextField()
    why = models.TextField()

    class Meta:
        db_table = "point_hours"
        indexes = [models.Index(fields=["point_id", "-id"], name="point_hours_point")]
