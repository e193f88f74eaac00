"""Accounts, reads that happened, published packs and facts about this deployment."""

from __future__ import annotations

from django.db import models


class Account(models.Model):
    """Who signs in. The app role cannot read this table: it learns of an account only by entering its session."""

    id = models.UUIDField(primary_key=True)
    login = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=12)
    role = models.CharField(max_length=16)
    rights = models.JSONField(default=list)
    party_id = models.UUIDField(null=True)
    unit_id = models.IntegerField(null=True)
    branches = models.JSONField(default=list)
    zh = models.TextField()
    en = models.TextField()
    assurance = models.SmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "account"


class Access(models.Model):
    """One read of somebody's record, or one refused attempt. Append-only, partitioned by month (made in SQL)."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    account_id = models.UUIDField()
    unit_id = models.IntegerField(null=True)
    matter_id = models.UUIDField(null=True)
    party_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=12)
    tier = models.SmallIntegerField()
    purpose = models.CharField(max_length=32)
    detail = models.TextField(default="")

    class Meta:
        db_table = "access"
        managed = False


class PackVersion(models.Model):
    """A published pack: immutable, found by the hash of its content."""

    hash = models.BinaryField(primary_key=True)
    code = models.CharField(max_length=24)
    content = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "pack_version"
        indexes = [models.Index(fields=["code", "-at"], name="pack_version_code")]


class Publication(models.Model):
    """Packs put in force together: who did it, when and why; ``undoes``: the publication that this one takes back."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    by = models.TextField()
    why = models.TextField()
    undoes = models.BigIntegerField(null=True)

    class Meta:
        db_table = "publication"


class PackOffer(models.Model):
    """Which version of an item a publication offers, from a day to a day. ``unit_id`` 0: wherever no other row says.

    ``source``: the fingerprint of the files it was made of.
    """

    id = models.BigAutoField(primary_key=True)
    publication = models.ForeignKey(Publication, models.PROTECT)
    code = models.CharField(max_length=24)
    unit_id = models.IntegerField()
    hash = models.BinaryField()
    first = models.DateField(null=True)
    last = models.DateField(null=True)
    source = models.BinaryField()

    class Meta:
        db_table = "pack_offer"
        indexes = [models.Index(fields=["code", "-publication"], name="pack_offer_code")]


class Fact(models.Model):
    """A fact about this deployment, set once at creation: demo or not, region, seed."""

    name = models.CharField(max_length=32, primary_key=True)
    value = models.JSONField()

    class Meta:
        db_table = "fact"
