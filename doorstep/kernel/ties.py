"""The verbs beside the flow: who else is concerned, where it is, which other matters it touches, and what it really is.

Like every verb they lock by id, check first, then change, and append one event to each matter they touch. None of them
moves a flow on, but `reclassify` begins another one and `merge` ends one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from doorstep.kernel import change, child, due, file
from doorstep.kernel.begin import bring
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.models import Involved, Step, Tie, Unit
from doorstep.kernel.org import town
from doorstep.kernel.party import Person, find_or_add, people
from doorstep.kernel.trust import BRANCHES, Viewer
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flow import State
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.machine import Command, move
from doorstep.rulebook.words import Refused, Words

_ROLE = re.compile(r"[a-z][a-z_]{1,15}\Z")


def add_party(
    viewer: Viewer,
    matter_id: UUID,
    *,
    role: str,
    request_id: str,
    person: Person | None = None,
    described: str = "",
    known_as: UUID | None = None,
) -> Done:
    """Somebody is concerned, as ``role`` (respondent, witness, owner, …). Without ``person`` they are unknown, or wish not to
    be named, and ``described`` says what is known; ``known_as`` is the id of such an entry whose name is known now.
    Being concerned gives no sight of the matter. `Done.made` is the id of the entry.

    Refused: "not-found", "no-right", "role", "nobody" (neither person nor description), "no-name", "wrong-number",
    "name-differs" (409) for a number that is on record under another name.
    """
    if not _ROLE.match(role):
        raise Refused(
            "role",
            Words(
                "身份要用小写英文代号，如 witness。", "A role is a code in small letters, such as witness."
            ),
            faults=(("/role", Words("不对", "Not a code")),),
        )
    if person is None and not described.strip():
        raise Refused(
            "nobody",
            Words("请写姓名；不知道是谁，就写知道的情况。", "Give a name, or what is known of this person."),
            faults=(("/described", Words("必填", "Required")),),
        )

    def do() -> Done:
        opened = _locked(viewer, matter_id, "involve")
        row = opened.row
        party_id = find_or_add(viewer, person, purpose=opened.pack.purpose) if person else None
        entry = _entry(row.id, known_as, role)
        entry.party_id = party_id
        entry.at = opened.at
        entry.save()
        if person is not None:
            change.check_name(party_id, person)
        row.tied = True
        body = {"described": described} if described else {}
        codes = {"entry": str(entry.id), "role": role, "known": party_id is not None}
        return change.told(viewer, opened, "involved", codes, body, made=str(entry.id))

    content = {"matter": str(matter_id), "role": role, "described": described, "known_as": known_as and str(known_as),
               "person": [person.name, person.id_no, person.phone] if person else None}  # fmt: skip
    return once(viewer, "involve", request_id, content, do, change.done_of)


def _entry(matter_id: UUID, known_as: UUID | None, role: str) -> Involved:
    if known_as is None:
        return Involved(id=uuid7(), matter_id=matter_id, role=role)
    found = Involved.objects.filter(id=known_as, matter_id=matter_id, party_id=None).first()
    if found is None:
        raise Refused(
            "no-entry",
            Words("没有这个待查明的人，可能已经查明。", "There is no such unknown person here; perhaps the name is known."),
            status=409,
        )  # fmt: skip
    found.role = role
    return found


def locate(
    viewer: Viewer, matter_id: UUID, *, lon: float, lat: float, request_id: str, address: str = ""
) -> Done:
    """Where it is, in degrees of WGS-84, and what the place is called. Refused: "not-found", "no-right", "place"."""
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Refused(
            "place",
            Words("经度在 -180 到 180、纬度在 -90 到 90 之间。", "Longitude is within ±180, latitude within ±90 degrees."),
            faults=(("/lon", Words("核对", "Check")), ("/lat", Words("核对", "Check"))),
        )  # fmt: skip

    def do() -> Done:
        opened = _locked(viewer, matter_id, "locate")
        opened.row.lon, opened.row.lat = lon, lat
        body = {"lon": lon, "lat": lat, "address": address}
        return change.told(viewer, opened, "located", {}, body)

    content = {"matter": str(matter_id), "lon": lon, "lat": lat, "address": address}
    return once(viewer, "locate", request_id, content, do, change.done_of)


def link(viewer: Viewer, matter_id: UUID, *, other: UUID, request_id: str) -> Done:
    """Say that two matters, both visible to the viewer, belong together. Refused: "not-found" for either, "no-right",
    "same-matter".
    """

    def do() -> Done:
        mine, its = _both(viewer, matter_id, other, "link")
        _tie(mine, its, "linked")
        change.told(viewer, its, "linked", {"other": str(matter_id)}, {})
        return change.told(viewer, mine, "linked", {"other": str(other)}, {})

    content = {"matter": str(matter_id), "other": str(other)}
    return once(viewer, "link", request_id, content, do, change.done_of)


def merge(viewer: Viewer, matter_id: UUID, *, other: UUID, reason: str, request_id: str) -> Done:
    """``other`` is the same thing as this matter, which goes on alone. Both chains stay; the head of the one that ends
    stands in the survivor's. Whoever brought the other keeps it, closed, and sees nothing of this one.

    Refused: "not-found" for either, "no-right", "same-matter", "ended" (409) if one of them has ended, "other-branch" (409).
    """

    def do() -> Done:
        mine, its = _both(viewer, matter_id, other, "merge")
        for one in (mine, its):
            change.not_ended(one)
        if mine.row.branch != its.row.branch:
            raise Refused(
                "other-branch",
                Words("两件事归不同的业务条线，请用关联或转办。", "They belong to different branches: link or refer instead."),
                status=409,
            )  # fmt: skip
        _tie(mine, its, "merged")
        for entry in Involved.objects.filter(matter_id=its.row.id):
            Involved.objects.create(
                id=uuid7(), matter_id=mine.row.id, party_id=entry.party_id, role=entry.role, at=mine.at
            )
        if its.row.applicant_id:
            Involved.objects.create(
                id=uuid7(), matter_id=mine.row.id, party_id=its.row.applicant_id, role="also_brought", at=mine.at
            )  # fmt: skip
        change.add_share(its.row, its.at, role="merged", unit_id=mine.row.unit_id, reason="merge")
        state, happened = move(its.flow, State.from_json(its.row.flow), Command("stop"), {}, its.at)
        body = {"reason": reason}
        change.finish(viewer, its, "merged", state, happened, {"into": str(matter_id)}, body)
        codes = {"other": str(other), "head": bytes(its.row.head).hex(), "events": its.row.version}
        return change.told(viewer, mine, "merged", codes, body)

    content = {"matter": str(matter_id), "other": str(other), "reason": reason}
    return once(viewer, "merge", request_id, content, do, change.done_of)


def refer(
    viewer: Viewer, matter_id: UUID, *, item: str, data: Mapping[str, Any], reason: str, request_id: str
) -> Done:
    """What was brought calls for another item too: a matter of its own is opened for the same person, at the same point,
    with this one as its provenance. This one goes on. Answers the new matter.

    Refused: "not-found", "no-right", "no-item", "invalid" with faults by field.
    """

    def do() -> Done:
        opened = _locked(viewer, matter_id, "refer")
        change.not_ended(opened)
        row, points = opened.row, town().points
        person = people([row.applicant_id]).get(row.applicant_id) if row.applicant_id else None
        made = bring(
            viewer, item, dict(data), at_point=points[row.point_id], channel=row.channel, hand_out=None,
            person=person, party_id=row.applicant_id, origin=row.id, watched_by=viewer.unit_id,
        )  # fmt: skip
        _tie(opened, made, "referred")
        change.told(viewer, opened, "referred", {"to": str(made.row.id), "item": item}, {"reason": reason})
        return change.done(made.row)

    content = {"matter": str(matter_id), "item": item, "data": data, "reason": reason}
    return once(viewer, "refer", request_id, content, do, change.done_of)


def reclassify(
    viewer: Viewer,
    matter_id: UUID,
    *,
    item: str,
    reason: str,
    request_id: str,
    data: Mapping[str, Any] | None = None,
) -> Done:
    """It is something else than it was taken for: from here on it goes the way of ``item``, from that way's start; number,
    chain and what was brought stay. ``data``: the answers that the other item asks, else those given so far.

    Refused: "not-found", "no-right", "no-item", "same-item" and "ended" (409), "invalid" with faults by field.
    """
    wanted = pack.current(item)
    if wanted.part_of:
        raise pack.no_item(item)

    def do() -> Done:
        opened = _locked(viewer, matter_id, "reclassify")
        viewer.need("reclassify", wanted.branch)
        change.not_ended(opened)
        row = opened.row
        if row.item == item:
            raise Refused("same-item", Words("它已经是这一项了。", "It is this item already."), status=409)
        person = people([row.applicant_id]).get(row.applicant_id) if row.applicant_id else None
        answers = dict(data) if data is not None else opened.data
        unit, found = change.competent(item, answers, town().points[row.point_id])
        change.validate(viewer, found, answers, person)
        was = {"from": row.item, "from_unit": row.unit_id}
        Step.objects.filter(matter_id=row.id, closed_at=None).update(
            closed_at=opened.at, outcome="reclassified"
        )
        left = child.waited_for(opened)
        _becomes(viewer, opened, unit, found, answers)
        state, happened = move(
            opened.flow, State(), Command("start"), found.facts(answers, channel=row.channel), opened.at
        )
        codes = {"item": found.code, "pack": found.hash.hex(), **was}
        body: dict[str, Any] = {"reason": reason} | ({"data": answers} if data is not None else {})
        done = change.finish(viewer, opened, "reclassified", state, happened, codes, body)
        child.call_off(viewer, opened, left)
        return done

    content = {"matter": str(matter_id), "item": item, "data": data, "reason": reason}
    return once(viewer, "reclassify", request_id, content, do, change.done_of)


def _becomes(
    viewer: Viewer, opened: change.Opened, unit: Unit, found: pack.Pack, answers: dict[str, Any]
) -> None:
    """The row as a matter of another item: its pack, its competent unit, its promise; the old unit keeps a reading share."""
    row = opened.row
    if unit.id != row.unit_id:
        change.add_share(row, opened.at, role="former", unit_id=row.unit_id, reason="reclassify")
    row.item, row.pack, row.branch = found.code, found.hash, BRANCHES[found.branch]
    row.unit_id, row.city, row.county, row.station = unit.id, unit.city, unit.county, unit.station
    row.state, row.due_at, row.provisional, row.tied = "open", None, False, True
    row.figures = found.figures_of(answers, row.channel)
    row.sealed = change.seal_data(row.id, opened.key, answers)
    opened.pack, opened.data = found, answers
    file.attach(viewer, found.form.files(answers), row.id, found.form.materials)
    if not found.accepted_at:
        due.accept(row, found, opened.at)


def _locked(viewer: Viewer, matter_id: UUID, right: str) -> change.Opened:
    opened = change.lock(matter_id)
    viewer.need(right, opened.pack.branch)
    return opened


def _both(viewer: Viewer, matter_id: UUID, other: UUID, right: str) -> tuple[change.Opened, change.Opened]:
    """Both matters, locked in the order of their ids, so that two who tie them the other way round do not wait for ever."""
    if other == matter_id:
        change.lock(matter_id)  # who may not see it learns nothing about it
        raise Refused("same-matter", Words("不能和它自己连在一起。", "A matter cannot be tied to itself."))
    first, second = change.lock(min(matter_id, other)), change.lock(max(matter_id, other))
    mine, its = (first, second) if first.row.id == matter_id else (second, first)
    viewer.need(right, mine.pack.branch)
    return mine, its


def _tie(mine: change.Opened, its: change.Opened, kind: str) -> None:
    Tie.objects.create(id=uuid7(), matter_id=mine.row.id, other_id=its.row.id, kind=kind, at=clock.now())
    mine.row.tied = its.row.tied = True
