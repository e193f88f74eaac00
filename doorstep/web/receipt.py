"""Copies on paper of what a page says: we have it and answer by this day; this is what you need to put right.

Drawn on demand from a matter that the viewer has read (the read is logged there), not stored, not signed: the record
counts. They exist because nobody needs a phone to be served.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from doorstep.kernel.org import unit_words
from doorstep.kernel.read import MatterView
from doorstep.rulebook.clock import now
from doorstep.rulebook.field import at_pointer
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words
from doorstep.web import drawing


def acceptance(view: MatterView, *, lang: str, address: str, demo: bool) -> bytes:
    """The receipt of acceptance of a matter as PDF; ``address`` is where its applicant can follow it."""
    data = {
        **_head(view, address, demo),
        "accepted_on": _day(view.accepted_at or view.opened_at),
        "within": view.promised,
        "due_on": _day(view.due_at) if view.due_at and not view.closed_at else None,
        "due_provisional": view.provisional,
        "rows": _rows(view),
        "materials": [{"name": name, "note": ""} for name in _materials(view)],
        "next": [stop.title for stop in view.stops if stop.status in ("here", "wait", "next")],
    }
    return drawing.render("acceptance-receipt", data, lang=lang)


def to_correct(view: MatterView, *, lang: str, address: str, demo: bool) -> bytes:
    """The notice of everything to be put right as PDF. Refused: "nothing-to-correct" (409) unless it was returned."""
    if view.state != "returned":
        raise Refused(
            "nothing-to-correct",
            Words("这件事现在没有要补正的地方。", "There is nothing to put right in this matter now."),
            status=409,
        )
    waiting = [step.due_at for step in view.open_steps if step.by == "applicant" and step.due_at]
    data = {
        **_head(view, address, demo),
        "points": _points(view),
        "until": _day(waiting[0]) if waiting else None,
        "where": Words("网上“我的事”里改，或者到任何一个窗口", "Online under My matters, or at any window"),
        "kept": _materials(view, but={fault.get("field", "") for fault in view.faults}),
    }
    return drawing.render("return-notice", data, lang=lang)


def _head(view: MatterView, address: str, demo: bool) -> dict[str, Any]:
    return {
        "number": view.number,
        "matter_number": view.number,
        "item": view.title,
        "unit": unit_words(view.point.unit_id),
        "issued_on": _day(now()),
        "check_url": address,
        "signed": False,
        "demo": demo,
    }


def _rows(view: MatterView) -> list[dict[str, Any]]:
    asked = [
        (Words("申请人", "Applicant"), view.applicant.masked().name),
        (Words("在哪里交的", "Taken at"), view.point.name),
        (Words("谁来决定", "Decided by"), view.unit),
        (Words("在哪里领", "Collect at"), view.hand_out.name),
        (Words("电话", "Telephone"), view.point.phone),
    ]
    return [{"label": label, "value": value} for label, value in asked if value]


def _materials(view: MatterView, but: AbstractSet[str] = frozenset()) -> list[Words]:
    """The titles of what was handed in, without what was asked for again (its field is among ``but``)."""
    names = {asked.material.code: asked.material.title for asked in view.pack.materials}
    again = {str(at_pointer(view.data, pointer)) for pointer in but}
    return [names[f.material] for f in view.files if f.material in names and str(f.id) not in again]


def _points(view: MatterView) -> Sequence[dict[str, Any]]:
    """Each fault with the pack's words for its reason and what the reviewer wrote; else the one reason given."""
    known = view.pack.reasons.get("return", {})
    fields = {field.pointer: field.title for field in view.pack.form.fields}
    points = []
    for fault in view.faults or ({"reason": view.reason, "text": ""},):
        why = known.get(fault.get("reason", ""), None)
        typed = fault.get("text", "") or ("" if why else fault.get("reason", ""))
        where = fields.get(fault.get("field", ""), Words("申请", "Application"))
        what = why or where
        points.append(
            {
                "what": what,
                "how": typed or Words("请改好这一处再提交。", "Please correct this and send it again."),
            }
        )
    return points


def _day(moment: Any) -> str:
    return str(moment.astimezone(calendar().zone).date().isoformat())
