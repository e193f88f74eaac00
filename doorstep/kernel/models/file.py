"""Files people bring, papers they get, and notices to them."""

from __future__ import annotations

from django.db import models


class File(models.Model):
    """An uploaded or issued file; its content lies encrypted outside the database under ``id``."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    matter_id = models.UUIDField(null=True)
    material = models.CharField(max_length=24, default="")
    media = models.CharField(max_length=40)
    size = models.IntegerField()
    sha256 = models.BinaryField()
    key = models.BinaryField(null=True)
    state = models.CharField(max_length=12)
    at = models.DateTimeField()

    class Meta:
        db_table = "file"
        indexes = [
            models.Index(fields=["matter_id"], name="file_matter"),
            models.Index(fields=["at"], name="file_pending", condition=models.Q(state="pending")),
        ]


class Paper(models.Model):
    """An issued document. ``code_hash`` finds it on the public verification page; the code itself is sealed.

    ``holder`` is a keyed index of the name printed on it: a checker's typed name can be compared, none be read.
    """

    id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField()
    template = models.CharField(max_length=32)
    number = models.CharField(max_length=40)
    item = models.CharField(max_length=24)
    unit_id = models.IntegerField()
    code_hash = models.BinaryField(unique=True)
    holder = models.BinaryField(null=True)
    sealed = models.BinaryField()
    state = models.CharField(max_length=12)
    file_id = models.UUIDField(null=True)
    issued_at = models.DateTimeField()
    valid_until = models.DateField(null=True)

    class Meta:
        db_table = "paper"
        constraints = [models.UniqueConstraint(fields=["number"], name="paper_number_once")]
        indexes = [
            models.Index(fields=["matter_id"], name="paper_matter"),
            models.Index(fields=["issued_at"], name="paper_making", condition=models.Q(state="making")),
        ]


class PaperCounter(models.Model):
    """Gapless document numbers: one row per unit, prefix of the number (in ``template``) and year, locked only at issue."""

    id = models.BigAutoField(primary_key=True)
    unit_id = models.IntegerField()
    template = models.CharField(max_length=32)
    year = models.IntegerField()
    last = models.IntegerField(default=0)

    class Meta:
        db_table = "paper_counter"
        constraints = [
            models.UniqueConstraint(fields=["unit_id", "template", "year"], name="paper_counter_one")
        ]


class Notice(models.Model):
    """A message to a person inside the portal. Codes only; ``check_code`` lets anybody verify that it is ours."""

    id = models.UUIDField(primary_key=True)
    party_id = models.UUIDField()
    matter_id = models.UUIDField()
    template = models.CharField(max_length=32)
    values = models.JSONField(default=dict)
    check_code = models.CharField(max_length=24)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice"
        constraints = [
            models.UniqueConstraint(fields=["party_id", "at", "matter_id", "template"], name="notice_once"),
            models.UniqueConstraint(fields=["check_code"], name="notice_check_code_once"),
        ]
