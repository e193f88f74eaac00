"""Identity numbers of 18 characters (GB 11643): those of citizens, of residents of Hong Kong, Macao and Taiwan who hold a
residence permit, and since December 2023 those on foreigners' permanent residence cards. Arithmetic only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from doorstep.rulebook.ids import check_character
from doorstep.rulebook.words import Words

# First two digits of a division: the provinces of GB/T 2260.
_PROVINCES = frozenset(
    (
        *range(11, 16),
        *range(21, 24),
        *range(31, 38),
        *range(41, 47),
        *range(50, 55),
        *range(61, 66),
        71,
        81,
        82,
        83,
        91,
    )
)
_INVENTED = 99  # no real place has it
_invented_here: list[Callable[[], bool]] = [lambda: True]
_DIGITS = re.compile(r"[0-9]{17}[0-9Xx]")


def invented_people_if(demo: Callable[[], bool]) -> None:
    """Numbers of invented people (division 99, documents of Utopia) are right only where ``demo()`` says so.

    Without a database nobody real can be harmed: the examples of packs are tried with them.
    """
    _invented_here[0] = demo


def invented_people() -> bool:
    """Are there invented people here?"""
    return _invented_here[0]()


def id_number_fault(text: str) -> Words | None:
    """What is wrong with an identity number, or None."""
    if ":" in text:
        return Words(
            "这一项要凭公民身份号码办，您填的是别的证件。",
            "This needs a Chinese identity number; you gave another document.",
        )
    if len(text) != 18:
        n = len(text)
        return Words(
            f"身份证号是 18 位，您填了 {n} 位。", f"An ID number has 18 characters; you entered {n}."
        )
    if not _DIGITS.fullmatch(text):
        return Words(
            "身份证号前 17 位是数字，最后一位是数字或 X。",
            "An ID number is 17 digits, then a digit or X.",
        )
    if not _is_place(int(text[:2])):
        return Words("身份证号开头的地区码不对，请核对。", "The first digits of the ID number name no place.")
    return born_and_check_fault(text)


def born_and_check_fault(text: str) -> Words | None:
    """What is wrong with the day of birth or the last character of a number that has 18 characters, or None."""
    born = born_on(text)
    if born is None or born.year < 1850:
        return Words(
            "身份证号第 7 到 14 位应是出生日期，请核对。",
            "Digits 7 to 14 of the ID number should be a date of birth; please check them.",
        )
    if check_character(text[:17]) != text[17].upper():
        return Words(
            "身份证号最后一位对不上，可能有一位填错了。",
            "The last character of the ID number does not fit; one of the digits is probably wrong.",
        )
    return None


def born_on(text: str) -> date | None:
    """The day of birth that a number of 18 characters carries, if it is one."""
    if len(text) != 18 or not text[6:14].isascii() or not text[6:14].isdigit():
        return None
    try:
        return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return None


def _is_place(province: int) -> bool:
    return province in _PROVINCES or (province == _INVENTED and invented_people())
