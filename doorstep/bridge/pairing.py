"""Who may drive this bridge: browsers that were told its code once, and prove with every request that they still know the key.

The code has 59 bits, is shown by the bridge alone and typed into the counter's page. Neither it nor the key ever travels:
both sides derive the key from the code and two nonces, and show each other by an HMAC that they have it. So a page of
somebody else, a program of another user on this machine, or an impostor that listens at our port gets nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

ROUNDS: Final = 200_000
"""Of PBKDF2; docs/bridge.md and bridge.js name the same number."""
TRIES: Final = 5
"""Wrong proofs after which a code is void."""
CODE_SECONDS: Final = 600
IDLE_SECONDS: Final = 1800
_KEYS: Final = 4
_SESSIONS: Final = 16
_SEEN: Final = 256
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Stranger(Exception):
    """Whoever asks did not show that it may. ``code``: unpaired, no-code, wrong-code, session, proof, again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def proof(key: bytes, *words: object) -> str:
    """What both sides say over the words of a message."""
    told = "\n".join(("doorstep-bridge 1", *map(str, words)))
    return hmac.new(key, told.encode(), hashlib.sha256).hexdigest()


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def new_code() -> str:
    """Twelve letters and digits in threes of four."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return "-".join(drawn[at : at + 4] for at in (0, 4, 8))


@dataclass(slots=True)
class Session:
    """A page that proved itself: its key, its origin, and which of its numbers were used."""

    key: bytes
    origin: str
    seen: set[int] = field(default_factory=set)
    at: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class _Trial:
    key: bytes
    origin: str
    at: float


class Pairing:
    """The keys, in a file that only this user reads; the present code and the sessions, in memory alone.

    ``stays``: the code can be used again and again. For rehearsals with stand-ins; a real bridge never does that.
    """

    def __init__(self, file: Path, code: str = "", *, stays: bool = False) -> None:
        self._file, self._stays, self._lock = file, stays, Lock()
        self._code, self._tries, self._code_at = _bare(code), 0, time.monotonic()
        self._trials: dict[str, _Trial] = {}
        self._sessions: dict[str, Session] = {}
        self._keys: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}

    @property
    def paired(self) -> bool:
        return bool(self._keys)

    def begin(self, origin: str, theirs: str) -> dict[str, str]:
        """First half of pairing. Refused: "no-code" when none holds."""
        with self._lock:
            self._need_code()
            ours, trial = secrets.token_hex(16), secrets.token_hex(16)
            salt = f"{theirs}{ours}{origin}".encode()
            key = hashlib.pbkdf2_hmac("sha256", self._code.encode(), salt, ROUNDS)
            self._trials = {trial: _Trial(key, origin, time.monotonic())}  # one at a time
        return {"trial": trial, "nonce": ours}

    def finish(self, origin: str, trial: str, theirs: str) -> dict[str, str]:
        """Second half: the page shows that it knows the key, and so do we. Refused: "wrong-code"; after five, "no-code"."""
        with self._lock:
            self._need_code()
            found = self._trials.pop(trial, None)
            if (
                found is None
                or found.origin != origin
                or not _same(theirs, proof(found.key, "pair page", trial))
            ):
                self._tries += 1
                raise Stranger("wrong-code")
            self._tries = 0
            if not self._stays:
                self._code = ""
            name = secrets.token_hex(8)
            self._keys = dict([*self._keys.items(), (name, found.key.hex())][-_KEYS:])
            self._write()
        return {"id": name, "proof": proof(found.key, "pair bridge", trial, name)}

    def hello(self, origin: str, host: str, name: str, nonce: str) -> dict[str, Any]:
        """A session for a paired page, with our proof over its nonce. Refused: "unpaired"."""
        with self._lock:
            if name not in self._keys:
                raise Stranger("unpaired")
            key, ours = bytes.fromhex(self._keys[name]), secrets.token_hex(16)
            self._forget_old()
            self._sessions[ours] = Session(key, origin)
        return {"version": 1, "session": ours, "proof": proof(key, "hello", nonce, ours, host, origin)}

    def check(self, origin: str, session: str, number: str, path: str, body: bytes, theirs: str) -> Session:
        """The session a request belongs to. Refused: "session", "proof", "again" for a number that was used."""
        with self._lock:
            found = self._sessions.get(session)
            if found is None or found.origin != origin or time.monotonic() - found.at > IDLE_SECONDS:
                raise Stranger("session")
            if not _same(theirs, proof(found.key, "ask", session, number, path, digest(body))):
                raise Stranger("proof")
            if (
                not number.isdecimal()
                or int(number) in found.seen
                or int(number) < max(found.seen, default=0) - _SEEN
            ):
                raise Stranger("again")
            found.seen = {n for n in found.seen if n >= int(number) - _SEEN} | {int(number)}
            found.at = time.monotonic()
        return found

    def forget(self) -> None:
        """No browser is paired any more."""
        with self._lock:
            self._keys, self._sessions = {}, {}
            self._write()

    def _need_code(self) -> None:
        old = not self._stays and time.monotonic() - self._code_at > CODE_SECONDS
        if not self._code or old or self._tries >= TRIES:
            self._code = ""
            raise Stranger("no-code")

    def _forget_old(self) -> None:
        live = {k: s for k, s in self._sessions.items() if time.monotonic() - s.at <= IDLE_SECONDS}
        self._sessions = dict(sorted(live.items(), key=lambda one: one[1].at)[-(_SESSIONS - 1) :])

    def _write(self) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            json.dump(self._keys, handle)
        fresh.replace(self._file)


def _bare(code: str) -> str:
    return "".join(c for c in code.upper() if c.isalnum())


def _same(theirs: str, ours: str) -> bool:
    return hmac.compare_digest(theirs.encode(), ours.encode())
