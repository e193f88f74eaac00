"""The engine against results that no one here wrote, and ways of sending against each other on the same calls.

Quick here; `python -m tests.bench.solve` runs the same as long as the stated precision asks (docs/measuring.md has the figures).
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from doorstep.solve.duty import STATES
from doorstep.solve.policy import Joint
from doorstep.solve.rehearsal import City, Load, Played, drawn, interval, rehearse
from tests.house import tree
from tests.solve import experiments
from tests.solve.cities import squares
from tests.solve.duty_room import PLAIN, TURNING

DAY = 86_400.0


def test_B02_the_engine_waits_as_erlang_says() -> None:
    """M/M/10, nine calls a service time: Wq = .668732 service times."""
    middle, low, high = interval([experiments.ten_units(seed, 2_500)[1] for seed in range(4)])
    assert low <= experiments.ERLANG <= high
    assert middle == pytest.approx(experiments.ERLANG, rel=0.02)


@pytest.mark.parametrize(("w", "published"), experiments.TWO_UNITS)
def test_B02_the_engine_drives_as_far_in_the_two_unit_city_as_the_book_says(
    w: float, published: float
) -> None:
    """Larson and Odoni, Urban Operations Research, 5.3.3."""
    mean, lost = experiments.two_units(w, 1, 50_000)
    assert mean == pytest.approx(published, rel=0.01)
    assert lost == pytest.approx(0.78125 / 3.03125, rel=0.02)  # Erlang B of two units and 1.25 calls


def test_B02_the_engine_keeps_three_servers_as_busy_as_the_book_says() -> None:
    """Larson and Odoni, 5.4.3: .5574 .4734 .4693."""
    assert experiments.three_servers(1, 40_000) == pytest.approx(experiments.THREE_BUSY, rel=0.02)


def test_B02_moving_the_freed_unit_makes_fewer_calls_late_than_static_posts() -> None:
    """Thirty units a third of the time busy, 20 x 20 km, target eight minutes; posts by MEXCLP both times, the same calls."""
    told = experiments.relocation(range(20), DAY)
    assert told.difference[2] < 0
    assert told.seconds[2] <= 0


def test_B02_sending_all_together_makes_no_more_calls_late_than_nearest_first() -> None:
    """Replays in which calls pile up: three levels, one, three and five minutes, units 70 % busy."""
    told = experiments.replays(range(8), 7_200.0, replace(PLAIN, beyond=2.0))
    assert told.difference[1] <= 0


def storm() -> tuple[City, Load]:
    """More calls than a few units can take, so that some are turned round."""
    town = squares(1.0, 6, km=6, targets=(60.0, 180.0, 300.0), levels=(0.3, 0.3, 0.4))
    return town.city, replace(town.load, service_s=300.0)


def test_one_seed_gives_one_story_and_every_policy_the_same_calls() -> None:
    city, load = storm()
    rules = replace(PLAIN, turn=TURNING)
    first, again = (rehearse(city, drawn(load, 1, 7200.0), Joint(rules), tell=True) for _ in "ab")
    other = rehearse(city, drawn(load, 2, 7200.0), Joint(rules), tell=True)
    assert first.digest() == again.digest() != other.digest()
    slower = drawn(replace(load, service_s=900.0), 1, 7200.0)
    assert (
        slower.at.tolist() == first.calls.at.tolist() and slower.place.tolist() == first.calls.place.tolist()
    )
    assert slower.service == pytest.approx(3 * first.calls.service)


def test_calls_follow_the_hours_of_the_day() -> None:
    calls = drawn(Load((0.0,) * 8 + (60.0,) * 8 + (6.0,) * 8, np.ones(1)), 1, 5 * DAY)
    by_shift = np.bincount((calls.at % DAY // 28_800).astype(int), minlength=3) / 5
    assert by_shift[0] == 0 and by_shift[1:] == pytest.approx([480, 48], rel=0.15)


def test_nobody_is_in_two_places_and_no_call_is_forgotten_when_units_are_turned_round() -> None:
    city, load = storm()
    played = rehearse(city, drawn(load, 1, 7200.0), Joint(replace(PLAIN, turn=TURNING)), tell=True)
    assert {one.kind for one in played.happenings} <= _words_of_the_log()
    assert {one.outcome for one in played.happenings} - {""} <= set(STATES)
    turned = 0
    for call in range(len(played.waits)):
        told = [one for one in played.happenings if one.call == call and one.kind == "acted"]
        assert [one.outcome for one in told][-2:] == ["there", "finished"]
        assert [one.outcome for one in told].count("there") == 1
        turned += len(told) > 3
    assert turned > 0
    for unit in range(len(city.posts)):
        assert alternates(played, unit)
    told_late = {one.call for one in played.happenings if one.kind == "late"}
    assert told_late == set(np.flatnonzero(played.late).tolist())


def _words_of_the_log() -> set[str]:
    """Read, not imported: the kernel's tables need Django."""
    text = (tree.ROOT / "doorstep/kernel/read.py").read_text()
    return set(re.findall(r'^    "(\w+)": Words', text.split("KINDS: dict")[1].split("\n}")[0], re.M))


def alternates(played: Played, unit: int) -> bool:
    """Between two arrivals a unit has finished the first."""
    words = [
        one.outcome for one in played.happenings if one.unit == unit and one.outcome in ("there", "finished")
    ]
    return words[::2] == ["there"] * ((len(words) + 1) // 2) and words[1::2] == ["finished"] * (
        len(words) // 2
    )


def test_a_city_that_cannot_be_is_refused() -> None:
    good = np.zeros((2, 2))
    for seconds, posts, targets in (
        (good - 1, [0], (1.0,)), (good * np.nan, [0], (1.0,)), (good, [2], (1.0,)), (good, [], (1.0,)), (good, [0], ()),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"table|place"):
            City(seconds, np.array(posts, dtype=np.intp), targets)
