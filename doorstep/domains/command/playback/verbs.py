"""Asking for a past hour, agreeing to it, opening it, closing it. The database holds to who may (sql/playback.sql)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from doorstep.domains.command.playback.models import Playback
from doorstep.domains.command.units import region
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.org import town, unit_words
from doorstep.kernel.row import fetch, rows
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

HOUR: Final = timedelta(hours=1)
GAP_S: Final = 60
"""Between two fixes farther apart than this nobody says where a unit was."""
_LONGEST: Final = 200
_MOST: Final = 40
STANDS: Final = {
    "open": Words("可以看", "May be opened"),
    "waits": Words("等第二个人同意", "Waits for a second person"),
    "refused": Words("没有同意", "Refused"),
    "lapsed": Words("过期了", "Lapsed"),
    "ended": Words("看完了，时间到", "Over: its time has run out"),
    "closed": Words("看完了，已关上", "Closed"),
    "gone": Words("位置已经删了", "Positions were deleted"),
}
_REFUSED: Final = {
    "waits": Words("还没有第二个人同意，不能看。", "No second person has agreed yet, so it cannot be opened."),
    "refused": Words("第二个人没有同意，不能看。", "The second person refused, so it cannot be opened."),
    "lapsed": Words("这个申请过期了，没有用。还要看，请重新申请。", "This request has lapsed. To see the hour, ask anew."),
    "ended": Words("看的时间到了，已经关上。还要看，请重新申请。", "The time to look is over. To see it again, ask anew."),
    "closed": Words("已经关上了。还要看，请重新申请。", "It was closed. To see it again, ask anew."),
    "not-yet": Words("这一小时还没过完，请选已经过去的一小时。", "That hour is not over yet; choose one that is past."),
    "own": Words("自己不能同意自己的申请，请另一个人来定。", "Nobody agrees to their own request; somebody else decides."),
    "decided": Words("已经有人定了。", "Somebody has decided."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it is read. ``own``: the viewer asked; ``mine_to_decide``: the viewer may agree or refuse."""

    id: UUID
    area: Words
    since: datetime
    until: datetime
    purpose: str
    asked_at: datetime
    unit: Words
    stands: str
    answer: str
    decided_unit: Words | None
    lapses_at: datetime
    ends_at: datetime | None
    own: bool
    mine_to_decide: bool

    @property
    def words(self) -> Words:
        return STANDS[self.stands]


def areas(viewer: Viewer) -> list[tuple[int, Words]]:
    """The organisational units for which the viewer may ask, the widest first; empty for who may only agree."""
    found = fetch("select trust.playback_reach(true)")[0][0]
    units = [town().units[one] for one in found if one in town().units]
    order = ("city", "county", "station")
    units = [one for one in units if one.kind in order and one.active]
    whole = {one.id for one in units}
    fit = [one for one in units if all(below.id in set(found) for below in _below(one.id))]
    return [
        (one.id, one.name)
        for one in sorted(fit, key=lambda u: (order.index(u.kind), u.id))
        if one.id in whole
    ]


def _below(unit_id: int) -> list[Any]:
    return [one for one in town().units.values() if unit_id in (one.id, one.station, one.county, one.city)]


def requests(viewer: Viewer) -> list[Request]:
    """The last requests that the viewer made or may decide, the newest first."""
    return [_read(viewer, one) for one in rows(Playback, "order by asked_at desc limit %s", _MOST)]


def one(viewer: Viewer, playback_id: UUID) -> Request:
    """One request. Refused: "not-found"."""
    found = rows(Playback, "where id = %s", playback_id)
    if not found:
        raise not_found()
    return _read(viewer, found[0])


def _read(viewer: Viewer, row: Playback) -> Request:
    own, stands = row.asked_by == viewer.account_id, _stands(row, clock.now())
    return Request(
        row.id, unit_words(row.area), row.since, row.since + HOUR, row.purpose, row.asked_at, unit_words(row.unit_id), stands,
        row.answer, unit_words(row.decided_unit) if row.decided_by else None, row.lapses_at, row.ends_at, own,
        stands == "waits" and not own,
    )  # fmt: skip


def _stands(row: Playback, now: datetime) -> str:
    """As `trust.playback_stands` says it."""
    if row.closed_at:
        return "closed"
    if row.opened_at and row.ends_at and now >= row.ends_at:
        return "ended"
    if row.agreed is False:
        return "refused"
    if not row.opened_at and now >= row.lapses_at:
        return "lapsed"
    if row.agreed is None:
        return "waits"
    return "gone" if row.since < oldest() else "open"


