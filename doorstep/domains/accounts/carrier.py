"""Text messages by a carrier's HTTP door (GSMA OneAPI, SMS, version 2): one POST a message, known by its correlator.

A code waits as a row until the carrier has taken it, and is then forgotten; a message that was asked for twice comes once, because
the carrier knows the correlator. OSError or ValueError: it is not known whether it was taken, and is asked again.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import logging
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from django.conf import settings

from doorstep.domains.accounts.proving import opened
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import keys
from doorstep.rulebook.words import Words

PATIENCE_SECONDS: Final = 5.0
_MOST: Final = 20
_log = logging.getLogger(__name__)
_TEXT: Final = {
    "new": Words("【家门口】{code} 是注册账号的验证码", "{code} is your code to make an account"),
    "reset": Words("【家门口】{code} 是重设密码的验证码", "{code} is your code for a new password"),
    "leaves": Words(
        "【家门口】您的账号要换手机号，{code} 是旧手机的验证码",
        "Your account is to change its telephone; {code} is the code for the old one",
    ),
    "comes": Words(
        "【家门口】{code} 是换成这个手机号的验证码", "{code} is the code to use this telephone from now on"
    ),
}
_REST: Final = Words(
    "，10 分钟内有效。谁问都不要说，民警也不会问。不是您要的，不用管。",
    ", good for 10 minutes. Tell nobody: no officer ever asks for it. If you did not ask for it, ignore this.",
)


def available() -> bool:
    """Can text messages be sent at all?"""
    return bool(settings.SMS_URL)


def send_codes() -> int:
    """Hand over the codes that wait (worker). How many the carrier took."""
    if not available():
        return 0
    taken = 0
    for token, about, key, typed, phone, code in fetch("select * from trust.codes_to_send(%s)", _MOST):
        mark = bytes(token)
        number = opened(mark, bytes(key), bytes(typed)).phone
        if keys().blind("login", number) != bytes(phone):
            _log.error("a code was asked for one telephone to be sent to another, and is not sent")
            continue
        once = hashlib.sha256(mark + code.encode()).hexdigest()[:32]
        try:
            deliver(number, _text(about, code), once)
        except (OSError, ValueError) as why:
            _log.warning("a code was not taken by the carrier and will be sent again: %s", type(why).__name__)
            continue
        fetch("select trust.code_sent(%s, %s)", mark, code)
        taken += 1
    return taken


def forget_codes() -> int:
    """Forget what was asked for a day ago (worker)."""
    return int(fetch("select trust.forget_proving()")[0][0])


def _text(about: str, code: str) -> str:
    first = _TEXT[about].format(code=code)
    return f"{first.zh}{_REST.zh} {first.en}{_REST.en}"


def deliver(phone: str, text: str, correlator: str) -> None:
    """Have the carrier take one message. Raises OSError or ValueError if it did not say so."""
    parts, sender = urlsplit(settings.SMS_URL), f"tel:{settings.SMS_SENDER}"
    told = {
        "outboundSMSMessageRequest": {
            "address": [f"tel:+86{phone}"], "senderAddress": sender, "clientCorrelator": correlator,
            "outboundSMSTextMessage": {"message": text},
        }
    }  # fmt: skip
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    link = kind(parts.netloc, timeout=PATIENCE_SECONDS)
    path = f"{parts.path.rstrip('/')}/smsmessaging/outbound/{quote(sender, safe='')}/requests"
    try:
        link.request("POST", path, json.dumps(told), _headers())
        answer = link.getresponse()
        said = json.loads(answer.read(64 * 1024)) if answer.status < 300 else {}
    except http.client.HTTPException as why:
        raise ValueError(str(why)) from why
    finally:
        link.close()
    if not isinstance(said, dict) or "resourceReference" not in said:
        raise ValueError("the carrier did not take it")


def _headers() -> dict[str, str]:
    secret = Path(settings.SECRETS_DIR) / "sms.secret"
    bearer = {"Authorization": f"Bearer {secret.read_text().strip()}"} if secret.exists() else {}
    return {"Content-Type": "application/json", "Accept": "application/json", **bearer}
