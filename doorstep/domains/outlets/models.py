"""Who works where no police stand, and each matter that was begun there."""

from __future__ import annotations

from django.db import models


class OutletStaff(models.Model):
    """An account of an outlet or kiosk, bound to one point for good; it may bring what that point takes and nothing else."""

    account_id = models.UUIDField(primary_key=True)
    point_id = models.IntegerField()

    class Meta:
        app_label = "outlets"
        db_table = "outlet_staff"


class Errand(models.Model):
    """One matter begun at an outlet or kiosk: how the person was identified (``document``, ``card``, ``typed``), how they
    agreed to it (``sheet``, ``pad``; ``own`` at a kiosk), until when the outlet sees it. ``recorded_at`` is the database's,
    and so is what a kiosk still sees: ``seen_by`` which, since they ``came_at`` it, and ``stays_until`` when. ``unprinted_at``: the
    machine could not print, a window does.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    point_id = models.IntegerField()
    principal_id = models.UUIDField()
    item = models.CharField(max_length=24)
    identified = models.CharField(max_length=12)
    agreed = models.CharField(max_length=12)
    at = models.DateTimeField()
    until = models.DateTimeField()
    recorded_at = models.DateTimeField()
    matter_id = models.UUIDField(null=True, unique=True)
    ended_at = models.DateTimeField(null=True)
    seen_by = models.UUIDField(null=True)
    came_at = models.DateTimeField(null=True)
    stays_until = models.DateTimeField(null=True)
    unprinted_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "outlets"
        db_table = "errand"
        indexes = [models.Index(fields=["principal_id"], name="errand_principal")]
