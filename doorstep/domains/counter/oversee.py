"""For supervisors: what is late, about to be, stands still or asks for longer, in their unit and those under it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from doorstep.domains.counter import frame
from doorstep.domains.counter.lead import led
from doorstep.kernel.assign import Colleague, assign, colleagues
from doorstep.kernel.lists import SORTS, Row, overseen
from doorstep.kernel.org import below, town, unit_words
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused, Words

PATH = "/counter/oversee"
_WORKS = frozenset({"receive", "decide", "hand_out", "assist"})
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
    """The list, narrowed to a unit or an officer if one is named; a post gives what is ticked to another. Counts alone for who
    leads units without working with records.
    """
    if not viewer.may("supervise"):
        return led(request, viewer)
    if request.method != "POST":
        return _listed(request, viewer)
    try:
        with transaction.atomic():
            given = _give(viewer, request.POST)
    except Refused as refusal:
        return _listed(request, viewer, refusal)
    query = request.GET.copy()
    query["given"] = str(given)
    return HttpResponseRedirect(f"{PATH}?{query.urlencode()}")


def _give(viewer: Viewer, post: QueryDict) -> int:
    """Give each ticked step to the officer who was chosen, all or none. Refused: "pick", "to", as `assign`."""
    picked = sorted(set(post.getlist("pick")))[:100]
    if not picked:
        raise Refused("pick", Words("请先勾要改派的事。", "Tick what is to be given to another."))
    try:
        to, named = (
            UUID(post.get("to", "")),
            [(UUID(one.partition("|")[0]), one.partition("|")[2]) for one in picked],
        )
    except ValueError:
        raise Refused("to", Words("请选交给谁。", "Choose to whom.")) from None
    for number, (matter_id, step) in enumerate(named):
        assign(viewer, matter_id, step=step, to=to, reason=post.get("reason", ""),
               request_id=f"{post.get('request_id', '')[:24]}-{number}-{matter_id}")  # fmt: skip
    return len(named)


def _listed(request: HttpRequest, viewer: Viewer, refusal: Refused | None = None) -> HttpResponse:
    mine = {one: town().units[one] for one in below(viewer.unit_id)}
    asked = {
        "which": _one_of(request, "which", _WHICH, "late"), "sort": _one_of(request, "sort", SORTS, "due"),
        "unit": _one_of(request, "unit", {one.code: one for one in mine.values()}, ""),
        "who": _one_of(request, "who", {"nobody", *map(str, colleagues())}, "") if "who" in request.GET else "",
    }  # fmt: skip
    units = [one.id for one in mine.values() if not asked["unit"] or one.code == asked["unit"]]
    after = request.GET.get("after", "")
    known, who = colleagues(), asked["who"]
    found = overseen(viewer, units, which=asked["which"], sort=asked["sort"], after=after,
                     who=UUID(who) if who not in ("", "nobody") else None, free=who == "nobody")  # fmt: skip
    there = {row.unit_id for row in found.rows} | {
        known[row.holder].unit_id for row in found.rows if row.holder in known
    }
    given = request.GET.get("given", "")
    context = {
        "to": [(c.id, c.name, unit_words(c.unit_id)) for c in known.values() if c.unit_id in there and c.verbs & _WORKS],
        "who": known[UUID(who)].name if who not in ("", "nobody") else None, "request_id": uuid4().hex,
        "said": Words(f"改派了 {given} 件。", f"Given to another: {given}.") if given.isdecimal() else None,
        "refusal": refusal.words if refusal else None, "query": request.GET.urlencode(),
        "picked": request.POST.getlist("pick") if refusal else [],
        "rows": [_row(row, known) for row in found.rows], "empty": _EMPTY[asked["which"]], "asked": asked,
        "which": [
            {"title": words, "url": _to(asked, which=code), "here": code == asked["which"]}
            for code, words in _WHICH.items()
        ],
        "sorts": list(_SORT.items()),
        "units": sorted((one for one in mine.values() if one.active), key=lambda one: one.id),
        "first": _to(asked) if after else "", "after": _to(asked, after=found.after) if found.more else "",
    }  # fmt: skip
    return frame.show(request, viewer, "oversee", context, refusal.status if refusal else 200)


def _one_of(request: HttpRequest, name: str, known: Any, usual: str) -> str:
    value = request.GET.get(name, usual)
    return value if value in known else usual


def _to(asked: dict[str, str], **changed: Any) -> str:
    return f"{PATH}?" + urlencode({name: value for name, value in (asked | changed).items() if value})


def _row(row: Row, known: Mapping[UUID, Colleague]) -> dict[str, Any]:
    holder = known.get(row.holder) if row.holder else None
    left, _ = frame.time_left(row.due_at, late=row.late)
    return {
        "number": row.number, "url": f"/counter/matter/{row.id}", "title": row.title, "step": row.step_title,
        "unit": row.unit, "opened_at": row.opened_at, "due_at": row.due_at, "late": row.late, "left": left,
        "provisional": row.provisional, "pick": f"{row.id}|{row.step}", "holder": holder.name if holder else None,
    }  # fmt: skip
