"""Documents by which a person is known: the kind, who issued it, the number, and the rules of each kind.

All three are one text. An identity number stands for itself, as it always did; every other document is written
``passport:NOR:X1234567`` or ``hkmo:H01234567``. So two kinds with equal numbers, or two states, are never one person, and whatever
keeps, compares, indexes or prints an identity number does the same for a document. ``none`` says that somebody has none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from doorstep.rulebook import mrz
from doorstep.rulebook.identity import (
    born_and_check_fault,
    born_on,
    id_number_fault,
    invented_people,
)
from doorstep.rulebook.notation import compose as nodes
from doorstep.rulebook.notation import plain
from doorstep.rulebook.words import Words

_WORDS = Path(__file__).resolve().parents[2] / "packs" / "documents.yaml"
_INVENTED_STATE = "UTO"
_PASSPORT = re.compile(r"[A-Z0-9]{5,15}")
_HKMO = re.compile(r"[HM][0-9]{8}([0-9]{2})?")
_TAIWAN = re.compile(r"[0-9]{8}([0-9]{2}[A-Z]?)?")
_OLD_CARD = re.compile(r"[A-Z]{3}[0-9]{12}")
_NEW_CARD = re.compile(r"9[0-9]{16}[0-9X]")
_BIRTH = re.compile(r"[A-Z][0-9]{9}")
_SPECIAL = ("81", "82", "83")
"""The first two digits of the identity numbers of residents of Hong Kong, Macao and Taiwan."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document. ``kept``: the part of a number that stays the same when the document is renewed."""

    code: str
    fault: Callable[[str, str], Words | None]
    by_state: bool = False
    kept: int = 0

    @property
    def title(self) -> Words:
        return _named("kinds")[self.code]


@dataclass(frozen=True, slots=True)
class Document:
    """A document in its parts."""

    kind: str
    state: str
    number: str


def _passport_fault(state: str, number: str) -> Words | None:
    if state not in states():
        return Words("请选护照是哪国（地区）发的。", "Choose who issued the passport.")
    if _PASSPORT.fullmatch(number):
        return None
    return Words("护照号码是 5 到 15 个字母或数字。", "A passport number has 5 to 15 letters or digits.")


def _permanent_fault(state: str, number: str) -> Words | None:
    if _NEW_CARD.fullmatch(number):
        return born_and_check_fault(number)
    if _OLD_CARD.fullmatch(number) and number[:3] in states():
        return None
    return Words(
        "永久居留身份证号码：新版 18 位，9 开头；旧版 3 个字母加 12 位数字。",
        "The number of a permanent residence card: 18 characters beginning with 9, or 3 letters and 12 digits on an older card.",
    )


def _residence_fault(state: str, number: str) -> Words | None:
    if number.startswith(_SPECIAL) or len(number) != 18:
        return id_number_fault(number)
    return Words(
        "港澳台居民居住证的号码以 81、82 或 83 开头，请核对。",
        "The number on a residence permit of this kind begins with 81, 82 or 83; please check it.",
    )


def _shaped(pattern: re.Pattern[str], zh: str, en: str) -> Callable[[str, str], Words | None]:
    return lambda state, number: None if pattern.fullmatch(number) else Words(zh, en)


def _identity_fault(state: str, number: str) -> Words | None:
    return id_number_fault(number)


KINDS: Final[Mapping[str, Kind]] = {
    one.code: one
    for one in (
        Kind("id", _identity_fault),
        Kind("passport", _passport_fault, by_state=True),
        Kind("permanent", _permanent_fault),
        Kind("hkmo", _shaped(_HKMO, "通行证号码是 H 或 M 加 8 位数字（背面带换证次数的，后面还有 2 位）。",
                     "The permit's number is H or M and 8 digits, with 2 more for the issue on an older one."), kept=9),
        Kind("taiwan", _shaped(_TAIWAN, "通行证号码是 8 位数字（旧本子还有 2 位签发次数）。",
                     "The permit's number has 8 digits, with 2 more for the issue on an older one."), kept=8),
        Kind("residence", _residence_fault),
        Kind("birth", _shaped(_BIRTH, "出生医学证明的编号是 1 个字母加 9 位数字。",
                     "The number of a birth certificate is a letter and 9 digits.")),
        Kind("none", lambda state, number: None),
    )
}  # fmt: skip


@cache
def _named(what: str) -> dict[str, Words]:
    raw: Any = plain(nodes(_WORDS.read_text(encoding="utf-8"), _WORDS.name))
    return {str(code): Words.of(words) for code, words in raw[what].items()}


def states() -> Mapping[str, Words]:
    """Who issues passports, by the three letters of the machine-readable zone; the invented one only among invented people."""
    found = _named("states")
    return found if invented_people() else {k: v for k, v in found.items() if k != _INVENTED_STATE}


