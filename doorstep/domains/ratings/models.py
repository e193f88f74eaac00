"""What is kept of ratings: votes, sums of them and of ended matters, what is published, who is rung up, what was taken back."""

from __future__ import annotations

from django.db import models


class Vote(models.Model):
    """How one matter went, 1-5. Nobody's role may read this table; the functions of ``sql`` do, for those they name.

    The id tells no time, ``day`` is all there is of it, and no person stands here: a matter has one applicant, and one vote.
    ``released``: how much the five that it went out with have in common: 1 unit, point, way and item, 2 the branch in place of the
    item, 3 unit, point and way, 4 the unit alone; null it waits for its five. ``outcome``: what became of a bad one, once known.
    ``request``: a fingerprint, so that the same request sent again is answered and not refused.
    """

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField(unique=True)
    unit_id = models.IntegerField()
    item = models.CharField(max_length=24)
    level = models.SmallIntegerField()
    way = models.CharField(max_length=8)
    day = models.DateField()
    entered_by = models.UUIDField(null=True)
    call_back = models.UUIDField(null=True)
    released = models.SmallIntegerField(null=True)
    request = models.BinaryField(null=True)
    key = models.BinaryField(null=True)
    sealed = models.BinaryField(null=True)
    branch = models.SmallIntegerField(default=0, db_default=0)
    point_id = models.IntegerField(default=0, db_default=0)
    channel = models.CharField(default="", db_default="", max_length=16)
    outcome = models.CharField(max_length=12, null=True)

    class Meta:
        db_table = "rating_vote"
        indexes = [
            models.Index(fields=["unit_id", "item", "day", "id"], name="rating_vote_waiting",
                         condition=models.Q(released__isnull=True)),
            models.Index(fields=["unit_id", "day"], name="rating_vote_unit"),
            models.Index(fields=["entered_by", "day"], name="rating_vote_entered",
                         condition=models.Q(entered_by__isnull=False)),
            models.Index(fields=["released"], name="rating_vote_bad", condition=models.Q(level__lte=2)),
            models.Index(fields=["call_back"], name="rating_vote_call",
                         condition=models.Q(call_back__isnull=False, outcome__isnull=True)),
        ]  # fmt: skip


class End(models.Model):
    """A matter that ended: once ``counted`` it is among the sums, and its person may be rung up for some weeks."""

    matter_id = models.UUIDField(primary_key=True)
    closed_at = models.DateTimeField()
    unit_id = models.IntegerField()
    branch = models.SmallIntegerField()
    point_id = models.IntegerField()
    channel = models.CharField(max_length=16)
    item = models.CharField(max_length=24)
    counted = models.BooleanField()

    class Meta:
        db_table = "rating_end"
        indexes = [
            models.Index(fields=["closed_at"], name="rating_end_waiting", condition=models.Q(counted=False)),
            models.Index(fields=["closed_at"], name="rating_end_at"),
        ]


class Count(models.Model):
    """Sums: how many matters of an item ended at a point by a way for a unit, and released votes by level. A part that a five
    did not have in common is 0 or empty."""

    id = models.BigAutoField(primary_key=True)
    unit_id = models.IntegerField()
    branch = models.SmallIntegerField()
    point_id = models.IntegerField()
    channel = models.CharField(max_length=16)
    item = models.CharField(max_length=24)
    ended = models.IntegerField()
    l1 = models.IntegerField()
    l2 = models.IntegerField()
    l3 = models.IntegerField()
    l4 = models.IntegerField()
    l5 = models.IntegerField()

    class Meta:
        db_table = "rating_count"


class Published(models.Model):
    """One line of the published figures: of a unit, point, branch, way or item, of how many that could have rated, in full fives
    only. ``done``: what became of the bad ones among them."""

    id = models.BigAutoField(primary_key=True)
    subject = models.CharField(max_length=8)
    key = models.CharField(max_length=24)
    could = models.IntegerField()
    votes = models.JSONField()
    done = models.JSONField(default=dict)
    day = models.DateField()
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "rating_published"


class Undone(models.Model):
    """A wrong entry that was taken back: by whom, when, what it said. Only the database's overseer reads this."""

    vote_id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    account_id = models.UUIDField()
    level = models.SmallIntegerField()
    way = models.CharField(max_length=8)
    day = models.DateField()
    at = models.DateTimeField()
    call_back = models.UUIDField(null=True)

    class Meta:
        db_table = "rating_undone"


class Ring(models.Model):
    """Who rings somebody up about an ended matter, and what came of it ("" while it is being done)."""

    matter_id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    unit_id = models.IntegerField(null=True)
    at = models.DateTimeField()
    came = models.CharField(max_length=12)
    tries = models.SmallIntegerField()

    class Meta:
        db_table = "rating_ring"
        indexes = [models.Index(fields=["account_id", "at"], name="rating_ring_mine")]
