"""Pages of duty units: my unit on the telephone, and the roster of whoever commands."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from doorstep.domains.command.playback import verbs as playback
from doorstep.domains.command.units import duty, notes, orders, overdue, safety, status
from doorstep.domains.command.units.duty import Standing
from doorstep.geo.crs import metres
from doorstep.kernel.assign import colleagues
from doorstep.kernel.org import town, unit_words
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused, Words

DUTY: Final = "/command/duty"
_SAID: Final = {
    "on": Words("上班了。", "You are on duty."),
    "off": Words("下班了。", "You are off duty."),
    "state": Words("记下了。", "Noted."),
    "answer": Words("回答送到了。", "Your answer has arrived."),
    "tell": Words("写好了，等对方确认。", "Written; it waits for the other side to confirm."),
    "take": Words("确认了。", "Confirmed."),
    "stay": Words("延了一小时。", "Another hour on duty."),
    "order": Words("确认了，指挥中心看得到。", "Confirmed; the command centre sees it."),
    "ask": Words("问了，等他们回答。", "Asked; waiting for their answer."),
}
_ORDER: Final = (status.MOVING, status.THERE, status.FINISHED, status.AVAILABLE)
KINDS: Final = {"car": Words("警车", "Car"), "foot": Words("步巡", "Foot"), "team": Words("专业队", "Team")}
_SOMEBODY: Final = Words("一位民警", "an officer")
_STALE: Final = timedelta(minutes=2)
ABILITIES: Final = {
    "first-aid": Words("急救", "first aid"), "community": Words("社区", "community"), "interview": Words("询问", "interviews"),
    "video": Words("视频", "video"), "accident": Words("事故", "accidents"), "fingerprints": Words("指纹", "fingerprints"),
    "photography": Words("照相", "photography"), "negotiation": Words("谈判", "negotiation"),
    "psychology": Words("心理", "psychology"),
    "persuasion": Words("劝阻", "persuasion"), "arrest": Words("抓捕", "arrest"), "aed": Words("除颤器", "defibrillator"),
    "camera": Words("记录仪", "camera"), "cones": Words("锥筒", "cones"), "breath-test": Words("酒精检测仪", "breath test"),
    "scene-kit": Words("勘查箱", "scene kit"), "loudspeaker": Words("扩音器", "loudspeaker"), "shield": Words("盾牌", "shield"),
    "spike-strip": Words("阻车器", "spike strip"),
}  # fmt: skip
"""Skills and kit in words; one that a region names and nobody here knows is shown as it is."""
CALL_PARTS: list[str] = []
"""Templates of other packages for the call that a unit is out for; each gets ``unit``."""


@dataclass(frozen=True, slots=True)
class Line:
    """One unit of the roster."""

    unit: Standing
    state: Words
    kind: Words
    station: Words
    near: Words | None
    stale: bool
    over: bool
    check: safety.Check | None


def mine(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The officer's own unit: how it stands, the buttons that come next, where it is sent, what is asked."""
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                return HttpResponseRedirect(f"{DUTY}?did={_press(request, viewer)}")
        except Refused as refused:
            refusal = refused
    now, unit = clock.now(), duty.mine(viewer)
    context: dict[str, Any] = {
        "now": now, "unit": unit, "said": _SAID.get(request.GET.get("did", "")), "request_id": uuid4().hex,
        "refusal": refusal.words if refusal else None, "typed": request.POST if refusal else {}, "shown": playback.of_me(),
        "stream_url": getattr(request, "stream_url", ""),
    }  # fmt: skip
    if unit is None:
        own = [one for one in duty.roster() if one.unit_id == viewer.unit_id]
        waiting = [
            one for one in notes.notes(viewer, [u.id for u in own], 20) if one.shift and not one.taken_at
        ]
        context |= {"choices": own, "states": status.NAMES, "waiting": waiting}
    else:
        ways = status.NEXT[unit.state]
        context |= {
            "state": status.NAMES[unit.state], "steps": [(one, status.NAMES[one]) for one in _ORDER if one in ways],
            "broken": status.BROKEN in ways, "may_leave": status.OFF in ways, "parts": CALL_PARTS,
            "over": bool(unit.shift_to and unit.shift_to < now), "crew": crew(unit.id),
            "overdue": overdue.crew_asked(unit, now),
            "checks": [one for one in safety.open_checks(unit.id) if not one.answer], "answers": safety.ANSWERS,
            "notes": notes.notes(viewer, [unit.id], 5), "orders": orders.standing(unit.id),
            "others": [one for one in duty.standing() if one.id != unit.id],
        }  # fmt: skip
    return render(request, "command/units/duty.html", context, status=refusal.status if refusal else 200)


