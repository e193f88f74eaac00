"""What the law may change, as people read it: each value with the days on which it holds, where it is from, how sure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.pack.dated import read_dated
from doorstep.rulebook.words import Words
from doorstep.web import saying

_NAMED = {
    "statutory": Words("法定时限", "By law"),
    "promise": Words("承诺时限", "Our promise"),
}
_CODES = {"none": Words("没有出处", "no source yet"), "fee-table": Words("收费目录", "the table of fees")}


@dataclass(frozen=True, slots=True)
class Line:
    """One dated value."""

    value: Words
    first: date | None
    last: date | None
    source: Words
    sure: bool


@dataclass(frozen=True, slots=True)
class Values:
    """Everything that one name has ever meant. ``used``: what uses it, if its title does not say so."""

    name: str
    title: Words
    lines: tuple[Line, ...]
    used: tuple[Words, ...] = ()


def limits(found: Pack) -> tuple[Values, ...]:
    """All named limits: the law's, the promise, then those of steps in the order of the flow."""
    used: dict[str, list[Words]] = {}
    for name, words in _uses(found.raw["flow"]):
        used.setdefault(name, []).append(words)
    return tuple(
        Values(name, _NAMED.get(name) or (used.get(name) or [Words(name, name)])[0], _limit_lines(rows), tuple(used.get(name, ())))
        for name, rows in found.raw["limits"].items()
    )  # fmt: skip


def fees(found: Pack) -> tuple[Line, ...]:
    """What it costs, by date; nothing if it is free."""
    return _lines(found.raw.get("fees") or (), _fee)


def reductions(found: Pack) -> tuple[Line, ...]:
    """Who pays less, by date."""

    def say(value: Mapping[str, Any]) -> Words:
        title, percent = Words.of(value["title"]), value["percent"]
        less = (
            Words("免收", "pays nothing") if percent == 100 else Words(f"减 {percent}%", f"{percent} % less")
        )
        return Words(f"{title.zh}：{less.zh}", f"{title.en}: {less.en}")

    return _lines(found.raw.get("reductions") or (), say)


def _fee(value: Mapping[str, Any]) -> Words:
    title = Words.of(value["title"]) if "title" in value else None
    if "field" in value:
        return title or _both(value["field"])
    cost = saying.money(value)
    return Words(f"{title.zh}：{cost}", f"{title.en}: {cost}") if title else _both(cost)


def retention(found: Pack) -> tuple[Line, ...]:
    """For how many years a matter is kept after its end."""
    rows = found.raw["privacy"]["retention"]
    return _lines(rows, lambda value: Words(f"{value['years']} 年", f"{value['years']} years"))


def validity(rows: Sequence[Mapping[str, Any]]) -> tuple[Line, ...]:
    """For how long a paper is good."""
    return _lines(rows, lambda value: Words(f"{value['months']} 个月", f"{value['months']} months"))


def _limit_lines(rows: Sequence[Mapping[str, Any]]) -> tuple[Line, ...]:
    return _lines(rows, lambda value: Limit.parse(value["value"]).words)


def _lines(rows: Sequence[Mapping[str, Any]], say: Any) -> tuple[Line, ...]:
    return tuple(
        Line(say(row.value), row.first, row.last, source_words(row.source), row.sure)
        for row in read_dated(rows)
    )


def source_words(source: str) -> Words:
    """Where a value is from, as people read it."""
    return _CODES.get(source) or _both(source)


def _both(text: str) -> Words:
    return Words(text, text)


def _uses(node: Any, title: Words | None = None) -> Iterator[tuple[str, Words]]:
    """Every limit that the flow names, with the step that it limits."""
    if isinstance(node, list):
        for one in node:
            yield from _uses(one, title)
    if not isinstance(node, dict):
        return
    if "id" in node and "title" in node:
        title = Words.of(node["title"])
    if title and isinstance(node.get("limit"), str):
        yield node["limit"], title
    returns = node.get("returns")
    if title and isinstance(returns, dict) and "limit" in returns:
        yield returns["limit"], Words(f"补正（{title.zh}）", f"Correction ({title.en})")
    for key, one in node.items():
        if key not in ("returns", "title"):
            yield from _uses(one, title)
