"""How words are written: folded and simplified, cut into characters and pairs, split into syllables, heard as pinyin."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from doorstep.web.finding.index import Parts, Scores

os.environ.setdefault(
    "PYPINYIN_NO_PHRASES", "true"
)  # 13 MB instead of 57: the few phrases that matter are in the lexicon

_RUNS = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+")
_ONE = 0.35
"""What a single character counts beside a pair."""
_STOP = frozenset(
    ["a", "an", "the", "my", "i", "is", "to", "of", "for", "and", "in", "on", "it", "me", "want", "need", "please", "how", "do",
     "can", "you", "get", "where", "what", "with", "we", "our", "be", "am", "at", "or", "this", "that", "have", "has"]
)  # fmt: skip
_FILLERS = re.compile(
    "请问|您?你?好|怎么办理|怎么办|怎么弄|怎么|如何|要不要|能不能|可不可以|可以|行不行|需要|我想|想要|什么|多少|一下|哪里|哪儿|去哪|吗|呢|吧|啊|了"
)
"""What a question holds whatever it is about."""
_SHORTEST, _LONGEST = 3, 10


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def plain(text: str) -> str:
    """Full-width and capital letters folded, traditional characters simplified."""
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    return str(_simplifier().convert(folded)) if has_han(folded) else folded


def has_han(text: str) -> bool:
    """Is there a Chinese character in it?"""
    return any("\u3400" <= c <= "\u9fff" for c in text)


def parts(text: str) -> Parts:
    """Chinese characters, pairs of them, and whole Latin words without a plural's s."""
    found: Counter[str] = Counter()
    folded = unicodedata.normalize("NFKC", text).casefold()
    for run in _RUNS.findall(_FILLERS.sub(" ", folded)):
        if run[0].isascii():
            if run not in _STOP:
                found[_stem(run)] += 1
            continue
        for character in run:
            found[character] += _ONE  # type: ignore[assignment]
        for at in range(len(run) - 1):
            found[run[at : at + 2]] += 1
    return found


def _stem(word: str) -> str:
    for tail in ("ing", "ed", "es", "s"):
        if word.endswith(tail) and len(word) - len(tail) >= 4:
            return word.removesuffix(tail).rstrip("e")
    return word.rstrip("e") if len(word) > 4 else word


def heard(text: str, phrases: Mapping[str, str]) -> list[str]:
    """The syllables of a text as it is spoken; ``phrases`` are those whose characters sound otherwise than alone."""
    for phrase, sound in phrases.items():
        text = text.replace(phrase, f" {sound} ")
    return [one for run in _RUNS.findall(text) for one in (map(_sound, run) if has_han(run) else (run,))]


@cache
def _sound(character: str) -> str:
    """The usual syllable of one character. Asked for a whole text, the library takes thirty times as long."""
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(character)[0])


def spoken(told: Sequence[str]) -> Parts:
    """Syllables and pairs of them, counted as characters and their pairs are."""
    found: Counter[str] = Counter()
    for one in told:
        found[f"~{one}"] += _ONE  # type: ignore[assignment]
    for first, second in pairwise(told):
        found[f"~{first} {second}"] += 1
    return found


@cache
def _syllables() -> frozenset[str]:
    """All syllables of the language, without tones."""
    from pypinyin import pinyin_dict
    from pypinyin.contrib.tone_convert import to_normal

    told = {to_normal(sound) for sounds in pinyin_dict.pinyin_dict.values() for sound in sounds.split(",")}
    return frozenset(one.replace("ü", "v") for one in told if one.isascii() and 1 <= len(one) <= 6)


def syllables(text: str) -> list[str]:
    """The syllables of pinyin typed with or without spaces; empty if it cannot be pinyin.

    The fewest syllables win, so that "xian" is one and "xi an" two.
    """
    found: list[str] = []
    for word in re.findall(r"[a-zü]+", text.replace("'", " ")):
        split = _split(word.replace("ü", "v"))
        if not split:
            return []
        found += split
    return found


def _split(word: str) -> list[str]:
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            before = best[start]
            if (
                before is not None
                and word[start:end] in _syllables()
                and (best[end] is None or len(before) + 1 < len(best[end] or []))
            ):
                best[end] = [*before, word[start:end]]
    return best[len(word)] or []


class Initials:
    """Names by the first letters of their syllables: sfzbb for 身份证补办."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self.names = [
            (code, name, "".join(s[0] for s in heard(plain(name), {}) if s))
            for code, name in names
            if has_han(name)
        ]

    @classmethod
    def of(cls, names: list[tuple[str, str, str]]) -> Initials:
        """With `names` as another has read them."""
        made = cls(())
        made.names = names
        return made

    def scores(self, asked: str) -> Scores:
        """Names whose initials hold these letters in a row, better the more of the name they are; none for fewer than three."""
        letters = asked.replace(" ", "")
        if not letters.isascii() or not letters.isalpha() or not _SHORTEST <= len(letters) <= _LONGEST:
            return {}
        found: Scores = {}
        for code, name, initials in self.names:
            if letters in initials:
                fit = 0.5 + 0.5 * len(letters) / len(initials)
                if fit > found.get(code, (0.0, ""))[0]:
                    found[code] = (fit, name)
        return found
