"""The payment service as we speak to it: signed addresses for the payer, signed answers, and a few questions over HTTP.

Everything signed is HMAC-SHA256 over the sorted names and values, under a key that both sides have. Money itself never
passes through us. OSError or ValueError: it did not answer, or not with its signature; what it did is then not known.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.conf import settings

#: How long an address to pay at holds.
HOLDS = timedelta(minutes=15)
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Said:
    """What the service knows of an order: open, closed (it will never be charged) or paid, with its reference and amount."""

    state: str
    reference: str = ""
    amount: str = ""


def available() -> bool:
    """Can one pay online at all?"""
    return bool(settings.PAYMENTS_URL)


def sign(values: Mapping[str, str]) -> str:
    """The signature over names and values, whatever their order."""
    key = (Path(settings.SECRETS_DIR) / "payments.secret").read_text().strip().encode()
    return hmac.new(key, urlencode(sorted(values.items())).encode(), hashlib.sha256).hexdigest()


def signed(values: Mapping[str, str]) -> bool:
    """Are these values, ``sig`` among them, from the payment service?"""
    if not available():
        return False  # nobody here could have signed
    rest = {name: value for name, value in values.items() if name != "sig"}
    return hmac.compare_digest(sign(rest).encode(), values.get("sig", "").encode())


def pay_address(order: str, amount: str, currency: str, back: str) -> str:
    """Where the payer goes; from there back to ``back``. The service lets it hold for `HOLDS` from when it is first seen."""
    told = {
        "order": order,
        "amount": amount,
        "currency": currency,
        "back": back,
        "nonce": secrets.token_hex(8),
    }
    told["holds"] = str(int(HOLDS.total_seconds()))
    return f"{settings.PAYMENTS_URL}/pay?{urlencode(told | {'sig': sign(told)})}"


def state(order: str) -> Said:
    """How an order stands."""
    return _said(_ask("GET", f"/orders/{order}", {}), order)


def close(order: str) -> Said:
    """Let an order never be charged any more. It may have been paid before: then that is the answer."""
    return _said(_ask("POST", f"/orders/{order}/close", {"order": order}), order)


def refund(order: str, refund_id: str, amount: str) -> str:
    """Give money of an order back, once for each refund. Answers the service's reference."""
    told = {"order": order, "refund": refund_id, "amount": amount}
    said = _ask("POST", f"/orders/{order}/refund", told)
    if said.get("refund") != refund_id or said.get("state") != "refunded":
        raise ValueError("the payment service did not refund")
    return said["reference"]


def _said(told: Mapping[str, str], order: str) -> Said:
    if told.get("order") != order:
        raise ValueError("an answer about another order")
    return Said(told.get("state", ""), told.get("reference", ""), told.get("amount", ""))


def _ask(method: str, path: str, told: Mapping[str, str]) -> dict[str, str]:
    """A signed question (if it changes anything) and the signed answer."""
    parts = urlsplit(settings.PAYMENTS_URL)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    link = kind(parts.netloc, timeout=PATIENCE_SECONDS)
    body = urlencode({**told, "sig": sign(told)}) if told else None
    try:
        link.request(method, f"{parts.path.rstrip('/')}{path}", body)
        said = {str(k): str(v) for k, v in json.loads(link.getresponse().read(64 * 1024)).items()}
    except (http.client.HTTPException, AttributeError) as why:
        raise ValueError(str(why)) from why
    finally:
        link.close()
    if not signed(said):
        raise ValueError("not signed by the payment service")
    return said
