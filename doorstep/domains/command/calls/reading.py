"""What is read of calls: the open ones, one with its timeline, what lies near, flags of an address, what a reporter sees.

A list is one statement for all its lines. Every look is on record: a list names how many, a call is read for its own purpose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from doorstep.domains.command.calls import force, kinds
from doorstep.domains.command.calls.models import AddressFlag, CallPlace, CallReceipt, Sending
from doorstep.domains.command.calls.verbs import unsealed
from doorstep.geo import crs
from doorstep.kernel import event
from doorstep.kernel.crypto import new_key, open_small, seal_small
from doorstep.kernel.event import canonical
from doorstep.kernel.org import unit_words
from doorstep.kernel.row import fetch, insert, rows
from doorstep.kernel.trust import Viewer, keys, log_access, not_found
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flow import branch_of, step_of
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

_OPEN: Final = """select c.matter_id, c.number, c.kind, c.level, c.state, c.lon, c.lat, c.unit_id, c.zone, c.told_at, c.by_channel,
  c.silent, c.threatened, c.language, c.ring_back, c.parent_id, c.sealed, m.key, m.version, m.flow -> 'open', s.out
from call_place c join matter m on m.id = c.matter_id left join lateral (
  select jsonb_agg(jsonb_build_object('id', x.duty_unit_id, 'callsign', x.callsign, 'seen', x.seen_at is not null,
    'coming', x.answered_at is not null, 'there', x.there_at is not null, 'late', x.late_at is not null and x.answered_at is null,
    'ended', x.ended, 'alerted_at', x.alerted_at, 'there_at', x.there_at) order by x.alerted_at, x.callsign) out
  from sending x where x.matter_id = c.matter_id) s on true
