"""The fiscal receipt (财政票据) of a payment: asked for in the transaction that books the money, issued by the treasury's platform.

The row is the job: the worker asks until the platform has answered, draws and signs the paper, and only then writes that it is
issued; the platform gives one receipt an order however often it is asked. So a power cut between paying and printing loses
nothing and prints nothing twice. What was given back whole is cancelled there by a red receipt, and the paper says so.
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
from doorstep.kernel import change, file, issue
from doorstep.kernel.org import unit_words
from doorstep.kernel.party import people
from doorstep.kernel.row import fetch, insert
from doorstep.kernel.trust import Viewer, enter_system, is_demo, log_access, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.pack.fee import yuan_of
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web import saying

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
    try:
        said = _said_of(row)
    except (OSError, ValueError):
        with enter_system(matter_id):
            FiscalReceipt.objects.filter(id=row.id).update(tried_at=clock.now(), tries=row.tries + 1)
        return False
    before, row.state = row.state, {"wanted": "issued", "cancel": "cancelled"}[row.state]
    row.code, row.number, row.check_code, row.red = said["code"], said["number"], said["check"], said["red"]
    row.issued_at = row.issued_at or clock.now()
    with enter_system(matter_id) as system:
        shown = _shown(system, row)
    stored = file.store_issued(issue.signed("fiscal-receipt", shown))
    with enter_system(matter_id) as system:
        if FiscalReceipt.objects.select_for_update().get(id=row.id).state != before:
            file.forget(stored)
            return False
        row.file_id = file.add_issued(system, stored, matter_id)
        row.save(update_fields=["state", "code", "number", "check_code", "red", "issued_at", "file_id"])
    return True


def _said_of(row: FiscalReceipt) -> dict[str, str]:
    """What the platform says of the receipt, once it has done what is wanted. OSError or ValueError as `_ask`."""
    unit = unit_words(row.unit_id).zh
    told = {"order": str(row.id), "fen": str(row.fen), "currency": row.currency, "unit": unit}
    said = _ask("/receipts", told)
    return _ask(f"/receipts/{row.id}/cancel", {"order": str(row.id)}) if row.state == "cancel" else said


def content(viewer: Viewer, row: FiscalReceipt) -> bytes:
    """The signed paper, for somebody who has read its matter; a tier 2 read. Refused: "not-found" while there is none."""
    if row.file_id is None:
        raise not_found()
    [[who]] = fetch("select applicant_id from matter where id = %s", row.matter_id)
    why = file.why(viewer, row.matter_id, who)
    log_access(
        viewer, kind="paper", tier=2, purpose=why, matter_id=row.matter_id, party_id=who, detail="fiscal"
    )
    return file.content(row.file_id)


def _shown(system: Viewer, row: FiscalReceipt) -> dict[str, Any]:
    """What stands on the paper. The payer's name is on it, and never left the house."""
    opened, paid = change.lock(row.matter_id), Payment.objects.get(id=row.id)
    of, who = opened.row, opened.row.applicant_id
    log_access(system, kind="paper", tier=2, purpose="system", matter_id=of.id, party_id=who, detail="fiscal")
    owed = opened.pack.owed(opened.data, of.law_date)
    lines = [
        {"label": (one.title or opened.pack.title).as_dict(), "value": _money(one.fen, one.currency)}
        for one in owed
    ]
    if less := sum(one.fen for one in owed) - row.fen:
        lines.append({"label": {"zh": "减免", "en": "Reduction"}, "value": f"−{_money(less, row.currency)}"})
    return {
        "title": Words("财政票据（电子）", "Fiscal Receipt").as_dict(), "number": f"{row.code}-{row.number}",
        "unit": unit_words(row.unit_id), "issued_on": (row.issued_at or row.at).astimezone(calendar().zone).date(),
        "check_url": f"{settings.PUBLIC_URL}/matter/{of.id}", "demo": is_demo(),
        "amount": _money(row.fen, row.currency), "check": row.check_code, "red": row.red, "matter_number": of.number,
        "payer": people([who])[who].name if who else "", "receipt": paid.receipt or "", "lines": lines, "follow": True,
    }  # fmt: skip


def _money(fen: int, currency: str) -> str:
    return saying.money({"amount": yuan_of(fen), "currency": currency})


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
