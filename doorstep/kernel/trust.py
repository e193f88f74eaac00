"""Who is asking, and what may they do: sessions, the viewer, the list of rights, and the log of reads.

A transaction reaches rows only after `enter`: the database looks the session up itself and policies read the scope it
set. Everything here that reads about a person leaves a row in `access` in the same transaction as the read, and the
transaction ends before the answer leaves.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction

from doorstep.kernel.crypto import Keys, load_keys, stretch
from doorstep.kernel.models import Fact
from doorstep.rulebook import pack
from doorstep.rulebook.format import FORMATS, tidy
from doorstep.rulebook.identity import invented_people_if
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_LAST = "(select max(id) from publication)"
"""Read with every scope that is entered: what somebody published a moment ago is seen at the next request, in each process."""

SYSTEM = UUID(int=0)
SESSION_MINUTES = 8 * 60

#: The one list of what can be allowed. A role is a bundle of these in region data; code never tests a role's name.
VERBS = frozenset(
    {
        "search", "apply", "bring", "receive", "decide", "hand_out", "read", "note", "share", "link", "hand_over",
        "rate", "erase", "assist", "involve", "locate", "merge", "refer", "reclassify", "repin",
        "supervise", "audit", "administer", "secure", "dispatch", "duty", "design", "lay",
    }
)  # fmt: skip
REACHES = ("own", "unit", "county", "city", "province")
TIERS = ("public", "personal", "secret", "sealed")

BRANCHES = {
    "household": 1, "entry-exit": 2, "traffic": 3, "public-order": 4, "narcotics": 5, "cyber": 6, "general": 7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking in this transaction. Made only by `enter`, `enter_system` and `nobody`.

    ``assurance``: 0 a phone, 1 a typed identity, 2 verified by somebody; below 2 there is no ``party_id``.
    """

    account_id: UUID
    kind: str
    name: Words
    login: str = ""
    role: str = ""
    party_id: UUID | None = None
    unit: dict[str, Any] | None = None
    branches: tuple[int, ...] = ()
    rights: frozenset[str] = field(default_factory=frozenset)
    assurance: int = 0
    session_id: str = ""

    @property
    def unit_id(self) -> int | None:
        return self.unit["id"] if self.unit else None

    @property
    def unit_name(self) -> Words | None:
        return Words(self.unit["zh"], self.unit["en"]) if self.unit else None

    @property
    def signed_in(self) -> bool:
        return self.kind != "anonymous"

    @property
    def is_resident(self) -> bool:
        return self.kind == "resident"

    @property
    def brings(self) -> str:
        """The right by which this viewer brings a matter: their own, for whoever stands before them, or as a window."""
        return {"resident": "apply", "outlet": "bring", "kiosk": "bring"}.get(self.kind, "receive")

    def may(self, verb: str, branch: str = "*", tier: str = "personal") -> bool:
        """Does any right of this viewer cover ``verb`` on ``branch`` at ``tier``? Where, the database decides."""
        return any(_covers(right, verb, branch, tier) for right in self.rights)

    def need(self, verb: str, branch: str = "*", tier: str = "personal") -> None:
        """Refuse unless `may`. Raises `Refused` "no-right" (403)."""
        if not self.may(verb, branch, tier):
            raise refuse_right()


def _covers(right: str, verb: str, branch: str, tier: str) -> bool:
    parts = right.split(":")
    if len(parts) != 4 or parts[0] != verb:
        return False
    wide = branch == "*" or parts[1] in ("*", branch)
    return wide and TIERS.index(parts[3]) >= TIERS.index(tier)


def refuse_right() -> Refused:
    return Refused(
        "no-right",
        Words(
            "您的账号没有这项权限，什么都没有改动。需要的话，请找本单位管理员开通。",
            "Your account does not have this right; nothing was changed. Ask your unit's administrator if you need it.",
        ),
        status=403,
    )


def refuse_sign_in() -> Refused:
    return Refused(
        "sign-in", Words("请先登录，再办这件事。", "Please sign in first, then go on."), status=401
    )


def not_found() -> Refused:
    """The same answer for what does not exist and for what the viewer may not see."""
    return Refused(
        "not-found",
        Words(
            "没有找到，或者它不归您查看。请核对编号；您自己的事都在“我的事”里。",
            "Not found, or not yours to see. Check the number; your own matters are under “My matters”.",
        ),
        status=404,
    )


