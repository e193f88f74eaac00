"""An item in a list: what its published text says of it, read without compiling, and kept by content hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from doorstep.domains.studio.counts import published
from doorstep.domains.studio.example import Told, run_examples
from doorstep.rulebook import pack
from doorstep.rulebook.clock import Limit
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.pack.dated import in_force, read_dated
from doorstep.rulebook.words import Words

_cards: dict[bytes, Card] = {}
_ran: dict[bytes, tuple[Told, ...]] = {}


def _prune() -> None:
    """Versions that are offered no longer are not kept for ever, nor how their examples came out."""
    offered = {one.hash for code in pack.digests() for held in pack.offers(code).values() for one in held}
    for digest in {*_cards, *_ran} - offered:
        _cards.pop(digest, None)
        _ran.pop(digest, None)


_old: list[bool] = []
pack.when_published(lambda: _old.append(True))


@dataclass(frozen=True, slots=True)
class Card:
    """One version of an item, as a line of a list shows it."""

    code: str
    digest: bytes
    branch: str
    group: Words
    title: Words
    channels: tuple[str, ...]
    promise: Limit | None
    law: Limit | None
    questions: int
    tables: int
    examples: int
    unsure: int
    part_of: str
    search: str

    @property
    def in_force(self) -> frozenset[bytes]:
        """The versions of this item that are offered anywhere, this one among them."""
        return frozenset(one.hash for held in pack.offers(self.code).values() for one in held)

    @property
    def told(self) -> tuple[Told, ...] | None:
        """How its examples ran, if somebody ran them since this process began."""
        return _ran.get(self.digest)


def cards() -> tuple[Card, ...]:
    """Every item that is offered, by code, as it is wherever no place says otherwise. A few queries for what is not known yet."""
    if _old:
        _old.clear()
        _prune()
    offered = pack.digests()
    new = [digest for digest in offered.values() if digest not in _cards]
    if new:
        for digest, raw in published(new):
            _cards[digest] = _card(digest, raw)
    for digest in (one for one in new if one not in _cards):  # a file that nobody published
        _cards[digest] = _card(digest, pack.version(digest).raw)
    return tuple(_cards[digest] for digest in offered.values())


def ran(found: Pack) -> tuple[Told, ...] | None:
    """How the examples came out, if they were run."""
    return _ran.get(found.hash)


def run(found: Pack) -> tuple[Told, ...]:
    """How the examples of a pack come out; run once for each content."""
    if found.hash not in _ran:
        _ran[found.hash] = tuple(run_examples(found))
    return _ran[found.hash]


def run_all(listed: Iterable[Card]) -> None:
    """Run the examples of these items that nobody ran yet."""
    for one in listed:
        if one.told is None:
            run(pack.version(one.digest))


def _card(digest: bytes, raw: Mapping[str, Any]) -> Card:
    title, group = Words.of(raw["title"]), Words.of(raw["group"])
    said = [
        raw["code"],
        title.zh,
        title.en,
        group.zh,
        group.en,
        *(w for names in raw["aliases"].values() for w in names),
    ]
    return Card(
        code=raw["code"], digest=digest, branch=raw["branch"], group=group, title=title, channels=tuple(raw["channels"]),
        promise=_limit(raw, "promise"), law=_limit(raw, "statutory"), questions=sum(1 for _ in _questions(raw["form"])),
        tables=len(raw.get("tables") or ()), examples=len(raw["examples"]), unsure=unsure(raw), part_of=raw.get("part_of", ""),
        search="\n".join(said).lower(),
    )  # fmt: skip


def _limit(raw: Mapping[str, Any], name: str) -> Limit | None:
    row = in_force(read_dated((raw.get("limits") or {}).get(name) or ()), None)
    return Limit.parse(row.value["value"]) if row else None


def _questions(node: Mapping[str, Any]) -> Iterator[str]:
    """The questions of a form, those of a repeat group counted once."""
    for name, one in (node.get("properties") or {}).items():
        inner = one.get("items") if one.get("type") == "array" else one
        if isinstance(inner, dict) and "properties" in inner:
            yield from _questions(inner)
        else:
            yield name


def unsure(raw: Any) -> int:
    """How many values of a pack nobody has confirmed yet."""
    if isinstance(raw, Mapping):
        return (raw.get("sure") is False) + sum(unsure(one) for one in raw.values())
    return sum(unsure(one) for one in raw) if isinstance(raw, list) else 0
