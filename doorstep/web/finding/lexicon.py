"""What lay words mean: `packs/lexicon.yaml`, a table that staff edit, and where to go with what is not police business."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from doorstep.rulebook.notation import compose, plain
from doorstep.rulebook.pack import ROOT
from doorstep.rulebook.words import Words
from doorstep.web.finding import spelling
from doorstep.web.finding.index import Parts

_USUAL = 0.6
"""What a meaning counts beside a word that was said, where the table does not say."""


@dataclass(frozen=True, slots=True)
class Signpost:
    """Something that is not for the police: what it is, who does it, and a number that holds in the whole country, if any."""

    title: Words
    goes: Words
    phone: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """Lay words and what they mean in the words of the services."""

    said: re.Pattern[str]
    heard: re.Pattern[str] | None
    means: str
    weight: float


class Lexicon:
    """The table, ready to ask."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.phrases: dict[str, str] = dict(raw.get("sounds", {}))
        self._meanings = [self._meaning(one) for one in raw.get("meanings", ())]
        self._signposts = [
            (_any_of(one["say"]), _any_of(one["unless"]) if one.get("unless") else None, self._signpost(one))
            for one in raw.get("signposts", ())
        ]

    def sounds(self, text: str) -> Parts:
        """A text cut by its sound."""
        return spelling.spoken(spelling.heard(text, self.phrases))

    def meant(self, asked: str) -> Iterator[tuple[str, float]]:
        """What the words may mean besides what they say, with its weight."""
        return ((one.means, one.weight) for one in self._meanings if one.said.search(asked))

    def meant_by_sound(self, asked: str) -> Iterator[tuple[str, float]]:
        """The same for words that are only heard: pinyin, or characters that sound like the right ones."""
        told = f" {' '.join(spelling.heard(asked, self.phrases))} "
        return ((one.means, one.weight) for one in self._meanings if one.heard and one.heard.search(told))

    def signpost(self, asked: str) -> Signpost | None:
        """The first that fits."""
        return next(
            (
                post
                for said, no, post in self._signposts
                if said.search(asked) and not (no and no.search(asked))
            ),
            None,
        )

    def _meaning(self, raw: Mapping[str, Any]) -> Meaning:
        han = [one for one in raw["say"] if spelling.has_han(one) and len(one) > 1]
        heard = [" " + " ".join(spelling.heard(one, self.phrases)) + " " for one in han]
        return Meaning(
            _any_of(raw["say"]),
            _any_of(heard) if heard else None,
            str(raw["means"]),
            float(raw.get("weight", _USUAL)),
        )

    @staticmethod
    def _signpost(raw: Mapping[str, Any]) -> Signpost:
        return Signpost(Words.of(raw["title"]), Words.of(raw["goes"]), str(raw.get("phone", "")))


def _any_of(said: list[str]) -> re.Pattern[str]:
    """Latin words stand alone; Chinese ones may be anywhere."""
    return re.compile("|".join(_pattern(one) for one in said))


def _pattern(one: str) -> str:
    alone = one.isascii() and one.strip() == one
    return rf"\b{re.escape(one)}\b" if alone else re.escape(one)


@cache
def lexicon(path: Path = ROOT / "lexicon.yaml") -> Lexicon:
    """The table as it stands beside the packs. KeyError or an error of the reader with line and column if it is wrong."""
    return Lexicon(plain(compose(path.read_text(encoding="utf-8"), path.name)))