def refuse_assurance() -> Refused:
    """An account whose owner nobody has verified yet (assurance below 2)."""
    return Refused(
        "assurance",
        Words(
            "还没有人核实过您是谁，所以网上看不到您的记录，也还不能提交。请带证件到任何一个窗口核实一次；填好的内容会留着。",
            "Nobody has verified yet who you are, so your record is not shown here and nothing can be sent. Bring your identity "
            "paper to any window once; what you filled in is kept.",
        ),
        status=403,
    )


def refuse_erased() -> Refused:
    """There was something, and it was lawfully destroyed."""
    return Refused(
        "erased",
        Words(
            "这件事的内容已依法销毁，只留下编号、种类、时间和结果。发过的证件仍然可以核验。",
            "The content of this matter was lawfully erased; only number, kind, times and result are kept. Papers that were "
            "issued can still be checked.",
        ),
        status=410,
    )


def nobody() -> Viewer:
    """Somebody who has not signed in: sees open data only."""
    return Viewer(account_id=SYSTEM, kind="anonymous", name=Words("访客", "Guest"))


@lru_cache(maxsize=1)
def keys() -> Keys:
    """The envelope and index keys of this deployment, read once from its secrets folder."""
    return load_keys(Path(settings.SECRETS_DIR))


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def sign_in(login: str, password: str | bytes) -> str:
    """Prove a password, or the 32 random bytes that a program has instead, and open a session. Returns its secret token, once.

    Refused: "wrong-password" (401) whether the login exists or not, "locked" (429) after five failures.
    """
    login, token = _named(login), secrets.token_urlsafe(32)
    with connection.cursor() as cursor:
        cursor.execute("select trust.salt_of(%s)", [login])
        proof = _proof(password, bytes(cursor.fetchone()[0]))
        cursor.execute(
            "select trust.login(%s, %s, %s, %s)", [login, proof, token_hash(token), SESSION_MINUTES]
        )
        answer = cursor.fetchone()[0]
    if answer == "locked":
        raise Refused(
            "locked",
            Words(
                "试错次数太多，请 15 分钟后再试，或者重设密码。",
                "Too many failed attempts. Try again in 15 minutes, or set a new password.",
            ),
            status=429,
        )
    if answer != "ok":
        raise Refused(
            "wrong-password",
            Words(
                "账号或密码不对，请核对后再试。",
                "The login or password is not right. Check both and try again.",
            ),
            status=401,
        )
    return token


def _named(login: str) -> str:
    """A telephone that somebody signs in with is kept as a keyed index; any other login as it is, in small letters."""
    bare = tidy(login, "cn-mobile")
    return (
        f"tel:{keys().blind('login', bare).hex()}" if FORMATS["cn-mobile"].ok(bare) else login.strip().lower()
    )


def _proof(password: str | bytes, salt: bytes) -> bytes:
    """What the database compares the hash of. Nobody guesses 32 random bytes, so only what a person types is stretched."""
    if isinstance(password, str):
        return stretch(password, salt)
    if len(password) != 32:
        raise ValueError("a key has 32 bytes")
    return password


def sign_out(token: str) -> None:
    """End the session. The token is worthless at once; streams that use it end within five seconds."""
    with connection.cursor() as cursor:
        cursor.execute("select trust.logout(%s)", [token_hash(token)])


@contextmanager
def enter(token: str | None) -> Iterator[Viewer]:
    """One transaction in the scope of a session. Yields the `Viewer`; without a live session, `nobody`."""
    with transaction.atomic():
        yield _enter(token) if token else _guest()


def _enter(token: str) -> Viewer:
    with connection.cursor() as cursor:
        cursor.execute(f"select trust.enter(%s), {_LAST}", [token])
        row, last = cursor.fetchone()
    pack.heard(last)
    if row is None:
        return nobody()
    raw = orjson.loads(row) if isinstance(row, str | bytes) else row
    return Viewer(
        account_id=UUID(raw["id"]),
        kind=raw["kind"],
        name=Words(raw["zh"], raw["en"]),
        login=raw["login"],
        role=raw["role"],
        party_id=UUID(raw["party_id"]) if raw["party_id"] else None,
        unit=raw["unit"],
        branches=tuple(int(b) for b in raw["branches"]),
        rights=frozenset(raw["rights"]),
        assurance=raw["assurance"],
        session_id=raw["session_id"],
    )


def _guest() -> Viewer:
    """Nobody, who still sees what was published a moment ago."""
    with connection.cursor() as cursor:
        cursor.execute(f"select {_LAST}")
        pack.heard(cursor.fetchone()[0])
    return nobody()


