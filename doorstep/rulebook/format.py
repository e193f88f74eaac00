"""Formats of single values that people type: what is right, and in plain words what is wrong."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from doorstep.rulebook import document
from doorstep.rulebook.identity import id_number_fault
from doorstep.rulebook.words import Words

_MOST_DIGITS = 9


def whole(text: str | None) -> int | None:
    """The whole number that somebody typed, None for anything else and for what has more than nine digits: no list is so
    long, no database column so wide, and Python refuses to read thousands of them.
    """
    return int(text) if text and text.isdecimal() and len(text) <= _MOST_DIGITS else None


_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _mobile_fault(text: str) -> Words | None:
    if _MOBILE.fullmatch(text):
        return None
    return Words("手机号是 1 开头的 11 位数字。", "A mobile number has 11 digits and begins with 1.")


def uscc_fault(text: str) -> Words | None:
    """What is wrong with a unified social credit code of 18 characters (GB 32100), or None. Arithmetic only."""
    if len(text) != 18 or any(one not in _USCC for one in text):
        return Words(
            "统一社会信用代码是 18 位数字和大写字母，没有 I、O、S、V、Z。",
            "A unified social credit code has 18 digits and capital letters, without I, O, S, V and Z.",
        )
    total = sum(_USCC.index(one) * pow(3, place, 31) for place, one in enumerate(text[:17]))
    if _USCC[-total % 31] != text[17]:
        return Words(
            "统一社会信用代码最后一位对不上，可能有一位填错了。",
            "The last character of the unified social credit code does not fit; one of them is probably wrong.",
        )
    return None


def _date_fault(text: str) -> Words | None:
    try:
        good = len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        good = False
    if good:
        return None
    return Words("没有这个日期，请按 年-月-日 填写。", "There is no such date; write year-month-day.")


def _upload_fault(text: str) -> Words | None:
    try:
        uuid.UUID(text)
    except ValueError:
        return Words("文件没有传好，请重新上传。", "The file did not arrive; please upload it again.")
    return None


def _unit_fault(text: str) -> Words | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{1,59}", text):
        return None
    return Words("请从列表里选一个。", "Choose one from the list.")


@dataclass(frozen=True, slots=True)
class Format:
    """``fault`` says what is wrong with a text; ``keyboard`` and ``autocomplete`` help to type it."""

    fault: Callable[[str], Words | None]
    keyboard: str = "text"
    autocomplete: str = "off"
    widget: str = "text"

    def ok(self, value: object) -> bool:
        return not isinstance(value, str) or self.fault(value) is None


FORMATS: dict[str, Format] = {
    "cn-id": Format(id_number_fault),
    "document": Format(document.fault, widget="document"),
    "cn-mobile": Format(_mobile_fault, "tel", "tel"),
    "cn-uscc": Format(uscc_fault),
    "date": Format(_date_fault, widget="date"),
    "upload": Format(_upload_fault, widget="upload"),
    "unit": Format(_unit_fault, widget="unit"),
    "point": Format(_unit_fault, widget="point"),
}


def tidy(text: str, format_name: str = "") -> str:
    """What a person typed, as it is kept: no outer blanks; numbers in plain digits without gaps, X large."""
    if format_name == "document":
        return document.tidy(text)
    if format_name in ("cn-id", "cn-mobile", "cn-uscc"):
        plain = unicodedata.normalize("NFKC", text)
        return re.sub(r"[\s-]", "", plain).upper()
    return unicodedata.normalize("NFC", text).strip()
