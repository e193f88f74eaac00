"""The region that ships, and time as it is counted there."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from doorstep.rulebook import pack
from doorstep.rulebook.clock import Due, Limit, due
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.region import calendar, region

RIGHT = re.compile(r"[a-z_]+:(\*|[a-z-]+):(own|unit|county|city):(public|personal|secret|sealed)")


@pytest.mark.parametrize(
    ("start", "limit", "end", "provisional"),
    [
        ("2026-11-20 16:00", "1 workday", "2026-11-23 17:30", False),
        ("2026-09-30 10:00", "1 workday", "2026-10-08 17:30", False),
        ("2026-02-13 10:00", "2 workday", "2026-02-24 17:30", False),
        ("2026-04-30 10:00", "4 workday", "2026-05-09 17:30", False),
        ("2026-11-20 17:00", "4 workhour", "2026-11-23 12:00", False),
        ("2026-12-31 10:00", "1 workday", "2027-01-01 17:30", True),
    ],
)
def test_the_town_counts_days_as_its_calendar_says(
    start: str, limit: str, end: str, provisional: bool
) -> None:
    zone = calendar().zone
    begin, until = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (start, end))
    assert due(begin, Limit.parse(limit), calendar()) == Due(until, provisional)


def test_the_town_exists_nowhere() -> None:
    assert region().division.startswith("99")
    assert all(str(unit["division"]).startswith("99") for unit in region().units)


def test_every_unit_has_its_parent_and_every_point_its_unit() -> None:
    units = {unit["code"] for unit in region().units}
    assert all(unit["parent"] in units for unit in region().units if "parent" in unit)
    assert {point["unit"] for point in region().points} <= units
    assert {one["unit"] for one in region().cast if "unit" in one} <= units


def test_no_two_units_or_points_share_a_code_or_an_id() -> None:
    for listed in (region().units, region().points):
        for key in ("id", "code"):
            assert len({one[key] for one in listed}) == len(listed)


def test_codes_of_units_and_points_can_be_answers_in_a_form() -> None:
    assert all(FORMATS["unit"].ok(unit["code"]) for unit in region().units)
    assert all(FORMATS["point"].ok(point["code"]) for point in region().points)


def test_every_right_is_written_as_rights_are() -> None:
    rights = [right for bundle in region().roles.values() for right in bundle]
    assert [right for right in rights if not RIGHT.fullmatch(right)] == []


def test_everybody_in_the_cast_has_a_role_that_exists() -> None:
    assert {one.get("as", one["role"]) for one in region().cast} <= set(region().roles)


def test_every_item_can_be_taken_somewhere_in_town() -> None:
    offered = {channel for point in region().points for channel in point["channels"]}
    for one in pack.every():
        assert offered & set(one.channels)