def _press(request: HttpRequest, viewer: Viewer) -> str:
    """What was pressed. Refused as the verbs are; "not-found" for what no button sends."""
    told, unit = request.POST, duty.mine(viewer)
    do, request_id, words = told.get("do", ""), told.get("request_id", ""), told.get("words", "")
    if do == "on":
        duty.sign_on(viewer, _number(told.get("unit", "")), request_id)
    elif do == "off":
        duty.sign_off(viewer, request_id)
    elif do == "stay" and unit is not None:
        overdue.stay(viewer, unit.id, request_id)
    elif do == "answer":
        safety.answer(viewer, _uuid(told.get("check", "")), told.get("answer", ""), request_id)
    elif do == "order":
        orders.seen(viewer, _uuid(told.get("order", "")))
    elif do == "take":
        notes.take(viewer, _uuid(told.get("note", "")), request_id)
    elif do == "state":
        of = _number(told.get("unit", ""))
        duty.set_state(viewer, of, told.get("state", ""), told.get("why", ""), request_id, _pressed(told))
    elif do == "tell" and unit is not None:
        to = _number(told.get("to", "")) if told.get("to") else unit.id
        notes.tell(viewer, unit.id, to, words, request_id)
    else:
        raise duty.off_duty() if do == "tell" else not_found()
    return do


def _pressed(told: Any) -> datetime | None:
    """When a kept press was made, as the device says; None for one that came at once."""
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(told.get("pressed_at", ""))
        return at if at.tzinfo else None
    return None


