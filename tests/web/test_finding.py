"""Finding a service: questions as people ask them, in both scripts, in pinyin, with slips, and what is not police business.

`data/questions.tsv` was written before there was anything to answer it. Every other line was used to write the lexicon; the
rest was not looked at. `python -m tests.web.test_finding` prints the figures, with and without the lexicon.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from doorstep.rulebook import pack
from doorstep.web import finding
from doorstep.web.finding import spelling
from doorstep.web.finding.lexicon import Lexicon, lexicon

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "questions.tsv").read_text("utf-8").splitlines()
]
Asked = list[tuple[str, set[str]]]


def asked(half: int) -> Asked:
    """One half of the questions whose service is offered: 0 was used to write the lexicon, 1 was not."""
    offered = {one.code for one in pack.listed()}
    told = [(text, set(codes.split("|"))) for text, codes in ROWS[half::2]]
    return [(text, codes) for text, codes in told if codes <= offered]


def english() -> Asked:
    """Questions in English whose service is offered; none was used for anything."""
    offered = {one.code for one in pack.listed()}
    path = Path(__file__).parent / "data" / "questions_en.tsv"
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    return [(text, wanted) for text, codes in rows if (wanted := set(codes.split("|"))) <= offered]


@cache
def finder(words: Lexicon | None = None) -> finding.Finder:
    return finding.Finder([finding._entry(one) for one in pack.listed()], words or lexicon())


def shares(found: finding.Finder, questions: Asked, said: Callable[[str], str] = str) -> tuple[float, float]:
    """Of the questions: how many find their service first, and among the first three."""
    hits = [([code for code, _, _ in found.find(said(text))[:3]], codes) for text, codes in questions]
    first = sum(bool(told) and told[0] in codes for told, codes in hits)
    return first / len(hits), sum(bool(codes & set(told)) for told, codes in hits) / len(hits)


@cache
def _to_traditional() -> Any:
    import opencc

    return opencc.OpenCC("s2t")


def traditional(text: str) -> str:
    return str(_to_traditional().convert(text))


def together(text: str) -> str:
    return "".join(spelling.heard(text, lexicon().phrases))


@cache
def _alike() -> dict[str, list[str]]:
    """Characters by their sound."""
    alike: dict[str, list[str]] = {}
    for character in sorted({c for row, _ in ROWS for c in row if spelling.has_han(c)}):
        alike.setdefault(spelling.heard(character, {})[0], []).append(character)
    return alike


def with_slip(text: str) -> str:
    """One character becomes another that sounds the same, as an input method does."""
    alike, dice = _alike(), random.Random(text)
    at = dice.choice([n for n, c in enumerate(text) if spelling.has_han(c)])
    others = [c for c in alike[spelling.heard(text[at], {})[0]] if c != text[at]]
    return text[:at] + dice.choice(others or [text[at]]) + text[at + 1 :]


@pytest.mark.parametrize("half", [0, 1])
def test_G02_questions_find_their_service(half: int) -> None:
    first, three = shares(finder(), asked(half))
    assert first >= 0.85 and three >= 0.97, (first, three)


def test_G02_questions_in_english_find_their_service() -> None:
    first, three = shares(finder(), english())
    assert first >= 0.8 and three >= 0.92, (first, three)


@pytest.mark.parametrize(("said", "less"), [(traditional, 0.01), (together, 0.1), (with_slip, 0.08)])
def test_G02_the_same_questions_written_otherwise(said: Callable[[str], str], less: float) -> None:
    found, questions = finder(), asked(0) + asked(1)
    assert shares(found, questions, said)[1] >= shares(found, questions)[1] - less


@pytest.mark.parametrize(
    "text",
    [
        "lssfz",
        "linshishenfenzheng",
        "lin shi shen fen zheng",
        "臨時身份證",
        "temporary ID card",
        "hz-078",
        "临时身分证",
    ],
)
def test_one_service_by_every_way_of_writing(text: str) -> None:
    assert finding.find(text, pack.listed())[0].pack.code == "HZ-078"


def test_a_name_of_its_own_word_for_word_finds_its_service_first() -> None:
    names: dict[str, list[str]] = {}
    for one in pack.listed():
        for name in (one.title.zh, *one.aliases["zh"]):
            names.setdefault(spelling.plain(name), []).append(one.code)
    found = finder()
    assert [
        name for name, codes in names.items() if len(codes) == 1 and found.find(name)[0][0] != codes[0]
    ] == []


@pytest.mark.parametrize("text", ["", "   ", "zzzz", "？！", "\x00", "😀", "今天吃什么", "a" * 500])
def test_what_fits_nothing_finds_nothing(text: str) -> None:
    assert finding.find(text, pack.listed()) == []


@pytest.mark.parametrize(
    ("text", "phone"),
    [("社保怎么转", "12333"), ("醫保卡", "12393"), ("公积金提取", "12329"), ("get married", "")],
)
def test_what_is_not_for_the_police_is_sent_on(text: str, phone: str) -> None:
    post = finding.signpost(text)
    assert post and post.phone == phone and post.goes.zh and post.goes.en


def test_police_business_is_not_sent_away() -> None:
    assert [text for text, _ in ROWS if finding.signpost(text)] == []


def test_pinyin_is_split_as_it_is_spoken() -> None:
    assert spelling.syllables("huzhao") == ["hu", "zhao"] and spelling.syllables("xi'an") == ["xi", "an"]
    assert spelling.syllables("passport") == []


def main() -> None:
    """Print the figures."""
    both, bare = finder(), finder(Lexicon({"sounds": lexicon().phrases}))
    lines: Iterable[tuple[str, finding.Finder, Callable[[str], str]]] = [
        ("as written", both, str), ("without the lexicon", bare, str), ("traditional", both, traditional),
        ("pinyin run together", both, together), ("one slip", both, with_slip),
    ]  # fmt: skip
    for half, name in enumerate(("used for the lexicon", "not looked at")):
        for way, found, said in lines:
            began = time.process_time()
            first, three = shares(found, asked(half), said)
            spent = (time.process_time() - began) * 1000 / len(asked(half))
            told = f"{first:.1%} first, {three:.1%} in three, {spent:.1f} ms"
            sys.stdout.write(f"{name}, {len(asked(half))} questions, {way}: {told}\n")
    first, three = shares(both, english())
    sys.stdout.write(f"English, {len(english())} questions: {first:.1%} first, {three:.1%} in three\n")


if __name__ == "__main__":
    main()
