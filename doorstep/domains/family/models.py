"""Who may act for whom."""

from __future__ import annotations

from django.db import models


class Mandate(models.Model):
    """Somebody may act for somebody else: it was given, or is a parent's or guardian's by law. Covers ``items`` by code and
    ``branches`` by number, until a day; ``unit_id`` entered it at a window and saw ``proof``.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=12)
    principal_id = models.UUIDField()
    agent_id = models.UUIDField()
    relation = models.CharField(max_length=12)
    items = models.JSONField(default=list)
    branches = models.JSONField(default=list)
    at = models.DateTimeField()
    until = models.DateTimeField()
    granted_by = models.UUIDField()
    unit_id = models.IntegerField(null=True)
    proof = models.TextField(default="")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "family"
        db_table = "mandate"
        indexes = [
            models.Index(fields=["principal_id"], name="mandate_principal"),
            models.Index(fields=["agent_id"], name="mandate_agent"),
        ]
