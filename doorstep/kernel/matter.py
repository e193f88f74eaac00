"""The verbs: everything that changes a matter goes through here, in one transaction, check first, then change.

Lock order: the matter row, then its steps. Each verb appends one event whose header alone replays the flow, rewrites the
derived `step` rows, and leaves one outbox row. A verb that is refused changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from doorstep.kernel import aside, change, child, due, file, plug, post
from doorstep.kernel.begin import bring
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.models import Point, Step
from doorstep.kernel.org import point_named, reach_at, town, unit_named
from doorstep.kernel.party import Person, check_present, person_of
from doorstep.kernel.trust import Viewer, refuse_right, refuse_sign_in
from doorstep.rulebook import flow as flows
from doorstep.rulebook import pack
from doorstep.rulebook.flow import State
from doorstep.rulebook.machine import Command, move
from doorstep.rulebook.words import Refused, Words

CHANNELS = ("hall", "station", "room", "kiosk", "workstation", "online", "agent", "post", "partner")


def open_matter(
    viewer: Viewer,
    *,
    item: str,
    point: str,
    channel: str,
    data: Mapping[str, Any],
    request_id: str,
    hand_out: str | None = None,
    applicant: Person | None = None,
    on_behalf: UUID | None = None,
) -> Done:
    """Take an application in. ``point`` is where it comes in (X), ``hand_out`` where its result is fetched (Z, default X);
    the pack says who is competent (Y). A resident applies for the own person, or ``on_behalf`` of another by this mandate;
    a clerk names ``applicant``. Answers that name another applicant are faults.

    Refused: "sign-in", "no-right", "no-mandate", "own-hand", "no-item", "no-point", "channel" (409), "not-here" (409) where the
    point does not take the item through this channel, "invalid" with faults by field, "request-reused" (409).
    """
    if not viewer.signed_in:
        raise refuse_sign_in()
    found = pack.current(item)
    if found.part_of:
        raise pack.no_item(item)
    viewer.need(viewer.brings, found.branch)
    content = {"item": item, "point": point, "channel": channel, "data": data, "hand_out": hand_out,
               "applicant": [applicant.name, applicant.id_no, applicant.phone] if applicant else None}  # fmt: skip
    content |= {"on_behalf": str(on_behalf)} if on_behalf else {}

    def do() -> Done:
        whom = plug.mandates().held(viewer, on_behalf, found) if on_behalf else None
        return _open(viewer, found, point_named(point), channel, dict(data), hand_out, applicant, whom)

    return once(viewer, "open", request_id, content, do, change.done_of)


def _open(
    viewer: Viewer,
    found: pack.Pack,
    at_point: Point,
    channel: str,
    data: dict[str, Any],
    hand_out: str | None,
    applicant: Person | None,
    whom: UUID | None,
) -> Done:
    here = pack.current(found.code, reach_at(at_point.code))
    if channel not in here.channels or (channel != "online" and viewer.is_resident):
        raise _channel_closed(here, channel)
    if not at_point.serves(channel, here.code):
        raise change.not_here(here, channel, at_point)
    if not viewer.is_resident and at_point.unit_id != viewer.unit_id:
        raise refuse_right()
    person = person_of(whom or viewer.party_id) if viewer.is_resident else applicant
    found, data = change.asked_there(found, data, at_point)
    change.validate(viewer, found, data, person)
    party_id = whom or change.applicant(viewer, applicant, found)
    made = bring(
        viewer,
        found.code,
        data,
        at_point=at_point,
        channel=channel,
        hand_out=hand_out,
        person=person,
        party_id=party_id,
    )
    if applicant is not None:
        change.check_name(party_id, applicant)
    return change.done(made.row)


def _channel_closed(found: pack.Pack, channel: str) -> Refused:
    return Refused(
        "channel",
        Words(
            f"“{found.title.zh}”现在不能从这个渠道办，请看办事指南里的渠道。",
            f"“{found.title.en}” cannot be done through this channel; see its guide.",
        ),
        status=409,
    )  # fmt: skip


def asked_there(item: str, point: str, data: Mapping[str, Any]) -> tuple[pack.Pack, dict[str, Any]]:
    """An item as it holds for the unit that these answers make competent, and the answers to what it asks.

    Refused: "no-item", "no-point".
    """
    return change.asked_there(pack.current(item), dict(data), point_named(point))


def act(
    viewer: Viewer,
    matter_id: UUID,
    *,
    step: str,
    outcome: str,
    request_id: str,
    data: Mapping[str, Any] | None = None,
    reason: str = "",
    faults: Sequence[Mapping[str, str]] = (),
    version: int | None = None,
    present: Person | None = None,
) -> Done:
    """Finish one open step of a matter with an outcome of its flow; at a window also the applicant's, who is ``present``.

    ``data`` is the corrected form (applicant's step) or what the step asks; ``reason`` and ``faults``
    ({"field", "reason", "text"}) say why a reviewer returns or refuses. Refused: "not-found", "no-right",
    "moved-on" (409: somebody was faster, or the page is old), "no-such-step", "step-closed" (409), "reason",
    "invalid", "request-reused" (409).
    """
    if not viewer.signed_in:
        raise refuse_sign_in()
    content = {"matter": str(matter_id), "step": step, "outcome": outcome, "data": data, "reason": reason,
               "faults": list(faults), "present": present and [present.name, present.id_no]}  # fmt: skip

    def do() -> Done:
        opened = change.lock(matter_id, asked=True)
        if version is not None and version != opened.row.version:
            raise change.moved_on()
        change.check_mine(viewer, opened, step, present)
        answers = dict(data) if data is not None else None
        return _act(viewer, opened, step, outcome, answers, reason, faults, present)

    return once(viewer, "act", request_id, content, do, change.done_of)


def _act(
    viewer: Viewer,
    opened: change.Opened,
    step: str,
    outcome: str,
    data: dict[str, Any] | None,
    reason: str,
    faults: Sequence[Mapping[str, str]],
    present: Person | None = None,
) -> Done:
    row, found = opened.row, opened.pack
    declared = opened.flow.step(step)
    by_applicant = declared.by == "applicant"
    if not by_applicant:
        change.check_reason(found, outcome, reason, faults)
    if outcome == "return":
        change.check_once(opened, step, reason, faults)
    if by_applicant and data is not None:
        change.validate(
            viewer, found, data, present or person_of(row.applicant_id), child.signed_faults(opened, data)
        )
        opened.data = data | {name: opened.data[name] for name in ("heard",) if name in opened.data}
    written = not by_applicant and change.write_in(opened, step, outcome, data or {})
    if found.accepts(step, outcome):
        due.accept(row, found, opened.at)
    facts = found.facts(opened.data, channel=row.channel)
    if data is not None and not by_applicant:
        facts["given"] = data
    command = Command("act", step, outcome)
    state, happened = move(opened.flow, State.from_json(row.flow), command, facts, opened.at)
    said = {"data": data, "reason": reason or None, "faults": [dict(f) for f in faults] or None}
    body = {name: value for name, value in said.items() if value is not None}
    codes: dict[str, Any] = {"step": step, "outcome": outcome} | ({"present": True} if present else {})
    codes |= aside.answered(viewer, row.id, declared, step, outcome, reason)
    if by_applicant and data is not None:
        file.attach(viewer, found.form.files(data), row.id, found.form.materials)
        row.sealed = change.seal_data(row.id, opened.key, opened.data)
        row.figures = found.figures_of(data, row.channel)
    elif written:
        row.sealed = change.seal_data(row.id, opened.key, opened.data)
    finished = change.finish(viewer, opened, "acted", state, happened, codes, body)
    if "longer" in codes and row.applicant_id:
        post.notify(row.applicant_id, "longer", row.id, row.number)
    return finished


def withdraw(
    viewer: Viewer, matter_id: UUID, *, request_id: str, reason: str = "", present: Person | None = None
) -> Done:
    """The applicant, or who acts for them, takes an undecided application back; nothing further is done and nothing is held
    against anybody. At the window that took it in also with the applicant ``present``.

    Refused: "not-found", "no-right" for anybody but the applicant, "not-the-person" (409), "ended" (409).
    """

    def do() -> Done:
        opened = change.lock(matter_id)
        if present is not None:
            viewer.need(viewer.brings, opened.pack.branch)
            if viewer.unit_id != town().points[opened.row.point_id].unit_id:
                raise refuse_right()
            check_present(opened.row.applicant_id, present)
        elif not change.own(viewer, opened.row):
            raise refuse_right()
        state, happened = move(
            opened.flow, State.from_json(opened.row.flow), Command("withdraw"), {}, opened.at
        )
        codes = {"present": True} if present else {}
        return change.finish(
            viewer, opened, "withdrawn", state, happened, codes, {"reason": reason} if reason else {}
        )

    content = {"matter": str(matter_id), "reason": reason} | ({"present": present.id_no} if present else {})
    return once(viewer, "withdraw", request_id, content, do, change.done_of)


def note(viewer: Viewer, matter_id: UUID, *, text: str, request_id: str) -> Done:
    """Put a remark into the chain of a matter one sees. Refused: "not-found", "no-right", "empty"."""
    if not text.strip():
        raise Refused("empty", Words("请写点什么再提交。", "Write something before you submit."))

    def do() -> Done:
        opened = change.lock(matter_id)
        viewer.need("note", opened.pack.branch)
        state = State.from_json(opened.row.flow)
        return change.finish(viewer, opened, "noted", state, (), {}, {"text": text})

    return once(viewer, "note", request_id, {"matter": str(matter_id), "text": text}, do, change.done_of)


def share(
    viewer: Viewer,
    matter_id: UUID,
    *,
    unit: str,
    role: str,
    reason: str,
    request_id: str,
    until: datetime | None = None,
) -> Done:
    """Let one more unit see a matter, for a reason and, if wanted, until a time. Refused: as `note`, "no-unit"."""
    target = unit_named(unit)

    def do() -> Done:
        opened = change.lock(matter_id)
        viewer.need("share", opened.pack.branch)
        _whole(opened)
        change.add_share(opened.row, opened.at, role=role, unit_id=target.id, until=until)
        state = State.from_json(opened.row.flow)
        return change.finish(
            viewer, opened, "shared", state, (), {"to": target.id, "role": role}, {"reason": reason}
        )

    content = {"matter": str(matter_id), "unit": unit, "role": role, "reason": reason, "until": until}
    return once(viewer, "share", request_id, content, do, change.done_of)


def hand_over(viewer: Viewer, matter_id: UUID, *, unit: str, reason: str, request_id: str) -> Done:
    """Another unit becomes competent: scope and open competent steps move, dues stay. The old unit keeps a reading share.

    Refused: as `note`, "no-unit", "same-unit" (409).
    """
    target = unit_named(unit)

    def do() -> Done:
        opened = change.lock(matter_id)
        row = opened.row
        viewer.need("hand_over", opened.pack.branch)
        _whole(opened)
        if viewer.unit_id != row.unit_id:
            raise refuse_right()
        if target.id == row.unit_id:
            raise Refused(
                "same-unit", Words("它已经在这个单位了。", "It is with this unit already."), status=409
            )
        change.add_share(row, opened.at, role="former", unit_id=row.unit_id, reason="hand_over")
        held = Step.objects.filter(matter_id=row.id, by="competent", unit_id=row.unit_id, closed_at=None)
        held.update(unit_id=target.id, account_id=None)
        Step.objects.filter(matter_id=row.id, closed_at=None, over_id=row.unit_id).update(over_id=target.id)
        codes = {"from": row.unit_id, "to": target.id}
        row.unit_id, row.city, row.county, row.station = target.id, target.city, target.county, target.station
        done = change.finish(
            viewer, opened, "handed_over", State.from_json(row.flow), (), codes, {"reason": reason}
        )
        if row.applicant_id:
            post.notify(row.applicant_id, "moved", row.id, row.number)
        return done

    content = {"matter": str(matter_id), "unit": unit, "reason": reason}
    return once(viewer, "hand_over", request_id, content, do, change.done_of)


def _whole(opened: change.Opened) -> None:
    """A part of something else (a signature, a call-back) stays with whom it was opened for."""
    if opened.pack.part_of:
        raise refuse_right()


def add_step(
    viewer: Viewer, matter_id: UUID, *, step: str, request_id: str, reason: str = "", days: int | None = None,
    shows: Sequence[str] = (),
) -> Done:  # fmt: skip
    """Add a step that the flow lets somebody add beside what is open; ``step`` as `flow.may_add` names it, and behind an ``@``
    the code of the unit that is asked, if the flow leaves it to choose. ``reason``: why, or the question; ``days``: how many
    working days a longer limit is asked for; ``shows``: which answers (pointers) and files the unit that is asked may see,
    which else sees no more of the matter than its number, its item and its question (rights 11).

    Refused: "not-found", "no-right", "no-such-step", "reason", "days", "shows", "no-unit", "same-unit", "flow.not_addable",
    "flow.not_now" (409), "flow.ended" (409).
    """

    def do() -> Done:
        opened = change.lock(matter_id)
        row, found = opened.row, opened.pack
        by = change.stands_as(viewer, opened, step)
        declared = opened.flow.step(step)
        codes: dict[str, Any] = {"step": step} | aside.asked(viewer, declared, step, reason, days)
        codes |= aside.shown(row.id, found.form, declared, shows)
        facts = found.facts(opened.data, channel=row.channel)
        state, happened = move(
            opened.flow, State.from_json(row.flow), Command("add", step, by=by), facts, opened.at
        )
        body = {"reason": reason.strip()} if reason.strip() else {}
        if row.applicant_id not in (None, viewer.party_id) and declared.by == "applicant":
            post.notify(row.applicant_id, "asked", row.id, row.number)
        return change.finish(viewer, opened, "added", state, happened, codes, body)

    content = {"matter": str(matter_id), "step": step, "shows": sorted(shows)} | (
        {"reason": reason, "days": days} if reason or days else {}
    )
    return once(viewer, "add_step", request_id, content, do, change.done_of)


def hear(
    viewer: Viewer,
    matter_id: UUID,
    *,
    step: str,
    said: str,
    data: Mapping[str, Any] | None = None,
    message: str = "",
) -> Done:
    """A connector's answer or failure, a child's end or another message came for an open call, sub or wait.

    For background jobs, and for the domain whose ``message`` a wait is for, which has checked who may. The step is open once,
    so the same message twice is refused ("flow.closed_step"). ``data`` goes into the body and, by the step's name, to what
    the matter has heard. Refused: "no-right" for others, "flow.answer", "flow.closed_step" (409), "flow.ended" (409).
    """
    opened = change.lock(matter_id, asked=True)
    row, declared = opened.row, opened.flow.step(step)
    if (declared.kind, declared.asks) != ("wait", message) if message else viewer.kind != "system":
        raise refuse_right()
    if data:
        opened.data["heard"] = {**opened.data.get("heard", {}), flows.step_of(step): dict(data)}
        row.sealed = change.seal_data(row.id, opened.key, opened.data)
    facts = opened.pack.facts(opened.data, channel=row.channel)
    command = Command("answer", step, said)
    state, happened = move(opened.flow, State.from_json(row.flow), command, facts, opened.at)
    codes = {"step": step, "said": said}
    return change.finish(
        viewer, opened, "heard", state, happened, codes, {"data": dict(data)} if data else {}
    )


def book(viewer: Viewer, matter_id: UUID, *, kind: str, codes: Mapping[str, Any], why: str = "") -> Done:
    """A domain, which has checked who may, did something about a matter that leaves its way where it stands: the event of it.

    ``kind``: one that the domain says ``happens``; ``codes``: no words; ``why`` as typed. Refused: "not-found", "erased" (410).
    """
    return change.told(viewer, change.lock(matter_id), kind, codes, {"text": why} if why else {})


def mark_late(viewer: Viewer, matter_id: UUID, step: str) -> bool:
    """A step's due time has passed: the system says so in the chain, once, and the flow's ``on_late`` happens."""
    opened = change.lock(matter_id)
    row = opened.row
    late = Step.objects.filter(
        matter_id=row.id, name=step, closed_at=None, late_at=None, due_at__lte=opened.at
    ).first()
    if late is None:
        return False
    late.late_at = opened.at
    late.save(update_fields=["late_at"])
    state, happened = move(
        opened.flow, State.from_json(row.flow), Command("late", step),
        opened.pack.facts(opened.data, channel=row.channel), opened.at,
    )  # fmt: skip
    change.finish(viewer, opened, "late", state, happened, {"step": step}, {})
    if row.applicant_id and late.by not in ("applicant", *flows.MESSAGES):
        post.notify(row.applicant_id, "late", row.id, row.number)
    return True


def remind(viewer: Viewer, matter_id: UUID, step: str) -> bool:
    """A step is due soon: the applicant is told, once, if it waits for the applicant; a unit has its lists."""
    opened = change.lock(matter_id)
    row = opened.row
    soon = Step.objects.filter(matter_id=row.id, name=step, closed_at=None, remind_at__lte=opened.at).first()
    if soon is None:
        return False
    Step.objects.filter(id=soon.id).update(remind_at=None)
    if row.applicant_id and soon.by in ("applicant", "wait"):
        post.notify(row.applicant_id, "remind", row.id, row.number)
    return True
