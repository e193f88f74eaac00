"""Persons and firms a matter concerns. Visible only through a visible matter, or by an exact, logged look-up."""

from __future__ import annotations

from django.db import models


class Party(models.Model):
    """One person or firm. Name and identifiers are in ``sealed``; ``id_blind`` is a keyed index over the identifier."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=12)
    id_blind = models.BinaryField(null=True)
    key = models.BinaryField(null=True)
    sealed = models.BinaryField(null=True)
    opened_by = models.UUIDField()
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "party"
        constraints = [models.UniqueConstraint(fields=["id_blind"], name="party_blind")]
