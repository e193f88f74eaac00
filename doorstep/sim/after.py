"""After a life's matter has ended: somebody asks about it, most rate it, and a bad rating is looked into by another unit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from doorstep.domains.ratings import rate
from doorstep.kernel import change, matter, read, trust
from doorstep.kernel.org import town
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, pack
from doorstep.rulebook.words import Refused
from doorstep.sim.outside import look_at

if TYPE_CHECKING:
    from doorstep.sim.way import Way

_ASKED, _UNEXPLAINED, _RATED = 0.06, 0.08, 0.6
_WAYS = {"code": 60, "paper": 25, "phone": 15}
"""How those who have no account say what they think."""
_LEVELS = (5,) * 12 + (4,) * 6 + (3,) * 2 + (2, 1)
_SAID = {
    5: ("很快，态度也好", "不用再跑第二趟了", ""), 4: ("总体不错", "", ""), 3: ("材料说得不够清楚", "一般", ""),
    2: ("等得有点久", "让我跑了两趟"), 1: ("没人说清楚缺什么", "电话一直打不通"),
}  # fmt: skip
_CAME_OF_IT = {
    "mended": "已经打过电话，缺的当天补上了", "explained": "已经打过电话，说明了情况，对方清楚了",
    "ask_second": "查了办理经过，像是没有依据", "founded": "确实让人多跑了一趟，请继续回访", "unfounded": "查了经过，没有依据",
    "pressed": "已经催过，明天给回话",
}  # fmt: skip
_ANSWERED = 0.93
"""How many call-backs are made before their time is over."""


def afterwards(way: Way) -> None:
    """What comes after the end."""
    chance = way.chance
    if chance.random() < _ASKED:
        _looked_at(way)
    way.at += timedelta(hours=chance.randrange(1, 50), minutes=chance.randrange(60))
    if way.life.wish.course or chance.random() > _RATED or way.at >= way.horizon:
        return
    level = chance.choice(_LEVELS)
    told = {"level": level, "text": chance.choice(_SAID[level]), "may_call": chance.random() < 0.7}
    with clock.clock_at(way.at), refused_is_lived():
        _rated(way, told)
        if level <= rate.BAD:
            _called_back(way)


def _rated(way: Way, told: dict[str, Any]) -> None:
    """Online by who has an account; with the code on the slip by all others."""
    life, request_id = way.life, f"{way.request_id}-rating"
    if life.resident:
        with life.staff.enter(life.resident) as viewer:
            rate.rate(viewer, way.id, request_id=request_id, **told)
        return
    with life.staff.enter(life.clerk):
        code = rate.code_of(way.id)
        number = change.done_of(way.id).number
    how = way.chance.choices(list(_WAYS), list(_WAYS.values()))[0]
    with _who_enters(way, how) as viewer:
        rate.rate_with_code(viewer, number, code, way=how, request_id=request_id, **told)


def _who_enters(way: Way, how: str) -> AbstractContextManager[Viewer]:
    """Whoever holds the slip; for those without a screen a clerk or supervisor of a place that had no hand in it."""
    staff, had = way.life.staff, {way.life.x.unit_id, way.row.unit_id, way.row.county, way.row.city}
    if how == "code":
        return staff.nobody()
    kind, post = ("county", "supervisor") if how == "phone" else ("station", "second")
    others = sorted(u.id for u in town().units.values() if u.kind == kind and u.active and u.id not in had)
    return staff.enter(staff.at(way.chance.choice(others), post)) if others else staff.nobody()


def _called_back(way: Way) -> None:
    """Supervisors of other units ring up or look into it; a few are still to do it this morning, or are late."""
    found = _call_back(way)
    for turn in range(4 if found else 0):
        row, waits = look_at(found)  # type: ignore[arg-type]
        if row.closed_at is not None or not waits:
            return
        step = waits[0]
        at = way.office(f"{way.chance.randrange(2, 30)} workhour")
        if way.chance.random() > _ANSWERED or at >= way.horizon:
            at = way.horizon
        if step.due_at and step.late_at is None and step.due_at < at:
            with clock.clock_at(step.due_at + timedelta(minutes=1)), trust.enter_system(row.id) as system:
                matter.mark_late(system, row.id, step.name)
        if at >= way.horizon:
            return
        way.at = at
        outcomes = pack.version(bytes(row.pack)).flow.step(step.name).outcomes
        came = way.chance.choices(outcomes, [5, 5, 2][: len(outcomes)])[0]
        with (
            clock.clock_at(at),
            way.life.staff.enter(way.life.staff.at(int(step.unit_id or 0), "supervisor")) as viewer,
        ):
            matter.act(
                viewer, row.id, step=step.name, outcome=came, reason=_CAME_OF_IT.get(came, "已经打过电话"),
                request_id=f"{way.request_id}-call-{turn}",
            )  # fmt: skip


def _call_back(way: Way) -> UUID | None:
    """The matter that the bad rating has just opened, wherever it went."""
    codes = [one.code for one in pack.every() if one.part_of == "rating"]
    for unit in (u for u in town().units.values() if u.kind in ("county", "city")):
        with way.life.staff.enter(way.life.staff.at(unit.id, "supervisor")):
            found = fetch("select id from matter where item = any(%s) and opened_at = %s", codes, clock.now())
        if found:
            return UUID(str(found[0][0]))
    return None


def _looked_at(way: Way) -> None:
    """Somebody calls and asks how it stands; now and then the clerk writes no reason."""
    of = way.of
    purpose = way.chance.choice([one for one in of.purposes if one != of.purpose] or [of.purpose])
    reason = "" if way.chance.random() < _UNEXPLAINED else "本人来电话问办到哪了 · the applicant called"
    with refused_is_lived(), way.life.staff.enter(way.life.clerk) as viewer:
        read.read_matter(viewer, way.id, purpose=purpose, reason=reason)


@contextmanager
def refused_is_lived() -> Iterator[None]:
    """What the town refuses somebody is part of their life, not a fault of it."""
    try:
        yield
    except Refused:
        return
