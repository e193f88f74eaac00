"""The seal over the log: every ten minutes one signed line says how many events and reads were recorded, and their hash.

Each line names the hash of the one before, is appended to a file, and goes to a witness who keeps a copy out of reach. Who
owns the database can still rewrite it, but no longer unnoticed: `verify` counts and hashes again and names what differs,
and what it cannot prove. A line holds counts and hashes only.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import logging
import os
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import connection

from doorstep.kernel.crypto import KeyFileBad, keep_secret, read_secret
from doorstep.kernel.event import canonical

KEY_FILE = "seal.pem"
EVERY = timedelta(minutes=10)
_MARGIN = timedelta(seconds=5)
_STRETCH = timedelta(days=1)  # what is hashed at once after a long silence
_PATIENCE_SECONDS = 3
_AGAIN_SECONDS = 60  # a witness that is down must not keep the worker from its papers
_LEAVES = {
    "events": "select leaf from trust.sealable_events(%s, %s)",
    "reads": "select leaf from trust.sealable_reads(%s, %s)",
}
_ECDSA = ec.ECDSA(hashes.SHA256())
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seal:
    """What one line says: of rows recorded from ``since`` until before ``until``, how many, and their Merkle roots."""

    n: int
    since: str
    until: str
    events: int
    event_root: str
    reads: int
    read_root: str
    before: str


@dataclass(frozen=True, slots=True)
class Line:
    """A seal as it stands in the file: ``text`` is what is hashed into the next."""

    text: bytes
    seal: Seal
    signature: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text).hexdigest()


def root(leaves: Sequence[bytes]) -> str:
    """The Merkle root (RFC 6962) of hashes in their order; of none, the hash of nothing."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [
            hashlib.sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)
        ]
        level = pairs + level[len(pairs) * 2 :]
    return (level[0] if level else hashlib.sha256(b"").digest()).hex()


def read_lines(text: bytes) -> tuple[list[Line], int]:
    """The lines of a seal file, and how many could not be read (a power cut may leave half a line)."""
    lines, broken = [], 0
    for raw in filter(None, text.split(b"\n")):
        try:
            whole = orjson.loads(raw)
            lines.append(Line(raw, Seal(**whole["seal"]), base64.b64decode(whole["signature"])))
        except (ValueError, TypeError, KeyError):
            broken += 1
    return lines, broken


class Sealer:
    """Seals when it is time, and passes on to the witness what it does not have yet. One call of `tend` never waits long.

    A row belongs to the stretch in which it was written, also if its transaction ended later: a stretch is sealed only when
    every transaction that was under way at its end is over.
    """

    def __init__(self, every: timedelta = EVERY, margin: timedelta = _MARGIN) -> None:
        self._every, self._margin = every, margin
        self._end: tuple[datetime, str] | None = None
        self._told, self._try_at = 0, 0.0

    def tend(self) -> int:
        """Do what is due; 1 if a line was appended and more remains to be sealed at once, else 0 (worker role)."""
        if self._end is None:
            moment, running = _query("select clock_timestamp(), pg_current_xact_id()::text")[0]
            last = _last(_file())
            if last and moment - self._margin - datetime.fromisoformat(last.seal.until) < self._every:
                self._pass_on()
                return 0
            self._end = (moment - self._margin, running)
        until, running = self._end
        if not _query("select pg_snapshot_xmin(pg_current_snapshot()) >= %s::xid8", running)[0][0]:
            return 0
        self._end = None
        more = _append(until)
        self._pass_on()
        return int(more)

    def _pass_on(self) -> None:
        """Best effort: a witness that does not answer gets the lines next time."""
        url, last = settings.WITNESS_URL, _last(_file())
        if not url or last is None or last.seal.n == self._told or time.monotonic() < self._try_at:
            return
        self._try_at = time.monotonic() + _AGAIN_SECONDS
        try:
            known = int(_ask(f"{url}/last"))
            for line in read_lines(_file().read_bytes())[0]:
                if line.seal.n > known:
                    _ask(f"{url}/seals", line.text)
            self._told, self._try_at = last.seal.n, 0.0
        except (OSError, ValueError) as why:
            _log.warning("the witness did not take the seal: %s", why)


def _append(until: datetime) -> bool:
    """Seal from the end of the last line to ``until``, a day at most; True if more remains."""
    path = _file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(path):
        last = _last(path)
        since = datetime.fromisoformat(last.seal.until) if last else _first() or until
        end = min(until, since + _STRETCH)
        if end <= since and last:
            return False
        made = _measure(last.seal.n + 1 if last else 1, since, end, last.digest if last else "")
        body = canonical(asdict(made))
        signature = base64.b64encode(_key().sign(body, _ECDSA)).decode()
        text = canonical({"seal": asdict(made), "signature": signature})
        whole = not path.exists() or path.read_bytes()[-1:] in (b"", b"\n")
        with path.open("ab") as out:
            out.write((b"" if whole else b"\n") + text + b"\n")
            out.flush()
            os.fsync(out.fileno())
    return end < until


def _measure(n: int, since: datetime, until: datetime, before: str) -> Seal:
    events, reads = _leaves("events", since, until), _leaves("reads", since, until)
    first, last = (moment.astimezone(UTC).isoformat() for moment in (since, until))
    return Seal(n, first, last, len(events), root(events), len(reads), root(reads), before)


def _leaves(what: str, since: datetime | str, until: datetime | str) -> list[bytes]:
    return [bytes(row[0]) for row in _query(_LEAVES[what], since, until)]