where """
_LEVELS: Final = "array_position(array['urgent','prompt','routine']::text[], c.level::text)"
_NEAR_M: Final = 400.0
_NEAR_MINUTES: Final = 45
_FLAG_M: Final = 60.0
_MOST: Final = 300
UNSAID: Final = "XJ-020"
"""The kind of a call of which nothing is said."""
CHANNELS: Final = {
    "phone": Words("电话", "telephone"), "sos": Words("手机一键", "one tap"), "text": Words("文字", "text"),
    "person": Words("当面", "in person"), "officer": Words("民警发现", "an officer"), "volunteer": Words("志愿者", "a volunteer"),
    "sensor": Words("感应设备", "a sensor"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenCall:
    """One call on the list. ``sent``: who was alerted, each with seen, coming, there, late, ended; ``waits``: who has to be
    replaced.
    """

    id: UUID
    number: str
    kind: str
    level: str
    state: str
    lon: float | None
    lat: float | None
    unit_id: int | None
    zone: str
    told_at: datetime
    by_channel: str
    silent: bool
    threatened: bool
    language: str
    ring_back: str
    parent_id: UUID | None
    version: int
    place: str
    words: str
    sent: tuple[Mapping[str, Any], ...]
    waits: tuple[str, ...]
    metres: float | None = None

    @property
    def title(self) -> Words:
        """What kind it is."""
        return pack.current(self.kind).title

    @property
    def level_words(self) -> Words:
        """How urgent, in a word."""
        return kinds.LEVELS[self.level]

    @property
    def channel(self) -> Words:
        """How it came."""
        return CHANNELS.get(self.by_channel, Words(self.by_channel, self.by_channel))

    @property
    def out(self) -> tuple[Mapping[str, Any], ...]:
        """Who is out for it now."""
        return tuple(one for one in self.sent if not one["ended"])

    @property
    def clock_due(self) -> datetime | None:
        """Until when the next thing is to have happened: somebody sent, then somebody there; None once somebody is."""
        if any(one["there"] for one in self.sent):
            return None
        what = "there" if self.sent else "send"
        return self.told_at + timedelta(seconds=kinds.target(self.level, what))

    @property
    def over(self) -> bool:
        """Whether that moment has passed."""
        return self.clock_due is not None and self.clock_due < clock.now()

    @property
    def minutes(self) -> int:
        """How long ago it was told."""
        return int((clock.now() - self.told_at).total_seconds() // 60)

    @property
    def stands(self) -> Words:
        """How far it is, in a few words."""
        if any(one["there"] for one in self.out):
            return Words("到场处置", "at the scene")
        if any(one["coming"] for one in self.out):
            return Words("在路上", "on the way")
        if self.out:
            return Words("已派，等回应", "sent, not answered yet")
        return (
            Words("处置完，待结束", "cleared, to be closed") if self.sent else Words("待派", "to be sent for")
        )


def open_calls(viewer: Viewer, *, ids: Sequence[UUID] | None = None, log: bool = True) -> list[OpenCall]:
    """Calls that are open and stand under no other, the most urgent first and then the oldest; or ``ids``, open or not. Those of
    which the viewer sees the matter.
    """
    if ids is None:
        tops = "c.closed_at is null and c.parent_id is null"
        found = fetch(f"{_OPEN} {tops} order by {_LEVELS}, c.told_at limit {_MOST}")
    else:
        found = fetch(f"{_OPEN} c.matter_id = any(%s) order by {_LEVELS}, c.told_at", list(ids))
    if log:
        log_access(viewer, kind="list", tier=0, purpose="handle_call", detail=f"calls {len(found)}")
    return [_call(*row) for row in found]


def under_each() -> dict[UUID, int]:
    """How many open calls report the same as each of the others."""
    return dict(fetch(
        "select parent_id, count(*) from call_place where closed_at is null and parent_id is not null group by 1"
    ))  # fmt: skip


def to_ring_back() -> list[OpenCall]:
    """Whoever waits to be rung back, in their order; those of the first page."""
    waits = "c.closed_at is null and c.ring_back = 'wanted'"
    order = f"(c.threatened or c.silent) desc, {_LEVELS}, c.told_at"
    found = fetch(f"{_OPEN} {waits} order by {order} limit 30")
    return ring_order([_call(*row) for row in found])


def all_open() -> list[UUID]:
    """The ids of all open calls, those under another too."""
    return [
        one for (one,) in fetch("select matter_id from call_place where closed_at is null order by told_at")
    ]


def _call(matter_id: UUID, number: str, kind: str, *rest: Any) -> OpenCall:
    *plain, sealed, key, version, opened, out = rest
    clear = (
        unsealed(matter_id, keys().unwrap(bytes(key), matter_id.bytes), sealed and bytes(sealed))
        if key
        else {}
    )
    waits = tuple(branch_of(one).rpartition(".")[0] for one in _json(opened) or {} if step_of(one) == "next")
    out_now = tuple(_json(out) or ())
    told: Any = (
        matter_id, number, kind, *plain, version, clear.get("place", ""), clear.get("words", ""), out_now, waits,
    )  # fmt: skip
    return OpenCall(*told)


def near(
    viewer: Viewer, lon: float, lat: float, *, but: UUID | None = None, within_m: float = _NEAR_M
) -> list[OpenCall]:
    """Calls of the last three quarters of an hour near a place, the nearest first: perhaps the same. Those that are open."""
    since = clock.now() - timedelta(minutes=_NEAR_MINUTES)
    d_lat, d_lon = _box(lat, within_m)
    found = fetch(
        f"""{_OPEN} c.closed_at is null and c.told_at > %s and c.lat between %s and %s and c.lon between %s and %s
        and c.matter_id is distinct from %s limit 50""",
        since, lat - d_lat, lat + d_lat, lon - d_lon, lon + d_lon, but,
    )  # fmt: skip
    calls = [_call(*row) for row in found]
    metres = {one.id: crs.metres((lon, lat), (one.lon or 0.0, one.lat or 0.0)) for one in calls}
    close = (replace(one, metres=round(metres[one.id])) for one in calls if metres[one.id] <= within_m)
    return sorted(close, key=lambda one: one.metres or 0.0)[:8]


def _box(lat: float, metres: float) -> tuple[float, float]:
    d_lat = math.degrees(metres / 6_371_000.0)
    return d_lat, d_lat / max(math.cos(math.radians(lat)), 0.01)


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a call's timeline."""

    at: datetime
    what: Words
    text: str
    unit: Words


@dataclass(frozen=True, slots=True)
class CallView:
    """One call as an operator or a duty unit reads it. ``data``: what was typed; ``asked``: questions with their answers;
    ``under``: calls that report the same.
    """

    call: OpenCall
    data: Mapping[str, Any]
    judged: kinds.Judged
    asked: tuple[tuple[Words, Words], ...]
    sendings: tuple[Sending, ...]
    receipts: tuple[tuple[Words, CallReceipt], ...]
    timeline: tuple[Said, ...]
    under: tuple[OpenCall, ...]
    closed: bool

    @property
    def told(self) -> Mapping[str, str]:
        """place, words, name, phone and the like, as typed."""
        found: Mapping[str, str] = self.data.get("call", {})
        return found

    @property
    def answers(self) -> Mapping[str, str]:
        """The answers to the questions of its kind."""
        found: Mapping[str, str] = self.data.get("ask", {})
        return found


