"""For supervisors: how much waits where and with whom, how long it has lain, how much was sent back. Nobody is ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from doorstep.domains.counter import frame
from doorstep.kernel.assign import Colleague, colleagues
from doorstep.kernel.org import below, town, unit_words
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.words import Words

_LOAD = "select unit_id, account_id, age, waits, late, near from trust.desk_load(%s, %s)"
_BACK = "select unit_id, decided, returned from trust.desk_returns(%s)"
_SOON, _SINCE = timedelta(days=3), timedelta(days=30)
_ENOUGH = 10
"""Below this many decisions a rate says nothing, and might say who."""
_FREE = Words("没有人领", "Nobody's yet")
AGES = (
    Words("1 天内", "Under 1 day"), Words("1–3 天", "1–3 days"), Words("3–7 天", "3–7 days"),
    Words("7–15 天", "7–15 days"), Words("15–30 天", "15–30 days"), Words("30 天以上", "Over 30 days"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plot: how long of a hundred, and the part of it that is overdue."""

    title: Words
    count: int
    late: int
    near: int
    long: float
    late_long: float
    url: str = ""
    note: Words | None = None


def load(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Six figures and three plots, each with its table; a line leads to the matters behind it. Always three statements. Who
    leads units without working with records is not told with whom it lies.
    """
    now, code = clock.now(), request.GET.get("unit", "")
    mine = {one: town().units[one] for one in below(viewer.unit_id)}
    named = next((one.id for one in mine.values() if one.code == code), None)
    rows = [Waiting(*one) for one in fetch(_LOAD, now, now + _SOON) if named in (None, one[0])]
    back = [(u, d, r) for u, d, r in fetch(_BACK, now - _SINCE) if named in (None, u)]
    people = _people(rows, colleagues()) if viewer.may("supervise") else []
    context = {
        "sums": _sums(rows, back, people), "ages": _ages(rows), "units": _units(rows, named), "people": people,
        "returns": _returns(back), "unit": code if named else "", "ago": _SINCE.days, "enough": _ENOUGH,
        "choice": sorted((one for one in mine.values() if one.active), key=lambda one: one.id),
    }  # fmt: skip
    return frame.show(request, viewer, "load", context)


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many steps of a unit wait with one person, and have lain for so long."""

    unit: int
    holder: UUID | None
    age: int
    count: int
    late: int
    near: int


def _sums(
    rows: Iterable[Waiting], back: Iterable[tuple[int, int, int]], people: list[Bar]
) -> list[dict[str, Any]]:
    rows, back = list(rows), list(back)
    decided, returned = sum(d for _, d, _ in back), sum(r for _, _, r in back)
    free = sum(one.count for one in rows if one.holder is None)
    told = (
        ("all", Words("在办", "Open"), sum(one.count for one in rows)),
        ("late", Words("已超期", "Overdue"), sum(one.late for one in rows)),
        ("soon", Words("三天内到期", "Due within three days"), sum(one.near for one in rows)),
        ("", _FREE, free),
        ("", Words("近 30 天退回", "Returned in 30 days"), returned),
        ("", Words("近 30 天决定", "Decided in 30 days"), decided),
    )
    return [
        {"title": words, "count": count, "url": f"/counter/oversee?which={which}" if which else "",
         "late": which == "late" and count}
        for which, words, count in told if people or words is not _FREE
    ]  # fmt: skip


def _ages(rows: Iterable[Waiting]) -> list[Bar]:
    """How long what waits has lain at its step."""
    count: Counter[int] = Counter()
    late: Counter[int] = Counter()
    for one in rows:
        count[one.age] += one.count
        late[one.age] += one.late
    return _bars((words, count[age], late[age], 0, "", None) for age, words in enumerate(AGES))


def _units(rows: Iterable[Waiting], named: int | None) -> list[Bar]:
    found = _added(rows, lambda one: one.unit)
    return _bars(
        (unit_words(unit), *found[unit], f"/counter/load?unit={town().units[unit].code}" if named is None else "", None)
        for unit in sorted(found)
    )  # fmt: skip


def _people(rows: Iterable[Waiting], known: Mapping[UUID, Colleague]) -> list[Bar]:
    """By unit and name, never by how much: persons are not ranked."""
    found = _added(rows, lambda one: (one.unit, one.holder))
    lines = []
    for (unit, holder), counts in found.items():
        who = known.get(holder) if holder else None
        name = (
            who.name
            if who
            else Words("已离开的同事", "Somebody who has left")
            if holder
            else Words("没有人领", "Nobody's yet")
        )
        whose = {"who": str(holder)} if holder else {"who": "nobody", "unit": town().units[unit].code}
        query = urlencode({"which": "all"} | whose)
        lines.append((unit, holder is not None, name.zh, name, counts, f"/counter/oversee?{query}"))
    return _bars(
        (name, *counts, url, unit_words(unit))
        for unit, _, _, name, counts, url in sorted(lines, key=lambda one: one[:3])
    )


def _added(rows: Iterable[Waiting], by: Any) -> dict[Any, tuple[int, int, int]]:
    found: dict[Any, tuple[int, int, int]] = {}
    for one in rows:
        count, late, near = found.get(by(one), (0, 0, 0))
        found[by(one)] = (count + one.count, late + one.late, near + one.near)
    return found


def _bars(lines: Iterable[tuple[Words, int, int, int, str, Words | None]]) -> list[Bar]:
    told = list(lines)
    most = max((count for _, count, *_ in told), default=0) or 1
    return [
        Bar(title, count, late, near, round(100 * count / most, 2), round(100 * late / most, 2), url, note)
        for title, count, late, near, url, note in told
    ]


def _returns(back: Iterable[tuple[int, int, int]]) -> list[dict[str, Any]]:
    """How many of what a unit decided went back; no rate where few were decided."""
    return [
        {"unit": unit_words(unit), "decided": decided, "returned": returned if decided >= _ENOUGH else None,
         "rate": round(100 * returned / decided) if decided >= _ENOUGH else None}
        for unit, decided, returned in sorted(back)
    ]  # fmt: skip
