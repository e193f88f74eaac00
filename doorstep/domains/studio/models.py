"""What people write of their unit's layer by page, save by save, and which of it was in force from which publication on."""

from __future__ import annotations

from django.db import models


class LayerSheet(models.Model):
    """A layer as somebody saved it: never changed, the next save is the next version. ``unit_id`` 0: the province.

    ``items``: as JSON, what a layer file holds under this key; empty means that the unit's layer is its file again. ``said``: what
    this save did, in both languages.
    """

    id = models.UUIDField(primary_key=True)
    unit_id = models.IntegerField()
    version = models.IntegerField()
    items = models.TextField(null=True)
    said = models.JSONField()
    account_id = models.UUIDField()
    by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "layer_sheet"
        constraints = [models.UniqueConstraint(fields=["unit_id", "version"], name="layer_sheet_version")]


class LayerInForce(models.Model):
    """From this publication on, the layer of a unit is this sheet; without one, or if it holds no items, its file."""

    publication_id = models.BigIntegerField(primary_key=True)
    unit_id = models.IntegerField()
    sheet_id = models.UUIDField(null=True)

    class Meta:
        db_table = "layer_in_force"
        indexes = [models.Index(fields=["unit_id", "-publication_id"], name="layer_in_force_unit")]