def _first() -> datetime | None:
    found: datetime | None = _query("select trust.first_recorded()")[0][0]
    return found


def _query(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _file() -> Path:
    return Path(settings.SEALS_DIR) / "seals.jsonl"


def _last(path: Path) -> Line | None:
    if not path.exists():
        return None
    with path.open("rb") as source:
        source.seek(max(0, path.stat().st_size - 4096))
        tail = source.read()
    lines = read_lines(tail)[0]
    return lines[-1] if lines else None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two workers never append at once."""
    with path.with_suffix(".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _key() -> ec.EllipticCurvePrivateKey:
    """The key that signs, made on first use; it lies with the other secrets and never in the database."""
    path = Path(settings.SECRETS_DIR) / KEY_FILE
    if not path.exists():
        plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        keep_secret(path, ec.generate_private_key(ec.SECP256R1()).private_bytes(*plain))
    key = serialization.load_pem_private_key(read_secret(path), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileBad(f"{path} is not a key that seals: restore it from the key backup")
    return key


def _ask(url: str, content: bytes | None = None) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"not the address of a witness: {url}")
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})  # noqa: S310 - checked above
    with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
        return str(answer.read().decode())


# ---- proof ----


@dataclass
class Checked:
    """What the seals prove: ``faults`` are what does not hold, ``open_`` what they say nothing about."""

    seals: int = 0
    faults: list[str] = field(default_factory=list)
    open_: list[str] = field(default_factory=list)


def verify(witness: str = "") -> Checked:
    """Compare seals, database and, if given, the copy of the witness (a file, or the address it answers at). Worker role."""
    checked = Checked()
    path = _file()
    here, broken = read_lines(path.read_bytes()) if path.exists() else ([], 0)
    if broken:
        checked.open_.append(f"{broken} line(s) of {path.name} cannot be read")
    lines = here
    if witness:
        theirs = read_lines(_witnessed(witness))[0]
        _compare(here, theirs, checked)
        own = {line.seal.n: line for line in here}
        lines = [*theirs, *(own[n] for n in sorted(own) if not theirs or n > theirs[-1].seal.n)]
    checked.seals = len(lines)
    _prove_chain(lines, checked)
    for line in lines:
        _prove_rows(line.seal, checked)
    _name_the_rest(lines, checked)
    return checked


def _witnessed(witness: str) -> bytes:
    if witness.startswith(("http://", "https://")):
        return _ask(f"{witness}/seals").encode()
    return Path(witness).read_bytes()


def _compare(here: Sequence[Line], theirs: Sequence[Line], checked: Checked) -> None:
    """The witness's copy is the one that nobody here could change."""
    own = {line.seal.n: line.text for line in here}
    missing = [line.seal.n for line in theirs if line.seal.n not in own]
    if missing:
        checked.faults.append(f"{_span(missing)}: the witness has it, it is missing here")
    for line in theirs:
        if own.get(line.seal.n, line.text) != line.text:
            checked.faults.append(f"seal {line.seal.n}: changed, here is not what the witness has")
    held = {line.seal.n for line in theirs}
    late = [n for n in own if n not in held]
    if late:
        checked.open_.append(
            f"{_span(late)}: the witness does not have it, so it proves nothing about that time"
        )


def _prove_chain(lines: Sequence[Line], checked: Checked) -> None:
    public = _key().public_key()
    n, until, digest = 0, "", ""
    for line in lines:
        seal = line.seal
        if seal.n != n + 1:
            checked.faults.append(f"seal {seal.n}: a gap, seal {n + 1} is missing")
        elif seal.before != digest or (until and seal.since != until):
            checked.faults.append(f"seal {seal.n}: does not continue seal {n}")
        try:
            public.verify(line.signature, canonical(asdict(seal)), _ECDSA)
        except InvalidSignature:
            checked.faults.append(f"seal {seal.n}: the signature is not ours")
        n, until, digest = seal.n, seal.until, line.digest


def _prove_rows(seal: Seal, checked: Checked) -> None:
    for what, count, sealed in (
        ("events", seal.events, seal.event_root),
        ("reads", seal.reads, seal.read_root),
    ):
        leaves = _leaves(what, seal.since, seal.until)
        where = f"seal {seal.n} ({seal.since} - {seal.until})"
        if len(leaves) != count:
            more = "more than" if len(leaves) > count else "of"
            told = f"{len(leaves)} {what} {more} the {count} that were sealed"
            checked.faults.append(
                f"{where}: {told}; {abs(len(leaves) - count)} were {'added' if more != 'of' else 'taken away'}"
            )
        elif root(leaves) != sealed:
            checked.faults.append(f"{where}: {what} were changed, their number is right")


def _name_the_rest(lines: Sequence[Line], checked: Checked) -> None:
    """What no seal covers: dated before the first, or recorded after the last."""
    since = lines[0].seal.since if lines else "infinity"
    until = lines[-1].seal.until if lines else "infinity"
    for what in ("events", "reads"):
        if early := len(_leaves(what, "-infinity", since)):
            told = checked.faults if lines else checked.open_
            told.append(
                f"{early} {what} " + ("are dated before the first seal" if lines else "and no seal at all")
            )
        if late := len(_leaves(what, until, "infinity")):
            checked.open_.append(f"{late} {what} since {until} are not sealed yet")


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"seal {low}" if low == high else f"seals {low} to {high}"
