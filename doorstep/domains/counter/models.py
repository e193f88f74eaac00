"""What counter and desks keep beside the matters: who is away, visits that are passed on, originals that stayed here."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
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


class VisitOffer(models.Model):
    """A visit that a colleague may take over; ``sealed`` says in short whose it is. ``to_account`` empty: anybody of the unit."""

    id = models.UUIDField(primary_key=True)
    visit_id = models.UUIDField()
    unit_id = models.IntegerField()
    from_account = models.UUIDField()
    to_account = models.UUIDField(null=True)
    mark = models.CharField(max_length=6)
    files = ArrayField(models.UUIDField())
    key = models.BinaryField()
    sealed = models.BinaryField()
    at = models.DateTimeField()
    taken_by = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "visit_offer"
        constraints = [
            models.UniqueConstraint(
                fields=["visit_id"], condition=models.Q(ended_at=None), name="visit_offer_once"
            )
        ]
        indexes = [
            models.Index(fields=["unit_id", "at"], name="visit_offer_unit", condition=models.Q(ended_at=None))
        ]


class Original(models.Model):
    """A paper of somebody's that stays with a unit for a matter, and how it went back."""

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    material = models.CharField(max_length=24)
    unit_id = models.IntegerField()
    kept_by = models.UUIDField()
    kept_at = models.DateTimeField()
    returned_by = models.UUIDField(null=True)
    returned_at = models.DateTimeField(null=True)
    signed = models.CharField(max_length=8, default="")

    class Meta:
        db_table = "original_kept"
        constraints = [models.UniqueConstraint(fields=["matter_id", "material"], name="original_kept_once")]
        indexes = [
            models.Index(
                fields=["unit_id", "kept_at"], name="original_kept_here", condition=models.Q(returned_at=None)
            )
        ]


class PaperCorrection(models.Model):
    """An issued paper is wrong, and a matter of its own corrects it; ``done_at``: the new paper is ready, the old one replaced."""

    id = models.UUIDField(primary_key=True)
    paper_id = models.UUIDField()
    old_matter = models.UUIDField()
    new_matter = models.UUIDField()
    reason = models.CharField(max_length=12)
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "paper_correction"
        constraints = [
            models.UniqueConstraint(fields=["paper_id", "new_matter"], name="paper_correction_once")
        ]
        indexes = [
            models.Index(fields=["new_matter"], name="paper_correction_new"),
            models.Index(fields=["old_matter"], name="paper_correction_old"),
        ]


class Sample(models.Model):
    """A decision that was drawn to be looked at again. Who decided stands nowhere here; ``result`` is empty at first."""

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    step = models.CharField(max_length=128)
    unit_id = models.IntegerField()
    outcome = models.CharField(max_length=24)
    at = models.DateTimeField()
    reviewer_id = models.UUIDField(null=True)
    result = models.CharField(max_length=12, default="")
    looked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "desk_sample"
        indexes = [models.Index(fields=["unit_id", "result", "at"], name="desk_sample_unit")]