def read(viewer: Viewer, matter_id: UUID) -> CallView:
    """One call, for whoever commands or is out for it: the look is on record. Refused: "not-found"."""
    if not (viewer.may("dispatch") or viewer.may("duty")):
        raise not_found()
    found = fetch("select key, sealed, closed_at from matter where id = %s and key is not null", matter_id)
    calls = open_calls(viewer, ids=[matter_id], log=False) if found else []
    if not calls:
        raise not_found()
    wrapped, sealed, closed_at = found[0]
    log_access(viewer, kind="read", tier=1, purpose="handle_call", matter_id=matter_id)
    key = keys().unwrap(bytes(wrapped), matter_id.bytes)
    data = orjson.loads(open_small(key, bytes(sealed), b"matter:" + matter_id.bytes))
    call, answers = calls[0], data.get("ask", {})
    under = list(CallPlace.objects.filter(parent_id=matter_id).values_list("matter_id", flat=True))
    return CallView(
        call, data, kinds.judge(call.kind, answers), _asked(call.kind, answers),
        tuple(rows(Sending, "where matter_id = %s order by alerted_at, callsign", matter_id)),
        tuple((kinds.PASS_ON[one.to], one) for one in rows(CallReceipt, "where matter_id = %s order by at", matter_id)),
        tuple(_timeline(matter_id, key)), tuple(open_calls(viewer, ids=under, log=False)) if under else (),
        closed_at is not None,
    )  # fmt: skip


def _asked(kind: str, answers: Mapping[str, str]) -> tuple[tuple[Words, Words], ...]:
    form = kinds.kind_pack(kind).form
    found = ((form.field(f"/ask/{name}"), value) for name, value in answers.items())
    return tuple((one.title, one.said(value)) for one, value in found if one is not None)


_WORDS: Final = {
    "send": Words("派警", "Sent"), "recall": Words("召回", "Recalled"), "assess": Words("更正、重新定级", "Amended, judged anew"),
    "close": Words("结束", "Closed"), "coming": Words("出发", "Coming"), "there": Words("到场", "There"),
    "cleared": Words("处置完", "Cleared"), "cannot": Words("去不了", "Cannot"), "enough": Words("不用另派", "Nobody else needed"),
}  # fmt: skip
_KINDS: Final = {
    "opened": Words("接警", "Taken"), "linked": Words("关联", "Tied"), "noted": Words("备注", "Note"),
    "late": Words("没有回应", "No answer"),
}  # fmt: skip


def _timeline(matter_id: UUID, key: bytes) -> list[Said]:
    told = []
    for one in event.history(matter_id, key):
        header, body = one.header, one.body
        what = _KINDS.get(one.kind) or _WORDS.get(str(header.get("outcome")), Words("办理", "Step"))
        who = branch_of(str(header.get("step", ""))).rpartition(".")[0]
        if one.kind == "noted" and "passed_on" in header:
            to = kinds.PASS_ON[header["passed_on"]]
            what = Words(
                f"转给{to.zh}，回执 {header['receipt']}", f"Passed to {to.en}, receipt {header['receipt']}"
            )
        elif one.kind == "noted" and "rung_back" in header:
            reached = header["rung_back"]
            what = (
                Words("回拨打通了", "Rung back") if reached else Words("回拨没打通", "Rung back, not reached")
            )
        elif one.kind == "acted" and header.get("outcome") in ("send", "recall"):
            who = "、".join(_whom(header))
        told.append(
            Said(one.at, Words(f"{who} {what.zh}".strip(), f"{who} {what.en}".strip()),
                 str(body.get("text") or body.get("why") or body.get("reason") or ""), unit_words(one.unit_id))
        )  # fmt: skip
    return told[::-1]


def _whom(header: Mapping[str, Any]) -> list[str]:
    """Who was sent or recalled; not who is replaced, whose `next` closes with it."""
    steps = (str(one.get("step", "")) for one in header.get("happened", ()))
    out = (one for one in steps if branch_of(one) and step_of(one) != "next")
    return list(dict.fromkeys(branch_of(one).rpartition(".")[0] for one in out))


@dataclass(frozen=True, slots=True)
class Flag:
    """What to know of an address, who says so, and until when."""

    id: UUID
    words: str
    unit: Words
    set_at: datetime
    until: datetime
    metres: int


