"""The machine-readable zone of passports and cards as ICAO Doc 9303 parts 3 to 6 lay it: three formats, their check digits.

A card whose number goes on in the optional field is not read; its holder types the number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from doorstep.rulebook.words import Words

_WEIGHTS: Final = (7, 3, 1)
_VALUES: Final = {char: at for at, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}


@dataclass(frozen=True, slots=True)
class Zone:
    """What a zone says. ``name`` is the surname and the given names in Latin letters; ``state`` who issued it."""

    code: str
    state: str
    number: str
    name: str
    nationality: str
    born: str
    sex: str
    until: str


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the fields stand in the lines written one after the other: from, to; ``checked``: a field and its check digit;
    ``composed``: what the last digit covers.
    """

    lines: int
    width: int
    fields: dict[str, tuple[int, int]]
    composed: tuple[tuple[int, int], ...]
    last: int


_LAYOUTS: Final = (
    _Layout(  # TD3: passports
        2, 44,
        {"code": (0, 2), "state": (2, 5), "name": (5, 44), "number": (44, 53), "nationality": (54, 57), "born": (57, 63),
         "sex": (64, 65), "until": (65, 71), "more": (72, 86)},
        ((44, 54), (57, 64), (65, 87)), 87,
    ),
    _Layout(  # TD2
        2, 36,
        {"code": (0, 2), "state": (2, 5), "name": (5, 36), "number": (36, 45), "nationality": (46, 49), "born": (49, 55),
         "sex": (56, 57), "until": (57, 63)},
        ((36, 46), (49, 56), (57, 71)), 71,
    ),
    _Layout(  # TD1: cards
        3, 30,
        {"code": (0, 2), "state": (2, 5), "number": (5, 14), "born": (30, 36), "sex": (37, 38), "until": (38, 44),
         "nationality": (45, 48), "name": (60, 90)},
        ((5, 30), (30, 37), (38, 45), (48, 59)), 59,
    ),
)  # fmt: skip
_CHECKED: Final = {
    "number": Words("证件号码", "the document number"),
    "born": Words("出生日期", "the date of birth"),
    "until": Words("有效期", "the last day"),
    "more": Words("附加号码", "the personal number"),
}


def check_digit(text: str) -> str:
    """The digit over a field (Doc 9303-3, 4.9): weights 7, 3, 1; letters count from ten, fillers nothing."""
    total = sum(_VALUES.get(char, 0) * _WEIGHTS[at % 3] for at, char in enumerate(text))
    return str(total % 10)


def is_zone(text: str) -> bool:
    """Does this look like a machine-readable zone, whatever is wrong with it?"""
    return text.count("<") >= 3 and len(_bare(text)) >= 60


def read_zone(text: str) -> Zone | Words:
    """A zone as typed or read, with or without line ends; or what is wrong with it."""
    bare = _bare(text)
    found = next((one for one in _LAYOUTS if len(bare) == one.lines * one.width), None)
    if found is None or any(char not in _VALUES for char in bare):
        n = len(bare)
        return Words(
            f"机读码要照抄两行或三行，一个字符都不少；现在是 {n} 个。",
            f"Copy all lines of the machine-readable zone; there are {n} characters now.",
        )
    said = {name: bare[start:end] for name, (start, end) in found.fields.items()}
    wrong = _fault(found, bare)
    if wrong:
        return wrong
    name = " ".join(part.replace("<", " ").strip() for part in said["name"].split("<<") if part.strip("<"))
    return Zone(
        said["code"].strip("<"), said["state"].strip("<"), said["number"].rstrip("<"), name,
        said["nationality"].strip("<"), said["born"], said["sex"].strip("<"), said["until"],
    )  # fmt: skip


def day_of(text: str, *, today: date) -> date | None:
    """A day of birth that a zone writes with two digits for the year: the last such day that is not to come."""
    try:
        year = today.year // 100 * 100 + int(text[:2])
        born = date(year, int(text[2:4]), int(text[4:6]))
        return born if born <= today else born.replace(year=year - 100)
    except ValueError:
        return None


def _bare(text: str) -> str:
    return "".join(text.split()).upper().replace("«", "<<")


def _fault(found: _Layout, bare: str) -> Words | None:
    for name, words in _CHECKED.items():
        start, end = found.fields.get(name, (0, 0))
        digit, field = bare[end : end + 1], bare[start:end]
        blank = digit == "<" and (name == "more" and not field.strip("<"))
        if end and not blank and digit != check_digit(field):
            return Words(
                f"机读码里{words.zh}的校验位对不上，请再照着抄一遍。",
                f"In the machine-readable zone the check digit of {words.en} does not fit; copy it again.",
            )
    if bare[found.last] != check_digit("".join(bare[start:end] for start, end in found.composed)):
        return Words(
            "机读码最后一位对不上，可能有字符抄错了。",
            "The last digit of the machine-readable zone does not fit; a character was probably miscopied.",
        )
    return None
