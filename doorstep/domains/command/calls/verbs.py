"""What is done with a call: taken, placed, judged, tied to others, passed on, closed. Each is one transaction with one event.

The operator's right is `dispatch`, at the unit that is the command centre; whoever reports from a telephone or by a device opens a
call and sees how far help is, nothing else. Who is sent is in `send.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import connection

from doorstep.domains.command.calls import kinds
from doorstep.domains.command.calls.machine import MACHINE
from doorstep.domains.command.calls.models import CallPlace, CallReceipt
from doorstep.kernel import change
from doorstep.kernel.begin import bring
from doorstep.kernel.crypto import open_small, seal_small
from doorstep.kernel.event import canonical
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.org import town
from doorstep.kernel.row import first, insert, run
from doorstep.kernel.trust import SYSTEM, Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.flow import State
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.machine import Command, move
from doorstep.rulebook.words import Refused, Words

_SYSTEM: Final = Viewer(account_id=SYSTEM, kind="system", name=Words("系统", "System"))
_OWN_MOST: Final = 3
CENTRE: Final = "centre"
"""The kind of unit to which calls come."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a call: its kind, what was said, the answers to the kind's questions, and where it is."""

    kind: str
    by: str = "phone"
    said: Mapping[str, str] = field(default_factory=dict)
    """place, words, name, phone, threatened, silent, language, device; what is empty is left out."""
    answers: Mapping[str, str] = field(default_factory=dict)
    lon: float | None = None
    lat: float | None = None
    ground: str = ""
    """The code of the station on whose ground it is."""
    zone: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """As the answers of the pack's form."""
        call = {k: v.strip() for k, v in self.said.items() if v and v.strip() and k != "ring_back"}
        asked = {name: value for name, value in self.answers.items() if value}
        return {"call": {"by": self.by, **call}} | ({"ask": asked} if asked else {})

    def told(self) -> dict[str, Any]:
        """All of it, for the fingerprint of a request."""
        return {"kind": self.kind, "data": self.data, "at": [self.lon, self.lat], "ground": self.ground}


def centre() -> tuple[Any, Any]:
    """The unit to which calls come here, and its point. Refused: "no-centre" (404) where there is none."""
    here = town()
    unit = next((one for one in here.units.values() if one.kind == CENTRE and one.active), None)
    point = next((one for one in here.points.values() if unit and one.unit_id == unit.id), None)
    if unit is None or point is None:
        words = Words(
            "这里没有接警的指挥中心；请打 110。", "No command centre takes calls here; please ring 110."
        )
        raise Refused("no-centre", words, status=404)
    return unit, point


def has_centre() -> bool:
    """Whether calls are taken here at all."""
    return any(one.kind == CENTRE and one.active for one in town().units.values())


def operator(viewer: Viewer) -> None:
    """Refuse whoever is no operator of the command centre: "no-right"."""
    viewer.need("dispatch")
    if viewer.unit_id != centre()[0].id:
        raise refuse_right()


def take(viewer: Viewer, report: Report, *, request_id: str, parent: UUID | None = None) -> Done:
    """An operator takes a call in; with ``parent`` it is the same as that one.

    Refused: "no-right", "no-centre", "no-kind", "invalid" by field, "not-found" for the parent.
    """
    operator(viewer)

    def do() -> Done:
        opened = _opened(viewer, report, reported_by=None, party=None)
        if parent is not None:
            tie(viewer, opened.row.id, parent)
        return change.done_of(opened.row.id)

    content = {**report.told(), "parent": str(parent) if parent else None}
    return once(viewer, "call_take", request_id, content, do, change.done_of)


def report_own(viewer: Viewer, report: Report, *, request_id: str) -> Done:
    """Somebody signed in reports by their telephone; whose account nobody has verified may, too. Refused: as `take`, "too-many"
    (429) for the fourth within ten minutes that is still open: the centre has it.
    """
    if not viewer.is_resident:
        raise refuse_right()

    def do() -> Done:
        since = clock.now() - timedelta(minutes=10)
        mine = CallPlace.objects.filter(reported_by=viewer.account_id, closed_at=None, told_at__gt=since)
        if mine.count() >= _OWN_MOST:
            words = Words(
                "指挥中心已经收到您的求助。还有新情况，请打 110。",
                "The centre has your report. For anything new, ring 110.",
            )
            raise Refused("too-many", words, status=429)
        fresh = uuid7()
        with scope_kept() as cursor:
            about = _begun(cursor, fresh, None)
            if about is None:
                raise not_found()
            opened = _opened(
                _SYSTEM, report, UUID(about["by"]), about["party"] and UUID(about["party"]), fresh
            )
            return change.done(opened.row)

    return once(viewer, "call_report", request_id, report.told(), do, _reported)


