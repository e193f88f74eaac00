"""A day in the town goes by the real verbs: calls come in, units go, arrive, clear, and calls are closed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import psycopg

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
