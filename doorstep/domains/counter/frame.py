"""What all counter pages share: the tabs a viewer may use, and how a line of a list is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel.lists import Row
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web import saying
from doorstep.web.devices import bridge
from doorstep.web.language import say

STAFF = ("officer",)
_MINUTE = timedelta(minutes=1)
# path, right, icon, title: in the order of a clerk's day.
_TABS = (
    ("/counter/", "receive", "user-plus", Words("窗口", "Counter")),
    ("/counter/intake/", "receive", "inbox", Words("网上来的", "Online")),
    ("/counter/hand-out/", "hand_out", "package", Words("等来领的", "To hand out")),
    ("/counter/desk/", "decide", "gavel", Words("审批台", "Approval desk")),
    ("/counter/asked/", "assist", "message-question", Words("问我们的", "Asked of us")),
    ("/counter/oversee", "supervise", "eye", Words("督办", "Oversee")),
    ("/counter/matters", "read", "list-details", Words("本单位的事", "Our matters")),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A way to another page of the counter."""

    path: str
    icon: str
    title: Words
    here: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One matter in a list: what ``counter/_row.html`` draws. ``left`` and ``until`` are said to the reader."""

    id: UUID
    number: str
    state: str
    title: Words
    name: str
    note: Words
    url: str
    left: str
    until: str
    late: bool
    due_at: datetime | None
    here: bool = False
    holder: Words | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """Lines that are due in the same stretch of time."""

    title: Words
    rows: tuple[Line, ...]


def show(
    request: HttpRequest, viewer: Viewer, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """A counter page with its frame."""
    whole = {
        "may_search": viewer.may("search"),
        "stream_url": getattr(request, "stream_url", ""),
        "bridge": bridge(),
        "q": "",
        **context,
    }
    return render(request, f"counter/{template}.html", whole, status=status)


def nav(request: HttpRequest, viewer: Viewer, _: None) -> dict[str, Any] | None:
    """The tabs at the head of every staff page, for whoever has a desk here."""
    found = tabs(viewer, request.path)
    return {"tabs": found} if found else None


def tabs(viewer: Viewer, path: str) -> tuple[Tab, ...]:
    """The tabs of this viewer; the longest that begins the path is where one is."""
    staff = viewer.kind == "officer"  # whoever brings matters at an outlet has pages of their own
    mine = [
        (own, icon, title)
        for own, right, icon, title in _TABS
        if staff and viewer.may(right, tier="public" if right == "supervise" else "personal")
    ]
    fits = [own for own, _, _ in mine if path == own or (own != "/counter/" and path.startswith(own))]
    at = max(fits, key=len, default="/counter/" if path.startswith("/counter/visit") else "")
    return tuple(Tab(own, icon, title, own == at) for own, icon, title in mine)


def line(row: Row, url: str, here: UUID | None = None, holder: Words | None = None) -> Line:
    """One row of a kernel list as it is shown."""
    left, until = time_left(row.due_at, late=row.late)
    step, at = row.step_title, row.number
    note = Words(f"{step.zh}，{at}", f"{step.en}, {at}") if step else _with(row)
    return Line(
        row.id, row.number, row.state, row.title, row.name, note, url, left, until, row.late, row.due_at,
        row.id == here, holder,
    )  # fmt: skip


def _with(row: Row) -> Words:
    unit = row.unit or Words("公安机关", "The police")
    return Words(f"{unit.zh}，{row.number}", f"{unit.en}, {row.number}")


def time_left(due: datetime | None, *, late: bool) -> tuple[str, str]:
    """How long there is, and until when, in the reader's language: ("52 分钟", "14:59 前"), ("超 2 天", …)."""
    if due is None:
        return saying.of("不限时", "no limit"), ""
    now, zone = clock.now(), calendar().zone
    until = saying.of(f"{saying.clock(due)} 前", f"by {saying.clock(due)}")
    if late:
        over = saying.duration(_rough(max(now - due, _MINUTE)))
        return saying.of(f"超 {over}", f"{over} late"), until
    days = (due.astimezone(zone).date() - now.astimezone(zone).date()).days
    if days == 0:
        return saying.duration(max(due - now, _MINUTE)), until
    if days == 1:
        return saying.of("明天", "Tomorrow"), until
    near = saying.weekday(due.astimezone(zone)) if days < 7 else saying.day(due, year=False, week=False)
    return say(near), until


def _rough(over: timedelta) -> timedelta:
    """Days alone once it is days: how late to the hour helps nobody."""
    return timedelta(days=over.days) if over.days else over


def bands(lines: Iterable[Line]) -> tuple[Band, ...]:
    """Overdue, today, later, without a limit; empty bands are left out."""
    today = clock.now().astimezone(calendar().zone).date()
    late, now, later, open_ = [], [], [], []
    for one in lines:
        if one.late:
            late.append(one)
        elif one.due_at is None:
            open_.append(one)
        elif one.due_at.astimezone(calendar().zone).date() <= today:
            now.append(one)
        else:
            later.append(one)
    named = (
        (Words("已超期 {n} 件", "Overdue: {n}"), late),
        (Words("今天到期 {n} 件", "Due today: {n}"), now),
        (Words("以后到期 {n} 件", "Due later: {n}"), later),
        (Words("不限时 {n} 件", "No limit: {n}"), open_),
    )
    return tuple(Band(title.format(n=len(rows)), tuple(rows)) for title, rows in named if rows)
