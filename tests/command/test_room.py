"""The duty room: the morning report by itself, frozen with its queries; a shift that two officers sign; nobody else's room."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused
from tests.cast import Cast, fresh
from tests.journeys.visit import Visit

ROOM = "/command/room"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2031, 3, day, hour, minute, tzinfo=calendar().zone)


def made(above: psycopg.Connection[Any], day: datetime) -> list[Any]:
    asked = "select unit_id, figures, hash from room_report where day = %s order by unit_id"
    return above.execute(asked, [day.date()]).fetchall()


def test_E07_the_morning_report_makes_itself_once_and_says_how_each_figure_was_asked(
    cast: Cast, as_worker: None, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.command.room import report

    with clock.clock_at(at(3, 7, 29)):
        report.make_due()
        assert made(above, at(3, 0)) == []
    for moment in (at(3, 7, 31), at(3, 8), at(4, 9)):
        with clock.clock_at(moment):
            report.make_due()
    first, second = made(above, at(3, 0)), made(above, at(4, 0))
    stations = above.execute("select count(*) from unit where kind = 'station' and active").fetchone()
    assert stations and len(first) == len(second) == stations[0]
    asked = dict(above.execute("select id, text from room_query").fetchall())
    assert all(one["query"] in asked for _, figures, _ in first for one in figures)
    waiting = {
        unit: one["value"] for unit, figures, _ in first for one in figures if one["name"] == "waiting"
    }
    counted = above.execute(
        "select unit_id, count(*) from step where closed_at is null group by 1"
    ).fetchall()
    assert {unit: n for unit, n in counted if unit in waiting} == {u: n for u, n in waiting.items() if n}


def test_E07_a_report_is_read_by_its_own_station_and_shows_when_it_was_touched(
    cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.command.room import report

    day = at(3, 0).date()
    with cast.enter("officer") as viewer:
        unit = viewer.unit_id
        assert unit and report.report(unit, day).whole
        with pytest.raises(Refused):
            report.report(unit, day + timedelta(days=300))
    with cast.enter("other_station") as other, pytest.raises(Refused):
        assert other.unit_id != unit
        report.report(unit, day)
    page = Visit(cast["officer"].token).get(f"{ROOM}/report/{day}")
    assert page.status == 200 and "接得上" in page.text and "select count(*)" in page.text
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        above.execute("update room_report set figures = '[]' where day = %s", [day])
    above.execute("alter table room_report disable trigger room_report_stays")
    above.execute("update room_report set figures = jsonb_set(figures, '{0,value}', '77') where day = %s and unit_id = %s",
                  [day, unit])  # fmt: skip
    above.execute("alter table room_report enable trigger room_report_stays")
    assert "对不上" in Visit(cast["officer"].token).get(f"{ROOM}/report/{day}").text


def test_E07_a_shift_is_given_by_one_officer_and_taken_by_another(cast: Cast) -> None:
    from doorstep.domains.command.room import handover

    request = fresh()
    with cast.enter("approver") as viewer:
        handover.give(viewer, "3 号楼的水管还在漏，物业九点来。", request)
        assert handover.give(viewer, "3 号楼的水管还在漏，物业九点来。", request).replayed
        mine = handover.latest(viewer)[0]
        with pytest.raises(Refused, match="own"):
            handover.take(viewer, mine.id, "", fresh())
        with pytest.raises(Refused, match="waits"):
            handover.give(viewer, "再来一份", fresh())
    with cast.enter("other_station") as viewer, pytest.raises(Refused, match="not-found"):
        handover.take(viewer, mine.id, "", fresh())
    with cast.enter("officer") as viewer:
        handover.take(viewer, mine.id, "知道了", fresh())
        taken = handover.latest(viewer)[0]
    assert taken.taker and taken.answer == "知道了" and taken.figures


def test_E07_nothing_to_say_is_said(cast: Cast) -> None:
    page = Visit(cast["other_station"].token)
    told = page.post(ROOM, page.get(ROOM).form_with("words") | {"words": "  "})
    assert told.status == 422 and "写一句" in told.text
    assert Visit(cast["resident"].token).get(ROOM).status == 403


def test_E07_the_screen_shows_calls_on_the_own_ground_and_nobody_elses(cast: Cast) -> None:
    from doorstep.domains.command.calls import verbs
    from doorstep.domains.command.room import report
    from doorstep.domains.command.units import duty

    with cast.enter("officer") as viewer:
        unit, code = viewer.unit_id, viewer.unit["code"] if viewer.unit else ""
        before = report.now_figures()["calls_open"]
    told = {"place": "望江路 9 号", "words": "有人砸门", "name": "陆小满"}
    with cast.enter("dispatcher") as viewer:
        verbs.take(viewer, verbs.Report("XJ-014", "phone", told, {}, 118.02, 36.8, code), request_id=fresh())
        own = [one.callsign for one in duty.roster() if one.unit_id == unit]
    page = Visit(cast["officer"].token).get(ROOM)
    assert "还没派" in page.text and "陆小满" not in page.html and "望江路 9 号" not in page.html
    assert own and "谁" in page.text
    with cast.enter("officer"):
        assert report.now_figures()["calls_open"] == before + 1
    assert "还没派" not in Visit(cast["other_station"].token).get(ROOM).text
