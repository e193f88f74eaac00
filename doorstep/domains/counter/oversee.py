"""For supervisors: what is late, about to be, stands still or asks for longer, in their unit and those under it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from doorstep.domains.counter import frame
from doorstep.kernel.lists import SORTS, Row, overseen
from doorstep.kernel.org import below, town
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.format import whole
from doorstep.rulebook.words import Words

_WHICH = {
    "late": Words("已超期", "Overdue"), "soon": Words("三天内到期", "Due within three days"),
    "still": Words("停着的", "Standing still"), "longer": Words("申请延期的", "Asking for longer"),
    "all": Words("全部在办", "All open"),
}  # fmt: skip
_SORT = {
    "due": Words("按期限", "By due time"),
    "opened": Words("按收件", "By arrival"),
    "unit": Words("按单位", "By unit"),
}
_EMPTY = {
    "late": Words("没有超期的。", "Nothing is overdue."), "soon": Words("三天内没有到期的。", "Nothing is due within three days."),
    "still": Words("没有停着的。", "Nothing stands still."), "longer": Words("没有人申请延期。", "Nobody asks for longer."),
    "all": Words("没有在办的。", "Nothing is open."),
}  # fmt: skip


def oversee(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The list, narrowed to a unit if one is named, in the order asked for."""
    mine = {one: town().units[one] for one in below(viewer.unit_id)}
    asked = {
        "which": _one_of(request, "which", _WHICH, "late"), "sort": _one_of(request, "sort", SORTS, "due"),
        "unit": _one_of(request, "unit", {one.code: one for one in mine.values()}, ""),
    }  # fmt: skip
    units = [one.id for one in mine.values() if not asked["unit"] or one.code == asked["unit"]]
    number = whole(request.GET.get("page")) or 1
    found = overseen(viewer, units, which=asked["which"], sort=asked["sort"], page=number)
    context = {
        "rows": [_row(row) for row in found.rows], "empty": _EMPTY[asked["which"]], "asked": asked,
        "which": [
            {"title": words, "url": _to(asked, which=code), "here": code == asked["which"]}
            for code, words in _WHICH.items()
        ],
        "sorts": list(_SORT.items()),
        "units": sorted((one for one in mine.values() if one.active), key=lambda one: one.id),
        "before": _to(asked, page=number - 1) if number > 1 else "", "after": _to(asked, page=number + 1) if found.more else "",
    }  # fmt: skip
    return frame.show(request, viewer, "oversee", context)


def _one_of(request: HttpRequest, name: str, known: Any, usual: str) -> str:
    value = request.GET.get(name, usual)
    return value if value in known else usual


def _to(asked: dict[str, str], **changed: Any) -> str:
    return "/counter/oversee?" + urlencode(
        {name: value for name, value in (asked | changed).items() if value}
    )


def _row(row: Row) -> dict[str, Any]:
    left, _ = frame.time_left(row.due_at, late=row.late)
    return {
        "number": row.number, "url": f"/counter/matter/{row.id}", "title": row.title, "step": row.step_title,
        "unit": row.unit, "opened_at": row.opened_at, "due_at": row.due_at, "late": row.late, "left": left,
        "provisional": row.provisional,
    }  # fmt: skip
