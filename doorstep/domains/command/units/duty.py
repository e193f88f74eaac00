"""Duty units: who is on duty and how they stand; signing on and off; the status clock; busy with a call and free again.

The database decides again who may (sql/units.sql). A verb is told once: the same request again is answered, not done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from doorstep.domains.command.units import region, status
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words

_COLUMNS: Final = (
    "id, callsign, zh, en, kind, team, unit_id, skills, kit, rights, vehicle, home_lon, home_lat, state, state_at, shift_from, "
    "shift_to, on_matter, on_slot, lon, lat, heading, speed, accuracy, position_at, version"
)
_OLDEST_PRESS: Final = timedelta(hours=12)
_LONGEST_WHY: Final = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """One duty unit at this moment. ``position_at`` None: off duty, or nothing was reported."""

    id: int
    callsign: str
    zh: str
    en: str
    kind: str
    team: str
    unit_id: int
    skills: tuple[str, ...]
    kit: tuple[str, ...]
    rights: tuple[str, ...]
    vehicle: str
    home_lon: float | None
    home_lat: float | None
    state: str
    state_at: datetime | None
    shift_from: datetime | None
    shift_to: datetime | None
    on_matter: UUID | None
    on_slot: str
    lon: float | None
    lat: float | None
    heading: float | None
    speed: float | None
    accuracy: float | None
    position_at: datetime | None
    version: int

    @property
    def name(self) -> Words:
        return Words(self.zh, self.en)


ON_CALL: list[Callable[[Viewer, Standing, str, str, str], bool]] = []
"""Who is asked first when a unit that is out for a call is set: ``(viewer, standing, state, why, request id)``. True: the
state was set with the call's own verb, which calls `occupy` or `release`; False: it concerns the unit alone."""


def standing(unit_ids: tuple[int, ...] | None = None) -> list[Standing]:
    """All units on duty that the viewer of this transaction sees, or those named, on duty or not. One query."""
    if unit_ids is None:
        return _read("state <> 'off' and active order by id")
    return _read("id = any (%s) and active order by id", list(unit_ids))


def roster() -> list[Standing]:
    """All units the viewer sees, those off duty too."""
    return _read("active order by id")


def mine(viewer: Viewer) -> Standing | None:
    """The unit that the viewer rides in now."""
    found = _read(
        "active and id in (select duty_unit_id from duty_member where account_id = %s and until is null)",
        viewer.account_id,
    )
    return found[0] if found else None


def one(duty_unit_id: int) -> Standing:
    """One unit. Refused: "not-found" also if the viewer may not see it."""
    found = standing((duty_unit_id,))
    if not found:
        raise not_found()
    return found[0]


def _read(where: str, *values: object) -> list[Standing]:
    found = fetch(f"select {_COLUMNS} from duty_unit where {where}", *values)  # noqa: S608 - conditions of this file
    return [_standing(*row) for row in found]


def _standing(*row: Any) -> Standing:
    told = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Standing(**told | {name: tuple(told[name]) for name in ("skills", "kit", "rights")})


def set_state(
    viewer: Viewer,
    duty_unit_id: int,
    state: str,
    why: str = "",
    request_id: str = "",
    pressed_at: datetime | None = None,
) -> Done:
    """The unit stands so from now on, or since ``pressed_at`` where the press was kept while there was no network.

    Refused: "not-found", "no-right", "no-why" for who does not ride in it and gives no reason, "not-next" (409), "same" (409),
    "moved-on" (409), "busy" (409).
    """

    def do() -> Done:
        was, now = one(duty_unit_id), clock.now()
        rides = _rides(viewer, duty_unit_id)
        reason = why.strip()[:_LONGEST_WHY]
        if not rides and not reason:
            raise Refused("no-why", Words("请写明原因。", "Please say why."))
        status.check(was.state, state, commanded=not rides)
        if was.on_matter and any(ask(viewer, was, state, reason, request_id) for ask in ON_CALL):
            return _done(one(duty_unit_id))
        refuse(fetch("select trust.duty_set(%s, %s, %s, %s, %s, %s)", duty_unit_id, was.state, state,
                      _moment(was, pressed_at, now), now, reason))  # fmt: skip
        return _done(one(duty_unit_id))

    content = {"unit": duty_unit_id, "state": state, "why": why}
    return once(viewer, "duty_set", request_id, content, do, _answered)


def _moment(was: Standing, pressed_at: datetime | None, now: datetime) -> datetime:
    """When it was pressed, if that can be: after the state before, not in the future, not long ago."""
    earliest = max(was.state_at or now - _OLDEST_PRESS, now - _OLDEST_PRESS)
    return min(max(pressed_at, earliest), now) if pressed_at else now


