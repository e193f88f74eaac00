"""The matter, its open steps, and who else may see it."""

from __future__ import annotations

from django.db import models


class Matter(models.Model):
    """Anything somebody brings. Personal data only in ``sealed`` (AES-256-GCM under ``key``); erasing sets ``key`` to null."""

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=24)
    kind = models.CharField(max_length=16)
    item = models.CharField(max_length=24)
    branch = models.SmallIntegerField()
    pack = models.BinaryField()
    law_date = models.DateField()
    channel = models.CharField(max_length=16)
    state = models.CharField(max_length=12)
    point_id = models.IntegerField()
    hand_out_id = models.IntegerField()
    unit_id = models.IntegerField()
    city = models.IntegerField()
    county = models.IntegerField(null=True)
    station = models.IntegerField(null=True)
    applicant_id = models.UUIDField(null=True)
    opened_by = models.UUIDField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    provisional = models.BooleanField(default=False, db_default=False)
    closed_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField()
    version = models.IntegerField()
    head = models.BinaryField()
    flow = models.JSONField()
    key = models.BinaryField(null=True)
    sealed = models.BinaryField()
    figures = models.JSONField(default=dict)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    tied = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "matter"
        constraints = [models.UniqueConstraint(fields=["number"], name="matter_number_once")]
        indexes = [
            models.Index(fields=["unit_id", "-opened_at", "-id"], name="matter_unit"),
            models.Index(fields=["unit_id", "state", "-opened_at", "-id"], name="matter_unit_state"),
            models.Index(
                fields=["due_at"],
                name="matter_provisional",
                condition=models.Q(closed_at__isnull=True, provisional=True),
            ),
        ]


class Step(models.Model):
    """An open or closed assignment: somebody owes something until a due time. Work lists are this table.

    ``by`` says who; of what waits for a message it is the kind of step (call, sub, wait), and nobody's. ``over_id``: the competent
    unit that oversees it, where it waits for the applicant, a message or a unit that was asked.
    """

    id = models.UUIDField(primary_key=True)
    matter = models.ForeignKey(Matter, models.CASCADE)
    name = models.CharField(max_length=128)
    by = models.CharField(max_length=16)
    unit_id = models.IntegerField(null=True)
    over_id = models.IntegerField(null=True)
    party_id = models.UUIDField(null=True)
    account_id = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    provisional = models.BooleanField(default=False)
    late_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=24, null=True)

    class Meta:
        db_table = "step"
        indexes = [
            models.Index(
                fields=["unit_id", "due_at", "id"],
                name="step_unit_open",
                condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(
                fields=["party_id"], name="step_party_open", condition=models.Q(closed_at__isnull=True)
            ),
            models.Index(
                fields=["due_at"],
                name="step_due",
                condition=models.Q(closed_at__isnull=True, late_at__isnull=True),
            ),
            models.Index(
                fields=["unit_id", "closed_at", "outcome"],
                name="step_decided",
                condition=models.Q(outcome__in=("approve", "return", "refuse")),
            ),
            models.Index(
                fields=["opened_at"], name="step_call", condition=models.Q(closed_at__isnull=True, by="call")
            ),
            models.Index(
                fields=["remind_at"],
                name="step_remind",
                condition=models.Q(closed_at__isnull=True, remind_at__isnull=False),
            ),
        ]


class Share(models.Model):
    """A live share lets one unit or one party see a matter that its scope does not give it (taken at X, handed out at Z).

    ``opened_at`` and ``state`` are the matter's, so that a page of a list is the beginning of an index.
    """

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    unit_id = models.IntegerField(null=True)
    party_id = models.UUIDField(null=True)
    role = models.CharField(max_length=16)
    tier = models.SmallIntegerField(default=1)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=48, default="")
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=12)

    class Meta:
        db_table = "share"
        indexes = [
            models.Index(fields=["matter_id", "unit_id"], name="share_matter"),
            models.Index(
                fields=["party_id", "-opened_at", "-matter_id"],
                name="share_party",
                condition=models.Q(party_id__isnull=False),
            ),
            models.Index(
                fields=["unit_id", "-opened_at", "-matter_id"],
                name="share_unit",
                condition=models.Q(unit_id__isnull=False),
            ),
            models.Index(
                fields=["unit_id", "state", "-opened_at", "-matter_id"],
                name="share_unit_state",
                condition=models.Q(unit_id__isnull=False),
            ),
        ]


class Involved(models.Model):
    """Somebody a matter concerns beside its applicant; ``party_id`` is null while nobody knows, or says, who it is."""

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    party_id = models.UUIDField(null=True)
    role = models.CharField(max_length=16)
    at = models.DateTimeField()

    class Meta:
        db_table = "involved"
        indexes = [
            models.Index(fields=["matter_id"], name="involved_matter"),
            models.Index(fields=["party_id"], name="involved_party"),
        ]


class Tie(models.Model):
    """Two matters that have to do with each other: linked, merged (``matter_id`` survives), referred (``other_id`` is new),
    child (``other_id`` was opened by ``step`` of ``matter_id``).
    """

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    other_id = models.UUIDField()
    kind = models.CharField(max_length=12)
    step = models.CharField(max_length=128, default="", db_default="")
    at = models.DateTimeField()

    class Meta:
        db_table = "tie"
        indexes = [
            models.Index(fields=["matter_id"], name="tie_matter"),
            models.Index(fields=["other_id"], name="tie_other"),
        ]


class Posting(models.Model):
    """Search by equality only: keyed token of a name, number or identifier, per matter."""

    id = models.BigAutoField(primary_key=True)
    token = models.BinaryField()
    matter_id = models.UUIDField()

    class Meta:
        db_table = "posting"
        indexes = [models.Index(fields=["token"], name="posting_token")]


class Draft(models.Model):
    """A form being filled: belongs to one account, sealed, kept until submitted, dropped or 30 days old."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    item = models.CharField(max_length=24)
    mandate_id = models.UUIDField(null=True)
    page = models.CharField(max_length=48, default="")
    key = models.BinaryField()
    sealed = models.BinaryField()
    version = models.IntegerField(default=1)
    opened_at = models.DateTimeField()
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "draft"
        indexes = [models.Index(fields=["account_id", "-saved_at"], name="draft_account")]


class RequestKey(models.Model):
    """One acknowledged request of one account: the same id again gives the same answer, other content is refused."""

    pk = models.CompositePrimaryKey("account_id", "verb", "request_id")
    account_id = models.UUIDField()
    verb = models.CharField(max_length=24)
    request_id = models.CharField(max_length=80)
    digest = models.BinaryField()
    matter_id = models.UUIDField(null=True)
    result = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        db_table = "request_key"
