"""Choosing a time: only whole slots in opening hours, each place once whoever is quicker, and another one instead."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.journeys.visit import Visit
from tests.kernel import parts

T = parts.T
BOOK: dict[str, Any] = {
    "id": "book",
    "kind": "wait",
    "message": "appointment",
    "title": {"zh": "约时间", "en": "A time"},
}
COME: dict[str, Any] = {
    "id": "come",
    "kind": "task",
    "by": "hand_out",
    "title": {"zh": "到场办", "en": "Come"},
}


@pytest.fixture(autouse=True)
def offered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.shelf(monkeypatch, parts.made(form=parts.ALONE, flow={"steps": [BOOK, COME]}))


def opened(cast: Cast) -> UUID:
    from doorstep.kernel import matter

    me = cast.person("resident")
    data = {"landlord": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("resident") as viewer:
        return matter.open_matter(
            viewer, item=parts.PARENT, point="HW-1", channel="online", data=data, request_id=fresh()
        ).matter_id


def seen(cast: Cast, matter_id: UUID) -> Any:
    from doorstep.kernel import read

    with cast.enter("resident") as viewer:
        return read.read_matter(viewer, matter_id)


def booked(cast: Cast, matter_id: UUID) -> Any:
    from doorstep.domains.appointments import verbs

    with cast.enter("resident"):
        return verbs.booked(seen(cast, matter_id))


def free(cast: Cast) -> list[datetime]:
    """The free times of the last day that can be chosen, at the point where the matters of these tests are handed out."""
    from doorstep.domains.appointments import verbs
    from doorstep.kernel.org import point_named

    with cast.enter("resident"):
        point = point_named("HW-1")
        return [one.at for one in verbs.slots(point, verbs.days(point)[-1][0])]


def test_a_time_is_chosen_and_the_matter_goes_on(cast: Cast) -> None:
    matter_id, resident = opened(cast), Visit(cast["resident"].token)
    assert f"/appointments/matter/{matter_id}" in resident.get(f"/matter/{matter_id}").html
    page = resident.get(f"/appointments/matter/{matter_id}")
    assert page.name == "appointment" and "河湾派出所" in page.text
    at = free(cast)[0]
    form = page.form("/" + str(matter_id)) | {"at": at.isoformat()}
    done = resident.post(f"/appointments/matter/{matter_id}", form)
    assert done.name == "matter" and "换个时间" in done.text
    assert booked(cast, matter_id).at == at
    assert [step.name for step in seen(cast, matter_id).open_steps] == ["come"]


def test_many_who_want_one_place_at_once_get_it_once(cast: Cast) -> None:
    from django.db import connection

    from doorstep.domains.appointments import verbs
    from doorstep.kernel import read
    from doorstep.rulebook.words import Refused

    matters, at, said = [opened(cast) for _ in range(8)], free(cast)[0], []
    gate = threading.Barrier(len(matters))

    def want(matter_id: UUID) -> None:
        gate.wait(20)
        try:
            with cast.enter("resident") as viewer:
                verbs.book(viewer, read.read_matter(viewer, matter_id), at)
            said.append("booked")
        except Refused as no:
            said.append(no.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=want, args=(one,)) for one in matters]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(said) == ["booked"] + ["taken"] * 7
    assert at not in free(cast)
    assert sum("book" in [step.name for step in seen(cast, one).open_steps] for one in matters) == 7


def test_as_many_as_the_region_says_come_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from doorstep.domains.appointments import verbs
    from doorstep.kernel import read
    from doorstep.rulebook.words import Refused

    monkeypatch.setattr(verbs, "_rule", lambda point: {"minutes": 30, "at_once": 2})
    at = free(cast)[-1]
    for _ in range(2):
        with cast.enter("resident") as viewer:
            verbs.book(viewer, read.read_matter(viewer, opened_in(cast, viewer)), at)
    with cast.enter("resident") as viewer, pytest.raises(Refused, match="taken"):
        verbs.book(viewer, read.read_matter(viewer, opened_in(cast, viewer)), at)


def opened_in(cast: Cast, viewer: Any) -> UUID:
    """As `opened`, in the transaction that is open."""
    from doorstep.kernel import matter
    from doorstep.kernel.party import own_person

    me = own_person(viewer)
    assert me
    data = {"landlord": {"name": me.name, "id_no": me.id_no}, "home": {"address": "橘园路 12 号 3-201"}}
    return matter.open_matter(
        viewer, item=parts.PARENT, point="HW-1", channel="online", data=data, request_id=fresh()
    ).matter_id


def test_another_time_frees_the_first_one(cast: Cast) -> None:
    matter_id, resident = opened(cast), Visit(cast["resident"].token)
    first, second = free(cast)[:2]
    for at in (first, second):
        form = resident.get(f"/appointments/matter/{matter_id}").form("/" + str(matter_id))
        resident.post(f"/appointments/matter/{matter_id}", form | {"at": at.isoformat()})
    assert booked(cast, matter_id).at == second
    assert first in free(cast) and second not in free(cast)


@pytest.mark.parametrize("at", ["2020-01-02T09:00+08:00", "soon", "2026-12-01T03:00+08:00"])
def test_a_time_that_there_is_not_is_not_taken(cast: Cast, at: str) -> None:
    matter_id, resident = opened(cast), Visit(cast["resident"].token)
    form = resident.get(f"/appointments/matter/{matter_id}").form("/" + str(matter_id))
    page = resident.post(f"/appointments/matter/{matter_id}", form | {"at": at})
    assert page.name == "appointment" and booked(cast, matter_id) is None


def test_a_matter_that_ends_gives_its_time_back(cast: Cast) -> None:
    from doorstep.domains.appointments import verbs
    from doorstep.kernel import matter, read

    at, matter_id = free(cast)[0], opened(cast)
    with cast.enter("resident") as viewer:
        verbs.book(viewer, read.read_matter(viewer, matter_id), at)
        matter.withdraw(viewer, matter_id, request_id=fresh())
    assert at not in free(cast)
    for _ in as_role("worker", Place.from_env()):
        verbs.free_ended()
    assert at in free(cast)


def test_a_window_books_for_who_is_there_and_sees_who_comes(cast: Cast) -> None:
    matter_id, at, window = opened(cast), free(cast)[0], Visit(cast["clerk"].token)
    form = window.get(f"/appointments/window/{matter_id}").form("/" + str(matter_id))
    window.post(f"/appointments/window/{matter_id}", form | {"at": at.isoformat()})
    page = window.get(f"/appointments/today?day={at:%Y-%m-%d}")
    assert seen(cast, matter_id).number in page.text and cast.person("resident")["name"] not in page.text
    other = Visit(cast["other_station"].token).get(f"/appointments/today?day={at:%Y-%m-%d}")
    assert other.name == "appointments_today" and seen(cast, matter_id).number not in other.text


def test_nobody_else_chooses_a_time_for_me(cast: Cast) -> None:
    matter_id = opened(cast)
    assert Visit(cast["neighbour"].token).get(f"/appointments/matter/{matter_id}").status == 404
    assert Visit(cast["other_station"].token).get(f"/appointments/window/{matter_id}").status == 404


def test_no_time_is_offered_outside_the_opening_hours_or_too_soon(cast: Cast) -> None:
    from doorstep.domains.appointments import verbs
    from doorstep.kernel.org import point_named
    from doorstep.rulebook import clock

    monday = datetime.fromisoformat("2026-11-23T09:10+08:00")
    with cast.enter("resident"), clock.clock_at(monday):
        times = [one.at.strftime("%H:%M") for one in verbs.slots(point_named("SQ-1"), monday.date())]
        sunday = verbs.slots(point_named("SQ-1"), monday.date() + timedelta(days=6))
    assert times[0] == "10:30" and "12:00" not in times and times[-1] == "17:00"
    assert sunday == []