def set_flag(viewer: Viewer, *, lon: float, lat: float, words: str, until: datetime) -> UUID:
    """An officer says what whoever goes to this address should know, until a day. Never of a person: words about the place and what
    is there. Refused: "no-right", "flag" without words or with an end that is past or more than a year away.
    """
    if not (viewer.may("dispatch") or viewer.may("duty")):
        raise not_found()
    now = clock.now()
    if not words.strip() or not now < until <= now + timedelta(days=366):
        told = Words(
            "写一句提示，再写到哪天为止（最长一年）。",
            "Say what to know, and until which day (a year at most).",
        )
        raise Refused("flag", told)
    fresh, key = uuid7(), new_key()
    sealed = seal_small(key, canonical({"words": words.strip()[:200]}), b"flag:" + fresh.bytes)
    insert(AddressFlag(id=fresh, lon=lon, lat=lat, key=keys().wrap(key, fresh.bytes), sealed=sealed, set_by=viewer.account_id,
                       unit_id=viewer.unit_id or 0, set_at=now, until=until))  # fmt: skip
    return fresh


def flags_at(viewer: Viewer, lon: float | None, lat: float | None) -> list[Flag]:
    """What an officer set for this address and has not ended; nothing for anybody else."""
    if lon is None or lat is None or not (viewer.may("dispatch") or viewer.may("duty")):
        return []
    d_lat, d_lon = _box(lat, _FLAG_M)
    found = rows(
        AddressFlag, "where until > %s and lat between %s and %s and lon between %s and %s order by set_at", clock.now(),
        lat - d_lat, lat + d_lat, lon - d_lon, lon + d_lon,
    )  # fmt: skip
    return [_flag(one, crs.metres((lon, lat), (one.lon, one.lat))) for one in found]


def _flag(one: AddressFlag, metres: float) -> Flag:
    key = keys().unwrap(bytes(one.key), one.id.bytes)
    words = orjson.loads(open_small(key, bytes(one.sealed), b"flag:" + one.id.bytes))["words"]
    return Flag(one.id, words, unit_words(one.unit_id), one.set_at, one.until, round(metres))


def post_of(matter_id: UUID, duty_unit_id: int) -> tuple[str, str, float, float] | None:
    """The place that a unit is to close, by the cordon in force: its street, what it crosses, where it is."""
    found = fetch(
        "select p.street, p.crossing, p.lon, p.lat from cordon_post p join cordon c on c.id = p.cordon_id "
        "where c.matter_id = %s and c.ended_at is null and p.duty_unit_id = %s order by c.made_at desc limit 1",
        matter_id, duty_unit_id,
    )  # fmt: skip
    return (found[0][0], found[0][1], found[0][2], found[0][3]) if found else None


def ring_order(calls: Sequence[OpenCall]) -> list[OpenCall]:
    """Whom to ring back, and in which order: who is in danger or cannot speak, then the more urgent, then who waits longest."""
    order = list(kinds.LEVELS)
    waiting = [one for one in calls if one.ring_back == "wanted"]
    return sorted(
        waiting, key=lambda one: (not (one.threatened or one.silent), order.index(one.level), one.told_at)
    )


def of_my_unit(viewer: Viewer) -> list[OpenCall]:
    """The calls for which the viewer's duty unit is out."""
    mine = force.mine(viewer)
    if mine is None:
        return []
    ids = [
        row[0]
        for row in fetch("select matter_id from sending where duty_unit_id = %s and ended = ''", mine.id)
    ]
    return open_calls(viewer, ids=ids, log=False) if ids else []


@dataclass(frozen=True, slots=True)
class Reported:
    """A call as whoever reported it sees it: how many were sent, are coming, are there."""

    number: str
    kind: Words
    silent: bool
    told_at: datetime
    closed: bool
    sent: int
    coming: int
    there: int


def reported(viewer: Viewer) -> list[Reported]:
    """What the viewer reported by telephone, newest first."""
    found = rows(CallPlace, "where reported_by = %s order by told_at desc limit 5", viewer.account_id)
    told = []
    for one in found:
        stands = _json(fetch("select trust.call_stands(%s)", one.matter_id)[0][0]) or {}
        told.append(Reported(
            one.number, pack.current(one.kind).title, one.kind == UNSAID, one.told_at, one.closed_at is not None,
            int(stands.get("sent", 0)),
            int(stands.get("coming", 0)), int(stands.get("there", 0)),
        ))  # fmt: skip
    return told


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value
