"""The packs on the shelf: found by code, or by hash for matters opened under an older one.

A running system takes them from what was published (one JSON text each, when it is first asked for) and reads no file.
Files are for who writes packs, for publishing, and for programs without a database.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from doorstep.rulebook import clock
from doorstep.rulebook.flaw import Flawed
from doorstep.rulebook.kept import kept
from doorstep.rulebook.pack.item import Library, Pack
from doorstep.rulebook.pack.profile import profile_files, read_pack
from doorstep.rulebook.pack.same import Memo, read_same
from doorstep.rulebook.pack.shape import shape_flaws
from doorstep.rulebook.pack.source import Finding, Source, Unusable, read
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

ROOT = Path(__file__).resolve().parents[3] / "packs"
Versions = Callable[[Collection[bytes]], Mapping[bytes, str]]
"""What is held of the versions with these hashes."""
_FRESH_SECONDS = 60.0
_MANY = 100
"""From so many on, what is read together is kept for the next process."""


class Offer(NamedTuple):
    """A version that is offered, by its hash, and the days on which it is: None for always. An empty hash: nothing is."""

    hash: bytes
    first: date | None = None
    last: date | None = None

    def holds(self, on: date) -> bool:
        return (self.first is None or self.first <= on) and (self.last is None or on <= self.last)


Offered = Mapping[str, Mapping[int, Sequence[Offer]]]
"""By item and by unit; 0 is wherever no other unit says."""
Offers = Callable[[], Offered | None]

_by_hash: dict[bytes, Pack] = {}
_versions: list[Versions] = []
_offers: list[Offers] = []
_kept: list[tuple[float, int, Offered]] = []
_last = [0]
_forgets: list[Callable[[], object]] = []


def pack_files(root: Path = ROOT) -> list[Path]:
    """The files of all base packs, in the order of their codes."""
    return sorted((root / "base").rglob("*.yaml"), key=lambda path: path.name)


@cache
def library(root: Path = ROOT) -> Library:
    """The facts and materials that all packs share. Unusable if they are wrong."""
    facts, materials = (
        read(root / "facts.yaml", "facts.yaml"),
        read(root / "materials.yaml", "materials.yaml"),
    )
    try:
        return Library.of(facts.data, materials.data)
    except Flawed as why:
        raise Unusable([facts.finding(flaw) for flaw in why.flaws]) from None
    except (KeyError, ValueError, TypeError) as why:
        words = Words(f"材料表写得不完整：{why}", f"a material is incomplete: {why}")
        raise Unusable([Finding(materials.name, 1, 1, "material.shape", words)]) from None


def load_pack(path: Path, root: Path = ROOT) -> Pack:
    """One pack from its file. Unusable, with every finding, if its shape, form, tables or flow do not hold.

    This is the quick load of a running system; ``check`` says far more and is what publishing needs.
    """
    return pack_of(read_pack(path, root), root)


def pack_of(source: Source, root: Path = ROOT) -> Pack:
    """A pack from a file that was read already."""
    misfits = shape_flaws(source.data, root)
    if misfits:
        raise Unusable([source.finding(flaw) for flaw in misfits])
    try:
        return Pack.of(source.data, library(root))
    except Flawed as why:
        raise Unusable([source.finding(flaw) for flaw in why.flaws]) from None
    except (KeyError, TypeError, AttributeError, ValueError) as why:
        words = Words(f"不像一个事项包：{why!r}", f"this does not look like a pack: {why!r}")
        raise Unusable([Finding(source.name, 1, 1, "pack.shape", words)]) from None


@lru_cache(maxsize=1024)
def _loaded(path: Path, root: Path, _fingerprint: bytes) -> Pack:
    """A file that did not change, nor anything that it builds on, is not read again."""
    return load_pack(path, root)


@cache
def _shelf(root: Path) -> Mapping[str, Pack]:
    packs = {
        one.code: one for one in (_loaded(path, root, seen) for path, seen in fingerprints(root).items())
    }
    _by_hash.update({pack.hash: pack for pack in packs.values()})
    return packs


def _offered() -> Offered:
    """What is offered now, as of the last publication that this process heard of, and at most a minute old: as published,
    else as the files of the base packs say."""
    last = _last[0]
    if not _kept or _kept[0][1] != last or time.monotonic() - _kept[0][0] > _FRESH_SECONDS:
        found = next((published for ask in _offers if (published := ask())), None)
        # No database yet: not kept, or a matter could be opened under what nobody published.
        if found is None:
            return {code: {0: [Offer(one.hash)]} for code, one in _shelf(ROOT).items()}
        _kept[:] = [(time.monotonic(), last, found)]
        return found
    return _kept[0][2]


def heard(number: int | None) -> None:
    """The number of the last publication, as each request reads it: at another than before, all that hangs on what is offered
    is asked anew, in every process at its next request."""
    if (number or 0) != _last[0]:
        _last[0] = number or 0
        for forget_it in _forgets:
            forget_it()


def when_published(forget_it: Callable[[], object]) -> None:
    """What else to forget when something was published."""
    _forgets.append(forget_it)


def _today() -> date:
    return calendar().day_of(clock.now())


def _digest(places: Mapping[int, Sequence[Offer]], scope: Sequence[int], today: date) -> bytes:
    """The hash of what is offered today to the first unit of the scope that has an offer of its own; empty: nothing."""
    for unit in (*scope, 0):
        for offer in places.get(unit, ()):
            if offer.holds(today):
                return offer.hash
    return b""


def every(scope: Sequence[int] = ()) -> tuple[Pack, ...]:
    """All current packs, by code, as they are in one place (see ``current``); those not yet here are fetched in one go."""
    wanted = digests(scope).values()
    if missing := [digest for digest in wanted if digest not in _by_hash]:
        wholes = (
            kept("packs", b"".join(sorted(missing)), lambda: _read_together(missing))
            if len(missing) > _MANY
            else _read_together(missing)
        )
        _by_hash.update({digest: Pack.from_whole(whole, digest) for digest, whole in wholes.items()})
    return tuple(version(digest) for digest in wanted)


def _read_together(wanted: Collection[bytes]) -> dict[bytes, dict[str, Any]]:
    """What was published under these hashes, with what they say alike kept once."""
    memo: Memo = {}
    return {digest: read_same(content, memo) for digest, content in _held(wanted).items()}


def digests(scope: Sequence[int] = ()) -> dict[str, bytes]:
    """The hash of everything that is offered now in one place, by code: nothing is read or compiled for it."""
    offered, today = _offered(), _today()
    return {code: digest for code in sorted(offered) if (digest := _digest(offered[code], scope, today))}


def offers(code: str) -> Mapping[int, Sequence[Offer]]:
    """What is offered of an item, by unit, at any time."""
    return _offered().get(code, {})


def listed(scope: Sequence[int] = ()) -> tuple[Pack, ...]:
    """What a person may ask for: all current packs but those that are a part of another item."""
    return tuple(one for one in every(scope) if not one.part_of)


def current(code: str, scope: Sequence[int] = ()) -> Pack:
    """The pack of an item as it is offered now in one place: ``scope`` is a unit and those above it (`org.reach`), without
    it wherever no layer of a county or station says otherwise. Refused: "no-item".
    """
    digest = _digest(offers(code), scope, _today())
    if not digest:
        raise no_item(code)
    return version(digest)


def no_item(code: str) -> Refused:
    """Nothing of this code is offered."""
    words = Words(
        "没有编号为 {c} 的事项，请在办事大厅里重新查找。", "There is no item {c}. Please search again."
    )
    return Refused("no-item", words.format(c=code), status=404)


def version(digest: bytes) -> Pack:
    """The pack with this content hash, current or older. Refused: "no-pack-version"."""
    _offered()
    if digest not in _by_hash:
        content = _held([digest]).get(digest)
        if content is None:
            words = Words(
                "找不到受理时用的事项版本。", "The version of the item that this was opened under is missing."
            )
            raise Refused("no-pack-version", words, status=500)
        add_version(content)
    return _by_hash[digest]


def _held(digests: Collection[bytes]) -> Mapping[bytes, str]:
    """What was published under these hashes."""
    return next((found for ask in _versions if (found := ask(digests))), {})


def add_version(content: str) -> Pack:
    """Put an older pack, as stored by a pack version, on the shelf."""
    pack = Pack.from_content(content)
    _by_hash[pack.hash] = pack
    return pack


def versions_from(ask: Versions) -> None:
    """Where to ask for the content of hashes that are on no file any more: the table of published versions."""
    _versions.append(ask)


def offers_from(ask: Offers) -> None:
    """Where to ask what is offered now: None or nothing means that nothing was published, and the files count."""
    _offers.append(ask)


def fingerprints(root: Path = ROOT) -> dict[Path, bytes]:
    """For each pack file 32 bytes that change when it, or what all packs share, changes. Reads no YAML."""
    shared = hashlib.sha256()
    for name in ("facts.yaml", "materials.yaml", "schema.json"):
        shared.update((root / name).read_bytes() + b"\0")
    for path in profile_files(root):
        shared.update(path.read_bytes() + b"\0")
    return {path: hashlib.sha256(shared.digest() + path.read_bytes()).digest() for path in pack_files(root)}


def all_purposes() -> dict[str, Words]:
    """Every purpose for which a matter may be read, by id."""
    purposes: dict[str, Any] = {}
    for pack in every():
        purposes |= pack.purposes
    return purposes


def forget() -> None:
    """Read everything anew at the next call: after files changed, and in tests."""
    _shelf.cache_clear()
    _kept.clear()
    _last[0] = 0
    library.cache_clear()
    _by_hash.clear()
