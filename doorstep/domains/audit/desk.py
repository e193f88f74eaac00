"""The audit desk: looks at a record that nobody explained, by whom, newest first. The look at this list is on record too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel.org import unit_words
from doorstep.kernel.trust import Viewer, log_access
from doorstep.rulebook import clock, pack
from doorstep.rulebook.words import Refused, Words

DAYS = 30
_MOST = 200
_KINDS = {
    "read": Words("打开了这件事", "opened the matter"),
    "file": Words("看了一份材料", "looked at a file"),
    "paper": Words("看了证件", "looked at the paper"),
}


@dataclass(frozen=True, slots=True)
class Unexplained:
    """One look without a step in hand and without a reason in words."""

    at: datetime
    who: Words
    login: str
    unit: Words
    number: str
    item: Words
    what: Words
    purpose: Words


def unexplained(viewer: Viewer) -> list[Unexplained]:
    """The unexplained looks of the last thirty days; the database answers the auditor alone. Refused: "no-right"."""
    viewer.need("audit", tier="public")
    names = pack.all_purposes()
    with connection.cursor() as cursor:
        cursor.execute("select * from audit.unexplained(%s, %s)", [clock.now() - timedelta(days=DAYS), _MOST])
        rows = cursor.fetchall()
    log_access(viewer, kind="list", tier=0, purpose="audit", detail=f"unexplained {len(rows)}")
    none = Words("没有写明", "none given")
    return [
        Unexplained(
            at,
            Words(zh, en),
            login,
            unit_words(unit),
            number or "",
            _title(item),
            _KINDS[kind],
            names.get(why, none),
        )
        for at, zh, en, login, unit, number, item, kind, why in rows
    ]


def _title(item: str | None) -> Words:
    try:
        return pack.current(item or "").title
    except Refused:
        return Words(item or "—", item or "—")


def show(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The list."""
    return render(request, "audit/desk.html", {"looks": unexplained(viewer), "days": DAYS})
