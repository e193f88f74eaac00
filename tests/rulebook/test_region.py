"""The region that ships, and time as it is counted there."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from doorstep.domains.studio import region_findings
from doorstep.rulebook import pack
from doorstep.rulebook.clock import Due, Limit, due
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.region import FOLDER, Region, calendar, load_region, region

CHANNELS = ("hall", "station", "room", "kiosk", "workstation", "online", "agent", "post", "partner")
RIGHT = re.compile(r"[a-z_]+:(\*|[a-z-]+):(own|unit|county|city|province):(public|personal|secret|sealed)")


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


ALL = sorted(path.parent.name for path in FOLDER.glob("*/region.yaml"))


@pytest.fixture(params=ALL)
def place(request: pytest.FixtureRequest) -> Region:
    return load_region(request.param)


def test_no_region_that_ships_has_the_division_of_a_real_place(place: Region) -> None:
    assert place.division.startswith("99")
    assert all(str(unit["division"]).startswith("99") for unit in place.units)


def test_every_unit_has_its_parent_and_every_point_its_unit(place: Region) -> None:
    units = {unit["code"] for unit in place.units}
    assert all(unit["parent"] in units for unit in place.units if "parent" in unit)
    assert {point["unit"] for point in place.points} <= units
    assert {one["unit"] for one in place.cast if "unit" in one} <= units


def test_no_two_units_or_points_share_a_code_or_an_id(place: Region) -> None:
    for listed in (place.units, place.points):
        for key in ("id", "code"):
            assert len({one[key] for one in listed}) == len(listed)


def test_codes_of_units_and_points_can_be_answers_in_a_form(place: Region) -> None:
    assert all(FORMATS["unit"].ok(unit["code"]) for unit in place.units)
    assert all(FORMATS["point"].ok(point["code"]) for point in place.points)


def test_every_right_is_written_as_rights_are(place: Region) -> None:
    rights = [right for bundle in place.roles.values() for right in bundle]
    assert [right for right in rights if not RIGHT.fullmatch(right)] == []


def test_everybody_in_the_cast_has_a_role_that_exists(place: Region) -> None:
    assert place.cast and {one.get("as", one["role"]) for one in place.cast} <= set(place.roles)


def test_channels_and_hours_of_every_point_are_known_ones(place: Region) -> None:
    assert {channel for point in place.points for channel in point["channels"]} <= set(CHANNELS)
    assert region_findings(place.code) == []


def test_what_a_report_does_not_tell_is_marked_as_ours(place: Region) -> None:
    ours = [one["code"] for one in (*place.units, *place.points) if one.get("sure") is False]
    assert bool(ours) == bool(place.lists)
    told = [one for one in place.points if "address" in one and "待填" in one["address"]["zh"]]
    assert all(one["sure"] is False for one in told)


def test_every_item_can_be_taken_somewhere_in_town() -> None:
    offered = {channel for point in region().points for channel in point["channels"]}
    for one in pack.every():
        assert offered & set(one.channels)