@contextmanager
def enter_system(matter_id: UUID) -> Iterator[Viewer]:
    """One transaction of a background job for one matter (worker role only). Refused: "not-found"."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"select trust.enter_system(%s), {_LAST}", [matter_id])
            found, last = cursor.fetchone()
        pack.heard(last)
        if not found:
            raise not_found()
        yield Viewer(account_id=SYSTEM, kind="system", name=Words("系统", "System"))


def log_access(
    viewer: Viewer,
    *,
    kind: str,
    tier: int,
    purpose: str,
    matter_id: UUID | None = None,
    party_id: UUID | None = None,
    detail: str = "",
) -> None:
    """Write one read (``kind`` read, list, file, paper, refused) into the log of this transaction.

    Tier 0 lists, 1 a matter, 2 an unmasked field or a file. A tier 1 read of the same matter for the same purpose
    within 15 minutes is the same read.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into access (account_id, unit_id, matter_id, party_id, kind, tier, purpose, detail)
            select %(account)s::uuid, %(unit)s::int, %(matter)s::uuid, %(party)s::uuid, %(kind)s::text, %(tier)s::int,
              %(purpose)s::text, %(detail)s::text
            where %(tier)s::int <> 1 or %(kind)s::text <> 'read' or not exists (
              select 1 from access where account_id = %(account)s::uuid and matter_id = %(matter)s::uuid and tier = 1
                and kind = 'read' and purpose = %(purpose)s::text
                and at between now() - interval '15 minutes' and now() + interval '1 hour')""",
            {
                "account": viewer.account_id, "unit": viewer.unit_id, "matter": matter_id, "party": party_id,
                "kind": kind, "tier": tier, "purpose": purpose, "detail": detail,
            },
        )  # fmt: skip


def log_refusal(token: str | None, what: str) -> None:
    """A refused attempt, in a transaction of its own so that it stays when the request is rolled back."""
    if not token:
        return
    with enter(token) as viewer:
        if viewer.signed_in:
            log_access(viewer, kind="refused", tier=0, purpose="refused", detail=what[:200])


def create_account(
    *,
    login: str,
    password: str | bytes,
    kind: str,
    role: str,
    rights: list[str],
    name: Words,
    party_id: UUID | None = None,
    unit_id: int | None = None,
    branches: list[int] | None = None,
    assurance: int = 0,
    account_id: UUID | None = None,
) -> UUID:
    """Make an account (migrator role only). Refused: ValueError for a right outside the one list."""
    for right in rights:
        parts = right.split(":")
        if len(parts) != 4 or parts[0] not in VERBS or parts[2] not in REACHES or parts[3] not in TIERS:
            raise ValueError(f"not a right: {right}")
    account_id, salt = account_id or uuid7(), secrets.token_bytes(16)
    row = {
        "id": str(account_id), "login": login, "kind": kind, "role": role, "rights": rights,
        "party_id": str(party_id) if party_id else None, "unit_id": unit_id, "branches": branches or [],
        "zh": name.zh, "en": name.en, "assurance": assurance, "ended_at": None,
    }  # fmt: skip
    proof = hashlib.sha256(_proof(password, salt)).digest()
    with connection.cursor() as cursor:
        cursor.execute("select trust.create_account(%s, %s, %s)", [orjson.dumps(row).decode(), salt, proof])
    return account_id


def end_account(account_id: UUID) -> None:
    """Somebody left: the account ends and every session of it at once (migrator role only)."""
    with connection.cursor() as cursor:
        cursor.execute("select trust.end_account(%s)", [account_id])


def is_demo() -> bool:
    """Is this a demo database? A fact set when it was created, never a setting."""
    with suppress(LookupError):
        return _founded_as_demo()
    return False


@lru_cache(maxsize=1)
def _founded_as_demo() -> bool:
    """Set once for good, so asked once a process. LookupError while the database is not founded."""
    told = _fact("demo")
    if told is None:
        raise LookupError
    return told is True


invented_people_if(is_demo)


def demo_logins() -> list[dict[str, Any]]:
    """The people of the demo town that anybody may sign in as. Empty outside a demo database."""
    return list(_fact("demo_logins") or []) if is_demo() else []


def demo_fact(name: str) -> Any:
    """One fact of a demo database, or None; None everywhere else."""
    return _fact(name) if is_demo() else None


def _fact(name: str) -> Any:
    return Fact.objects.filter(name=name).values_list("value", flat=True).first()
