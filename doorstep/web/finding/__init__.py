"""Which service does somebody mean? In their own words, in pinyin, by initials, with a slip of the keyboard, in traditional script.

Titles and the names people use are weighed by BM25 over characters and pairs of characters; `packs/lexicon.yaml` says what lay
words mean. When the words fit badly, their sound is asked, too. No model, no request to anybody: docs/decisions/0052.
The index holds open data alone; nothing that is asked for is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from doorstep.rulebook import pack
from doorstep.rulebook.kept import kept
from doorstep.rulebook.pack import ROOT, Pack
from doorstep.rulebook.words import Words
from doorstep.web.finding import spelling
from doorstep.web.finding.index import Entry, Index, Scores
from doorstep.web.finding.lexicon import Lexicon, Signpost, lexicon

_SURE = 0.12
"""From what fit on a service is worth showing. Below it people are told that nothing was understood."""
_BY_SOUND = 0.4
"""How much the sound of the words weighs beside the words when these fit badly."""
_WEAK = 0.55
_HELD, _MANY = 2, 100
"""So many indexes at most lie in memory; from so many services on, one is kept in a file, too."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A service that may be meant, how well the words fit (0 to 1), and which of its names they fit best."""

    pack: Pack
    score: float
    name: str = ""


def find(text: str, packs: Iterable[Pack], most: int = 3) -> list[Hit]:
    """The services that fit best, best first; none when nothing fits."""
    offered = {one.code: one for one in packs}
    if text.strip().upper() in offered:
        one = offered[text.strip().upper()]
        return [Hit(one, 1.0, one.code)]
    found = ((offered[code], fit, name) for code, fit, name in _finder(offered).find(text) if code in offered)
    return [Hit(one, fit, name) for one, fit, name in islice(found, most) if fit >= _SURE]


def signpost(text: str) -> Signpost | None:
    """Where to go with what is not for the police to do, if that is what was asked."""
    return lexicon().signpost(spelling.plain(text))


_finders: list[tuple[frozenset[tuple[str, bytes]], Finder]] = []
pack.when_published(_finders.clear)


def _finder(offered: Mapping[str, Pack]) -> Finder:
    """One that knows them all, and perhaps others; of the whole catalogue it is kept for other processes."""
    versions = frozenset((code, one.hash) for code, one in offered.items())
    held = next((finder for known, finder in _finders if versions <= known), None)
    if held is None:
        held = Finder.over([_entry(one) for one in offered.values()], versions)
        _finders[:] = [(versions, held), *_finders][:_HELD]
    return held


def _entry(one: Pack) -> Entry:
    """A title counts twice, what it stands under half."""
    group = Words.of(one.raw["group"])
    names = [(one.title.zh, 2.0), (one.title.en, 2.0)]
    names += [(name, 1.0) for names_ in one.aliases.values() for name in names_]
    return Entry(one.code, tuple(names), ((group.zh, 0.5), (one.summary.zh, 0.5), (one.summary.en, 0.3)))


class Finder:
    """All that can be found, indexed by script and by sound."""

    def __init__(self, entries: list[Entry], words: Lexicon) -> None:
        self._words = words
        self._script = Index(entries, spelling.parts)
        self._sound = Index(entries, words.sounds)
        self._exact = {
            spelling.plain(name): (one.code, name) for one in reversed(entries) for name, _ in one.names
        }
        self._initials = spelling.Initials([(one.code, name) for one in entries for name, _ in one.names])

    @classmethod
    def over(cls, entries: list[Entry], versions: Iterable[tuple[str, bytes]]) -> Finder:
        """As of these versions; that of many is made once for all processes."""
        if len(entries) < _MANY:
            return cls(entries, lexicon())
        made_of = hashlib.sha256(
            _source() + b"".join(code.encode() + digest for code, digest in sorted(versions))
        )
        plain = kept("finding", made_of.digest(), lambda: cls(entries, lexicon()).plain)
        made = cls.__new__(cls)
        made._words, made._exact = lexicon(), plain["exact"]
        made._script, made._sound = Index.of(plain["script"]), Index.of(plain["sound"])
        made._initials = spelling.Initials.of(plain["initials"])
        return made

    @property
    def plain(self) -> dict[str, Any]:
        """All that it holds but the lexicon, fit to be kept."""
        return {"script": self._script.plain, "sound": self._sound.plain, "exact": self._exact,
                "initials": self._initials.names}  # fmt: skip

    def find(self, text: str) -> list[tuple[str, float, str]]:
        """Code, fit (0 to 1) and nearest name of what may be meant, best first."""
        asked = spelling.plain(text)
        found = self._written(asked) if spelling.has_han(asked) else self._typed(asked)
        if asked in self._exact:
            code, name = self._exact[asked]
            found[code] = (1.0, name)
        return sorted(((code, *told) for code, told in found.items()), key=lambda one: (-one[1], one[0]))

    def _written(self, asked: str) -> Scores:
        """In characters; by sound as well if they fit badly, for what was mistyped sounds the same."""
        meant = self._words.meant(asked)
        found = self._script.scores(
            spelling.parts(asked), [(spelling.parts(said), weight) for said, weight in meant]
        )
        if max((fit for fit, _ in found.values()), default=0.0) >= _WEAK:
            return found
        means = [(self._words.sounds(said), weight) for said, weight in self._words.meant_by_sound(asked)]
        heard = self._sound.scores(self._words.sounds(asked), means)
        return _joined(found, heard, _BY_SOUND)

    def _typed(self, asked: str) -> Scores:
        """In Latin letters: English, pinyin with or without spaces, or the first letters of a name."""
        meant = self._words.meant(asked)
        found = self._script.scores(
            spelling.parts(asked), [(spelling.parts(said), weight) for said, weight in meant]
        )
        if syllables := spelling.syllables(asked):
            means = [
                (self._words.sounds(said), weight)
                for said, weight in self._words.meant_by_sound(" ".join(syllables))
            ]
            found = _joined(found, self._sound.scores(spelling.spoken(syllables), means), 1.0)
        return _joined(found, self._initials.scores(asked), 1.0)


@cache
def _source() -> bytes:
    """What else an index depends on: the lexicon, and how texts are cut and weighed."""
    ours = sorted(Path(__file__).parent.glob("*.py"))
    return b"".join(hashlib.sha256(path.read_bytes()).digest() for path in (ROOT / "lexicon.yaml", *ours))


def _joined(first: Scores, second: Scores, weight: float) -> Scores:
    """The better of the two for each; what both say counts more."""
    joined = dict(first)
    for code, (fit, name) in second.items():
        held = joined.get(code)
        joined[code] = (
            (min(1.0, held[0] + weight * fit * (1 - held[0])), held[1]) if held else (weight * fit, name)
        )
    return joined