def _rides(viewer: Viewer, duty_unit_id: int) -> bool:
    return bool(fetch("select 1 from duty_member where account_id = %s and duty_unit_id = %s and until is null",
                      viewer.account_id, duty_unit_id))  # fmt: skip


def sign_on(
    viewer: Viewer,
    duty_unit_id: int,
    request_id: str,
    *,
    crew: tuple[UUID, ...] | None = None,
    until: datetime | None = None,
    why: str = "",
) -> Done:
    """On duty until the shift ends: the viewer, or the ``crew`` given. Whoever commands the unit may give nobody: a crew that
    signed on over the radio. Refused: "not-found", "no-right", "no-crew", "busy" (409), "no-such-end"."""
    riding = (viewer.account_id,) if crew is None else crew

    def do() -> Done:
        was, now = one(duty_unit_id), clock.now()
        ends = until or region.shift_end(now)
        if not now < ends < now + timedelta(hours=36):
            words = Words(
                "下班时间要在上班之后，最多 36 小时。", "A shift ends after it begins, within 36 hours."
            )
            raise Refused("no-such-end", words)
        told = fetch(
            "select trust.duty_on(%s, %s::uuid[], %s, %s, %s)", was.id, list(riding), now, ends, why.strip()
        )
        refuse(told)
        return _done(one(duty_unit_id))

    content = {"unit": duty_unit_id, "crew": sorted(map(str, riding)), "why": why}
    return once(viewer, "duty_on", request_id, content, do, _answered)


def sign_off(viewer: Viewer, request_id: str) -> Done:
    """The viewer leaves their unit; with the last one it is off duty. Refused: "not-on-duty" (409), "busy" (409)."""

    def do() -> Done:
        was = mine(viewer)
        if was is None:
            raise off_duty()
        refuse(fetch("select trust.duty_leave(%s)", clock.now()))
        return _done(one(was.id))

    return once(viewer, "duty_off", request_id, {}, do, _answered)


def occupy(duty_unit_id: int, matter_id: UUID, slot: str, state: str) -> None:
    """It is out for this call, and stands so; said by the verbs of calls. Refused: "off-duty" (409), "busy" (409), "no-right"."""
    refuse(
        fetch(
            "select trust.duty_occupy(%s, %s, %s, %s, %s)", duty_unit_id, matter_id, slot, state, clock.now()
        )
    )


def release(duty_unit_id: int, matter_id: UUID, state: str = status.AVAILABLE) -> None:
    """It is done with this call. One that is out for another one by now, off duty or out of order stays as it is."""
    refuse(fetch("select trust.duty_release(%s, %s, %s, %s)", duty_unit_id, matter_id, state, clock.now()))


def off_duty() -> Refused:
    """Nobody who is asked for is on duty."""
    return Refused(
        "off-duty",
        Words("不在班上，请先上班签到。什么都没有记下。", "Not on duty: sign on first. Nothing was kept."),
        status=409,
    )


def refuse(answer: list[tuple[Any, ...]]) -> None:
    """What the database answered, as a refusal; nothing if it did it."""
    said = str(answer[0][0])
    if said in ("done", "same"):
        return
    if said == "off":
        raise off_duty()
    if said in _SAID:
        raise Refused(said if said != "crew" else "no-crew", _SAID[said], status=409)
    raise refuse_right()


_SAID: Final = {
    "moved-on": Words(
        "状态刚被别人改过，请看一眼再按。", "Somebody just changed how it stands; look, then press again."
    ),
    "busy": Words(
        "正在处警，办完或请指挥中心换人后再来。",
        "It is out for a call; finish it, or have the centre send another.",
    ),
    "crew": Words(
        "名单里有人不是这个单位的值班民警。", "Somebody of the crew is no duty officer of this unit."
    ),
    "asked": Words("已经问过，还没有回答。", "They were asked already and have not answered."),
    "answered": Words("已经回答过了。", "It was answered."),
    "waits": Words("上一份交班还没有人接。", "The last hand-over has not been taken yet."),
    "own": Words("要由接的人来确认，自己不能接自己的。", "Whoever takes it confirms it; nobody their own."),
    "taken": Words("已经有人接了。", "Somebody has taken it."),
}


def _done(stands: Standing) -> Done:
    return Done(UUID(int=stands.id), stands.callsign, stands.state, stands.version)


def _answered(key: UUID) -> Done:
    return _done(one(key.int))
