"""A place at a point and a time that somebody has taken."""

from __future__ import annotations

from django.db import models


class Booking(models.Model):
    """``place`` counts those who may come at once, from 0; a place is taken by one matter, which the table itself sees to.

    ``told_at``: since when whoever booked it knows that the point is closed then.
    """

    id = models.UUIDField(primary_key=True)
    point_id = models.IntegerField()
    at = models.DateTimeField()
    place = models.SmallIntegerField()
    matter_id = models.UUIDField()
    step = models.CharField(max_length=128)
    made_at = models.DateTimeField()
    account_id = models.UUIDField()
    freed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "appointments"
        db_table = "booking"
        constraints = [
            models.UniqueConstraint(
                fields=["point_id", "at", "place"],
                name="booking_place",
                condition=models.Q(freed_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["matter_id"], name="booking_matter", condition=models.Q(freed_at__isnull=True)
            ),
        ]
