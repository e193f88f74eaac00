"""Containment: a cordon is planned, ordered at once, widened, stood down together; without a map nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from doorstep.geo.cordon import Chase, Post
from doorstep.geo.talk import Away
from doorstep.rulebook import clock
from doorstep.rulebook.words import Refused
from tests.cast import Cast, fresh
from tests.journeys.visit import Visit

HERE = (118.0, 36.8)


class Map:
    """Answers like the process beside us, with two posts for whoever is asked about."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.away = False

    def find(self, text: str, most: int = 8) -> list[Any]:
        return []

    def chase(self, seen: Any, heading: Any, age_s: float, units: dict[str, Any]) -> Chase:
        if self.away:
            raise Away("no")
        self.asked.append((seen, heading, age_s, sorted(units)))
        posts = [
            Post(118.01 + n / 100, 36.8, f"{n}号大桥", "滨江路", unit, 90.0, 40.0 - n, "routed")
            for n, unit in enumerate(sorted(units, key=int)[:2])
        ]
        return Chase(True, 600.0, (*posts,), (), ())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Map:
    from doorstep.domains.command.net import close

    told = Map()
    monkeypatch.setattr(close.ground, "beside", lambda: told)
    return told


@pytest.fixture
def crews(cast: Cast) -> Iterator[list[int]]:
    """Three duty units, on duty without anybody of the cast."""
    from doorstep.domains.command.units import duty

    with cast.enter("dispatcher") as viewer:
        free = [one.id for one in duty.roster() if one.state == "off" and one.kind == "car"][-3:]
        for one in free:
            duty.sign_on(viewer, one, fresh(), crew=(), why="试一试")
    yield free
    with cast.enter("dispatcher") as viewer:
        for one in free:
            duty.set_state(viewer, one, "off", "试完了", fresh())


def call(cast: Cast) -> UUID:
    from doorstep.domains.command.calls import verbs

    with cast.enter("dispatcher") as viewer:
        report = verbs.Report(
            "XJ-003", "phone", {"place": "望江路", "words": "抢了包往南跑"}, {}, *HERE, "AL-LJ-HW"
        )
        return verbs.take(viewer, report, request_id=fresh()).matter_id


def test_B04_a_cordon_is_ordered_at_once_and_stood_down_together(
    cast: Cast, asked: Map, crews: list[int]
) -> None:
    from doorstep.domains.command.calls import reading
    from doorstep.domains.command.net import close
    from doorstep.domains.command.units import duty

    matter_id, request = call(cast), fresh()
    seen = close.Sighting(HERE, clock.now() - timedelta(minutes=2), 180.0)
    with cast.enter("dispatcher") as viewer:
        first = close.order(viewer, matter_id, seen, request)
        assert close.order(viewer, matter_id, seen, request).replayed
        held = close.posts(first.matter_id)
        ordered = [one.duty_unit_id for one in held if one.duty_unit_id]
        assert len(ordered) == 2 and all(one.on_matter == matter_id for one in duty.standing(tuple(ordered)))
        told = [reading.post_of(matter_id, one) for one in ordered]
        assert {one[0] for one in told if one} == {"0号大桥", "1号大桥"}
        assert asked.asked[-1][1] == 180.0 and 119 < asked.asked[-1][2] < 130
        wider = close.order(viewer, matter_id, seen, fresh())
        assert close.in_force(matter_id).id == wider.matter_id != first.matter_id
        assert set(map(str, ordered)) <= set(asked.asked[-1][3]), "who stands there already counts too"
        close.stand_down(viewer, matter_id, "抓到了", fresh())
        assert close.in_force(matter_id) is None
        assert all(one.on_matter is None for one in duty.standing(tuple(ordered)))


def test_B04_what_cannot_be_is_refused_and_changes_nothing(cast: Cast, asked: Map, crews: list[int]) -> None:
    from doorstep.domains.command.net import close

    matter_id, now = call(cast), clock.now()
    with cast.enter("dispatcher") as viewer:
        for when, code in ((now + timedelta(minutes=9), "future"), (now - timedelta(hours=4), "too-old")):
            with pytest.raises(Refused, match=code):
                close.order(viewer, matter_id, close.Sighting(HERE, when), fresh())
        asked.away = True
        with pytest.raises(Refused, match="no-map"):
            close.order(viewer, matter_id, close.Sighting(HERE, now), fresh())
        assert close.in_force(matter_id) is None
    with cast.enter("officer") as viewer, pytest.raises(Refused, match="no-right"):
        close.order(viewer, matter_id, close.Sighting(HERE, now), fresh())


def test_B04_by_page_it_is_tried_first_and_what_was_typed_stays(
    cast: Cast, asked: Map, crews: list[int]
) -> None:
    matter_id, page = call(cast), Visit(cast["dispatcher"].token)
    path = f"/command/net/{matter_id}"
    form = page.get(path).form_with("when")
    wrong = page.post(path, form | {"when": "昨天", "do": "try"})
    assert wrong.status == 422 and "几分钟前" in wrong.text and wrong.form_with("when")["when"] == "昨天"
    tried = page.post(path, form | {"at": "118.000000,36.800000", "when": "3", "heading": "90", "do": "try"})
    assert "2 个卡点，都来得及" in tried.text and "0号大桥" in tried.text
    done = page.post(path, tried.form_with("when") | {"do": "order"})
    assert "已下令" in done.text
    assert Visit(cast["resident"].token).get(path).status == 403
    back = page.post(path, done.form_with("why") | {"do": "down", "why": "抓到了"})
    assert "都召回了" in back.text
