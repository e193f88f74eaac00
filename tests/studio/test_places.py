"""What a place laid is seen there: hours and channels of the point it is brought to, way and clock of the unit that decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.api.calls import Calls
from tests.cast import Cast, fresh
from tests.journeys.visit import Visit

OWNER = {"address": "示范市云汀区渡口街 8 号 2-101", "right": "sublet"}
TENANTS = [{"name": "何晚", "id_no": "990102199811200021", "from": "2026-11-01"}]


@pytest.fixture(scope="module")
def calls(cast: Cast) -> Calls:
    return Calls(cast)


def _open_steps(above: psycopg.Connection[Any], matter_id: UUID) -> list[str]:
    rows = above.execute("select name from step where matter_id = %s and closed_at is null", [matter_id])
    return [name for (name,) in rows]


def test_E01_a_matter_goes_the_way_of_the_unit_that_decides_not_of_the_point_that_takes_it(
    cast: Cast, above: psycopg.Connection[Any]
) -> None:
    done = cast.apply(household={"address": "渡口路 12 号 3-201", "station": "AL-YX-DK"})
    cast.act("clerk", done.matter_id, "intake")
    cast.act("other_station", done.matter_id, "review", "approve")
    assert _open_steps(above, done.matter_id) == ["photo_check"]
    here = cast.apply()
    cast.act("clerk", here.matter_id, "intake")
    cast.act("approver", here.matter_id, "review", "approve")
    assert _open_steps(above, here.matter_id) == ["issue"]


def test_E01_a_countys_shortened_promise_is_what_its_matter_is_held_to(
    cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from doorstep.rulebook import clock
    from doorstep.rulebook.region import calendar

    due = {}
    with clock.clock_at(clock.now() + timedelta(days=30)):
        for station in ("AL-YX-DK", "AL-LJ-LX"):
            done = cast.apply(household={"address": "渡口路 12 号 3-201", "station": station})
            cast.act("clerk", done.matter_id, "intake")
            told = above.execute(
                "select moved_at, due_at from matter where id = %s", [done.matter_id]
            ).fetchone()
            assert told
            due[station] = clock.worked_between(*told, calendar())
    assert due["AL-YX-DK"] == timedelta(hours=4) < due["AL-LJ-LX"]


def test_E01_a_stations_extra_channel_is_offered_there_and_nowhere_else(cast: Cast, calls: Calls) -> None:
    from doorstep.kernel import matter
    from doorstep.rulebook.words import Refused

    def codes(point: str) -> list[str]:
        found = calls.nobody.get(f"items?point={point}&channel=room").json()["results"]
        return [one["code"] for one in found]

    assert "HZ-078" in codes("LX-R1") and "HZ-078" not in codes("HW-R1")
    with cast.enter("other_station") as viewer, pytest.raises(Refused, match="channel"):
        matter.open_matter(viewer, item="HZ-078", point="DK-1", channel="room", data={}, request_id=fresh())


def test_E01_the_api_says_which_layer_set_a_value_and_why(calls: Calls) -> None:
    there = calls.nobody.get("items/HZ-078?point=DK-1").json()
    told = {one["value"]: one for one in there["layers"]}
    assert there["promise"] == {"value": 4, "unit": "workhour"}
    assert told["/limits/promise"]["level"] == "county" and told["/limits/promise"]["why"]["zh"]
    assert told["/limits/keep_for_pick_up"]["level"] == "city" and "/fees" not in told
    assert calls.nobody.get("items/HZ-078?point=NOWHERE").status_code in (404, 422)


def test_E01_the_page_of_a_service_shows_it_as_it_is_done_at_a_point(cast: Cast) -> None:
    page = Visit().get("/item/HZ-078?point=DK-1")
    assert (
        "渡口派出所综合窗口" in page.text
        and "4 个工作小时" in page.text
        and "云汀区公安分局的承诺" in page.text
    )
    assert "制证前核对照片" in page.text and "制证前核对照片" not in Visit().get("/item/HZ-078").text
    assert "周六 8:30–11:30" in Visit().get("/item/HZ-078?point=LX-R1").text
    assert 'href="/item/HZ-078?point=' in Visit().get("/item/HZ-078").html


def test_E01_a_material_that_the_competent_county_dropped_is_not_asked_online(cast: Cast) -> None:
    visit = Visit(cast["resident"].token)
    pages = {}
    for station in ("AL-LJ-HW", "AL-YX-DK"):
        from doorstep.kernel import draft

        data = {"landlord": cast.person("resident"), "home": OWNER | {"station": station}, "tenants": TENANTS}
        with cast.enter("resident") as viewer:
            for one in draft.my_drafts(viewer):
                draft.drop_draft(viewer, one.id)
            draft.save_draft(viewer, "HZ-106", data, "landlord")
        pages[station] = visit.get("/send/HZ-106").html
    assert "房屋租赁合同" in pages["AL-LJ-HW"] and "房屋租赁合同" not in pages["AL-YX-DK"]


def test_E01_an_answer_to_a_dropped_question_is_not_kept(cast: Cast) -> None:
    from doorstep.kernel import matter, read

    data = {
        "landlord": cast.person("resident"),
        "home": OWNER | {"station": "AL-YX-DK", "lease": str(cast.upload("resident", "LEA"))},
        "tenants": TENANTS,
    }
    with cast.enter("resident") as viewer:
        done = matter.open_matter(
            viewer, item="HZ-106", point="HW-1", channel="online", data=data, request_id=fresh()
        )
        assert "lease" not in read.read_matter(viewer, done.matter_id).data["home"]


def test_E01_at_a_window_the_form_is_that_of_the_competent_county(cast: Cast) -> None:
    from doorstep.domains.counter.visit import Visit as AtWindow

    asked = {}
    for station in ("AL-LJ-HW", "AL-YX-DK"):
        answers = {"HZ-106": {"home": OWNER | {"station": station}}}
        (found,) = AtWindow(items=("HZ-106",), answers=answers, point="HW-1").entries()
        asked[station] = [one.material.code for one in found.item.materials]
    assert "LEA" in asked["AL-LJ-HW"] and "LEA" not in asked["AL-YX-DK"]


def test_at_night_the_page_of_a_service_leads_to_a_work_station_that_is_open(cast: Cast) -> None:
    from doorstep.rulebook.clock import clock_at
    from doorstep.rulebook.region import calendar
    from doorstep.web.places import serving

    zone = calendar().zone
    with clock_at(datetime(2026, 11, 23, 2, 0, tzinfo=zone)):
        night = serving("HZ-078")
    assert night[0].open and night[0].week and night[0].week.zh == "每天 24 小时，节假日也开"
    assert night[0].hours and night[0].hours.zh == "现在开着"
    with clock_at(datetime(2026, 11, 23, 10, 0, tzinfo=zone)):
        day = serving("HZ-078")
    assert day[0].hours and day[0].hours.zh == "今天开到 12:00"
    assert sum(one.open for one in night) < sum(one.open for one in day) and len(night) == len(day)
