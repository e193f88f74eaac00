"""The fiscal receipt (财政票据) of a payment: asked for in the transaction that books the money, issued by the treasury's platform.

The row is the job: the worker asks until the platform has answered, and the platform gives one receipt an order however often it is
asked, so a power cut between paying and printing loses nothing. What was given back whole is cancelled there by a red receipt.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection

from doorstep.domains.payments.models import FiscalReceipt, Payment
from doorstep.kernel import paper
from doorstep.kernel.org import unit_words
from doorstep.kernel.read import MatterView
from doorstep.kernel.row import insert
from doorstep.kernel.trust import enter_system, is_demo
from doorstep.rulebook import clock
from doorstep.rulebook.pack.fee import yuan_of
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words

_PATIENCE_SECONDS = 5.0
_AGAIN = timedelta(minutes=1)


def want(row: Payment, fen: int, unit_id: int) -> None:
    """A receipt is to be issued for this payment."""
    insert(FiscalReceipt(id=row.id, matter_id=row.matter_id, fen=fen, currency=row.currency, unit_id=unit_id,
                         state="wanted", at=clock.now()))  # fmt: skip


def give_back(payment_id: UUID) -> None:
    """The payment was given back whole: its receipt is to be cancelled."""
    FiscalReceipt.objects.filter(id=payment_id, state__in=("wanted", "issued")).update(
        state="cancel", tried_at=None
    )


def of_payment(payment_id: UUID) -> FiscalReceipt | None:
    return FiscalReceipt.objects.filter(id=payment_id).first()


def ask_platform(most: int = 50) -> int:
    """For the worker: have wanted receipts issued and given-back ones cancelled; returns how many it did."""
    if not settings.FISCAL_URL:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, matter_id from trust.wanted_receipts(%s, %s)", [clock.now() - _AGAIN, most]
        )
        rows = cursor.fetchall()
    return sum(_one(receipt_id, matter_id) for receipt_id, matter_id in rows)


def _one(receipt_id: UUID, matter_id: UUID) -> bool:
    with enter_system(matter_id):
        row = FiscalReceipt.objects.get(id=receipt_id)
    unit = unit_words(row.unit_id).zh
    told = {"order": str(row.id), "fen": str(row.fen), "currency": row.currency, "unit": unit}
    try:
        said = _ask("/receipts", told)
        if row.state == "cancel":
            said = _ask(f"/receipts/{row.id}/cancel", {"order": str(row.id)})
    except (OSError, ValueError):
        with enter_system(matter_id):
            FiscalReceipt.objects.filter(id=row.id).update(tried_at=clock.now(), tries=row.tries + 1)
        return False
    with enter_system(matter_id):
        state = {"wanted": "issued", "cancel": "cancelled"}[row.state]
        same = FiscalReceipt.objects.filter(id=row.id, state=row.state)
        return bool(same.update(
            state=state, code=said["code"], number=said["number"], check_code=said["check"], red=said["red"],
            issued_at=row.issued_at or clock.now(),
        ))  # fmt: skip


def draw(row: FiscalReceipt, found: MatterView, paid: Payment) -> bytes:
    """The receipt as a paper to print. The payer's name stands on it, and never left the house."""
    lines = [
        {"label": one.title or found.title, "value": f"{yuan_of(one.fen)} {one.currency}"}
        for one in found.pack.owed(found.data, found.law_date)
    ]
    data: dict[str, Any] = {
        "title": Words("财政票据（电子）", "Fiscal Receipt").as_dict(), "number": f"{row.code}-{row.number}",
        "unit": unit_words(row.unit_id), "issued_on": (row.issued_at or row.at).astimezone(calendar().zone).date(),
        "check_url": f"{settings.PUBLIC_URL}/matter/{found.id}", "demo": is_demo(), "signed": False,
        "amount": yuan_of(row.fen), "currency": row.currency, "check": row.check_code, "red": row.red,
        "matter_number": found.number, "payer": found.applicant.name, "receipt": paid.receipt or "",
        "lines": [{"label": _words(one["label"]), "value": one["value"]} for one in lines],
    }  # fmt: skip
    return paper.render("fiscal-receipt", data, lang="zh")


def _words(words: Words | Any) -> dict[str, str]:
    found: dict[str, str] = words.as_dict()
    return found


def _ask(path: str, told: Mapping[str, str]) -> dict[str, str]:
    """A signed question and its signed answer. OSError or ValueError if it is not known what the platform did."""
    parts = urlsplit(settings.FISCAL_URL)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    link = kind(parts.netloc, timeout=_PATIENCE_SECONDS)
    try:
        link.request("POST", f"{parts.path.rstrip('/')}{path}", urlencode({**told, "sig": _sign(told)}))
        said = {str(k): str(v) for k, v in json.loads(link.getresponse().read(64 * 1024)).items()}
    except (http.client.HTTPException, AttributeError) as why:
        raise ValueError(str(why)) from why
    finally:
        link.close()
    sig = said.pop("sig", "")
    if not hmac.compare_digest(sig, _sign(said)) or said.get("order") != told["order"]:
        raise ValueError("not signed by the platform")
    return said


def _sign(values: Mapping[str, str]) -> str:
    key = (Path(settings.SECRETS_DIR) / "fiscal.secret").read_text().strip().encode()
    return hmac.new(key, urlencode(sorted(values.items())).encode(), hashlib.sha256).hexdigest()