def report_by_device(token: bytes, about: Mapping[str, Any]) -> dict[str, Any]:
    """A sensor's or a volunteer's report; ``about``: id (the device's own, a UUID), words, lon, lat, kind. The same id again is the
    same call. Refused: "no-device" (401) for a token that no device has, or has no more; as `take`.
    """
    fresh = UUID(str(about["id"]))
    with scope_kept() as cursor:
        cursor.execute("select trust.reported(%s, %s)", [token, fresh])
        known = _json(cursor.fetchone()[0])
        if known:
            return dict(known)
        device = _begun(cursor, fresh, token)
        if device is None:
            words = Words("设备的令牌不对，或者已经停用。", "No device has this token, or it has ended.")
            raise Refused("no-device", words, status=401)
        report = Report(
            kind=str(about.get("kind") or device["item"]), by=str(device["kind"]),
            said={"words": str(about.get("words") or ""), "place": str(about.get("place") or ""), "device": device["name"]},
            lon=about.get("lon", device["lon"]), lat=about.get("lat", device["lat"]),
            ground=str(about.get("ground") or ""), zone=str(about.get("zone") or ""),
        )  # fmt: skip
        opened = _opened(_SYSTEM, report, UUID(device["by"]), None, fresh)
        return {"number": opened.row.number, "state": opened.row.state}


def _begun(cursor: Any, fresh: UUID, token: bytes | None) -> dict[str, Any] | None:
    cursor.execute("select trust.begin_call(%s, %s, %s)", [fresh, token, clock.now()])
    found: dict[str, Any] | None = _json(cursor.fetchone()[0])
    return found


@contextmanager
def scope_kept() -> Iterator[Any]:
    """A cursor whose functions may make the caller the system; afterwards the caller's own scope is back."""
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('doorstep.ctx', true)")
        mine = cursor.fetchone()[0] or ""
        yield cursor
        cursor.execute("select set_config('doorstep.ctx', %s, true)", [mine])


def _opened(
    viewer: Viewer, report: Report, reported_by: UUID | None, party: UUID | None, fresh: UUID | None = None
) -> change.Opened:
    found = kinds.kind_pack(report.kind)
    change.validate(viewer, found, report.data, None)
    opened = bring(
        viewer, report.kind, report.data, at_point=centre()[1], channel="online" if reported_by else "station", hand_out=None,
        person=None, party_id=party, matter_id=fresh,
    )  # fmt: skip
    row, said = opened.row, report.said
    judged = kinds.judge(report.kind, report.answers)
    insert(CallPlace(
        matter_id=row.id, number=row.number, kind=report.kind, level=judged.level, row=judged.row, state=row.state,
        **_placed(report), told_at=opened.at, closed_at=None, by_channel=report.by, silent=said.get("silent") == "yes",
        threatened=said.get("threatened") == "yes", language=str(said.get("language") or "")[:24],
        ring_back="wanted" if said.get("ring_back") == "yes" else "", parent_id=None, reported_by=reported_by,
        taken_by=None if reported_by else viewer.account_id, sealed=_sealed(opened),
        shy=kinds.shy(report.kind),
    ))  # fmt: skip
    return opened


def _placed(report: Report) -> dict[str, Any]:
    unit = town().by_code.get(report.ground)
    return {
        "lon": report.lon,
        "lat": report.lat,
        "unit_id": unit.id if unit else None,
        "zone": report.zone[:40],
    }


def _sealed(opened: change.Opened) -> bytes:
    call = opened.data.get("call", {})
    short = {name: call[name][:120] for name in ("place", "words") if call.get(name)}
    return seal_small(opened.key, canonical(short), b"call:" + opened.row.id.bytes)


def unsealed(matter_id: UUID, key: bytes, sealed: bytes | None) -> dict[str, str]:
    """Where and what, in short, by the clear key of the matter."""
    found: dict[str, str] = (
        orjson.loads(open_small(key, sealed, b"call:" + matter_id.bytes)) if sealed else {}
    )
    return found


