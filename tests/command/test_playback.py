"""Playback of a past hour: two persons, a purpose, the own reach, an end; the hour as the log has it; and who is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused
from tests.cast import Cast, fresh
from tests.journeys.visit import Visit

CAR = 3
"""A car of the officer's station that no other test signs on."""


@pytest.fixture
def verbs(cast: Cast) -> Any:
    from doorstep.domains.command.playback import (
        verbs as found,
    )  # tables are not ready when tests are collected

    return found


def unit(code: str) -> int:
    from doorstep.kernel.org import unit_named

    return int(unit_named(code).id)


def hour(days: int = 3) -> datetime:
    """The beginning of an hour some days ago."""
    return (clock.now() - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)


def ask(
    verbs: Any, cast: Cast, role: str = "supervisor", area: str = "AL-LJ-LX", since: datetime | None = None
) -> UUID:
    here = (since or hour()).astimezone(calendar().zone)
    with cast.enter(role) as viewer:
        done = verbs.ask(viewer, area=unit(area), day=here.date().isoformat(), at=here.strftime("%H:%M"), purpose="核对到场时间",
                         request_id=fresh())  # fmt: skip
    return UUID(str(done.matter_id))


def agree(verbs: Any, cast: Cast, which: UUID, role: str = "auditor", yes: bool = True) -> None:
    with cast.enter(role) as viewer:
        verbs.decide(viewer, which, agreed=yes, answer="" if yes else "用途不清楚", request_id=fresh())


def opened(verbs: Any, cast: Cast, which: UUID, role: str = "supervisor") -> dict[str, Any]:
    with cast.enter(role) as viewer:
        found: dict[str, Any] = verbs.told(viewer, which)
        return found


def no(verbs: Any, cast: Cast, which: UUID, role: str = "supervisor") -> str:
    with pytest.raises(Refused) as refused:
        opened(verbs, cast, which, role)
    assert refused.value.words.zh and refused.value.words.en
    return refused.value.code


def test_E02_alone_nobody_plays_anything_back_and_nobody_agrees_to_their_own(verbs: Any, cast: Cast) -> None:
    which = ask(verbs, cast)
    assert no(verbs, cast, which) == "waits"
    with pytest.raises(Refused, match="own"):
        agree(verbs, cast, which, "supervisor")
    assert no(verbs, cast, which) == "waits"
    agree(verbs, cast, which, "chief")
    assert opened(verbs, cast, which)["ends"] > clock.now().timestamp()
    for role in ("chief", "auditor", "officer", "dispatcher", "resident"):
        assert no(verbs, cast, which, role) == "no-right", "who agreed sees nothing either"


def test_E02_nobody_asks_or_agrees_outside_the_own_reach(verbs: Any, cast: Cast) -> None:
    for role, area in (("supervisor", "AL-YX-DK"), ("supervisor", "AL"), ("chief", "AL-LJ-LX"), ("officer", "AL-LJ-LX"),
                       ("dispatcher", "AL-LJ-LX"), ("resident", "AL-LJ-LX")):  # fmt: skip
        with pytest.raises(Refused, match="no-right"):
            ask(verbs, cast, role, area)
    which = ask(verbs, cast, "auditor", "AL-YX-DK")
    for role in ("supervisor", "officer", "dispatcher"):
        with pytest.raises(Refused, match="no-right"):
            agree(verbs, cast, which, role)
        with cast.enter(role) as viewer, pytest.raises(Refused, match="not-found"):
            verbs.one(viewer, which)


def test_E02_a_request_lapses_ends_is_refused_and_is_closed(verbs: Any, cast: Cast) -> None:
    late, unopened, seen, refused = (ask(verbs, cast) for _ in range(4))
    agree(verbs, cast, refused, yes=False)
    assert no(verbs, cast, refused) == "refused"
    agree(verbs, cast, unopened)
    agree(verbs, cast, seen)
    opened(verbs, cast, seen)
    with clock.clock_at(clock.now() + timedelta(hours=2)):
        assert no(verbs, cast, seen) == "ended"
    with clock.clock_at(clock.now() + timedelta(hours=25)):
        assert no(verbs, cast, late) == no(verbs, cast, unopened) == "lapsed"
        with pytest.raises(Refused, match="lapsed"):
            agree(verbs, cast, late)
    with clock.clock_at(clock.now() - timedelta(days=1)):
        assert no(verbs, cast, late) == "waits"
    with cast.enter("supervisor") as viewer:
        verbs.close(viewer, seen)
    assert no(verbs, cast, seen) == "closed"