# ---- one text ----


def compose(kind: str, state: str, number: str) -> str:
    """The one text of a document, tidied. A residence permit carries an identity number and is written as one.

    A machine-readable zone in place of the number says the rest itself; a text that is one already stays.
    """
    bare = _bare(number)
    if ":" in number or mrz.is_zone(number):
        return tidy(number)
    if kind == "none":
        return "none"
    if kind not in KINDS or kind == "id" or not bare:
        return bare
    if kind == "residence" and bare.startswith(_SPECIAL):
        return bare
    one = KINDS[kind]
    kept = bare[: one.kept] if one.kept and one.fault("", bare) is None else bare
    return ":".join((kind, *([state.strip().upper()] if one.by_state else []), kept))


def parts(text: str) -> Document:
    """The parts of a text as `compose` writes it."""
    kind, *rest = text.split(":")
    if kind == "none" and not rest:
        return Document("none", "", "")
    if kind not in KINDS or not rest:
        special = len(text) == 18 and text.startswith(_SPECIAL)
        return Document("residence" if special else "id", "", text)
    return Document(kind, rest[0] if KINDS[kind].by_state else "", rest[-1])


def tidy(text: str) -> str:
    """A document as it is kept, from what was typed: an identity number, a text of ours, or a passport's machine-readable zone."""
    if mrz.is_zone(text):
        zone = mrz.read_zone(text)
        if isinstance(zone, Words) or not zone.code.startswith("P"):
            return text.strip()
        return compose("passport", "DEU" if zone.state == "D" else zone.state, zone.number)
    kind, *rest = text.strip().split(":")
    if kind.lower() in KINDS and rest:
        return compose(kind.lower(), rest[0] if len(rest) > 1 else "", rest[-1])
    return "none" if kind == "none" else _bare(text)


def _bare(number: str) -> str:
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number)).upper()


def fault(text: str) -> Words | None:
    """What is wrong with a document, by the rules of its kind; None if nothing is. Arithmetic only."""
    if mrz.is_zone(text):
        zone = mrz.read_zone(text)
        not_passport = Words(
            "这不是护照的机读码。请选证件种类，照着填号码。",
            "This is no passport's machine-readable zone. Choose the kind of document and type its number.",
        )
        return zone if isinstance(zone, Words) else not_passport
    one = parts(text)
    return KINDS[one.kind].fault(one.state, one.number)


def name_in(text: str) -> str:
    """The name that a machine-readable zone carries; empty for anything else."""
    zone = mrz.read_zone(text) if mrz.is_zone(text) else None
    return zone.name if isinstance(zone, mrz.Zone) else ""


def index(text: str) -> str:
    """What a person is found by: the whole text; empty if they have no document."""
    return "" if text == "none" else text


def tokens(text: str) -> set[str]:
    """What a search may be for: the document, or its number alone."""
    return {one for one in (index(text), parts(text).number) if one}


def said(text: str) -> Words:
    """A document as people say it. An identity number is said alone."""
    one = parts(text)
    if one.kind in ("id", "residence"):
        return Words(text, text)
    title = KINDS[one.kind].title
    state = _named("states").get(one.state, Words(one.state, one.state))
    if not one.state:
        return Words(f"{title.zh} {one.number}".strip(), f"{title.en} {one.number}".strip())
    return Words(f"{title.zh}（{state.zh}）{one.number}", f"{title.en} ({state.en}) {one.number}")


def masked(text: str) -> str:
    """The middle of the number starred; kind and state stay."""
    head, colon, number = text.rpartition(":")
    if colon:
        shown = number[:2] + "*" * (len(number) - 4) + number[-2:] if len(number) > 7 else "*" * len(number)
        return head + colon + shown
    if text == "none":
        return text
    return text[:6] + "*" * (len(text) - 10) + text[-4:] if len(text) > 10 else "*" * len(text)


def born(text: str) -> date | None:
    """The day of birth, where a number carries it: identity numbers, and permanent residence cards since 2023."""
    return born_on(parts(text).number)


def spelled(name: str) -> str:
    """A name as it is looked for: words in Latin letters in any order and case; other scripts as they are."""
    folded = unicodedata.normalize("NFKC", name)
    if not folded.isascii():
        return name
    return " ".join(sorted(re.findall(r"[A-Z0-9]+", folded.upper())))


def differ(one: str, other: str) -> bool:
    """Are these two names or numbers not the same: dots, spaces, letter cases and the order of Latin words aside?"""
    return _letters(one) != _letters(other)


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", spelled(text)).upper())
    return "".join(char for char in folded if char.isalnum())
