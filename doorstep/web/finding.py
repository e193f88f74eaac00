"""Which service does somebody mean? Titles and the names that people use, compared by pairs of characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from doorstep.rulebook.pack import Pack

_ENOUGH = 0.34
_BLANK = re.compile(r"[\W_]+")
_STOP = frozenset(
    ["a", "an", "the", "my", "i", "is", "to", "of", "for", "and", "in", "on", "it", "me", "want", "need", "please", "how", "do"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """A service that may be meant, how well the words fit (0 to 1), and which of its names they fit best."""

    pack: Pack
    score: float
    name: str = ""


def find(text: str, packs: Iterable[Pack], most: int = 3) -> list[Hit]:
    """The services that fit best, best first; none when nothing fits."""
    asked = _parts(text)
    if not asked:
        return []
    hits = [Hit(one, *max((_fit(asked, _parts(name)), name) for name in _names(one))) for one in packs]
    return sorted((hit for hit in hits if hit.score >= _ENOUGH), key=lambda hit: -hit.score)[:most]


def _names(one: Pack) -> list[str]:
    said = [name for names in one.aliases.values() for name in names]
    return [one.title.zh, one.title.en, one.code, *said]


def _parts(text: str) -> frozenset[str]:
    """Pairs of Chinese characters and whole Latin words, folded."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found: set[str] = set()
    for run in re.findall(r"[\u3400-\u9fff]+|[a-z0-9]+", _BLANK.sub(" ", plain)):
        if run[0].isascii():
            found |= {run.rstrip("s")} - _STOP
        else:
            found |= {run[i : i + 2] for i in range(max(1, len(run) - 1))}
    return frozenset(found)


def _fit(asked: frozenset[str], name: frozenset[str]) -> float:
    """Shared parts over the shorter side, so that a short question meets a long name."""
    shared = len(asked & name)
    return shared / min(len(asked), len(name)) * min(1.0, 0.5 + shared / 4) if shared else 0.0
