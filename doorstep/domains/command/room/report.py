"""The report of each morning: made by itself at half past seven for the day before, one A4 for each station, and never changed.

Each figure carries the number of the query that it was asked with (`RoomQuery`); each report's hash goes on from the station's
last one, so that one which was made away with or made later is missed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import orjson
from django.db import connection

from doorstep.domains.command.room.models import RoomQuery, RoomReport
from doorstep.kernel.row import fetch, rows
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words

AT: Final = time(7, 30)
_A_DAY: Final = timedelta(days=1)
TITLES: Final[Mapping[str, Words]] = {
    "received": Words("收到", "Came in"),
    "ended": Words("办结", "Ended"),
    "refused": Words("其中不予办理", "of these refused"),
    "returned": Words("退回补正", "Sent back"),
    "waiting": Words("在办", "In hand"),
    "late": Words("其中超期", "of these overdue"),
    "due": Words("一天内到期", "Due within a day"),
    "nobody": Words("没有人领", "Nobody's yet"),
    "on_duty": Words("在岗警力", "Units on duty"),
    "calls": Words("警情", "Calls"),
    "calls_urgent": Words("其中紧急", "of these urgent"),
    "calls_open": Words("没结束的警情", "Calls still open"),
    "first_there": Words("首车到场（中位数，秒）", "First unit there (median, s)"),
}
"""What a figure is called; one that is not here is called by its name."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report, and the one of the day before."""

    name: str
    title: Words
    value: float | None
    before: float | None
    query: int
    text: str

    @property
    def change(self) -> float | None:
        """Against the day before."""
        return None if self.value is None or self.before is None else self.value - self.before


@dataclass(frozen=True, slots=True)
class Report:
    """One station's morning."""

    day: date
    since: datetime
    until: datetime
    made_at: datetime
    figures: tuple[Figure, ...]
    mark: str
    whole: bool
    """Its hash fits its figures and the report before it."""

    @property
    def late(self) -> bool:
        """Made well after its time, as when the machine was off."""
        return self.made_at - self.until > timedelta(minutes=15)


def make_due() -> int:
    """A chore of the worker: the reports of the last half past seven, where they are not there yet. How many."""
    until = last_report(clock.now())
    with connection.cursor() as cursor:
        day = calendar().day_of(until)
        cursor.execute("select trust.room_reports(%s, %s, %s, %s)", [day, until - _A_DAY, until, clock.now()])
        made = cursor.fetchone()
    return int(made[0]) if made else 0


def last_report(now: datetime) -> datetime:
    """The last half past seven, by the region's clock."""
    today = datetime.combine(calendar().day_of(now), AT, calendar().zone)
    return today if today <= now else today - _A_DAY


def report(unit_id: int, day: date) -> Report:
    """The report of a station on a day. Refused: "not-found", also where the viewer may not see it."""
    found = rows(RoomReport, "where unit_id = %s and day <= %s order by day desc limit 2", unit_id, day)
    if not found or found[0].day != day:
        raise not_found()
    before = found[1] if len(found) > 1 else None
    texts = {one.id: one.text for one in rows(RoomQuery, "order by id")}
    return _report(found[0], before, texts)


def days(viewer: Viewer, most: int = 14) -> list[date]:
    """The mornings that the viewer's unit has reports of, the last one first."""
    asked = "select day from room_report where unit_id = %s order by day desc limit %s"
    return [row[0] for row in fetch(asked, viewer.unit_id, most)]


def now_figures() -> dict[str, float]:
    """The same figures for the viewer's unit since this morning's report."""
    now = clock.now()
    told = fetch("select trust.room_now(%s, %s)", last_report(now), now)[0][0]
    found: dict[str, float] = told if isinstance(told, dict) else orjson.loads(told)
    return found


def _report(row: RoomReport, before: RoomReport | None, texts: Mapping[int, str]) -> Report:
    earlier = {one["name"]: one["value"] for one in before.figures} if before else {}
    follows = before is not None and row.day - before.day == _A_DAY
    figures = tuple(
        Figure(one["name"], TITLES.get(one["name"], Words(one["name"], one["name"])), one["value"],
               earlier.get(one["name"]) if follows else None, one["query"], texts.get(one["query"], ""))
        for one in row.figures
    )  # fmt: skip
    return Report(
        row.day, row.since, row.until, row.made_at, figures, bytes(row.hash).hex()[:16], _whole(row, before)
    )


def _whole(row: RoomReport, before: RoomReport | None) -> bool:
    told = fetch("select figures::text from room_report where id = %s", row.id)[0][0]
    raw = (bytes(before.hash) if before else b"") + f"{row.unit_id} {row.day} {told}".encode()
    return hashlib.sha256(raw).digest() == bytes(row.hash)


def lines(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """For the page: title, number, and by how much it is more or less than the day before."""
    return [
        {
            "name": one.name, "title": one.title, "value": _whole_number(one.value), "before": _whole_number(one.before),
            "change": _signed(one.change), "query": one.query, "text": one.text, "part": one.title.zh.startswith("其中"),
        }
        for one in figures
    ]  # fmt: skip


def _whole_number(value: float | None) -> str:
    return "—" if value is None else f"{value:g}"


def _signed(value: float | None) -> str:
    return "" if value is None else "±0" if value == 0 else f"{value:+g}".replace("-", "−")
