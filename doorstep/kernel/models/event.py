"""The append-only chain of a matter, what was typed beside it, and the queue to everything that listens."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One verb that happened. ``header`` is canonical JSON and holds codes only; ``body`` is the hash of what was typed.

    ``hash`` covers the hash before it and every column beside it but ``id``, by which the outbox names it, and ``recorded_at``.
    """

    pk = models.CompositePrimaryKey("matter_id", "seq")
    id = models.UUIDField()
    matter_id = models.UUIDField()
    seq = models.IntegerField()
    kind = models.CharField(max_length=24)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    account_id = models.UUIDField()
    unit_id = models.IntegerField(null=True)
    header = models.TextField()
    body = models.BinaryField(null=True)
    hash = models.BinaryField()

    class Meta:
        db_table = "event"


class EventBody(models.Model):
    """What a person typed: sealed bytes and the salt that ties them to the event. Both go when it is erased."""

    pk = models.CompositePrimaryKey("matter_id", "seq")
    matter_id = models.UUIDField()
    seq = models.IntegerField()
    salt = models.BinaryField()
    sealed = models.BinaryField()

    class Meta:
        db_table = "event_body"


class Outbox(models.Model):
    """A committed verb that the relay has yet to tell to reactors and streams. Ids and states only."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    matter_id = models.UUIDField()
    kind = models.CharField(max_length=24)
    state = models.CharField(max_length=12)
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox"
        indexes = [
            models.Index(fields=["id"], name="outbox_open", condition=models.Q(done_at__isnull=True)),
            models.Index(fields=["done_at"], name="outbox_done"),
        ]


class Reaction(models.Model):
    """A reactor has dealt with an event: the key that makes 'at least once' harmless."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    reactor = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "reaction"
        constraints = [models.UniqueConstraint(fields=["event_id", "reactor"], name="reaction_once")]
