"""Which service does somebody mean? In their own words, in pinyin, by initials, with a slip of the keyboard, in traditional script.

Titles and the names people use are weighed by BM25 over characters and pairs of characters; `packs/lexicon.yaml` says what lay
words mean. When the words fit badly, their sound is asked, too. No model, no request to anybody: docs/decisions/0052.
The index holds open data alone; nothing that is asked for is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web.finding import spelling
from doorstep.web.finding.index import Entry, Index, Scores
from doorstep.web.finding.lexicon import Lexicon, Signpost, lexicon

_SURE = 0.12
"""From what fit on a service is worth showing. Below it people are told that nothing was understood."""
_BY_SOUND = 0.4
"""How much the sound of the words weighs beside the words when these fit badly."""
_WEAK = 0.55


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
    finder = _finder(tuple(sorted((code, one.hash) for code, one in offered.items())), _Packs(offered))
    return [Hit(offered[code], fit, name) for code, fit, name in finder.find(text)[:most] if fit >= _SURE]


def signpost(text: str) -> Signpost | None:
    """Where to go with what is not for the police to do, if that is what was asked."""
    return lexicon().signpost(spelling.plain(text))


class _Packs(dict[str, Pack]):
    """The packs behind a key of the cache; all with the same key are the same."""

    def __hash__(self) -> int:  # type: ignore[override]
        return 0

    def __eq__(self, other: object) -> bool:
        return True


@lru_cache(maxsize=4)
def _finder(key: tuple[tuple[str, bytes], ...], packs: _Packs) -> Finder:
    return Finder([_entry(one) for one in packs.values()], lexicon())


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


def _joined(first: Scores, second: Scores, weight: float) -> Scores:
    """The better of the two for each; what both say counts more."""
    joined = dict(first)
    for code, (fit, name) in second.items():
        held = joined.get(code)
        joined[code] = (
            (min(1.0, held[0] + weight * fit * (1 - held[0])), held[1]) if held else (weight * fit, name)
        )
    return joined
