"""What somebody said of themselves when they made their account, and the documents that they had before."""

from __future__ import annotations

from django.db import models


class AccountClaim(models.Model):
    """With which telephone, document and name an account was made: keyed indexes alone, nothing that can be read. ``verified_at``:
    when an officer saw the document, by the matter ``matter_id``.
    """

    account_id = models.UUIDField(primary_key=True)
    phone = models.BinaryField()
    document = models.BinaryField()
    name = models.BinaryField()
    at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    matter_id = models.UUIDField(null=True)

    class Meta:
        app_label = "accounts"
        db_table = "account_claim"
        indexes = [models.Index(fields=["phone"], name="account_claim_phone")]


class PersonDocument(models.Model):
    """A document by which somebody was known before: ``sealed`` under the key of their record, found by ``id_blind``.

    ``other_id``: whom the new document stood for until the matter ``matter_id`` joined the two.
    """

    id = models.UUIDField(primary_key=True)
    party_id = models.UUIDField()
    id_blind = models.BinaryField(null=True, unique=True)
    sealed = models.BinaryField()
    at = models.DateTimeField()
    matter_id = models.UUIDField()
    other_id = models.UUIDField(null=True)

    class Meta:
        app_label = "accounts"
        db_table = "person_document"
        indexes = [models.Index(fields=["party_id"], name="person_document_party")]


class PasswordReset(models.Model):
    """A colleague's password that is set anew by two persons. ``state``: waiting, agreed, used, dropped. ``powers``: by which of
    the three the first one asked. ``until``: how long the next step may be taken. Its code lies hashed, out of reach of the app.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    asked_by = models.UUIDField()
    powers = models.JSONField()
    asked_at = models.DateTimeField()
    why = models.CharField(max_length=200)
    state = models.CharField(max_length=12)
    until = models.DateTimeField()
    agreed_by = models.UUIDField(null=True)
    agreed_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "accounts"
        db_table = "password_reset"
        indexes = [
            models.Index(fields=["account_id"], name="password_reset_account"),
            models.Index(fields=["asked_at"], name="password_reset_asked"),
        ]
