"""When people come to the demo town, and what for, follows from the region's file alone."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from doorstep.rulebook import pack
from doorstep.rulebook.region import load_region
from doorstep.sim.shape import Season, shape

SHAPE = shape("anlan")
CALENDAR = load_region("anlan").calendar
MONDAY = date(2026, 11, 16)


def _item(code: str, branch: str) -> Any:
    """As much of an item as is asked about it."""
    return SimpleNamespace(code=code, branch=branch)


def _busy(day: date) -> float:
    return SHAPE.busy(day, CALENDAR)


def test_A07_weekends_holidays_and_the_day_after_them_have_their_own_weight() -> None:
    assert _busy(MONDAY) > _busy(MONDAY + timedelta(days=2)) > _busy(MONDAY + timedelta(days=6)) > 0
    assert _busy(date(2026, 10, 1)) < _busy(date(2026, 10, 15)) < _busy(date(2026, 10, 8)), (
        "the first day after the holidays"
    )
    assert _busy(date(2026, 10, 30)) > _busy(date(2026, 10, 16)), "the last Friday of a month"
    assert _busy(date(2026, 9, 20)) > _busy(date(2026, 9, 13)), "a Sunday that is worked on"


def test_a_season_may_go_over_the_end_of_a_year() -> None:
    season = Season((11, 10), (1, 4), {}, {})
    assert [season.covers(date(2026, 11, 9)), season.covers(date(2026, 12, 31)), season.covers(date(2027, 1, 4))] == [
        False, True, True,
    ]  # fmt: skip
    assert not season.covers(date(2027, 1, 5))


def test_summer_brings_passports_and_november_does_not() -> None:
    passport = _item("CR-001", "entry-exit")
    assert SHAPE.often(passport, date(2026, 7, 20)) > 2 * SHAPE.often(passport, date(2026, 10, 20))


def test_whoever_comes_to_a_window_comes_on_a_day_and_at_an_hour_that_could_be() -> None:
    of = _item("HZ-072", "household")
    days = [MONDAY + timedelta(days=n) for n in range(5)]
    chance = random.Random(7)
    came = [SHAPE.moment(of, days, online=False, calendar=CALENDAR, chance=chance) for _ in range(600)]
    spans = CALENDAR.open_spans(MONDAY)
    assert all(any(opens <= at.time() < closes for opens, closes in spans) for at in came)
    by_day = Counter(at.date() for at in came)
    assert by_day[days[0]] > by_day[days[4]] > 0
    assert {at.hour for at in came} >= {9, 10, 14, 15}


def test_every_branch_and_item_of_the_file_is_one_that_there_is() -> None:
    packs = {path.stem: path.parent.name for path in pack.pack_files()}
    named = [SHAPE.branches, *(one.branches for one in SHAPE.seasons)]
    items = [SHAPE.items, *(one.items for one in SHAPE.seasons)]
    assert {name for one in named for name in one} <= set(packs.values())
    assert {code for one in items for code in one} <= set(packs)
