"""Who should go: as advised with one key, otherwise with a reason; a breakdown; a closed road; without the map."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from doorstep.geo.router import StraightLine
from doorstep.geo.talk import Away
from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.command.calls import take
from tests.conftest import as_role

CARS = (21, 22, 23)
"""Cars that no other test signs on."""


class Near:
    """The desk without a process or streets between."""

    def __init__(self) -> None:
        from doorstep.geo.desk import Desk
        from doorstep.geo.shapes import Areas
        from doorstep.run.ground import standing_orders

        self.asked: list[dict[str, Any]] = []
        self.calls: list[UUID] = []
        """Of all that other tests left open, those that are looked at."""
        self.desk = Desk(StraightLine, Areas([]), standing_orders("anlan"))

    def matrix(self, *asked: Any) -> Any:
        return StraightLine().matrix(*asked)

    def ask(self, what: str, asked: dict[str, Any]) -> Any:
        import json

        self.asked.append(asked)
        return json.loads(json.dumps(getattr(self.desk, what)(json.loads(json.dumps(asked)))))


@pytest.fixture
def near(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Near]:
    from doorstep.domains.command.calls import reading, send
    from doorstep.domains.command.calls.models import Sending
    from doorstep.domains.command.units import duty
    from doorstep.web import ground

    told = Near()
    monkeypatch.setattr(ground, "beside", lambda: told)
    calls, units = reading.open_calls, duty.standing
    monkeypatch.setattr(
        reading, "open_calls", lambda *a, **k: [one for one in calls(*a, **k) if one.id in told.calls]
    )
    monkeypatch.setattr(duty, "standing", lambda *a: [one for one in units(*a) if one.id in CARS])
    for car in CARS:
        with cast.enter("dispatcher") as viewer:
            duty.sign_on(viewer, car, fresh(), crew=())
    yield told
    for call in told.calls:
        with cast.enter("dispatcher") as viewer:
            out = [one.duty_unit_id for one in Sending.objects.filter(matter_id=call, ended="")]
            if out:
                send.recall(viewer, call, units=out, why="test", request_id=fresh())
    for car in CARS:
        with cast.enter("dispatcher") as viewer:
            duty.set_state(viewer, car, "off", "test", fresh())


def _taken(cast: Cast, near: Near) -> UUID:
    near.calls.append(take(cast, "XJ-001"))
    return near.calls[-1]


def _board(cast: Cast, call: UUID) -> Any:
    from doorstep.domains.command.dispatch import board

    with cast.enter("dispatcher") as viewer:
        return board.read(viewer, call)


def _post(cast: Cast, role: str, **told: Any) -> Any:
    from django.test import RequestFactory

    from doorstep.domains.command.dispatch import pages

    request = RequestFactory().post("/command/dispatch", told)
    with cast.enter(role) as viewer:
        return pages._do(request, viewer)


def test_B02_sent_as_advised_with_the_reason_kept_and_otherwise_only_with_one(cast: Cast, near: Near) -> None:
    from doorstep.domains.command.calls.models import Sending
    from doorstep.rulebook.words import Refused

    call = _taken(cast, near)
    told = _board(cast, call).calls[0]
    line = next(one for one in told.new if one.unit.kind == "car" and not one.unit.team)
    assert line.minutes and line.said and line.runner_up, "who, in how long, why, and who else"
    other = next(car for car in CARS if car not in {one.unit.id for one in told.new})
    with pytest.raises(Refused) as no:
        _post(cast, "dispatcher", do="send", call=call, unit=other, request=fresh())
    assert no.value.code == "reason"
    asked = {"do": "send", "call": str(call), "unit": str(line.unit.id), "request": fresh()}
    _post(cast, "dispatcher", **asked)
    _post(cast, "dispatcher", **asked)
    with cast.enter("dispatcher"):
        sent = list(Sending.objects.filter(matter_id=call))
    assert (
        len(sent) == 1
        and sent[0].reason["codes"]
        and sent[0].reason["said"][0][0]
        and not sent[0].overridden_why
    )
    assert sent[0].runner_up is not None
    _post(
        cast,
        "dispatcher",
        do="send",
        call=call,
        unit=other,
        request=fresh(),
        why="熟悉那栋楼",
        shown=line.unit.id,
    )
    with cast.enter("dispatcher"):
        assert Sending.objects.get(matter_id=call, duty_unit_id=other).overridden_why == "熟悉那栋楼"
    with pytest.raises(Refused):
        _post(cast, "officer", do="close", where="118.0,36.8", hours="2")


def test_B02_a_car_breaks_down_and_its_call_is_advised_anew(cast: Cast, near: Near) -> None:
    from doorstep.domains.command.units import duty

    call = _taken(cast, near)
    first = next(
        one for one in _board(cast, call).calls[0].new if one.unit.kind == "car" and not one.unit.team
    )
    _post(cast, "dispatcher", do="send", call=call, unit=first.unit.id, request=fresh())
    assert any(one.sent and one.unit.id == first.unit.id for one in _board(cast, call).calls[0].lines)
    with cast.enter("dispatcher") as viewer:
        duty.set_state(viewer, first.unit.id, "broken", "抛锚", fresh())
    again = _board(cast, call).calls[0]
    assert first.unit.id not in {one.unit.id for one in again.lines if one.unit}
    assert any(one.need.zh == first.need.zh for one in again.lines if not one.sent), "the need is open again"


def test_B01_after_the_plans_time_of_silence_the_next_is_advised_and_sent_and_it_stands_in_the_log(
    cast: Cast, near: Near, database: Place
) -> None:
    from doorstep.domains.command.calls import reading, send
    from doorstep.domains.command.calls.models import Sending
    from doorstep.domains.command.units import duty
    from doorstep.kernel.models import Event
    from doorstep.rulebook import clock

    call = _taken(cast, near)
    advised = _new(cast, call)
    silent, *others = advised
    _post(cast, "dispatcher", do="send", call=call, unit=list(advised), request=fresh())
    assert not _new(cast, call), "the plan is met"
    with cast.enter("dispatcher") as viewer:
        for one in others:
            send.say(viewer, call, outcome="coming", unit=one, request_id=fresh())
    with clock.clock_at(clock.now() + timedelta(seconds=59)):
        _due(database)
        assert not _read(cast, call).waits, "not before the time of the plan"
    with clock.clock_at(clock.now() + timedelta(seconds=61)):
        _due(database)
        assert len(_read(cast, call).waits) == 1
        again = _new(cast, call)
        assert len(again) == 1 and not set(again) & set(advised), "the next in the plan"
        _post(cast, "dispatcher", do="send", call=call, unit=again, request=fresh())
        assert not _new(cast, call)
    with cast.enter("dispatcher") as viewer:
        sent = {one.duty_unit_id: one for one in Sending.objects.filter(matter_id=call)}
        assert sent[silent].late_at and not sent[silent].ended and sent[again[0]].reason["codes"]
        told = [one.what.en for one in reading.read(viewer, call).timeline]
        late, replaced = sent[silent].callsign, sent[again[0]].callsign
        assert told.count(f"{late} No answer") == 1 and told.count(f"{replaced} Sent") == 1, told
        assert Event.objects.filter(matter_id=call, kind="late").count() == 1
        send.say(viewer, call, outcome="coming", unit=silent, request_id=fresh())
        assert duty.one(silent).state == "moving", "who answers late is coming all the same"
    assert not _read(cast, call).waits


def _new(cast: Cast, call: UUID) -> list[int]:
    """The cars that the board would alert now."""
    return [one.unit.id for one in _board(cast, call).calls[0].new if one.unit and one.unit.kind == "car"]


def _due(place: Place) -> None:
    """The worker looks once for what is late."""
    from doorstep.kernel import chore

    for _ in as_role("worker", place):
        while chore.mark_due():
            pass


def _read(cast: Cast, call: UUID) -> Any:
    from doorstep.domains.command.calls import reading

    with cast.enter("dispatcher") as viewer:
        return reading.read(viewer, call).call


def test_B02_two_cars_on_one_call_meet_two_needs_of_its_plan(cast: Cast, near: Near) -> None:
    from doorstep.domains.command.calls import reading, send
    from doorstep.domains.command.dispatch import board
    from doorstep.domains.command.units import duty

    call = _taken(cast, near)
    with cast.enter("dispatcher") as viewer:
        send.send(viewer, call, units=CARS[:2], request_id=fresh())
        [open_call] = [one for one in reading.open_calls(viewer) if one.id == call]
        asked, on = board._call(open_call, duty.standing())
    assert len({number for _, number in on.values()}) == 2 and set(on) == set(CARS[:2])
    assert all(number < len(asked.needs) for _, number in on.values())


def test_B02_a_closed_road_is_told_to_the_router_until_it_is_open(cast: Cast, near: Near) -> None:
    from doorstep.domains.command.dispatch import closures
    from doorstep.rulebook.words import Refused

    call = _taken(cast, near)
    with pytest.raises(Refused):
        _post(cast, "dispatcher", do="close", where="118.0,36.8", hours="0")
    with cast.enter("dispatcher") as viewer:
        shut = closures.close(viewer, where="118.0,36.8", hours=2, words="管道抢修")
    _board(cast, call)
    ring = near.asked[-1]["closed"][-1]
    assert len(ring) == 5 and tuple(ring[0]) == tuple(ring[-1]) and abs(ring[0][0] - 118.0) < 1e-3
    with cast.enter("dispatcher") as viewer:
        closures.reopen(viewer, shut)
    _board(cast, call)
    assert shut not in near.asked[-1]["closed"] and len(near.asked[-1]["closed"]) == 0
    with cast.enter("officer"):
        assert closures.now() == [] or all(one.id != shut for one in closures.now())


def test_B02_without_the_map_the_nearest_by_line_are_told_and_it_says_so(
    cast: Cast, near: Near, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.web import ground

    def gone() -> Any:
        raise Away("gone")

    monkeypatch.setattr(ground, "beside", gone)
    call = _taken(cast, near)
    told = _board(cast, call)
    line = next(one for one in told.calls[0].new if one.unit.kind == "car")
    assert told.away and line.minutes and not line.routed and "直线" in line.said[0].zh
    _post(cast, "dispatcher", do="send", call=call, unit=line.unit.id, request=fresh())


def test_B02_the_page_of_a_call_advises_as_the_board_does_and_asks_why_for_anybody_else(
    cast: Cast, near: Near, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.domains.command.calls import verbs
    from doorstep.domains.command.calls.models import Sending
    from doorstep.web import ground

    call = _taken(cast, near)
    advised = next(
        one for one in _board(cast, call).calls[0].new if one.unit.kind == "car" and not one.unit.team
    )
    told = _picks(cast, call)
    assert advised.unit.id in {one.unit.id for one in told.lines if one.unit} and not told.away
    other = next(one for one in told.others if not one.busy)
    assert other.minutes and not other.routed, "the map of this test knows no streets, and it is said"
    refused = _page(cast, call, do="send", unit=other.unit.id, request=fresh())
    assert refused.status_code == 409 and b"checked" in refused.content
    assert (
        _page(cast, call, do="send", unit=other.unit.id, why="就在楼下", request=fresh()).status_code == 302
    )
    _page(cast, call, do="send", unit=advised.unit.id, shown=advised.unit.id, request=fresh())
    with cast.enter("dispatcher"):
        sent = {one.duty_unit_id: one for one in Sending.objects.filter(matter_id=call)}
    assert sent[other.unit.id].overridden_why == "就在楼下"
    assert sent[advised.unit.id].reason["said"] and not sent[advised.unit.id].overridden_why

    def gone() -> Any:
        raise Away("gone")

    monkeypatch.setattr(ground, "beside", gone)
    bare = verbs.Report("XJ-012", said={"words": "没说在哪"})
    with cast.enter("dispatcher") as viewer:
        told_nothing = verbs.take(viewer, bare, request_id=fresh()).matter_id
    near.calls.append(told_nothing)
    assert _page(cast, told_nothing).status_code == 200, "a call of which no place is known has its page"
    assert _picks(cast, call).away and "按直线估算" in _page(cast, call).content.decode()


def _picks(cast: Cast, call: UUID) -> Any:
    from doorstep.domains.command.calls import reading
    from doorstep.domains.command.dispatch import pick

    with cast.enter("dispatcher") as viewer:
        return pick.of(viewer, reading.read(viewer, call).call)


def _page(cast: Cast, call: UUID, **told: Any) -> Any:
    from django.test import RequestFactory

    from doorstep.domains.command.calls import pages

    make, path = RequestFactory(), f"/command/calls/{call}"
    with cast.enter("dispatcher") as viewer:
        return pages.one(make.post(path, told) if told else make.get(path), viewer, call)


def test_B02_posts_of_each_band_are_told_and_without_the_map_it_says_so(
    cast: Cast, near: Near, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.geo import advice
    from doorstep.rulebook.words import Words
    from tests.journeys.visit import Visit

    names = (("a", Words("橘洲路口", "Juzhou"), 2), ("b", Words("渡口", "Dukou"), 1))
    placed = advice.Placed(Words("白天", "Day"), names, 0.814, 0.9)
    monkeypatch.setattr(advice, "posts", lambda asked: (placed,))
    told = Visit(cast["dispatcher"].token).get("/command/dispatch/posts").text
    assert "3 组警力，81% 的警情" in told and "最多能到 90%" in told and "橘洲路口" in told

    def gone(asked: Any) -> Any:
        raise Away("gone")

    monkeypatch.setattr(advice, "posts", gone)
    from doorstep.web import ground

    monkeypatch.setattr(Near, "ready", lambda self: "routed", raising=False)
    assert "正在算" in Visit(cast["dispatcher"].token).get("/command/dispatch/posts").text
    monkeypatch.setattr(ground, "beside", lambda: gone(None))
    assert "地图进程不在" in Visit(cast["dispatcher"].token).get("/command/dispatch/posts").text
    assert Visit(cast["resident"].token).get("/command/dispatch/posts").status == 403