def test_E02_an_hour_that_is_not_over_or_whose_positions_are_deleted_says_so(verbs: Any, cast: Cast) -> None:
    for since, code in ((hour(31), "gone"), (hour(0), "not-yet")):
        with pytest.raises(Refused) as refused:
            ask(verbs, cast, since=since)
        assert refused.value.code == code and refused.value.status == 409
    which = ask(verbs, cast, since=hour(29))
    agree(verbs, cast, which)
    with clock.clock_at(clock.now() + timedelta(hours=23)):
        opened(verbs, cast, which)
    kept = ask(verbs, cast, since=hour(30) + timedelta(hours=1))
    agree(verbs, cast, kept)
    with clock.clock_at(clock.now() + timedelta(hours=3)):
        assert no(verbs, cast, kept) == "gone"


@pytest.fixture(scope="module")
def past(cast: Cast, above: psycopg.Connection[Any]) -> Iterator[tuple[datetime, list[UUID]]]:
    """An hour in which a car was on duty, out for one call that is shown and one that nobody is to see on a map."""
    since, ids = hour(4), [uuid4(), uuid4()]
    at = lambda s: since + timedelta(seconds=s)  # noqa: E731
    rides = above.execute("select id from account where login = 'officer'").fetchone()
    assert rides
    above.execute("insert into duty_member (duty_unit_id, account_id, since, until) values (%s, %s, %s, %s)",
                  [CAR, rides[0], at(-600), at(3000)])  # fmt: skip
    for s, state in (
        (-600, "available"),
        (100, "assigned"),
        (130, "moving"),
        (300, "there"),
        (900, "available"),
        (3000, "off"),
    ):
        above.execute("insert into duty_state (duty_unit_id, at, told_at, state, why) values (%s, %s, %s, %s, '')",
                      [CAR, at(s), at(s), state])  # fmt: skip
    for s in (*range(0, 500, 10), 1200, 1210, 1500, 1800, 1810):
        above.execute("insert into duty_position (duty_unit_id, tick, at, lon, lat) values (%s, %s, %s, %s, %s)",
                      [CAR, int(at(s).timestamp()) // 10, at(s), 118 + s / 1e5, 36.8])  # fmt: skip
    for n, (told, shy) in enumerate(((90, False), (1400, True))):
        above.execute(
            """insert into call_place (matter_id, number, kind, level, row, state, lon, lat, unit_id, told_at, closed_at,
            by_channel, silent, threatened, shy)
            values (%s, %s, 'XJ-007', 'urgent', 1, 'closed', 118.04, 36.8, %s, %s, %s, 'phone', false, false, %s)""",
            [ids[n], f"P-{ids[n].hex[:8]}", unit("AL-LJ-LX"), at(told), at(told + 810), shy])  # fmt: skip
        above.execute(
            """insert into sending (id, matter_id, branch, callsign, duty_unit_id, unit_id, alerted_at, answered_at, there_at,
            finished_at, ended, reason) values (%s, %s, 'x', 'LX-T', %s, %s, %s, %s, %s, %s, 'cleared', '{}')""",
            [uuid4(), ids[n], CAR, unit("AL-LJ-LX"), at(told + 10), at(told + 40), at(told + 210), at(told + 380)])  # fmt: skip
    yield since, ids
    above.execute("delete from sending where matter_id = any(%s)", [ids])
    above.execute("delete from call_place where matter_id = any(%s)", [ids])
    above.execute(
        "delete from duty_position where duty_unit_id = %s and at between %s and %s", [CAR, at(0), at(3600)]
    )
    above.execute("delete from duty_member where duty_unit_id = %s and since = %s", [CAR, at(-600)])


def test_E02_the_hour_is_what_the_log_has_and_a_sheltered_call_is_nowhere(
    verbs: Any, cast: Cast, past: tuple[datetime, list[UUID]], above: psycopg.Connection[Any]
) -> None:
    since, (shown, shy) = past
    which = ask(verbs, cast, since=since)
    agree(verbs, cast, which)
    found = opened(verbs, cast, which)
    car = next(one for one in found["units"] if one["id"] == CAR)
    assert car["states"] == [[-600, "available"], [100, "assigned"], [130, "moving"], [300, "there"], [900, "available"],
                             [3000, "off"]]  # fmt: skip
    fixes = above.execute(
        """select extract(epoch from at - %s)::float, lon, lat from duty_position where duty_unit_id = %s and at >= %s and at < %s
        order by at""", [since, CAR, since, since + timedelta(hours=1)]).fetchall()  # fmt: skip
    sheltered = [one for one in fixes if 1410 <= one[0] < 1780]
    assert sheltered and [tuple(one) for one in car["fixes"]] == [
        one for one in fixes if one not in sheltered
    ]
    calls = {one["id"]: one for one in found["calls"]}
    assert (
        calls[str(shown)]["from"] == 90
        and calls[str(shown)]["to"] == 900
        and calls[str(shown)]["lon"] == 118.04
    )
    assert (calls[str(shy)]["kind"], calls[str(shy)]["lon"], calls[str(shy)]["lat"]) == ("", None, None)
    number = calls[str(shown)]["name"]
    assert [(s, what) for s, what, call, _ in found["events"] if call == number] == [
        (90, "taken"), (100, "alerted"), (130, "coming"), (300, "there"), (470, "cleared"), (900, "closed")]  # fmt: skip


def test_E02_each_opening_is_in_the_log_of_looks_and_told_to_the_crew_that_was_shown(
    verbs: Any, cast: Cast, past: tuple[datetime, list[UUID]], above: psycopg.Connection[Any]
) -> None:
    which = ask(verbs, cast, since=past[0])
    agree(verbs, cast, which)
    looks = "select count(*) from access where kind = 'playback' and purpose = 'playback' and detail = %s"
    assert above.execute(looks, [str(which)]).fetchone() == (0,)
    opened(verbs, cast, which)
    opened(verbs, cast, which)
    assert above.execute(looks, [str(which)]).fetchone() == (2,)
    page = Visit(cast["officer"].token).get("/command/duty")
    assert "核对到场时间" in page.text and page.status == 200
    with cast.enter("approver"):
        assert verbs.of_me() == [], "a colleague who did not ride in it is told nothing"
    with cast.enter("officer"):
        told = next(one for one in verbs.of_me() if one.since == past[0])
        assert told.unit.zh and told.decided_unit.zh


def test_E02_the_pages_ask_agree_play_and_keep_what_was_typed(verbs: Any, cast: Cast) -> None:
    asks, second = Visit(cast["supervisor"].token), Visit(cast["auditor"].token)
    here = hour().astimezone(calendar().zone)
    form = {
        "do": "ask",
        "area": str(unit("AL-LJ-LX")),
        "day": here.date().isoformat(),
        "at": here.strftime("%H:%M"),
        "request": fresh(),
    }
    bad = asks.post("/command/playback", {**form, "purpose": " ", "at": "03:17"})
    assert bad.status == 422
    assert "03:17" in bad.html
    purpose = f"核对 {fresh()}"
    asks.post("/command/playback", {**form, "purpose": purpose})
    with cast.enter("supervisor") as viewer:
        which = next(one.id for one in verbs.requests(viewer) if one.purpose == purpose)
    assert purpose in second.get("/command/playback/audit").text
    assert "等第二个人同意" in asks.get(f"/command/playback/{which}").text
    assert second.get(f"/command/playback/{which}").status == 404
    second.post(
        "/command/playback/audit", {"do": "yes", "which": str(which), "answer": "", "request": fresh()}
    )
    assert "data-playback" in asks.get(f"/command/playback/{which}").html
    asks.post(f"/command/playback/{which}", {})
    assert "已关上" in asks.get(f"/command/playback/{which}").text
