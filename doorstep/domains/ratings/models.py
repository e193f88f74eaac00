"""What is kept of a rating, and what is published of all of them."""

from __future__ import annotations

from django.db import models


class Vote(models.Model):
    """How one matter went, 1-5. Nobody's role may read this table; the functions of ``sql/ratings.sql`` do, for those they name.

    The id tells no time, ``day`` is all there is of it, and no person stands here: a matter has one applicant, and one vote.
    ``released``: 1 it counts in the figures of its unit and its item, 2 of its unit alone, null it waits for its five.
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

    class Meta:
        db_table = "rating_vote"
        indexes = [
            models.Index(fields=["unit_id", "item", "day", "id"], name="rating_vote_waiting",
                         condition=models.Q(released__isnull=True)),
            models.Index(fields=["unit_id", "day"], name="rating_vote_unit"),
        ]  # fmt: skip


class Published(models.Model):
    """One line of the published figures: of a unit or an item, of how many that could have rated, in full fives only."""

    id = models.BigAutoField(primary_key=True)
    subject = models.CharField(max_length=8)
    key = models.CharField(max_length=24)
    could = models.IntegerField()
    votes = models.JSONField()
    day = models.DateField()
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "rating_published"
