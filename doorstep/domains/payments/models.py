"""What is owed and paid, each movement of money, what is given back, and the cash desks. Sums beside ``payment`` are whole fen."""

from __future__ import annotations

from django.db import models


class Payment(models.Model):
    """What one step of a matter waits for: one row a step and visit, so nothing is asked for twice. Amount in yuan.

    Online it is known as the order ``id-attempt``. ``order_state``: "" none, "asked" the payer may be there, "paid", "dead" the
    service will never charge it. ``receipt`` is gapless per unit and year; ``reference`` is the payment service's own
    number; ``reduction`` names the row of the pack by which less is paid.
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
    attempt = models.SmallIntegerField(default=0, db_default=0)
    order_state = models.CharField(max_length=8, default="", db_default="")
    silent_since = models.DateTimeField(null=True)
    reduction = models.CharField(max_length=64, default="", db_default="")

    class Meta:
        app_label = "payments"
        db_table = "payment"
        constraints = [models.UniqueConstraint(fields=["matter_id", "step", "visit"], name="payment_once")]
        indexes = [
            models.Index(fields=["asked_at"], name="payment_open", condition=models.Q(order_state="asked"))
        ]

    @property
    def fen(self) -> int:
        return int(self.amount * 100)


class Entry(models.Model):
    """One line of the ledger, never changed: ``fen`` came in (or, below zero, went out).

    ``kind`` received, refunded: of a matter, with ``seq``, the event of its chain that says so. surplus, shortage: what a
    cash desk had more or less than its lines say when it was counted.
    """

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=12)
    fen = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    means = models.CharField(max_length=8)
    matter_id = models.UUIDField(null=True)
    seq = models.IntegerField(null=True)
    payment_id = models.UUIDField(null=True)
    refund_id = models.UUIDField(null=True)
    drawer_id = models.UUIDField(null=True)
    unit_id = models.IntegerField()
    account_id = models.UUIDField()
    reference = models.CharField(max_length=64, default="")

    class Meta:
        app_label = "payments"
        db_table = "ledger"
        constraints = [
            models.UniqueConstraint(
                fields=["payment_id", "reference"], name="ledger_once",
                condition=models.Q(kind="received", means="online"),
            ),
            models.UniqueConstraint(
                fields=["refund_id"], name="ledger_refund", condition=models.Q(kind="refunded")
            ),
            models.CheckConstraint(
                name="ledger_sign",
                condition=models.Q(kind__in=["received", "surplus"], fen__gt=0)
                | models.Q(kind__in=["refunded", "shortage"], fen__lt=0),
            ),
            models.CheckConstraint(
                name="ledger_of",
                condition=models.Q(kind__in=["received", "refunded"], matter_id__isnull=False, seq__isnull=False,
                                   payment_id__isnull=False)
                | models.Q(kind__in=["surplus", "shortage"], matter_id__isnull=True, drawer_id__isnull=False),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["matter_id"], name="ledger_matter"),
            models.Index(fields=["drawer_id"], name="ledger_drawer"),
            models.Index(fields=["unit_id", "at"], name="ledger_unit"),
        ]


class Refund(models.Model):
    """Money to be given back. ``state``: waiting (for a second pair of eyes), ordered, done, declined.

    ``due`` False: it was never owed (paid twice, too late, another sum), so the payment stands as it is. ``reference``: that of
    the money that came; ``returned``: the payment service's own number for giving it back.
    """

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    payment_id = models.UUIDField()
    fen = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    means = models.CharField(max_length=8)
    due = models.BooleanField()
    reason = models.CharField(max_length=16)
    order_name = models.CharField(max_length=48, default="")
    reference = models.CharField(max_length=64, default="")
    state = models.CharField(max_length=8)
    at = models.DateTimeField()
    account_id = models.UUIDField()
    second_id = models.UUIDField(null=True)
    second_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    returned = models.CharField(max_length=64, default="")
    unit_id = models.IntegerField()

    class Meta:
        app_label = "payments"
        db_table = "refund"
        indexes = [
            models.Index(fields=["payment_id"], name="refund_payment"),
            models.Index(
                fields=["at"], name="refund_open", condition=models.Q(state__in=["waiting", "ordered"])
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(second_id__isnull=True) | ~models.Q(second_id=models.F("account_id")),
                name="refund_two",
            ),
        ]


class Drawer(models.Model):
    """The cash desk of one clerk for one shift. Counted and signed by the clerk, signed again by somebody else.

    ``who`` and ``second_who`` are their names in both languages as they signed.
    """

    id = models.UUIDField(primary_key=True)
    unit_id = models.IntegerField()
    account_id = models.UUIDField()
    who = models.JSONField()
    currency = models.CharField(max_length=3)
    float_fen = models.BigIntegerField()
    opened_at = models.DateTimeField()
    counted_at = models.DateTimeField(null=True)
    counted_fen = models.BigIntegerField(null=True)
    booked_fen = models.BigIntegerField(null=True)
    why = models.CharField(max_length=300, default="")
    second_id = models.UUIDField(null=True)
    second_who = models.JSONField(null=True)
    second_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "payments"
        db_table = "drawer"
        constraints = [
            models.UniqueConstraint(
                fields=["account_id"], name="drawer_one", condition=models.Q(counted_at__isnull=True)
            ),
            models.CheckConstraint(
                name="drawer_explained",
                condition=models.Q(counted_fen__isnull=True)
                | models.Q(counted_fen=models.F("booked_fen"))
                | ~models.Q(why=""),
            ),
            models.CheckConstraint(
                name="drawer_two",
                condition=models.Q(second_id__isnull=True) | ~models.Q(second_id=models.F("account_id")),
            ),
        ]
        indexes = [models.Index(fields=["unit_id", "opened_at"], name="drawer_unit")]


class FiscalReceipt(models.Model):
    """The treasury's receipt for a payment, whose id it has. ``state``: wanted, issued, cancel (to be cancelled), cancelled.

    ``code``, ``number``, ``check_code`` are the platform's, ``red`` the number of the receipt that cancels this one; ``file_id`` is
    the signed paper, made before the row says that it is issued or cancelled.
    """

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    fen = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    unit_id = models.IntegerField()
    state = models.CharField(max_length=10)
    at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=16, default="")
    number = models.CharField(max_length=16, default="")
    check_code = models.CharField(max_length=16, default="")
    red = models.CharField(max_length=16, default="")
    tried_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)
    file_id = models.UUIDField(null=True)

    class Meta:
        app_label = "payments"
        db_table = "fiscal_receipt"
        indexes = [
            models.Index(
                fields=["at"], name="fiscal_open", condition=models.Q(state__in=["wanted", "cancel"])
            )
        ]