def oldest() -> datetime:
    """From here on positions are kept."""
    return clock.now() - region.told().kept


def ask(viewer: Viewer, *, area: int, day: str, at: str, purpose: str, request_id: str) -> Done:
    """Ask to see the hour that begins then. Refused: "no-right", "no-purpose", "no-hour", "not-yet", "gone"."""
    since = _moment(day, at)
    words = purpose.strip()[:_LONGEST]
    if not words:
        told = Words("请写为什么要看，一句就行。", "Say in a sentence what it is for.")
        raise Refused("no-purpose", told, faults=(("/purpose", told),))

    def do() -> Done:
        fresh, told = uuid7(), region.told()
        _refuse(fetch("select trust.playback_ask(%s, %s, %s, %s, %s, %s, %s)", fresh, area, since, words, clock.now(), oldest(),
                      told.playback_waits), "/day")  # fmt: skip
        return Done(fresh, "", "waits", 1)

    content = {"area": area, "since": since.isoformat(), "purpose": words}
    return once(viewer, "playback_ask", request_id, content, do, _done)


def decide(viewer: Viewer, playback_id: UUID, *, agreed: bool, answer: str, request_id: str) -> Done:
    """The second person agrees, or refuses with a reason. Refused: "no-right", "own", "decided", "lapsed" (409), "no-why"."""
    why = answer.strip()[:_LONGEST]
    if not agreed and not why:
        told = Words("不同意的话，请写一句为什么。", "To refuse, say why in a sentence.")
        raise Refused("no-why", told, faults=(("/answer", told),))

    def do() -> Done:
        _refuse(fetch("select trust.playback_decide(%s, %s, %s, %s, %s)", playback_id, agreed, why, clock.now(),
                      region.told().playback_waits))  # fmt: skip
        return Done(playback_id, "", "open" if agreed else "refused", 1)

    content = {"which": str(playback_id), "agreed": agreed, "answer": why}
    return once(viewer, "playback_decide", request_id, content, do, _done)


def close(viewer: Viewer, playback_id: UUID) -> None:
    """Nobody looks at it any more. Refused: "no-right" for anybody but who asked."""
    _refuse(fetch("select trust.playback_close(%s, %s)", playback_id, clock.now()))


def told(viewer: Viewer, playback_id: UUID) -> dict[str, Any]:
    """The hour: units with their states and fixes, calls, events, and until when it may be looked at. On record each time.

    Refused: "no-right", and as `STANDS` says (409).
    """
    raw = fetch(
        "select trust.playback_told(%s, %s, %s, %s)",
        playback_id,
        clock.now(),
        oldest(),
        region.told().playback_lasts,
    )
    found: dict[str, Any] = orjson.loads(raw[0][0]) if isinstance(raw[0][0], str | bytes) else raw[0][0]
    if "refused" in found:
        _refuse([(found["refused"],)])
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """An hour of the viewer's own that somebody played back."""

    since: datetime
    until: datetime
    opened_at: datetime
    unit: Words
    decided_unit: Words
    purpose: str


def of_me() -> list[Shown]:
    """Who played back an hour in which the viewer was on duty, the newest first."""
    return [
        Shown(since, since + HOUR, opened_at, unit_words(unit), unit_words(decided), purpose)
        for since, opened_at, unit, decided, purpose in fetch("select * from trust.playback_of_me(%s)", 10)
    ]


def _moment(day: str, at: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(at), calendar().zone)
    except ValueError:
        told = Words("请写哪一天、几点起，比如 14:30。", "Say which day, and from when, such as 14:30.")
        raise Refused("no-hour", told, faults=(("/day", told),)) from None


def _refuse(answer: list[tuple[Any, ...]], field: str = "") -> None:
    said = str(answer[0][0])
    if said == "done":
        return
    words = _gone() if said == "gone" else _REFUSED.get(said)
    if words is None:
        raise refuse_right()
    raise Refused(said, words, status=409, faults=((field, words),) if field else ())


def _gone() -> Words:
    days = region.told().kept.days
    return Words(
        "位置只留 {n} 天，那一小时的已经删了。",
        "Positions are kept for {n} days; those of that hour are deleted.",
    ).format(n=days)


def _done(key: UUID) -> Done:
    return Done(key, "", "", 1)
