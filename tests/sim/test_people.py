"""The people of the demo town follow from seed and number alone, and none of them exists."""

from __future__ import annotations

from pathlib import Path

from doorstep.rulebook.identity import id_number_fault
from doorstep.rulebook.region import load_region
from doorstep.sim.people import HOUSEHOLD, Home, born_like, resident

HOMES = (Home("990102", "AL-1", ("望月路", "听雨街")), Home("990121", "AL-2", ("看山路",)))


def test_the_same_person_whoever_else_was_asked_for() -> None:
    alone = resident(1, 77, HOMES)
    _ = [resident(1, number, HOMES) for number in range(50)]
    assert resident(1, 77, HOMES) == alone
    assert resident(2, 77, HOMES) != alone


def test_every_number_is_of_the_division_that_does_not_exist() -> None:
    people = [resident(1, number, HOMES) for number in range(300)]
    assert {one.id_no[:2] for one in people} == {"99"}
    assert all(id_number_fault(one.id_no) is None for one in people)
    assert len({one.id_no for one in people}) > 295


def test_a_household_has_one_address_and_a_child_its_fathers_name() -> None:
    for first in range(0, 90, HOUSEHOLD):
        father, mother, child = (resident(1, first + place, HOMES) for place in range(HOUSEHOLD))
        assert father.address == mother.address == child.address and father.station == child.station
        assert child.name[0] == father.name[0]
        assert child.born.year - max(father.born.year, mother.born.year) >= 16


def test_somebody_like_the_person_of_an_example_is_as_old_and_nobody_else() -> None:
    example = "990101201905120018"
    people = [born_like(resident(1, 2_000_000 + number, HOMES), example) for number in range(1200)]
    assert {one.born.year for one in people} <= {2018, 2019} and {one.sex for one in people} == {"M"}
    assert len({one.id_no for one in people}) == 1200
    assert all(id_number_fault(one.id_no) is None for one in people)
    assert born_like(people[0], "no number") == people[0]


def test_E06_the_town_has_two_districts_a_county_and_its_stations() -> None:
    place = load_region("anlan")
    kinds = [one["kind"] for one in place.units]
    points = [one["kind"] for one in place.points]
    assert (kinds.count("county"), kinds.count("station"), kinds.count("hall")) == (3, 24, 2)
    assert (points.count("workstation"), points.count("room"), points.count("kiosk")) == (9, 11, 3)
    assert {one["unit"] for one in place.points if one["kind"] == "station"} == {
        one["code"] for one in place.units if one["kind"] == "station"
    }


def test_no_name_of_the_town_is_one_of_a_real_city() -> None:
    real = (Path(__file__).parents[1] / "house" / "places.txt").read_text().split()
    place = load_region("anlan")
    names = [one["name"]["zh"] for one in (*place.units, *place.points)] + list(place.streets)
    assert [(name, one) for name in names for one in real if one in name] == []
