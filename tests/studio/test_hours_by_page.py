"""Opening hours as versions of a layer: written by page, seen beforehand, told to whoever is touched, kept for past days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from doorstep.rulebook import clock, pack
from doorstep.rulebook.region import calendar
from tests.cast import Cast, fresh
from tests.journeys.visit import Page, Visit
from tests.studio.test_own_layer import _go_back, _publish
from tests.studio.test_publish import _migrating

HEWAN, POINT = "/studio/layers/AL-LJ", "HW-1"
CLOSED = f"{HEWAN}/point/{POINT}/closed"
WHY = {"why_zh": "全所培训", "why_en": "Training"}


def workday(least: int = 3) -> date:
    """A day of work ahead on which the counter is open in the afternoon."""
    today = calendar().day_of(clock.now())
    ahead = (today + timedelta(days=n) for n in range(least, 40))
    return next(day for day in ahead if day.weekday() < 5 and day not in calendar().holidays)


def say(visit: Visit, path: str, go: str = "save", **fields: Any) -> Page:
    sent = visit.get(path).form_with("why_zh")
    return visit.post(path, sent | WHY | fields | {"go": go})


@pytest.fixture
def as_before(cast: Cast) -> Iterator[None]:
    pack.forget()
    yield
    officer = Visit(cast["supervisor"].token)
    page = officer.get(HEWAN)
    if 'data-verb="layer_back"' in page.html or "还没有发布" in page.text:
        _go_back(officer, HEWAN, "file")
        if "没有还没发布的改动" not in officer.get(f"{HEWAN}/publish").text:
            _publish(officer, HEWAN, "恢复原样")
    pack.forget()


def booked(cast: Cast, at: datetime, above: psycopg.Connection[Any]) -> UUID:
    """Somebody has booked this time at the counter of Hewan."""
    matter_id = cast.apply().matter_id
    above.execute("update matter set hand_out_id = 2 where id = %s", [matter_id])
    above.execute(
        "insert into booking (id, point_id, at, place, matter_id, step, made_at, account_id) "
        "values (gen_random_uuid(), 2, %s, 0, %s, 'book', now(), gen_random_uuid())",
        [at, matter_id],
    )
    return UUID(str(matter_id))


def told(above: psycopg.Connection[Any], matter_id: UUID) -> list[str]:
    found = above.execute(
        "select template from notice where matter_id = %s and template like 'slot%%' order by at", [matter_id]
    )
    return [row[0] for row in found]


def test_E01_an_afternoon_is_closed_by_page_seen_beforehand_told_and_taken_back(
    cast: Cast, as_before: None, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.appointments import shut

    officer, day, zone = Visit(cast["supervisor"].token), workday(), calendar().zone
    at = datetime.combine(day, datetime.min.time(), zone) + timedelta(hours=15)
    matter_id = booked(cast, at, above)
    tried = say(officer, CLOSED, "try", **{"from": day.isoformat(), "times": "14：00 至 17:30"})
    assert "8:30–12:00、14:00–17:30 8:30–12:00" in tried.text and "1 个约好的时间那时不开" in tried.text
    assert tried.form_with("why_zh")["times"] == "14：00 至 17:30", "what was typed is still there"
    saved = say(officer, CLOSED, **{"from": day.isoformat(), "times": "14:00-17:30"})
    assert "存好了" in saved.text and "全所培训" not in officer.get(f"/point/{POINT}").text
    assert "1 个约好的时间那时不开" in officer.get(f"{HEWAN}/publish").text
    _migrating(shut.tell, "worker")
    assert told(above, matter_id) == [], "nothing is in force yet"
    assert "从现在起生效" in _publish(officer, HEWAN, "培训").text
    assert "全所培训，只开 8:30–12:00" in Visit().get(f"/point/{POINT}").text
    assert "Training" in Visit(lang="en").get("/points").text
    for _ in range(2):
        _migrating(shut.tell, "worker")
    assert told(above, matter_id) == ["slot_shut"], "told once"
    above.execute(
        "delete from notice where at > now() + interval '1 hour'"
    )  # left by tests that lived in another year
    mine = Visit(cast["resident"].token)
    assert "窗口临时不开" in mine.get("/notices").text
    page = officer.get(f"{HEWAN}/point/{POINT}?day={day}")
    assert "8:30–12:00" in page.text and "，全所培训" in page.text and "方既明" in page.text
    _go_back(officer, HEWAN, "file")
    assert "从现在起生效" in _publish(officer, HEWAN, "不培训了").text
    _migrating(shut.tell, "worker")
    assert told(above, matter_id) == ["slot_shut", "slot_open"]
    above.execute("delete from booking where matter_id = %s", [matter_id])


def test_E01_no_time_is_offered_while_it_is_closed_and_a_past_day_keeps_its_hours(
    cast: Cast, as_before: None
) -> None:
    from doorstep.domains.appointments import verbs
    from doorstep.domains.studio import timetable
    from doorstep.kernel.org import point_named

    officer, day = Visit(cast["supervisor"].token), workday()
    today = calendar().day_of(clock.now())
    path = f"{HEWAN}/point/{POINT}/hours"
    week = {
        "mon": "9:00-11:00",
        "tue": "9:00-11:00",
        "wed": "9:00-11:00",
        "thu": "9:00-11:00",
        "fri": "9:00-11:00",
    }
    saved = say(
        officer, path, **week | {"from": day.isoformat(), "to": "", "sat": "", "sun": "", "holidays": ""}
    )
    assert "存好了" in saved.text and "周一至周五 9:00–11:00" in saved.text
    assert "从现在起生效" in _publish(officer, HEWAN, "窗口改造").text
    with cast.enter("resident"):
        free = {one.at.astimezone(calendar().zone).hour for one in verbs.slots(point_named(POINT), day)}
        point_id = point_named(POINT).id
        before = timetable.on(point_id, today - timedelta(days=1))
    assert free == {9, 10}
    assert (
        f"{day.month}月{day.day}日起：周一至周五 9:00–11:00（全所培训）"
        in Visit().get(f"/point/{POINT}").text
    )
    with cast.enter("supervisor"):
        now = timetable.on(point_id, day)
    assert now and now.number and now.why == "窗口改造" and (before is None or before.number != now.number)
    _migrating(_started)
    assert "9:00–11:00" in Visit().get(f"/point/{POINT}").text, "a start leaves what was written by page"


def _started() -> None:
    from doorstep.domains.studio.publish import found_packs
    from doorstep.kernel.found import found

    found(demo=True)
    found_packs()


def test_E01_a_past_day_keeps_what_was_in_force_then(cast: Cast, above: psycopg.Connection[Any]) -> None:
    from doorstep.domains.studio import timetable

    days = [calendar().day_of(clock.now()) - timedelta(days=n) for n in (9, 5, 1)]
    moments = [
        datetime.combine(day, datetime.min.time(), calendar().zone) + timedelta(hours=10) for day in days
    ]
    for moment, span in zip(moments, ("08:00-09:00", "10:00-11:00", "12:00-13:00"), strict=True):
        above.execute(
            "insert into point_hours (point_id, at, hours, by, why) values (9901, %s, %s, 'x', 'y')",
            [moment, f'{{"daily": ["{span}"]}}'],
        )
    with cast.enter("supervisor"):
        asked = [timetable.on(9901, days[0] + timedelta(days=n)) for n in (-1, 0, 3, 4, 7, 8, 20)]
    starts = [one.hours.spans(days[0])[0][0].hour if one else None for one in asked]
    assert starts == [None, 8, 8, 10, 10, 12, 12]


def test_E01_a_counter_takes_some_branches_only_for_some_days(cast: Cast, as_before: None) -> None:
    from doorstep.kernel import matter
    from doorstep.rulebook.words import Refused

    officer, today = Visit(cast["supervisor"].token), calendar().day_of(clock.now())
    path = f"{HEWAN}/point/{POINT}/branches"
    empty = say(officer, path, **{"from": today.isoformat()})
    assert empty.status == 422 and "请至少选一类" in empty.text
    saved = say(
        officer, path, **{"from": today.isoformat(), "to": today.isoformat(), "branch": ["traffic", "cyber"]}
    )
    assert "只办交管、网安" in saved.text
    assert "从现在起生效" in _publish(officer, HEWAN, "户籍窗口搬家").text
    assert "只办交管、网安（全所培训）" in Visit().get(f"/point/{POINT}").text
    data = cast.card("resident")
    with pytest.raises(Refused) as no, cast.enter("resident") as viewer:
        matter.open_matter(
            viewer, item="HZ-078", point=POINT, channel="online", data=data, request_id=fresh()
        )
    assert no.value.code in ("not-here", "channel")


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("station_designer", "/studio/layers/AL-LJ-LX/point/LX-1/closed", 200),
        ("station_designer", CLOSED, 403),
        ("station_designer", "/studio/layers/AL-LJ-LX/point/HW-1/closed", 404),
        ("province", "/studio/layers/province/point/HW-1/closed", 404),
        ("clerk", CLOSED, 403),
        ("resident", CLOSED, 403),
    ],
)
def test_E01_hours_are_set_by_the_unit_of_the_point_and_those_above(
    cast: Cast, role: str, path: str, status: int
) -> None:
    sent = WHY | {"from": "2027-03-01", "go": "try", "seen": "0", "request_id": fresh()}
    assert Visit(cast[role].token).post(path, sent).status == status


def test_E01_the_database_lets_no_hours_reach_beyond_the_layer(cast: Cast) -> None:
    from django.db import connection, transaction
    from django.db.utils import ProgrammingError

    from doorstep.domains.studio.sheet import save, whose

    ask = "select trust.publish_layer(%s, 999999, now(), 'x', null, '{}', '[]', '[]', %s)"
    with cast.enter("station_designer") as viewer:
        done = save(viewer, whose("AL-LJ-LX"), {}, {}, _words(), seen=_seen(102), request_id=fresh())
        for sql, values in (
            (ask, [done.matter_id, '{"2": {"daily": ["00:00-01:00"]}}']),
            ("update point set hours = '{}'", []),
            ("insert into point_hours (point_id, at, hours, by, why) values (2, now(), '{}', 'x', 'y')", []),
            ("select trust.publish_items(%s, 9, now(), 'x', null, '{}', '[]', '[]')", [done.matter_id]),
        ):
            with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql, values)
        transaction.set_rollback(True)


def _seen(unit: int) -> int:
    from doorstep.domains.studio.sheet import latest

    found = latest(unit)
    return found.version if found else 0


def _words() -> Any:
    from doorstep.rulebook.words import Words

    return Words("试", "try")