def _number(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise not_found()
    return int(raw)


def _uuid(raw: str) -> UUID:
    try:
        return UUID(raw)
    except ValueError:
        raise not_found() from None


def roster(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """All units that the viewer sees, with how they stand; who commands sets it with a reason and asks after them."""
    refusal: Refused | None = None
    here = {name: request.GET.get(name, "") for name in ("state", "kind", "station", "unit")}
    if request.method == "POST":
        try:
            with transaction.atomic():
                did = _command(request, viewer)
            return HttpResponseRedirect(f"{request.path}?{urlencode({**here, 'did': did})}")
        except Refused as refused:
            refusal = refused
    now, all_units = clock.now(), duty.roster()
    asked = {one.duty_unit_id: one for one in reversed(safety.open_checks())}
    known = [one for one in all_units if str(one.id) == here["unit"]]
    lines = [_line(one, asked.get(one.id), now) for one in all_units if _wanted(one, here)]
    context = {
        "now": now, "here": here, "lines": sorted(lines, key=_urgency), "path": request.path, "states": status.NAMES,
        "kinds": KINDS, "stations": sorted({one.unit_id: unit_words(one.unit_id) for one in all_units}.items()),
        "counts": [(one, words, sum(u.state == one for u in all_units)) for one, words in status.NAMES.items()],
        "may_set": viewer.may("dispatch") or viewer.may("supervise"), "request_id": uuid4().hex,
        "urgent": [one for one in asked.values() if one.late or one.answer == "help"], "answers": safety.ANSWERS,
        "overdue": overdue.centre_asked(all_units, now), "overdue_why": overdue.WHY,
        "said": _SAID.get(request.GET.get("did", "")), "refusal": refusal.words if refusal else None,
        "typed": request.POST if refusal else {}, **(_chosen(viewer, known[0], asked) if known else {}),
    }  # fmt: skip
    return render(request, "command/units/roster.html", context, status=refusal.status if refusal else 200)


def _chosen(viewer: Viewer, unit: Standing, asked: dict[int, safety.Check]) -> dict[str, Any]:
    """One unit in full: its crew, how it stood, what it was told."""
    log = fetch(
        "select at, state, why from duty_state where duty_unit_id = %s order by id desc limit 8", unit.id
    )
    ways = status.COMMANDED[unit.state]
    return {
        "unit": unit, "state": status.NAMES[unit.state], "crew": crew(unit.id), "check": asked.get(unit.id),
        "ways": [(one, status.NAMES[one]) for one in status.STATES if one in ways], "station": unit_words(unit.unit_id),
        "abilities": [ABILITIES.get(one, Words(one, one)) for one in (*unit.skills, *unit.kit)],
        "log": [(at, status.NAMES[state], why) for at, state, why in log], "notes": notes.notes(viewer, [unit.id], 5),
    }  # fmt: skip


def _command(request: HttpRequest, viewer: Viewer) -> str:
    told = request.POST
    do, request_id = told.get("do", ""), told.get("request_id", "")
    if do == "state":
        of, state, why = _number(told.get("unit", "")), told.get("state", ""), told.get("why", "")
        if duty.one(of).state == status.OFF and state == status.AVAILABLE:
            _said_why(why)
            duty.sign_on(viewer, of, request_id, crew=(), why=why)
        else:
            duty.set_state(viewer, of, state, why, request_id)
    elif do == "stay":
        overdue.stay(viewer, _number(told.get("unit", "")), request_id)
    elif do == "ask":
        safety.ask(viewer, _number(told.get("unit", "")), request_id)
    elif do == "answer":
        safety.answer(viewer, _uuid(told.get("check", "")), told.get("answer", ""), request_id)
    else:
        raise not_found()
    return do


def _said_why(why: str) -> None:
    if not why.strip():
        raise Refused("no-why", Words("请写明原因。", "Please say why."))


def crew(duty_unit_id: int) -> list[Words]:
    """Who rides in it, by name for who works with them; empty for a crew that signed on over the radio."""
    found = fetch(
        "select account_id from duty_member where duty_unit_id = %s and until is null order by since",
        duty_unit_id,
    )
    known = colleagues() if found else {}
    return [known[one].name if one in known else _SOMEBODY for (one,) in found]


def _wanted(one: Standing, here: dict[str, str]) -> bool:
    return (
        (not here["state"] or one.state == here["state"])
        and (not here["kind"] or one.kind == here["kind"])
        and (not here["station"] or str(one.unit_id) == here["station"])
    )


def _line(one: Standing, check: safety.Check | None, now: datetime) -> Line:
    stale = one.state != status.OFF and (one.position_at is None or one.position_at < now - _STALE)
    over = bool(one.state != status.OFF and one.shift_to and one.shift_to < now)
    near = _near(one.lon, one.lat) if one.lon is not None and one.lat is not None else None
    return Line(
        one, status.NAMES[one.state], KINDS[one.kind], unit_words(one.unit_id), near, stale, over, check
    )


def _urgency(line: Line) -> tuple[Any, ...]:
    """Who needs somebody first; then who is out, who is free, who is off."""
    check = line.check
    order = (
        status.THERE,
        status.MOVING,
        status.ASSIGNED,
        status.BROKEN,
        status.FINISHED,
        status.AVAILABLE,
        status.OFF,
    )
    return not (check and (check.late or check.answer == "help")), order.index(line.unit.state), line.unit.id


def _near(lon: float, lat: float) -> Words:
    """The nearest place of service, in words, so that nobody needs a map to know where that is."""
    places: Iterable[Any] = (
        one for one in town().points.values() if one.lon is not None and one.lat is not None
    )
    nearest = min(places, key=lambda one: (one.lon - lon) ** 2 * 0.64 + (one.lat - lat) ** 2, default=None)
    if nearest is None:
        return Words(f"{lon:.4f}, {lat:.4f}", f"{lon:.4f}, {lat:.4f}")
    km = metres((lon, lat), (nearest.lon, nearest.lat)) / 1_000
    return Words(f"{nearest.address_zh} {km:.1f} 公里", f"{km:.1f} km from {nearest.address_en}")
