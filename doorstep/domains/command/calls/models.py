"""What is kept of calls beside the matter: what a list of open ones needs, who was sent and when each did what, and the like.

Times stand in clear; what somebody said is sealed under the key of its matter, and goes with it.
"""

from __future__ import annotations

from django.db import models


class CallPlace(models.Model):
    """A call as lists and maps need it. ``level`` and ``row``: as its table judged; ``unit_id``: whose ground it is on;
    ``parent_id``: the call that reports the same; ``ring_back``: "" nobody asked, "wanted", "done"; ``reported_by``: the account
    or device it came from, if not from an operator; ``sealed``: where and what, in short.
    """

    matter_id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=24)
    kind = models.CharField(max_length=24)
    level = models.CharField(max_length=8)
    row = models.SmallIntegerField()
    state = models.CharField(max_length=12)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    unit_id = models.IntegerField(null=True)
    zone = models.CharField(max_length=40, default="", db_default="")
    told_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    by_channel = models.CharField(max_length=12)
    silent = models.BooleanField(default=False)
    threatened = models.BooleanField(default=False)
    language = models.CharField(max_length=24, default="", db_default="")
    ring_back = models.CharField(max_length=8, default="", db_default="")
    parent_id = models.UUIDField(null=True)
    reported_by = models.UUIDField(null=True)
    taken_by = models.UUIDField(null=True)
    sealed = models.BinaryField(null=True)
    shy = models.BooleanField(default=False, db_default=False)
    """No wall and no playback says what it is or where."""

    class Meta:
        app_label = "command"
        db_table = "call_place"
        indexes = [
            models.Index(fields=["told_at"], name="call_place_open", condition=models.Q(closed_at=None)),
            models.Index(
                fields=["parent_id"], name="call_place_parent", condition=models.Q(parent_id__isnull=False)
            ),
            models.Index(
                fields=["reported_by", "told_at"],
                name="call_place_reported",
                condition=models.Q(reported_by__isnull=False),
            ),
        ]


class Sending(models.Model):
    """One duty unit sent to one call. ``branch``: its name in the machine; ``ended``: empty while it is out, then cleared, cannot,
    recalled or closed. ``reason``, ``runner_up``: why it and who else; ``overridden_why``: why not the one advised.
    """

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    branch = models.CharField(max_length=64)
    callsign = models.CharField(max_length=32)
    duty_unit_id = models.IntegerField()
    unit_id = models.IntegerField()
    alerted_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    there_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    late_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=12, default="", db_default="")
    reason = models.JSONField(default=dict)
    runner_up = models.IntegerField(null=True)
    overridden_why = models.CharField(max_length=200, default="", db_default="")

    class Meta:
        app_label = "command"
        db_table = "sending"
        constraints = [
            models.UniqueConstraint(
                fields=["duty_unit_id"], condition=models.Q(ended=""), name="sending_once"
            ),
        ]
        indexes = [
            models.Index(fields=["matter_id"], name="sending_matter"),
        ]


class CallReceipt(models.Model):
    """Who else took the call on (fire, ambulance, hotline), under which number of theirs."""

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    to = models.CharField(max_length=12)
    number = models.CharField(max_length=40)
    at = models.DateTimeField()
    account_id = models.UUIDField()

    class Meta:
        app_label = "command"
        db_table = "call_receipt"
        indexes = [models.Index(fields=["matter_id"], name="call_receipt_matter")]


class AddressFlag(models.Model):
    """What whoever goes to an address should know. Of the place, never of a person; set by an officer, and it ends by itself."""

    id = models.UUIDField(primary_key=True)
    lon = models.FloatField()
    lat = models.FloatField()
    key = models.BinaryField()
    sealed = models.BinaryField()
    set_by = models.UUIDField()
    unit_id = models.IntegerField()
    set_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        app_label = "command"
        db_table = "address_flag"
        indexes = [models.Index(fields=["lat", "lon"], name="address_flag_place")]


class CallDevice(models.Model):
    """A sensor or a volunteer's telephone that may report: it has a token, of which a hash is kept, and an end."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=12)
    name = models.CharField(max_length=60)
    token = models.BinaryField(unique=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    item = models.CharField(max_length=24)
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "command"
        db_table = "call_device"


class ShiftSigned(models.Model):
    """The open calls of a shift, given by one operator and taken by another: both sign."""

    id = models.UUIDField(primary_key=True)
    unit_id = models.IntegerField()
    given_by = models.UUIDField()
    given_at = models.DateTimeField()
    taken_by = models.UUIDField(null=True)
    taken_at = models.DateTimeField(null=True)
    calls = models.JSONField(default=list)

    class Meta:
        app_label = "command"
        db_table = "call_shift"
        constraints = [
            models.UniqueConstraint(
                fields=["unit_id"], condition=models.Q(taken_by=None), name="call_shift_waits_once"
            )
        ]
