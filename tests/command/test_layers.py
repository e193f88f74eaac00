"""Layers of the command map, who is let in, and one key that sends a free unit to wait at a post."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from doorstep.rulebook.words import Refused, Words
from tests.cast import Cast, fresh
from tests.journeys.visit import Visit

CAR = 34
"""A foot patrol of the officer's station that no other test signs on."""
POST = {"post": "AL-LJ-LX-C1", "name": Words("柳溪社区", "Liuxi community"), "lon": 118.04, "lat": 36.8}


@pytest.fixture
def on_duty(cast: Cast) -> Iterator[Any]:
    from doorstep.domains.command.units import duty  # tables are not ready when tests are collected

    with cast.enter("officer") as viewer:
        duty.sign_on(viewer, CAR, fresh())
    yield duty
    with cast.enter("dispatcher") as viewer:
        if duty.one(CAR).state != "off":
            duty.set_state(viewer, CAR, "off", "test", fresh())


def send(cast: Cast, role: str = "dispatcher") -> UUID:
    from doorstep.domains.command.units import orders

    with cast.enter(role) as viewer:
        return UUID(str(orders.order(viewer, CAR, request_id=fresh(), **POST).matter_id))


def held(cast: Cast) -> list[Any]:
    from doorstep.domains.command.units import orders

    with cast.enter("dispatcher"):
        return orders.standing(CAR)


def test_B02_a_free_unit_is_sent_to_a_post_confirms_and_the_next_thing_ends_it(
    cast: Cast, on_duty: Any
) -> None:
    for role in ("officer", "supervisor", "other_station", "resident"):
        with pytest.raises(Refused, match="no-right"):
            send(cast, role)
    first = send(cast)
    page = Visit(cast["officer"].token).get("/command/duty")
    assert "请到 柳溪社区 待命" in page.text
    again = send(cast)
    assert [one.id for one in held(cast)] == [again] != [first], "one order at a time"
    crew = Visit(cast["officer"].token)
    crew.get("/command/duty")
    crew.post("/command/duty", {"do": "order", "order": str(again), "request_id": fresh()})
    assert held(cast)[0].seen_at and "确认" in Visit(cast["dispatcher"].token).get("/command/dispatch").text
    with cast.enter("officer") as viewer:
        on_duty.set_state(viewer, CAR, "moving", "", fresh())
    assert held(cast), "driving there is no end of it"
    with cast.enter("officer") as viewer:
        on_duty.set_state(viewer, CAR, "broken", "", fresh())
    assert held(cast) == []
    with pytest.raises(Refused, match="busy"):
        send(cast)


def test_B02_who_does_not_ride_in_it_confirms_nothing_and_a_dispatcher_takes_it_back(
    cast: Cast, on_duty: Any
) -> None:
    from doorstep.domains.command.units import orders

    which = send(cast)
    for role in ("approver", "dispatcher"):
        with cast.enter(role) as viewer, pytest.raises(Refused, match="no-right"):
            orders.seen(viewer, which)
    with cast.enter("officer") as viewer, pytest.raises(Refused, match="no-right"):
        orders.take_back(viewer, which)
    Visit(cast["dispatcher"].token).post("/command/dispatch", {"do": "back", "which": str(which)})
    assert held(cast) == []
    with cast.enter("officer") as viewer, pytest.raises(Refused, match="over"):
        orders.seen(viewer, which)


def test_E02_the_map_lets_in_who_dispatches_and_tells_layers_without_anybody(
    cast: Cast, above: psycopg.Connection[Any], on_duty: Any
) -> None:
    from doorstep.domains.command.map import layers

    send(cast)
    cast.apply()
    for role, status in (
        ("dispatcher", 200),
        ("officer", 200),
        ("supervisor", 200),
        ("chief", 403),
        ("resident", 403),
    ):
        assert Visit(cast[role].token).get("/command/map").status == status, role
        assert Visit(cast[role].token).get("/command/map/layers").status == status, role
    with cast.enter("dispatcher") as viewer:
        told = layers.told(viewer, cover=True)
    assert told["away"] and told["queues"] and all(set(one) == {"at", "name", "n"} for one in told["queues"])
    (waiting,) = above.execute(
        "select count(*) from step s join unit u on u.id = s.unit_id where s.closed_at is null and u.code = 'AL-LJ-LX'"
    ).fetchone() or (0,)
    with cast.enter("officer") as viewer:
        own = layers.told(viewer, cover=True)
    assert [one["n"] for one in own["queues"]] == ([waiting] if waiting else []), "the own unit's alone"
    assert own["cover"] is None and own["posts"] is None, "what counts with all units is a dispatcher's"


def test_E02_a_call_that_no_wall_shows_is_marked_on_the_stream(
    cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from tests.command.calls import take

    shy, plain = take(cast, "XJ-007"), take(cast, "XJ-001")
    told = {one["id"]: one["shy"] for (one,) in above.execute("select told from trust.command_calls()")}
    assert told[str(shy)] is True and told[str(plain)] is False
