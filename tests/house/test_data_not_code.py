"""Packs and regions hold what differs from place to place; Python, templates and scripts know none of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.house import tree

HAN = re.compile(r"[㐀-鿿]{2,}")

#: Cities and provinces of which no part is an ordinary word that a page may use.
PLACES = (Path(__file__).parent / "places.txt").read_text().split()
HOLIDAYS = "元旦 春节 除夕 清明 劳动节 五一 端午 中秋 国庆 重阳 妇女节 儿童节".split()  # noqa: SIM905
ENGLISH_HOLIDAYS = (
    "Spring Festival", "Chinese New Year", "Qingming", "Tomb-Sweeping", "Dragon Boat", "Mid-Autumn",
    "National Day", "Labour Day",
)  # fmt: skip


def _code() -> list[Path]:
    return [*tree.under("doorstep", ".py", ".html", ".js", ".sql", ".css")]


def _lines() -> Iterator[tuple[str, str]]:
    for path in _code():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield f"{tree.name(path)}:{number}", line


def _hits(pattern: re.Pattern[str], allowed: re.Pattern[str] | None = None) -> list[str]:
    return [
        f"{where}: {found[0]}  <- {line.strip()[:80]}"
        for where, line in _lines()
        for found in [pattern.search(line)]
        if found and not (allowed and allowed.search(line))
    ]


def test_no_city_or_province_stands_in_code() -> None:
    assert _hits(re.compile("|".join(sorted(PLACES, key=len, reverse=True)))) == []


def test_no_holiday_stands_in_code() -> None:
    assert _hits(re.compile("|".join([*HOLIDAYS, *ENGLISH_HOLIDAYS]))) == []


def test_no_amount_of_money_stands_in_code() -> None:
    """Fees are dated values in packs. A docstring may show the form of an amount."""
    money = re.compile(
        r"[¥￥]\s?\d|\bCNY\s?\d|\d\s?CNY\b|\d+(?:\.\d+)?\s?元(?![素])|Decimal\(\"\d+\.\d\d\"\)"
    )
    shown = re.compile(r'"""|``|^\s*#|¥40\.00')
    assert _hits(money, shown) == []


def test_no_boundary_or_position_stands_in_code() -> None:
    pair = re.compile(r"\b(?:7[3-9]|[89]\d|1[0-2]\d|13[0-5])\.\d{3,}\D{1,4}(?:1[89]|[2-4]\d|5[0-3])\.\d{3,}")
    assert _hits(pair) == []


def test_no_division_code_stands_in_code() -> None:
    code = re.compile(
        r"""["'](?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82|99)\d{4}(?:\d{3}|\d{6})?["']"""
    )
    assert _hits(code) == []


def test_no_service_and_no_role_is_known_by_name() -> None:
    """An item is a pack and a role a bundle of rights: code that compares with one is a service in Python."""
    roles = "clerk2?|approver|chief|supervisor|dispatcher|auditor|sysadmin|secadmin"
    named = re.compile(r"""(?:==|\bin\b|!=)\s*[\[({]?\s*["'](?:[A-Z]{2}-\d{3}|""" + roles + r""")["']""")
    assert _hits(named) == []


REGIONS = tree.under("regions", ".yaml", ".yml")


def _said(value: Any) -> Iterator[str]:
    """Every proper name of region data: what stands under zh, en, name, code and the like."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _said(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _said(one)
    elif isinstance(value, str):
        yield value


def test_no_name_of_a_region_stands_in_code() -> None:
    """Whatever a region's files name (its town, its units, its points, its streets) is named there alone."""
    names: set[str] = set()
    for path in REGIONS:
        for text in _said(YAML(typ="safe").load(path.read_text())):
            names |= set(_proper(text))
    found = [f"{where}: {n}" for where, line in _lines() for n in names if n in line]
    assert names and found == []


def _proper(text: str) -> Iterator[str]:
    """Names worth looking for: a unit, a place, the street of an address; not a sentence, not a word of everyday use."""
    if " " in text and HAN.search(text):
        for part in text.split():
            yield from _proper(part)
    ending = _ENDING.fullmatch(text)
    if (ending and ending[1] not in _EVERYDAY) or _LATIN.fullmatch(text):
        yield text


_ENDING = re.compile(
    r"([㐀-鿿]{2,12})(?:市|区|县|镇|乡|街道|路|街|巷|社区|村|派出所|分局|公安局|大厅|警务室|服务点|中心)"
)
_LATIN = re.compile(
    r"[A-Z][a-z]{3,}(?: [A-Z][a-z]+)* (?:City|District|County|Town|Street|Road|Station|Hall|Bureau)"
)


_EVERYDAY = {"服务", "政务服务", "办事", "人民", "社区", "公安", "派出", "网上", "城", "市", "县"}
