"""Accepting a visit: every item becomes a matter, or none does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from doorstep.domains.counter import checklist, correction, originals, place, scans, slip, undo
from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.basket import filled
from doorstep.domains.counter.visit import Entry, Guest, Visit
from doorstep.kernel.matter import act, note, open_matter, withdraw
from doorstep.kernel.read import MatterView, read_matter
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.flow import step_of
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Refused, Words

_TOO_LATE = Words(
    "过了一分钟，或者已经有人办了，不能收回。要撤回，请本人说明；发出的文书有错，另办一件更正。",
    "A minute has passed, or somebody has acted on it. The person can withdraw it; a wrong paper is corrected by another matter.",
)

PAPER = "ON-PAPER"
"""Among what was ticked: the clerk typed from a form that the person had filled in by hand."""
ON_PAPER = "照本人手填的纸质申请表录入"


def take_in(viewer: Viewer, kept: Visit) -> Visit:
    """Open the matters of all entries. Of a visit that is done only what its receipt prints is kept. Refused as `open_matter`."""
    kept = undo.forget_files(viewer, kept, all_of_them=True)
    with transaction.atomic():
        taken: set[UUID] = set()
        done = tuple(_open(viewer, kept, entry, taken) for entry in kept.entries())
        _keep_originals(viewer, kept, done)
        guests = tuple(
            replace(one, person=replace(one.person, id_no="", phone=""), others=()) for one in kept.guests
        )
        return visits.keep(
            viewer, Visit(id=kept.id, guests=guests, at=guests[0].number, point=kept.point, done=done)
        )


def _open(viewer: Viewer, kept: Visit, entry: Entry, taken: set[UUID]) -> dict[str, Any]:
    """Open one matter and finish the step of the window at once: the clerk has just checked everything. What is done in
    some cases only (a call, a confirmation), and where something is to be written, waits at the desk."""
    point = place.point_of(viewer, kept.point)
    if point is None:
        raise Refused(
            "no-point",
            Words("您的单位没有登记服务窗口，请找管理员添加。", "Your unit has no window. Ask the administrator to add one."),
        )  # fmt: skip
    item, request_id = entry.item, kept.requests[entry.key]
    data = scans.own(viewer, entry, filled(kept, entry), taken)
    opened = open_matter(
        viewer, item=item.code, point=point.code, channel=point.channel, data=data,
        hand_out=item.hand_out_code(data), applicant=entry.guest.person, request_id=request_id,
    )  # fmt: skip
    view = read_matter(viewer, opened.matter_id, purpose=item.purpose)
    for step in view.mine:
        if step.by == "received" and _is_the_check(item, step_of(step.name)):
            act(
                viewer,
                opened.matter_id,
                step=step.name,
                outcome=step.outcomes[0],
                request_id=f"{request_id}-in",
            )
    _note_originals(viewer, kept, entry, view, request_id)
    if entry.key in kept.corrects:
        correction.tie(viewer, kept.corrects[entry.key], opened.matter_id, request_id)
    at_once = point.channel in (item.raw.get("on_the_spot") or ())
    line = slip.receipt_line(read_matter(viewer, opened.matter_id, purpose=item.purpose))
    return line | {"guest": entry.guest.number, "at_once": at_once, "entry": entry.key, "left": [], "left_codes": [],
                   "purpose": item.purpose, "corrects": entry.key in kept.corrects}  # fmt: skip


def _is_the_check(item: Pack, step: str) -> bool:
    """Is a step over when the window has looked at the papers?"""
    return step not in item.fills and (step == item.accepted_at or not item.flow.step(step).when)


def _keep_originals(viewer: Viewer, kept: Visit, done: tuple[dict[str, Any], ...]) -> None:
    """What stays here is kept for the first matter that needs it, and said on its receipt."""
    for one in done:
        mine = [n for n in checklist.papers(kept) if n.left and n.entries[0] == one["entry"]]
        materials = {visits.code_of(n.code): n.title for n in mine}
        originals.keep(viewer, UUID(one["id"]), materials, kept.requests[one["entry"]])
        one["left"] = [title.as_dict() for title in materials.values()]
        one["left_codes"] = [n.code for n in mine]


def _note_originals(viewer: Viewer, kept: Visit, entry: Entry, view: MatterView, request_id: str) -> None:
    """Which originals the clerk saw stands in the chain, as the papers went back; and that the form was filled in by hand."""
    mine = [one for one in checklist.papers(kept) if entry.key in one.entries]
    seen = [one.title.zh for one in mine if one.seen and not one.left]
    said = [ON_PAPER] if PAPER in kept.seen else []
    said += ["窗口看过原件：" + "、".join(seen)] if seen else []
    if said and viewer.may("note", view.pack.branch):
        note(viewer, view.id, text="；".join(said), request_id=f"{request_id}-seen")


def may_take_back(found: Visit) -> bool:
    """Is it less than a minute since this visit was accepted, and nothing of it decided, given out or tied to a paper?"""
    if not found.done or any(one["state"] != "open" or one["corrects"] for one in found.done):
        return False
    return clock.now() - datetime.fromisoformat(found.done[0]["opened_at"]) <= undo.WITHIN


def take_back(viewer: Viewer, found: Visit) -> Visit:
    """The acceptance was a wrong click: every matter of the visit is withdrawn with the person there, and the basket is back as
    it was. What was told to the person stays told. Refused: "too-late" (409), and as `withdraw`.
    """
    if not may_take_back(found):
        raise Refused("too-late", _TOO_LATE, status=409)
    guests: dict[int, Guest] = {}
    visit = Visit(id=found.id, point=found.point)
    with transaction.atomic():
        for one in found.done:
            view = read_matter(
                viewer,
                UUID(one["id"]),
                purpose=one["purpose"],
                reason="窗口一分钟内收回 · taken back at once",
            )
            if view.state != "open" or any(step.closed_at and step.by != "received" for step in view.steps):
                raise Refused("too-late", _TOO_LATE, status=409)
            key = one["entry"]
            answers = scans.copied(viewer, view)
            withdraw(
                viewer,
                view.id,
                present=view.applicant,
                reason="窗口错点，一分钟内收回",
                request_id=f"{view.id.hex}-back",
            )
            originals.not_kept(viewer, view.id)
            guests.setdefault(one["guest"], Guest(one["guest"], view.applicant, checked=True))
            visit = replace(
                visit, items=(*visit.items, key), titles={**visit.titles, key: one["title"]},
                answers={**visit.answers, key: answers}, requests={**visit.requests, key: uuid4().hex},
                left=visit.left | set(one["left_codes"]),
            )  # fmt: skip
        kept = replace(visit, guests=tuple(guests.values()), at=min(guests))
        return visits.keep(viewer, visits.here(viewer, kept))


def set_aside(visit: Visit, key: str) -> Visit:
    """A parked visit with this one entry and all that was typed for it."""
    number = visits.number_of(key)
    guests = tuple(one for one in visit.guests if one.number == number)

    def own(held: Mapping[str, Any]) -> dict[str, Any]:
        return {one: value for one, value in held.items() if one == key}

    return Visit(
        guests=guests, at=number, items=(key,), titles=own(visit.titles), answers=own(visit.answers), requests=own(visit.requests),
        point=visit.point, parked=True,
    )  # fmt: skip
