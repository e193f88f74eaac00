"""The page of whoever keeps the accounts safe: who is locked out, who looks at much, what waits for a second person, the keys.

Counts and units. Who it was that looked at so much, the auditor's page says (rights 7); no person and no matter stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography import x509
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel.crypto import ENVELOPE_FILE, INDEX_FILE
from doorstep.kernel.org import unit_words
from doorstep.kernel.trust import Viewer, log_access, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.words import Words

WIDE = 100
"""From so many matters or look-ups in a day on, somebody is counted among those who look at much."""
_CERTIFICATE = "signing.pem"
"""As `kernel.signature` names it, which is not read here: it would bring the whole signer into every web process."""
_KEYS = (
    (ENVELOPE_FILE, Words("信封密钥：内容都锁在它下面", "Envelope key: everything is sealed under it")),
    (INDEX_FILE, Words("索引密钥：按证件号、姓名找人用", "Index key: finds by number and name")),
    (_CERTIFICATE, Words("签名证书：证明都用它签", "Signing certificate: papers are signed with it")),
)
_SECOND = (
    ("erasure", Words("依法销毁，等第二人", "Erasures, the second person to confirm")),
    ("reprint", Words("重印证件，等第二人", "Reprints, the second person to agree")),
    ("refund", Words("退费，等第二人", "Refunds, the second person to agree")),
    ("password_reset", Words("同事换密码，等第二人", "Colleagues’ passwords, the second person to agree")),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """A work account that somebody failed to sign in to, or that is locked for now."""

    who: Words
    login: str
    unit: Words
    tries: int
    last: datetime
    locked: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A key of this deployment: since when it lies there, and until when it is good."""

    title: Words
    since: datetime | None
    until: datetime | None
    soon: bool


def watch(viewer: Viewer) -> dict[str, Any]:
    """What the page shows; the database answers those alone who hold "secure". Refused: "no-right"."""
    viewer.need("secure", tier="public")
    with connection.cursor() as cursor:
        cursor.execute("select audit.watch()")
        raw = cursor.fetchone()[0]
    if raw is None:
        raise refuse_right()
    told: dict[str, Any] = orjson.loads(raw) if isinstance(raw, str | bytes) else raw
    log_access(viewer, kind="list", tier=0, purpose="audit", detail=f"watch {len(told['staff'])}")
    tried = [
        Tried(Words(one["zh"], one["en"]), one["login"], unit_words(one["unit"]), one["n"],
              datetime.fromisoformat(one["last"]), one["locked"])
        for one in told["staff"]
    ]  # fmt: skip
    wide = [(unit_words(one["unit"]), one["accounts"], one["most"]) for one in told["wide"]]
    second = [(title, told[name]) for name, title in _SECOND if told.get(name)]
    counted = ("residents", "residents_locked", "unknown", "unknown_tries", "sessions")
    locked = sum(one.locked for one in tried) + told["residents_locked"]
    return {"tried": tried, "locked": locked, "wide": wide, "bound": WIDE, "second": second, "keys": _keys(),
            **{name: told[name] for name in counted}}  # fmt: skip


def _keys() -> list[Key]:
    return [_key(Path(settings.SECRETS_DIR) / name, title) for name, title in _KEYS]


def _key(path: Path, title: Words) -> Key:
    """What can be said of a key without telling it."""
    if not path.exists():
        return Key(title, None, None, False)
    since = datetime.fromtimestamp(path.stat().st_mtime, tz=clock.now().tzinfo)
    if path.name != _CERTIFICATE:
        return Key(title, since, None, False)
    until = x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc
    return Key(title, since, until, (until - clock.now()).days < 60)


def show(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The page."""
    return render(request, "audit/watch.html", watch(viewer))