def locked(matter_id: UUID, version: int | None = None) -> change.Opened:
    """A call that is being changed. Refused: "not-found" for what is none, "moved-on" (409) for an old page."""
    opened = change.lock(matter_id)
    if opened.flow.machine != MACHINE:
        raise not_found()
    if version is not None and version != opened.row.version:
        raise change.moved_on()
    return opened


def done_by(
    viewer: Viewer, opened: change.Opened, token: str, outcome: str, *, given: Mapping[str, Any] | None = None,
    codes: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None, flow: Any = None,
) -> Done:  # fmt: skip
    """Move a call by one answer of one step, with its event."""
    facts = opened.pack.facts(opened.data, channel=opened.row.channel)
    if given:
        facts["given"] = given
    state, happened = move(
        flow or opened.flow,
        State.from_json(opened.row.flow),
        Command("act", token, outcome),
        facts,
        opened.at,
    )
    told = {"step": token, "outcome": outcome, **(codes or {})}
    return change.finish(viewer, opened, "acted", state, happened, told, dict(body or {}))


def amend(
    viewer: Viewer, matter_id: UUID, report: Report, *, version: int, request_id: str, why: str = ""
) -> Done:
    """More is known, or it is of another kind: judged anew. The matter keeps the kind it was taken for; the call has the other.

    Refused: "no-right", "not-found", "moved-on" (409) if somebody else wrote meanwhile, "invalid".
    """
    operator(viewer)

    def do() -> Done:
        opened = locked(matter_id, version)
        change.not_ended(opened)
        found = kinds.kind_pack(report.kind)
        change.validate(viewer, found, report.data, None)
        judged = kinds.judge(report.kind, report.answers)
        opened.data = report.data
        opened.row.sealed = change.seal_data(opened.row.id, opened.key, opened.data)
        facts = found.facts(opened.data, channel=opened.row.channel)
        flow = found.flow_on(opened.row.law_date)
        state, happened = move(
            flow, State.from_json(opened.row.flow), Command("act", "handle", "assess"), facts, opened.at
        )
        placed, said = _placed(report), report.said
        run(
            """update call_place set kind = %s, level = %s, row = %s, lon = %s, lat = %s, unit_id = %s, zone = %s, silent = %s,
            threatened = %s, language = %s, ring_back = case when %s then 'wanted' else ring_back end, sealed = %s, shy = %s
            where matter_id = %s""",
            report.kind, judged.level, judged.row, placed["lon"], placed["lat"], placed["unit_id"], placed["zone"],
            said.get("silent") == "yes", said.get("threatened") == "yes", str(said.get("language") or "")[:24],
            said.get("ring_back") == "yes", _sealed(opened), kinds.shy(report.kind), opened.row.id,
        )  # fmt: skip
        codes = {
            "step": "handle",
            "outcome": "assess",
            "kind": report.kind,
            "level": judged.level,
            "row": judged.row,
        }
        body = {"data": report.data, "at": [report.lon, report.lat]} | ({"why": why} if why.strip() else {})
        return change.finish(viewer, opened, "acted", state, happened, codes, body)

    content = {"matter": str(matter_id), **report.told(), "version": version}
    return once(viewer, "call_amend", request_id, content, do, change.done_of)


def link(viewer: Viewer, matter_id: UUID, *, parent: UUID, request_id: str) -> Done:
    """This call reports the same as ``parent``; both go on seeing each other, and they end together.

    Refused: "no-right", "not-found", "same-matter", "ended" (409), "parents" (409) for one under which others stand.
    """
    operator(viewer)

    def do() -> Done:
        tie(viewer, matter_id, parent)
        return change.done_of(matter_id)

    content = {"matter": str(matter_id), "parent": str(parent)}
    return once(viewer, "call_link", request_id, content, do, change.done_of)


def tie(viewer: Viewer, matter_id: UUID, parent: UUID) -> None:
    """The same inside another verb's transaction. Locks in the order of ids."""
    if matter_id == parent:
        words = Words("不能关联到它自己。", "A call cannot be tied to itself.")
        raise Refused("same-matter", words)
    both = {one: locked(one) for one in sorted((matter_id, parent))}
    above = first(CallPlace, "where matter_id = %s", parent)
    if above is not None and above.parent_id is not None:
        parent = above.parent_id  # one event stands above all that report it
        if parent == matter_id:
            words = Words("那一起已经归在这起下面了。", "That one stands under this call already.")
            raise Refused("parents", words, status=409)
        both[parent] = locked(parent)
    for one in (matter_id, parent):
        change.not_ended(both[one])
    run(
        "update call_place set parent_id = %s where matter_id = %s or parent_id = %s",
        parent,
        matter_id,
        matter_id,
    )
    change.told(viewer, both[matter_id], "linked", {"other": str(parent)}, {})
    change.told(viewer, both[parent], "linked", {"other": str(matter_id)}, {})


