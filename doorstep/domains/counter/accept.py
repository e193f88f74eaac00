"""Accepting a visit: every item becomes a matter, or none does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction

from doorstep.domains.counter import checklist, originals, place, slip, undo
from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.basket import filled
from doorstep.domains.counter.visit import Entry, Visit
from doorstep.kernel import file
from doorstep.kernel.matter import act, note, open_matter
from doorstep.kernel.read import MatterView, read_matter
from doorstep.kernel.trust import Viewer
from doorstep.rulebook.words import Refused, Words
from doorstep.web.questions import pairs_from, upload_ids


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
    """Open one matter and finish the step of the window at once: the clerk has just checked everything."""
    point = place.point_of(viewer, kept.point)
    if point is None:
        raise Refused(
            "no-point",
            Words("您的单位没有登记服务窗口，请找管理员添加。", "Your unit has no window. Ask the administrator to add one."),
        )  # fmt: skip
    item, request_id = entry.item, kept.requests[entry.key]
    data = _own_files(viewer, entry, filled(kept, entry), taken)
    opened = open_matter(
        viewer, item=item.code, point=point.code, channel=point.channel, data=data,
        hand_out=item.hand_out_code(data), applicant=entry.guest.person, request_id=request_id,
    )  # fmt: skip
    view = read_matter(viewer, opened.matter_id, purpose=item.purpose)
    for step in view.mine:
        if step.by == "received":
            act(
                viewer,
                opened.matter_id,
                step=step.name,
                outcome=step.outcomes[0],
                request_id=f"{request_id}-in",
            )
    _note_originals(viewer, kept, entry, view, request_id)
    at_once = point.channel in (item.raw.get("on_the_spot") or ())
    line = slip.receipt_line(read_matter(viewer, opened.matter_id, purpose=item.purpose))
    return line | {"guest": entry.guest.number, "at_once": at_once, "entry": entry.key, "left": []}


def _keep_originals(viewer: Viewer, kept: Visit, done: tuple[dict[str, Any], ...]) -> None:
    """What stays here is kept for the first matter that needs it, and said on its receipt."""
    for one in done:
        mine = [n for n in checklist.papers(kept) if n.left and n.entries[0] == one["entry"]]
        materials = {visits.code_of(n.code): n.title for n in mine}
        originals.keep(viewer, UUID(one["id"]), materials, kept.requests[one["entry"]])
        one["left"] = [title.as_dict() for title in materials.values()]


def _own_files(viewer: Viewer, entry: Entry, data: dict[str, Any], taken: set[UUID]) -> dict[str, Any]:
    """A scan belongs to one matter: every further item that needs the same paper gets a copy of its own."""
    form = entry.item.form
    copies: dict[str, str] = {}
    for file_id in upload_ids(form, data):
        if file_id in taken:
            content, _ = file.read_file(viewer, file_id)
            copies[str(file_id)] = str(file.add(viewer, file.receive([content]), _material(viewer, file_id)))
        taken.add(file_id)
    if not copies:
        return data
    return form.from_post([(pointer, copies.get(value, value)) for pointer, value in pairs_from(data)])


def _material(viewer: Viewer, file_id: UUID) -> str:
    row = file.pending(viewer, [file_id]).get(file_id)
    return row.material if row else ""


def _note_originals(viewer: Viewer, kept: Visit, entry: Entry, view: MatterView, request_id: str) -> None:
    """Which originals the clerk saw stands in the chain: the papers themselves went back to the person."""
    mine = [one for one in checklist.papers(kept) if entry.key in one.entries]
    seen = [one.title.zh for one in mine if one.seen and not one.left]
    if seen and viewer.may("note", view.pack.branch):
        note(viewer, view.id, text="窗口看过原件：" + "、".join(seen), request_id=f"{request_id}-seen")


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
