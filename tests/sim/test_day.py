"""A day in the town goes by the real verbs: calls come in, units go, arrive, clear, and calls are closed."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from doorstep.rulebook import clock
from tests.cast import Cast


def test_a_day_is_played_by_the_verbs_and_calls_come_to_an_end(
    cast: Cast, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.command.units import duty
    from doorstep.kernel import trust
    from doorstep.rulebook.region import region
    from doorstep.sim.day import Day
    from doorstep.sim.office import open_office
    from doorstep.sim.staff import Staff

    began = clock.now()
    with open_office() as office:
        known = {one["login"]: one for one in trust.demo_fact("demo_people") or ()}
        day = Day(Staff(region(), 1, office, known, "demo_crews"), random.Random(5), 30.0)
        with cast.enter("dispatcher"):
            some = [one for one in duty.roster() if one.kind == "car"][:8]
        day.sign_on(only={one.id for one in some})
        assert len(day.crews) == 8
        for second in range(0, 240, 3):
            with clock.clock_at(began + timedelta(seconds=second)):
                day.step(float(second))
    again = Day(day.staff, random.Random(6), 30.0)
    again.sign_on(only=set())
    with clock.clock_at(began + timedelta(minutes=10)):
        again.go_on(0.0)
    assert day.waits.keys() <= again.waits.keys()
    told = above.execute(
        "select count(*), count(*) filter (where state = 'closed') from call_place where told_at >= %s",
        [began],
    ).fetchone()
    assert told and told[0] >= 3 and told[1] >= 1
    moved = above.execute(
        "select count(distinct (lon, lat)) from duty_position where at >= %s group by duty_unit_id", [began]
    ).fetchall()
    assert moved and max(row[0] for row in moved) > 5
    above.execute("update duty_unit set state = 'off', on_matter = null, on_slot = '' where id = any(%s)",
                  [[one.id for one in some]])  # fmt: skip
    above.execute("update duty_member set until = now() where until is null")
    above.execute("update sending set ended = 'recalled' where ended = '' and alerted_at >= %s", [began])


def test_calls_are_as_urgent_as_the_region_says_and_each_kind_has_its_own_words() -> None:
    from doorstep.domains.command.calls import kinds
    from doorstep.sim.day import Day
    from doorstep.sim.shape import rung

    day, told = Day(Any, random.Random(3), 1.0), rung()  # type: ignore[arg-type]
    drawn = [day._what() for _ in range(600)]
    levels = Counter(kinds.judge(kind, answers).level for kind, answers in drawn)
    for level, share in told.levels.items():
        assert levels[level] / 600 == pytest.approx(share / 100, abs=0.08)
    assert {kind for kind, _ in drawn} == set(told.often) <= {one.code for one in kinds.kinds()}


def test_a_file_of_the_day_that_is_wrong_says_where(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from doorstep.sim import shape

    (tmp_path / "nowhere").mkdir()
    (tmp_path / "nowhere" / "day.yaml").write_text(
        "levels: {urgent: 100}\nkinds: {XJ-001: {often: 1, says: []}}\n"
    )
    monkeypatch.setattr(shape, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"nowhere/day\.yaml"):
        shape.rung("nowhere")