def pass_on(viewer: Viewer, matter_id: UUID, *, to: str, number: str, request_id: str) -> Done:
    """Fire brigade, ambulance or hotline has it too, under this number of theirs. `Done.made` is the id of the receipt.

    Refused: "no-right", "not-found", "pass-on" for anybody else, "receipt" without a number.
    """
    operator(viewer)
    if to not in kinds.PASS_ON:
        raise Refused("pass-on", Words("请选转给谁。", "Say to whom it is passed."))
    if not number.strip() or len(number) > 40:
        words = Words("写上对方的回执号，最多 40 个字。", "Give their receipt number, 40 characters at most.")
        raise Refused("receipt", words, faults=(("/number", words),))

    def do() -> Done:
        opened = locked(matter_id)
        made = uuid7()
        insert(CallReceipt(id=made, matter_id=matter_id, to=to, number=number.strip(), at=opened.at,
                           account_id=viewer.account_id))  # fmt: skip
        return change.told(
            viewer, opened, "noted", {"passed_on": to, "receipt": number.strip()}, {}, made=str(made)
        )

    content = {"matter": str(matter_id), "to": to, "number": number}
    return once(viewer, "call_pass_on", request_id, content, do, change.done_of)


def note(viewer: Viewer, matter_id: UUID, *, text: str, request_id: str) -> Done:
    """A remark of an operator, or of somebody who is out for it. Refused: "no-right", "not-found", "empty"."""
    if not (viewer.may("dispatch") or viewer.may("duty")):
        raise refuse_right()
    if not text.strip():
        raise Refused("empty", Words("请写点什么再提交。", "Write something before you submit."))

    def do() -> Done:
        return change.told(viewer, locked(matter_id), "noted", {}, {"text": text.strip()[:2000]})

    content = {"matter": str(matter_id), "text": text}
    return once(viewer, "call_note", request_id, content, do, change.done_of)


def rung_back(viewer: Viewer, matter_id: UUID, *, reached: bool, request_id: str) -> Done:
    """Whoever reported was rung back; if not ``reached`` they stay in the order. Refused: "no-right", "not-found"."""
    operator(viewer)

    def do() -> Done:
        opened = locked(matter_id)
        told = "done" if reached else "wanted"
        run("update call_place set ring_back = %s where matter_id = %s", told, matter_id)
        return change.told(viewer, opened, "noted", {"rung_back": reached}, {})

    content = {"matter": str(matter_id), "reached": reached}
    return once(viewer, "call_ring", request_id, content, do, change.done_of)


def close(
    viewer: Viewer, matter_id: UUID, *, result: str, request_id: str, version: int | None = None
) -> Done:
    """The call ends, with all that report the same. Refused: "no-right", "not-found", "call.teams_out" (409), "moved-on" (409),
    "result" without a word of how it ended.
    """
    operator(viewer)
    if not result.strip():
        words = Words("写一句怎么结束的。", "Say in a sentence how it ended.")
        raise Refused("result", words, faults=(("/result", words),))

    def do() -> Done:
        under = _under(matter_id)
        opened = {
            one: locked(one, version if one == matter_id else None) for one in sorted((matter_id, *under))
        }
        body = {"reason": result.strip()[:1000]}
        for one in under:
            if opened[one].row.closed_at is None:
                done_by(viewer, opened[one], "handle", "close", codes={"with": str(matter_id)}, body=body)
        return done_by(viewer, opened[matter_id], "handle", "close", body=body)

    content = {"matter": str(matter_id), "result": result}
    return once(viewer, "call_close", request_id, content, do, change.done_of)


def _under(matter_id: UUID) -> Sequence[UUID]:
    return list(
        CallPlace.objects.filter(parent_id=matter_id, closed_at=None).values_list("matter_id", flat=True)
    )


def _reported(matter_id: UUID) -> Done:
    """What was answered when it was reported, for whoever reported it."""
    row = first(CallPlace, "where matter_id = %s", matter_id)
    if row is None:
        raise not_found()
    return Done(row.matter_id, row.number, row.state, 1)


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value
