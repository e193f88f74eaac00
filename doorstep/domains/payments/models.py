"""What is owed for a matter, and whether it was paid: one row for each time a step waits for money."""

from __future__ import annotations

from django.db import models


class Payment(models.Model):
    """``id`` is the order that the payment service knows. At most one row a step and visit, so nothing is paid twice.

    ``receipt`` is gapless per unit and year; ``reference`` is the payment service's own number.
    """

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    step = models.CharField(max_length=128)
    visit = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    asked_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    means = models.CharField(max_length=8, default="")
    reference = models.CharField(max_length=64, default="")
    receipt = models.CharField(max_length=32, null=True, unique=True)
    unit_id = models.IntegerField(null=True)
    account_id = models.UUIDField(null=True)

    class Meta:
        app_label = "payments"
        db_table = "payment"
        constraints = [models.UniqueConstraint(fields=["matter_id", "step", "visit"], name="payment_once")]
        indexes = [
            models.Index(
                fields=["asked_at"],
                name="payment_asked",
                condition=models.Q(paid_at__isnull=True, asked_at__isnull=False),
            )
        ]
