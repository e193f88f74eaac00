"""Numbered blanks: each sheet, each thing done with sheets, shifts that hold some, and reprints that wait for a second person."""

from __future__ import annotations

from django.db import models


class Blank(models.Model):
    """One sheet. ``state``: stock, out (with a shift), used (bound to ``paper_id``), spoiled, missing."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=32)
    serial = models.CharField(max_length=24)
    unit_id = models.IntegerField()
    state = models.CharField(max_length=8)
    shift_id = models.UUIDField(null=True)
    paper_id = models.UUIDField(null=True)
    matter_id = models.UUIDField(null=True)

    class Meta:
        app_label = "blanks"
        db_table = "blank"
        constraints = [
            models.UniqueConstraint(fields=["kind", "serial"], name="blank_serial"),
            models.UniqueConstraint(
                fields=["paper_id"], name="blank_paper", condition=models.Q(state="used")
            ),
            models.CheckConstraint(
                name="blank_bound",
                condition=~models.Q(state="used") | models.Q(paper_id__isnull=False, matter_id__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["unit_id", "kind", "state", "serial"], name="blank_stock"),
            models.Index(fields=["shift_id"], name="blank_in_shift"),
        ]


class Move(models.Model):
    """One thing that was done with sheets, never changed: received, issued, returned, used, spoiled or missing."""

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    what = models.CharField(max_length=8)
    kind = models.CharField(max_length=32)
    first = models.CharField(max_length=24)
    last = models.CharField(max_length=24)
    count = models.IntegerField()
    unit_id = models.IntegerField()
    account_id = models.UUIDField()
    who = models.JSONField()
    shift_id = models.UUIDField(null=True)
    matter_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=200, default="")

    class Meta:
        app_label = "blanks"
        db_table = "blank_move"
        indexes = [models.Index(fields=["unit_id", "at"], name="blank_move_unit")]


class Shift(models.Model):
    """The sheets of one kind in one clerk's hands for one shift; counted and signed by the clerk and by somebody else."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=32)
    unit_id = models.IntegerField()
    account_id = models.UUIDField()
    who = models.JSONField()
    opened_at = models.DateTimeField()
    counted_at = models.DateTimeField(null=True)
    expected = models.IntegerField(null=True)
    counted = models.IntegerField(null=True)
    why = models.CharField(max_length=300, default="")
    second_id = models.UUIDField(null=True)
    second_who = models.JSONField(null=True)
    second_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "blanks"
        db_table = "blank_shift"
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "kind"],
                name="blank_shift_one",
                condition=models.Q(counted_at__isnull=True),
            ),
            models.CheckConstraint(
                name="blank_shift_explained",
                condition=models.Q(counted__isnull=True)
                | models.Q(counted=models.F("expected"))
                | ~models.Q(why=""),
            ),
            models.CheckConstraint(
                name="blank_shift_two",
                condition=models.Q(second_id__isnull=True) | ~models.Q(second_id=models.F("account_id")),
            ),
        ]


class Reprint(models.Model):
    """A paper that is on a sheet is to be printed once more. ``state``: waiting, agreed, done, declined."""

    id = models.UUIDField(primary_key=True)
    paper_id = models.UUIDField()
    matter_id = models.UUIDField()
    serial = models.CharField(max_length=24)
    kind = models.CharField(max_length=32)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=8)
    at = models.DateTimeField()
    account_id = models.UUIDField()
    who = models.JSONField()
    second_id = models.UUIDField(null=True)
    second_who = models.JSONField(null=True)
    second_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "blanks"
        db_table = "reprint"
        constraints = [
            models.UniqueConstraint(
                fields=["paper_id"], name="reprint_one", condition=models.Q(state__in=["waiting", "agreed"])
            ),
            models.CheckConstraint(
                name="reprint_two",
                condition=models.Q(second_id__isnull=True) | ~models.Q(second_id=models.F("account_id")),
            ),
        ]
