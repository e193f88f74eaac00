"""The verbs: everything that changes a matter goes through here, in one transaction, check first, then change.

Lock order: the matter row, then its steps. Each verb appends one event whose header alone replays the flow, rewrites the
derived `step` rows, and leaves one outbox row. A verb that is refused changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Q

from doorstep.kernel import clock, event, file, issue, pack, post
from doorstep.kernel import flow as flows
from doorstep.kernel.crypto import new_key, open_sealed, seal
from doorstep.kernel.flow import Happening, State
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.ids import matter_number, uuid7
from doorstep.kernel.models import Matter, Point, Posting, Share, Step, Unit
from doorstep.kernel.org import point_named, town, unit_named
from doorstep.kernel.party import Person, find_or_add
from doorstep.kernel.region import calendar
from doorstep.kernel.trust import BRANCHES, Viewer, keys, not_found, refuse_right, refuse_sign_in
from doorstep.kernel.words import Refused, Words

CHANNELS = ("hall", "station", "room", "kiosk", "workstation", "online", "agent", "post", "partner")
RIGHT_OF = {"received": "receive", "competent": "decide", "hand_out": "hand_out", "applicant": "apply"}


@dataclass(slots=True)
class _Open:
    """A matter being changed: the locked row, its key and clear data, and what has been decided so far."""

    row: Matter
    key: bytes
    data: dict[str, Any]
    pack: pack.Pack
    at: datetime
    closed: dict[str, Step] = field(default_factory=dict)


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
) -> Done:
    """Take an application in. ``point`` is where it comes in (X), ``hand_out`` where its result is fetched (Z, default X);
    the pack says who is competent (Y). A resident applies for the own person; a clerk names ``applicant``.

    Refused: "sign-in", "no-right", "no-item", "no-point", "channel" (409), "invalid" with faults by field,
    "request-reused" (409).
    """
    if not viewer.signed_in:
        raise refuse_sign_in()
    found = pack.current(item)
    viewer.need("apply" if viewer.is_resident else "receive", found.branch)
    content = {"item": item, "point": point, "channel": channel, "data": data, "hand_out": hand_out,
               "applicant": [applicant.name, applicant.id_no, applicant.phone] if applicant else None}  # fmt: skip

    def do() -> Done:
        return _open(viewer, found, point_named(point), channel, dict(data), hand_out, applicant)

    return once(viewer, "open", request_id, content, do, _done_of)


def _open(
    viewer: Viewer,
    found: pack.Pack,
    at_point: Point,
    channel: str,
    data: dict[str, Any],
    hand_out: str | None,
    applicant: Person | None,
) -> Done:
    if channel not in found.channels or (channel != "online" and viewer.is_resident):
        raise _channel_closed(found, channel)
    if not viewer.is_resident and at_point.unit_id != viewer.unit_id:
        raise refuse_right()
    _validate(found, data)
    party_id = _applicant(viewer, applicant, found)
    unit = _competent(found, data, at_point)
    z = point_named(hand_out) if hand_out else at_point
    moment = clock.now()
    matter_id, key = uuid7(), new_key()
    facts = found.facts(data, channel=channel)
    state, happened = flows.start(found.flow, facts)
    row = Matter(
        id=matter_id, number=_next_number(unit, moment), kind="service", item=found.code,
        branch=BRANCHES[found.branch], pack=found.hash, law_date=moment.astimezone(calendar().zone).date(),
        channel=channel, state="open", point_id=at_point.id, hand_out_id=z.id, unit_id=unit.id, city=unit.city,
        county=unit.county, station=unit.station, applicant_id=party_id, opened_by=viewer.account_id,
        opened_at=moment, version=0, head=event.genesis(matter_id), flow={}, key=keys().wrap(key, matter_id.bytes),
        sealed=_seal_data(matter_id, key, data), figures=found.figures_of(data, channel),
    )  # fmt: skip
    row.due_at = clock.due(moment, found.promise, calendar()).at
    opened = _Open(row, key, data, found, moment)
    _share_first(row, at_point, z, party_id, moment)
    row.state, row.closed_at = _state_after(row, state, happened, moment)
    entry = _entry(
        viewer, opened, "opened", happened, {"item": found.code, "pack": found.hash.hex()}, {"data": data}
    )
    row.version, row.head, row.flow = entry.seq, entry.hash, state.as_json()
    row.save(force_insert=True)
    event.append(entry, row.state)
    file.attach(viewer, found.form.files(data), matter_id)
    _post_tokens(row, party_id, applicant)
    _move(viewer, opened, happened)
    _tell(row, happened, first=True)
    return _done(row)


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
) -> Done:
    """Finish one open step of a matter with an outcome of its flow.

    ``data`` is the corrected form (applicant's step) or what the step asks; ``reason`` and ``faults``
    ({"field", "reason", "text"}) say why a reviewer returns or refuses. Refused: "not-found", "no-right",
    "moved-on" (409: somebody was faster, or the page is old), "no-such-step", "step-closed" (409), "reason",
    "invalid", "request-reused" (409).
    """
    if not viewer.signed_in:
        raise refuse_sign_in()
    content = {"matter": str(matter_id), "step": step, "outcome": outcome, "data": data, "reason": reason,
               "faults": list(faults)}  # fmt: skip

    def do() -> Done:
        opened = _lock(matter_id)
        if version is not None and version != opened.row.version:
            raise moved_on()
        _check_mine(viewer, opened, step)
        return _act(viewer, opened, step, outcome, dict(data) if data is not None else None, reason, faults)

    return once(viewer, "act", request_id, content, do, _done_of)


def _act(
    viewer: Viewer,
    opened: _Open,
    step: str,
    outcome: str,
    data: dict[str, Any] | None,
    reason: str,
    faults: Sequence[Mapping[str, str]],
) -> Done:
    row, found = opened.row, opened.pack
    _check_reason(found, outcome, reason, faults)
    by_applicant = found.flow.step(step).by == "applicant"
    if by_applicant and data is not None:
        _validate(found, data)
        opened.data = data
    facts = found.facts(opened.data, channel=row.channel)
    state, happened = flows.act(found.flow, State.from_json(row.flow), step, outcome, facts)
    body: dict[str, Any] = {}
    if data is not None:
        body["data"] = data
    if reason:
        body["reason"] = reason
    if faults:
        body["faults"] = [dict(f) for f in faults]
    codes = {"step": step, "outcome": outcome}
    if by_applicant and data is not None:
        file.attach(viewer, found.form.files(data), row.id)
        row.sealed = _seal_data(row.id, opened.key, data)
    return _finish(viewer, opened, "acted", state, happened, codes, body)


def withdraw(viewer: Viewer, matter_id: UUID, *, request_id: str, reason: str = "") -> Done:
    """The applicant takes an undecided application back; nothing further is done and nothing is held against anybody.

    Refused: "not-found", "no-right" for anybody but the applicant, "ended" (409).
    """

    def do() -> Done:
        opened = _lock(matter_id)
        if viewer.party_id is None or viewer.party_id != opened.row.applicant_id:
            raise refuse_right()
        state, happened = flows.withdraw(opened.pack.flow, State.from_json(opened.row.flow))
        return _finish(viewer, opened, "withdrawn", state, happened, {}, {"reason": reason} if reason else {})

    return once(viewer, "withdraw", request_id, {"matter": str(matter_id), "reason": reason}, do, _done_of)


def note(viewer: Viewer, matter_id: UUID, *, text: str, request_id: str) -> Done:
    """Put a remark into the chain of a matter one sees. Refused: "not-found", "no-right", "empty"."""
    if not text.strip():
        raise Refused("empty", Words("请写点什么再提交。", "Write something before you submit."))

    def do() -> Done:
        opened = _lock(matter_id)
        viewer.need("note", opened.pack.branch)
        state = State.from_json(opened.row.flow)
        return _finish(viewer, opened, "noted", state, (), {}, {"text": text})

    return once(viewer, "note", request_id, {"matter": str(matter_id), "text": text}, do, _done_of)


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
        opened = _lock(matter_id)
        viewer.need("share", opened.pack.branch)
        _add_share(opened.row.id, opened.at, role=role, unit_id=target.id, reason=reason, until=until)
        state = State.from_json(opened.row.flow)
        return _finish(
            viewer, opened, "shared", state, (), {"to": target.id, "role": role, "why": reason}, {}
        )

    content = {"matter": str(matter_id), "unit": unit, "role": role, "reason": reason, "until": until}
    return once(viewer, "share", request_id, content, do, _done_of)


def hand_over(viewer: Viewer, matter_id: UUID, *, unit: str, reason: str, request_id: str) -> Done:
    """Another unit becomes competent: scope and open competent steps move, dues stay. The old unit keeps a reading share.

    Refused: as `note`, "no-unit", "same-unit" (409).
    """
    target = unit_named(unit)

    def do() -> Done:
        opened = _lock(matter_id)
        row = opened.row
        viewer.need("hand_over", opened.pack.branch)
        if viewer.unit_id != row.unit_id:
            raise refuse_right()
        if target.id == row.unit_id:
            raise Refused(
                "same-unit", Words("它已经在这个单位了。", "It is with this unit already."), status=409
            )
        _add_share(row.id, opened.at, role="former", unit_id=row.unit_id, reason="hand_over")
        Step.objects.filter(matter_id=row.id, by="competent", closed_at=None).update(unit_id=target.id)
        codes = {"from": row.unit_id, "to": target.id}
        row.unit_id, row.city, row.county, row.station = target.id, target.city, target.county, target.station
        done = _finish(
            viewer, opened, "handed_over", State.from_json(row.flow), (), codes, {"reason": reason}
        )
        if row.applicant_id:
            post.notify(row.applicant_id, "moved", row.id, row.number)
        return done

    content = {"matter": str(matter_id), "unit": unit, "reason": reason}
    return once(viewer, "hand_over", request_id, content, do, _done_of)


def link(viewer: Viewer, matter_id: UUID, *, other: UUID, request_id: str) -> Done:
    """Say that two matters, both visible to the viewer, belong together. Refused: as `note`, "not-found" for either."""

    def do() -> Done:
        if other == matter_id:
            raise Refused("same-matter", Words("不能和它自己关联。", "A matter cannot be linked to itself."))
        first = _lock(min(matter_id, other))
        second = _lock(max(matter_id, other))
        mine, its = (first, second) if first.row.id == matter_id else (second, first)
        viewer.need("link", mine.pack.branch)
        _finish(viewer, its, "linked", State.from_json(its.row.flow), (), {"other": str(matter_id)}, {})
        return _finish(viewer, mine, "linked", State.from_json(mine.row.flow), (), {"other": str(other)}, {})

    return once(viewer, "link", request_id, {"matter": str(matter_id), "other": str(other)}, do, _done_of)


def mark_late(viewer: Viewer, matter_id: UUID, step: str) -> bool:
    """A step's due time has passed: the system says so in the chain, once, and the flow's ``on_late`` happens."""
    opened = _lock(matter_id)
    row = opened.row
    due = Step.objects.filter(
        matter_id=row.id, name=step, closed_at=None, late_at=None, due_at__lte=opened.at
    ).first()
    if due is None:
        return False
    due.late_at = opened.at
    due.save(update_fields=["late_at"])
    state, happened = flows.late(opened.pack.flow, State.from_json(row.flow), step)
    _finish(viewer, opened, "late", state, happened, {"step": step}, {})
    if row.applicant_id and due.by != "applicant":
        post.notify(row.applicant_id, "late", row.id, row.number)
    return True


# ---- the parts ----


def _lock(matter_id: UUID) -> _Open:
    row = Matter.objects.select_for_update().filter(id=matter_id).first()
    if row is None:
        raise not_found()
    if row.key is None:
        raise Refused(
            "erased",
            Words("这件事的内容已依法销毁。", "The content of this matter was lawfully erased."),
            status=410,
        )
    key = keys().unwrap(bytes(row.key), row.id.bytes)
    return _Open(
        row, key, open_data(row, key), pack.version(bytes(row.pack)), max(clock.now(), row.opened_at)
    )


def open_data(row: Matter, key: bytes) -> dict[str, Any]:
    """The clear form data of a matter."""
    value: dict[str, Any] = orjson.loads(open_sealed(key, bytes(row.sealed), b"matter:" + row.id.bytes))
    return value


def _seal_data(matter_id: UUID, key: bytes, data: Mapping[str, Any]) -> bytes:
    return seal(key, event.canonical(dict(data)), b"matter:" + matter_id.bytes)


def _finish(
    viewer: Viewer,
    opened: _Open,
    kind: str,
    state: State,
    happened: Sequence[Happening],
    codes: Mapping[str, Any],
    body: Mapping[str, Any],
) -> Done:
    row = opened.row
    row.state, row.closed_at = _state_after(row, state, happened, opened.at)
    entry = _entry(viewer, opened, kind, happened, codes, body)
    row.version, row.head, row.flow = entry.seq, entry.hash, state.as_json()
    row.save()
    event.append(entry, row.state)
    _move(viewer, opened, happened)
    _tell(row, happened)
    return _done(row)


def _entry(
    viewer: Viewer,
    opened: _Open,
    kind: str,
    happened: Sequence[Happening],
    codes: Mapping[str, Any],
    body: Mapping[str, Any],
) -> event.Entry:
    row = opened.row
    told = {**codes, "state": row.state, "happened": [h.as_codes() for h in happened]}
    return event.entry(
        row.id, seq=row.version + 1, prev=bytes(row.head), kind=kind, at=opened.at, account_id=viewer.account_id,
        unit_id=viewer.unit_id, codes=told, body=body, key=opened.key,
    )  # fmt: skip


def _move(viewer: Viewer, opened: _Open, happened: Sequence[Happening]) -> None:
    """Rewrite the derived step rows and order the papers that these happenings give."""
    row = opened.row
    for one in happened:
        if one.kind == "step.opened":
            _open_step(opened, one)
        elif one.kind == "step.closed":
            Step.objects.filter(matter_id=row.id, name=one.step, closed_at=None).update(
                closed_at=opened.at, outcome=one.outcome, account_id=viewer.account_id
            )
            for give in opened.pack.gives_at(one.step or "", one.outcome or ""):
                issue.order(row, opened.key, opened.data, give, opened.at)
        elif one.kind == "ended":
            Step.objects.filter(matter_id=row.id, closed_at=None).update(
                closed_at=opened.at, outcome=one.state
            )


def _open_step(opened: _Open, one: Happening) -> None:
    row = opened.row
    unit_id, party_id = _owner(row, one.by or "")
    due = clock.due(opened.at, clock.Limit.parse(one.limit), calendar()) if one.limit else None
    Step.objects.create(
        id=uuid7(), matter_id=row.id, name=one.step, by=one.by, unit_id=unit_id, party_id=party_id,
        opened_at=opened.at, due_at=due.at if due else None, provisional=bool(due and due.provisional),
    )  # fmt: skip


def _owner(row: Matter, by: str) -> tuple[int | None, UUID | None]:
    if by == "applicant":
        return None, row.applicant_id
    points = town().points
    owner = {
        "received": points[row.point_id].unit_id,
        "hand_out": points[row.hand_out_id].unit_id,
        "competent": row.unit_id,
    }
    return owner.get(by, row.unit_id), None


def _state_after(
    row: Matter, state: State, happened: Sequence[Happening], at: datetime
) -> tuple[str, datetime | None]:
    if state.ended:
        return state.ended, row.closed_at or at
    if any(h.kind == "step.closed" and h.outcome == "approve" for h in happened):
        return "granted", None
    opens = {h.by for h in happened if h.kind == "step.opened"}
    if opens:
        if "applicant" in opens:
            return "returned", None
        return ("open", None) if row.state == "returned" else (row.state, None)
    return row.state, None


def _tell(row: Matter, happened: Sequence[Happening], first: bool = False) -> None:
    if row.applicant_id is None:
        return
    if first and row.state != "closed":
        post.notify(row.applicant_id, "received", row.id, row.number)
    moved = any(h.kind in ("step.opened", "step.closed", "ended") for h in happened)
    if moved and row.state in ("returned", "granted", "refused", "closed", "withdrawn"):
        post.notify(row.applicant_id, row.state, row.id, row.number)


def _check_mine(viewer: Viewer, opened: _Open, step: str) -> None:
    """Is this step of the flow open, and the viewer's to do? Each no has its own words."""
    declared = opened.pack.flow.steps.get(step)
    if declared is None:
        raise Refused(
            "no-such-step",
            Words("流程里没有这一步，什么都没有改动。", "The flow has no such step; nothing was changed."),
        )
    by = declared.by
    viewer.need(RIGHT_OF.get(by, "decide"), opened.pack.branch)
    row = Step.objects.filter(matter_id=opened.row.id, name=step, closed_at=None).first()
    if row is None:
        raise moved_on()
    mine = row.party_id == viewer.party_id if by == "applicant" else row.unit_id == viewer.unit_id
    if not mine or (row.party_id is None and row.unit_id is None):
        raise refuse_right()


def moved_on() -> Refused:
    """Somebody was faster, or the page is old."""
    return Refused(
        "moved-on",
        Words(
            "这件事刚刚有了变化：可能同事已经处理，或者您的页面不是最新。您填的内容还在，请看一眼最新情况再决定。",
            "This matter has just changed: a colleague may have dealt with it, or your page is old. What you typed is kept; "
            "look at how it stands now, then decide.",
        ),
        status=409,
    )


def _check_reason(found: pack.Pack, outcome: str, reason: str, faults: Sequence[Mapping[str, str]]) -> None:
    if outcome not in ("return", "refuse"):
        return
    known = found.reasons.get(outcome, {})
    given = [f.get("reason", "") for f in faults] + ([reason] if reason in known else [])
    if not reason.strip() and not faults:
        raise Refused(
            "reason",
            Words(
                "请写明理由，要让对方一次看懂、一次改好。",
                "Give the reason, so that it can be understood and mended at once.",
            ),
            faults=(("/reason", Words("必填", "Required")),),
        )
    unknown = [g for g in given if g and g not in known]
    if unknown:
        raise Refused(
            "reason",
            Words("理由不在本事项的清单里，请重选。", "The reason is not on this item's list. Choose again."),
        )


def _validate(found: pack.Pack, data: Mapping[str, Any]) -> None:
    faults = found.form.validate(dict(data))
    if faults:
        raise Refused(
            "invalid",
            Words(f"有 {len(faults)} 处要改，改好就能提交；您填的内容都还在。", f"{len(faults)} answers need a change; what you typed is kept."),
            faults=tuple((f.pointer, f.words) for f in faults),
        )  # fmt: skip


def _channel_closed(found: pack.Pack, channel: str) -> Refused:
    return Refused(
        "channel",
        Words(f"“{found.title.zh}”现在不能从这个渠道办，请看办事指南里的渠道。", f"“{found.title.en}” cannot be done through this channel; see its guide."),
        status=409,
    )  # fmt: skip


def _applicant(viewer: Viewer, person: Person | None, found: pack.Pack) -> UUID:
    if viewer.is_resident:
        if viewer.party_id is None or viewer.assurance < 2:
            raise Refused(
                "assurance",
                Words(
                    "请先在窗口或用证件核实身份，再在网上办。",
                    "Please have your identity verified first, then apply online.",
                ),
                status=403,
            )
        return viewer.party_id
    if person is None:
        raise Refused(
            "no-applicant",
            Words("请先核对是谁来办。", "Identify the applicant first."),
            faults=(("/applicant", Words("必填", "Required")),),
        )
    return find_or_add(viewer, person, purpose=found.purpose)


def _competent(found: pack.Pack, data: Mapping[str, Any], at_point: Point) -> Unit:
    code = found.competent_code(data)
    return unit_named(code) if code else town().units[at_point.unit_id]


def _next_number(unit: Unit, moment: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select nextval('matter_number')")
        sequence = int(cursor.fetchone()[0])
    return matter_number(unit.division[:6], moment.astimezone(calendar().zone).date(), sequence)


def _share_first(row: Matter, x: Point, z: Point, party_id: UUID, at: datetime) -> None:
    _add_share(row.id, at, role="applicant", party_id=party_id)
    _add_share(row.id, at, role="received", unit_id=x.unit_id)
    if z.unit_id != x.unit_id:
        _add_share(row.id, at, role="hand_out", unit_id=z.unit_id)


def _add_share(
    matter_id: UUID,
    at: datetime,
    *,
    role: str,
    unit_id: int | None = None,
    party_id: UUID | None = None,
    reason: str = "",
    until: datetime | None = None,
) -> None:
    with (
        connection.cursor() as cursor
    ):  # no RETURNING: the policy that shows a share may not hold before it is written
        cursor.execute(
            """insert into share (id, matter_id, unit_id, party_id, role, tier, at, until, reason)
            values (%s, %s, %s, %s, %s, 1, %s, %s, %s)""",
            [uuid7(), matter_id, unit_id, party_id, role, at, until, reason[:48]],
        )


def _post_tokens(row: Matter, party_id: UUID, person: Person | None) -> None:
    tokens = [keys().blind("number", row.number), keys().blind("party", str(party_id))]
    if person is not None:
        tokens.append(keys().blind("name", person.name))
        if person.id_no:
            tokens.append(keys().blind("id_no", person.id_no))
    Posting.objects.bulk_create([Posting(token=t, matter_id=row.id) for t in tokens])


def _done(row: Matter) -> Done:
    return Done(row.id, row.number, row.state, row.version)


def _done_of(matter_id: UUID) -> Done:
    row = Matter.objects.filter(id=matter_id).only("id", "number", "state", "version").first()
    if row is None:
        raise not_found()
    return _done(row)


def shares_of(matter_id: UUID) -> list[Share]:
    """Who sees this matter beside its competent unit."""
    return list(Share.objects.filter(Q(matter_id=matter_id)).order_by("at"))
