"""Planning a cordon, ordering it, widening it, standing it down.

Who may be sent is who is free, and who already stands for this very call. An order is a sending like any other, so it is
acknowledged, escalated and logged like one; who stands at an older post and is needed at a new one is told the new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from doorstep.domains.command.calls import force, send, verbs
from doorstep.domains.command.net.models import Cordon, CordonPost
from doorstep.geo.cordon import Chase
from doorstep.geo.crs import Degrees
from doorstep.geo.talk import Away
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import first, insert, rows, run
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words
from doorstep.web import ground

OLDEST: Final = timedelta(hours=3)
"""A sighting older than that says nothing any more about where to close."""
_FREE: Final = ("available", "finished")


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where and when somebody was last seen, and which way they went (degrees from north, or None)."""

    at: Degrees
    when: datetime
    heading: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A cordon as it would be ordered now: ``chase.posts`` name units by their number."""

    sighting: Sighting
    chase: Chase
    units: Mapping[str, Any]
    """The duty units by their number, as they stand."""


def plan(viewer: Viewer, matter_id: UUID, sighting: Sighting) -> Plan:
    """What to close now. Refused: "no-right", "future", "too-old" by the sighting's time, "no-map" (503) where no map runs."""
    verbs.operator(viewer)
    age = clock.now() - sighting.when
    if age < -timedelta(minutes=1):
        raise Refused("future", Words("看到的时间还没到，请改。", "That time has not come yet; change it."))
    if age > OLDEST:
        raise Refused("too-old", Words("超过三小时了，围堵没有用；请写最近一次看到的。",
                                       "More than three hours ago: a cordon is no use. Give the last sighting."))  # fmt: skip
    able = {str(one.id): one for one in force.standing() if _able(one, matter_id)}
    where = {name: _at(one) for name, one in able.items()}
    try:
        found = ground.beside().chase(
            sighting.at, sighting.heading, max(0.0, age.total_seconds()),
            {name: at for name, at in where.items() if at is not None},
        )  # fmt: skip
    except Away:
        raise Refused("no-map", Words("地图现在查不了，围堵算不出来；先照经验派，几分钟后再试。",
                                      "The map does not answer now, so no cordon can be found. Send by experience, and try again."),
                      status=503) from None  # fmt: skip
    return Plan(sighting, found, able)


def _able(one: Any, matter_id: UUID) -> bool:
    """Can it be sent to a post: with wheels, free, or out for this very call already."""
    free = one.state in _FREE and one.on_matter is None
    return one.vehicle != "foot" and (free or one.on_matter == matter_id)


def _at(one: Any) -> Degrees | None:
    """Where a unit is, or waits."""
    for lon, lat in ((one.lon, one.lat), (getattr(one, "home_lon", None), getattr(one, "home_lat", None))):
        if lon is not None and lat is not None:
            return float(lon), float(lat)
    return None


def order(viewer: Viewer, matter_id: UUID, sighting: Sighting, request_id: str) -> Done:
    """Order the cordon that holds now: every unit to its post, all at once; an older cordon of this call ends with it.

    Refused: as `plan` and `send`; "nobody" (409) where no unit can be at any post.
    """
    verbs.operator(viewer)

    def do() -> Done:
        found = plan(viewer, matter_id, sighting)
        manned = [one for one in found.chase.posts if one.unit is not None]
        if not manned:
            raise Refused("nobody", Words("没有警力来得及到任何一个卡点。什么都没有改动。",
                                          "No unit can be at any post in time. Nothing was changed."), status=409)  # fmt: skip
        cordon = _keep(viewer, matter_id, found)
        reason = {
            str(one.unit): {"post": _name(one.street, one.crossing), "lon": one.lon, "lat": one.lat}
            for one in manned
        }
        send.send(viewer, matter_id, units=[int(str(one.unit)) for one in manned], reason=reason,
                  request_id=f"{request_id[:28]}-net")  # fmt: skip
        verbs.note(viewer, matter_id, text=_said(found), request_id=f"{request_id[:28]}-say")
        return _done(cordon)

    content = {"matter": str(matter_id), "lon": sighting.at[0], "lat": sighting.at[1], "when": sighting.when.isoformat(),
               "heading": sighting.heading}  # fmt: skip
    return once(viewer, "order_cordon", request_id, content, do, _done)


def _keep(viewer: Viewer, matter_id: UUID, found: Plan) -> UUID:
    now, one = clock.now(), uuid7()
    run("update cordon set ended_at = %s where matter_id = %s and ended_at is null", now, matter_id)
    insert(Cordon(
        id=one, matter_id=matter_id, lon=found.sighting.at[0], lat=found.sighting.at[1], seen_at=found.sighting.when,
        heading=found.sighting.heading, made_at=now, made_by=viewer.account_id, holds=found.chase.holds,
        horizon_s=found.chase.horizon_s, by_now=found.chase.by_now, inside=found.chase.inside, ended_at=None,
    ))  # fmt: skip
    for post in found.chase.posts:
        unit = found.units.get(post.unit or "")
        insert(CordonPost(
            id=uuid7(), cordon_id=one, lon=post.lon, lat=post.lat, street=post.street[:80], crossing=post.crossing[:80],
            duty_unit_id=unit.id if unit else None, callsign=unit.callsign if unit else "", there_s=post.there_s,
            slack_s=post.slack_s, source=post.source,
        ))  # fmt: skip
    return one


def _name(street: str, crossing: str) -> str:
    return f"{street or crossing}（{crossing}）" if street and crossing else street or crossing


def _said(found: Plan) -> str:
    manned = sum(one.unit is not None for one in found.chase.posts)
    open_ = len(found.chase.posts) - manned
    return f"围堵：{manned} 个卡点已下令" + (f"，{open_} 处来不及" if open_ else "") + "。"


def stand_down(viewer: Viewer, matter_id: UUID, why: str, request_id: str) -> Done:
    """End the cordon: whoever was ordered to a post of it and is still out stands down, all together. Refused: as `recall`,
    "not-found" without a cordon."""
    verbs.operator(viewer)

    def do() -> Done:
        last = in_force(matter_id)
        if last is None:
            raise not_found()
        out = {row[0] for row in _out(matter_id)}
        theirs = [one.duty_unit_id for one in posts(last.id) if one.duty_unit_id in out]
        run("update cordon set ended_at = %s where id = %s", clock.now(), last.id)
        if theirs:
            send.recall(
                viewer,
                matter_id,
                units=[n for n in theirs if n is not None],
                why=why,
                request_id=f"{request_id[:28]}-off",
            )
        return _done(last.id)

    return once(viewer, "end_cordon", request_id, {"matter": str(matter_id), "why": why}, do, _done)


def _out(matter_id: UUID) -> Sequence[tuple[Any, ...]]:
    from doorstep.kernel.row import fetch

    return fetch("select duty_unit_id from sending where matter_id = %s and ended = ''", matter_id)


def in_force(matter_id: UUID) -> Cordon | None:
    """The cordon of a call that has not ended."""
    return first(Cordon, "where matter_id = %s and ended_at is null order by made_at desc limit 1", matter_id)


def posts(cordon_id: UUID) -> list[CordonPost]:
    """Its posts, those that have least time first, open ones before all."""
    return rows(CordonPost, "where cordon_id = %s order by slack_s nulls first, id", cordon_id)


def _done(cordon_id: UUID) -> Done:
    return Done(cordon_id, "", "open", 1)
