"""The payment service as we speak to it: signed addresses for the payer, signed answers, and one question over HTTP.

Everything signed is HMAC-SHA256 over the sorted names and values, under a key that both sides have. Money itself never
passes through us.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.conf import settings

#: How long an address to pay at holds. Nobody takes cash for the same while it may still be used.
HOLDS = timedelta(minutes=15)
_PATIENCE_SECONDS = 5.0


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


def paid(order: str) -> tuple[str, str] | None:
    """The service's reference and the amount, if this order was paid. OSError or ValueError if it cannot be asked."""
    parts = urlsplit(settings.PAYMENTS_URL)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    link = kind(parts.netloc, timeout=_PATIENCE_SECONDS)
    try:
        link.request("GET", f"{parts.path.rstrip('/')}/orders/{order}")
        answer = link.getresponse()
        said = {str(k): str(v) for k, v in json.loads(answer.read(64 * 1024)).items()}
    except (http.client.HTTPException, AttributeError) as why:
        raise ValueError(str(why)) from why
    finally:
        link.close()
    if not signed(said) or said.get("order") != order:
        raise ValueError("not signed by the payment service")
    return (said["reference"], said["amount"]) if said.get("state") == "paid" else None
