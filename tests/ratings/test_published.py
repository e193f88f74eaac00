"""What is published of ratings: in full fives that have something in common, with the denominator, small numbers covered."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.api.calls import Caller
from tests.cast import Cast, fresh
from tests.journeys.visit import Visit
from tests.ratings.test_ratings import publish

FAR = 203
"""A station whose votes nobody else casts."""


@pytest.fixture
def far(above: Any) -> Iterator[int]:
    yield FAR
    for table in ("rating_vote", "rating_count", "rating_end"):
        above.execute(f"delete from {table} where unit_id = {FAR}")
    above.execute("delete from rating_published")
    publish()


def votes(above: Any, levels: list[int], days_ago: int, **about: Any) -> list[Any]:
    from doorstep.rulebook import clock
    from doorstep.rulebook.region import calendar

    told = {"unit_id": FAR, "item": "HZ-078", "branch": 1, "point_id": 7, "channel": "station"} | about
    made = []
    for level in levels:
        made.append(uuid4())
        row = told | {
            "id": made[-1], "matter_id": uuid4(), "level": level, "way": "code",
            "day": calendar().day_of(clock.now()) - timedelta(days=days_ago),
        }  # fmt: skip
        names = ", ".join(row)
        above.execute(
            f"insert into rating_vote ({names}) values ({', '.join(['%s'] * len(row))})", list(row.values())
        )
    return made


def released(above: Any) -> list[int | None]:
    rows = above.execute(
        f"select released from rating_vote where unit_id = {FAR} order by released nulls last"
    )
    return [row[0] for row in rows.fetchall()]


def line(subject: str, key: str) -> Any:
    found = publish()
    lines = {
        "unit": found.units, "point": found.points, "channel": found.channels, "branch": found.branches, "item": found.items,
    }[subject]  # fmt: skip
    return next((one for one in lines if one.key == key), None)


def test_A22_votes_are_released_in_fives_and_not_on_their_day(above: Any, far: int, database: Any) -> None:
    votes(above, [5, 5, 4, 1], 2)
    publish()
    assert released(above) == [None] * 4
    votes(above, [5], -1)
    publish()
    assert released(above) == [None] * 5, "the fifth is of tomorrow"
    votes(above, [3], 2)
    publish()
    assert released(above) == [1] * 5 + [None]
    publish()
    assert line("unit", str(FAR)).rated == 5, "what went out is counted once"


@pytest.mark.parametrize(
    ("apart", "wait", "grain"),
    [("item", 4, 2), ("branch", 8, 3), ("point_id", 15, 4)],
)
def test_A22_fives_that_have_less_in_common_wait_longer_and_count_for_less(
    above: Any, far: int, database: Any, apart: str, wait: int, grain: int
) -> None:
    """Of several items after three days, of several branches after a week, of several points after two."""
    for number in range(5):
        differs = {"item": f"QQ-{number:03d}"} | ({} if apart == "item" else {apart: number + 1})
        votes(above, [4], wait - 1, **differs)
    publish()
    assert released(above) == [None] * 5
    above.execute(f"update rating_vote set day = day - 1 where unit_id = {FAR}")
    publish()
    assert released(above) == [grain] * 5
    told = {
        subject: line(subject, key)
        for subject, key in (("unit", str(FAR)), ("point", "7"), ("item", "QQ-001"))
    }
    assert told["unit"].rated == 5 and told["item"] is None
    assert (told["point"] is not None and told["point"].rated >= 5) == (grain < 4)


def test_A22_every_published_number_is_a_sum_of_whole_fives(above: Any, far: int, database: Any) -> None:
    chance = random.Random(4)
    for _ in range(70):
        votes(
            above, [chance.randint(1, 5)], chance.randint(1, 25), item=chance.choice(["HZ-078", "HZ-106"]),
            point_id=chance.choice([7, 8]), channel=chance.choice(["station", "online"]), branch=chance.choice([1, 2]),
        )  # fmt: skip
    found = publish()
    lines = (*found.units, *found.points, *found.channels, *found.branches, *found.items, found.whole)
    assert all(one.rated % 5 == 0 for one in lines)
    sums = above.execute(f"select l1 + l2 + l3 + l4 + l5 from rating_count where unit_id = {FAR}").fetchall()
    assert sums and all(one[0] % 5 == 0 for one in sums), "and so is what two of them differ by"
    went = sum(1 for one in released(above) if one)
    assert went == sum(one[0] for one in sums) >= 20


def copies(above: Any, matter_id: Any, count: int, **about: Any) -> None:
    """So many matters like this one that ended three days ago in the far station."""
    told = {"unit_id": str(FAR), "county": "20", "station": str(FAR)} | {k: repr(v) for k, v in about.items()}
    plain = (
        "kind", "item", "branch", "pack", "law_date", "channel", "point_id", "hand_out_id", "unit_id", "city", "county",
        "station", "applicant_id", "opened_by", "opened_at", "moved_at", "version", "head", "flow", "sealed", "figures", "tied",
    )  # fmt: skip
    chosen = ", ".join(str(told.get(name, name)) for name in plain)
    above.execute(
        f"""insert into matter (id, number, state, closed_at, {", ".join(plain)})
        select gen_random_uuid(), 'copied-{fresh()[:8]}-' || g, 'granted', now() - interval '3 days', {chosen}
        from matter, generate_series(1, {count}) g where id = %s""",
        [matter_id],
    )


@pytest.fixture
def example(cast: Cast, above: Any, far: int) -> Iterator[Any]:
    yield cast.apply().matter_id
    above.execute("delete from matter where number like 'copied-%'")


def test_A22_figures_hold_the_denominator_by_branch_point_way_unit_and_item(
    above: Any, far: int, example: Any
) -> None:
    before = {
        subject: getattr(line(subject, key), "could", 0) for subject, key in (("point", "2"), ("branch", "1"))
    }
    copies(above, example, 12)
    votes(above, [5, 5, 4, 2, 5], 2, point_id=2)
    unit = line("unit", str(FAR))
    assert (unit.could, unit.rated, unit.responded, unit.satisfied) == (12, 5, 42, 80)
    assert (
        line("point", "2").could == before["point"] + 12
        and line("branch", "1").could == before["branch"] + 12
    )
    told = Caller("").get("ratings").json()
    assert {"branches", "points", "channels", "units", "items"} <= set(told)
    assert sum(one["could"] or 0 for one in told["points"]) <= told["whole"]["could"]
    assert told["whole"]["could"] == sum(one.could for one in publish().units)
    again = above.execute("select sum(ended) from rating_count").fetchone()
    publish()
    assert above.execute("select sum(ended) from rating_count").fetchone() == again, (
        "nothing is counted twice"
    )


def test_A22_what_ends_is_counted_once_however_it_goes_on(above: Any, far: int, example: Any) -> None:
    copies(above, example, 11)
    above.execute(
        "update matter set state = 'open', closed_at = null where number like 'copied-%%' and number like '%%-1'"
    )
    assert line("unit", str(FAR)).could == 10, "one went on before it was counted"
    above.execute("update matter set closed_at = null where number like 'copied-%%'")
    above.execute(
        "update matter set state = 'granted', closed_at = now() - interval '2 days' where number like 'copied-%%'"
    )
    assert line("unit", str(FAR)).could == 11
    above.execute("update matter set state = 'withdrawn' where number like 'copied-%%'")
    assert line("unit", str(FAR)).could == 11, "what is published stays"


def test_A22_a_small_number_cannot_be_worked_out_from_the_rest(above: Any, far: int, database: Any) -> None:
    from doorstep.domains.ratings import figures
    from doorstep.kernel import trust
    from doorstep.rulebook import clock

    above.execute("delete from rating_published")
    for key, could in (("1", 100), ("2", 40), ("3", 25), ("4", 4)):
        above.execute(
            "insert into rating_published (subject, key, could, votes, done, day, counted_at) values ('branch', %s, %s, '{}', '{}',"
            " %s, now())",
            [key, could, clock.now().date()],
        )
    with trust.enter(None):
        found = figures.figures().branches
    assert {one.key for one in found if one.few} == {"3", "4"}, (
        "the next one is left out with the only small one"
    )


def test_A22_what_was_done_about_the_bad_ones_is_published_from_five_on(
    cast: Cast, above: Any, far: int
) -> None:
    from tests.ratings.test_ratings import call_back_of_rated

    made = call_back_of_rated(cast, above)
    four = votes(above, [1, 2, 1, 2], 2)
    votes(above, [5], 2)
    above.execute("update rating_vote set call_back = %s where id = any(%s)", [made, four[:3]])
    assert line("unit", str(FAR)).outcomes is None, "four are not told apart"
    votes(above, [1, 5, 5, 5, 5], 2)
    cast.act("supervisor", made, "call", "mended", reason="补办了")
    assert line("unit", str(FAR)).outcomes == {"mended": 3, "open": 2}
    assert line("point", "7").outcomes == {"mended": 3, "open": 2}
    assert "补救了" in Visit().get("/ratings/?by=unit").text


@pytest.mark.parametrize("by", ["branch", "point", "channel", "unit", "item"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_A22_what_is_published_is_open_to_anybody_in_two_statements(
    above: Any, far: int, database: Any, by: str, lang: str
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    votes(above, [5, 4, 4, 5, 1], 2)
    publish()
    with CaptureQueriesContext(connection) as asked:
        page = Visit(lang=lang).get(f"/ratings/?by={by}")
    assert page.status == 200 and ("大家怎么评" if lang == "zh" else "How people rate us") in page.text
    told = [one["sql"] for one in asked.captured_queries if "rating_" in one["sql"]]
    assert len(told) == 1 and not any(" matter" in sql for sql in told)
