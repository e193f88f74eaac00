"""Station, district and city in turn: each leg is with the bureau of its level, at its own desk, and with nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from doorstep.rulebook.words import Refused
from tests.cast import Cast, fresh


@pytest.fixture
def correction(cast: Cast) -> UUID:
    """A date of birth to be put right, and the station's leg done."""
    matter_id = taken_in(cast)
    cast.act("approver", matter_id, "station")
    return matter_id


def taken_in(cast: Cast) -> UUID:
    """Taken in at the Hewan counter for somebody whose register is at Liuxi, and accepted."""
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person

    person = {name: cast.person("resident")[name] for name in ("name", "id_no")}
    data: dict[str, Any] = {
        "applicant": person,
        "household": {"station": "AL-LJ-LX"},
        "birth": {"right_day": "1990-04-07", "cause": "registered", "evidence_kind": "certificate"},
    }
    data["birth"]["certificate"] = str(cast.upload("clerk", "BIR"))
    with cast.enter("clerk") as viewer:
        done = matter.open_matter(
            viewer, item="HZ-051", point="HW-1", channel="station", data=data,
            applicant=Person(person["name"], person["id_no"]), request_id=fresh(),
        )  # fmt: skip
    cast.act("clerk", done.matter_id, "intake")
    return done.matter_id


def _waiting(cast: Cast, role: str) -> set[UUID]:
    from doorstep.kernel import lists

    with cast.enter(role) as viewer:
        return {row.id for row in lists.work_list(viewer, by="competent").rows}


def test_a_leg_waits_at_the_desk_of_its_own_level(cast: Cast, correction: UUID) -> None:
    assert correction in _waiting(cast, "county_approver")
    assert correction not in _waiting(cast, "approver") | _waiting(cast, "city_approver")


@pytest.mark.parametrize("role", ["clerk", "approver", "city_approver", "other_station"])
def test_nobody_of_another_level_does_the_districts_leg(cast: Cast, correction: UUID, role: str) -> None:
    with pytest.raises(Refused) as refused:
        cast.act(role, correction, "county")
    assert refused.value.code in ("no-right", "not-found")


def test_the_city_decides_and_the_decision_is_in_its_name(cast: Cast, correction: UUID) -> None:
    from doorstep.kernel.org import town
    from doorstep.kernel.read import read_matter

    cast.act("county_approver", correction, "county")
    cast.act("city_approver", correction, "city", "approve")
    with cast.enter("city_approver") as viewer:
        view = read_matter(viewer, correction, purpose="check_quality")
        paper = view.papers[0]
    assert (view.state, view.unit_id) == ("granted", town().by_code["AL-LJ-LX"].id)
    assert paper.number.startswith("GZ990100")


def test_the_district_has_the_station_inquire_once_more(cast: Cast, correction: UUID) -> None:
    from doorstep.kernel import matter

    with cast.enter("county_approver") as viewer:
        matter.add_step(viewer, correction, step="inquiry", request_id=fresh())
    assert correction in _waiting(cast, "approver")
    cast.act("approver", correction, "inquiry")
    assert correction not in _waiting(cast, "approver")


def test_the_station_may_not_order_an_inquiry(cast: Cast, correction: UUID) -> None:
    from doorstep.kernel import matter

    with cast.enter("approver") as viewer, pytest.raises(Refused):
        matter.add_step(viewer, correction, step="inquiry", request_id=fresh())


# ---- the clock of the legs: station 3, district 5, city 7 working days; what is promised are the 15 together ----

# March 2026 has no holidays; 2 March is a Monday. What happened when, and then: the leg under way is due, and the whole.
CASES = [
    ("accepted on Monday: 3, 4, 5; and fifteen days to 23 March", "", "station 2026-03-05", "2026-03-23"),
    ("the station is two days early: district 4, 5, 6, 9, 10; the whole stays",
     "03-03 11:00 approver station", "county 2026-03-10", "2026-03-23"),
    ("the station is two days late: the district keeps its five (10..13, 16), the whole does not move",
     "03-09 16:00 approver station", "county 2026-03-16", "2026-03-23"),
    ("all are early: the city has its seven (5, 6, 9..13) and nobody's time was given away",
     "03-03 11:00 approver station; 03-04 11:00 county_approver county", "city 2026-03-13", "2026-03-23"),
    ("the district has it inquired: until that is due (17 March) district and whole stand still, 4..6, 9..13, 16, 17",
     "03-03 11:00 approver station; 03-03 15:00 county_approver +inquiry", "county 2026-03-24", "2026-04-07"),
    ("inquired by the 10th: 4..6, 9, 10 stood still; district 11..13, 16, 17; whole five days on",
     "03-03 11:00 approver station; 03-03 15:00 county_approver +inquiry; 03-10 09:00 approver inquiry",
     "county 2026-03-17", "2026-03-30"),
    ("sent back by the district: the station has its three again (6, 9, 10), the whole does not move",
     "03-03 11:00 approver station; 03-05 10:00 county_approver county return", "station 2026-03-10", "2026-03-23"),
]  # fmt: skip


@contextmanager
def _at(moment: str) -> Iterator[None]:
    from doorstep.rulebook import clock

    with clock.clock_at(datetime.fromisoformat(f"2026-{moment}+08:00")):
        yield


def _do(cast: Cast, matter_id: UUID, done: str) -> None:
    """One line such as ``03-03 11:00 approver station``: who finished which step when; ``+`` adds one."""
    from doorstep.kernel import matter

    day, time, who, step, *outcome = done.split()
    with _at(f"{day}T{time}"):
        if step.startswith("+"):
            with cast.enter(who) as viewer:
                matter.add_step(viewer, matter_id, step=step[1:], request_id=fresh())
        else:
            why = {"reason": "inquire_more"} if outcome else {}
            cast.act(who, matter_id, step, *outcome, **why)


def _seen(cast: Cast, matter_id: UUID) -> Any:
    from doorstep.kernel.read import read_matter

    with cast.enter("city_approver") as viewer:
        return read_matter(viewer, matter_id, purpose="check_quality")


@pytest.mark.parametrize(("why", "done", "leg", "whole"), CASES)
def test_legs_and_whole_are_due_when_a_person_would_count_it(
    cast: Cast, why: str, done: str, leg: str, whole: str
) -> None:
    with _at("03-02T10:00"):
        matter_id = taken_in(cast)
    for one in filter(None, done.split("; ")):
        _do(cast, matter_id, one)
    view = _seen(cast, matter_id)
    (name, day), legs = leg.split(), {step.name: step.due_at for step in view.open_steps}
    assert (_day(legs[name]), _day(view.due_at)) == (day, whole), why


def _day(at: datetime | None) -> str:
    assert at is not None
    local = datetime.fromisoformat(at.isoformat()).astimezone(
        datetime.fromisoformat("2026-01-01T00:00+08:00").tzinfo
    )
    assert f"{local:%H:%M}" == "17:30"
    return f"{local:%Y-%m-%d}"


def test_the_applicant_is_told_when_each_leg_is_expected_and_never_past_the_promise(cast: Cast) -> None:
    from doorstep.web.portal.picture import legs

    with _at("03-02T10:00"):
        matter_id = taken_in(cast)
    _do(cast, matter_id, "03-09 16:00 approver station")
    with _at("03-09T17:00"):
        told = {one.title.en: one.due for one in legs(_seen(cast, matter_id))}
    assert _day(told["The district reviews"]) == "2026-03-16"
    assert _day(told["The city decides"]) == "2026-03-23", "its own seven days end on the 25th"


def test_what_is_promised_are_the_legs_together() -> None:
    from doorstep.rulebook import pack

    found = pack.load_pack(next(p for p in pack.pack_files() if p.stem == "HZ-051"))
    assert str(found.promise) == "15 workday" and found.legs == ("station", "county", "city")


@pytest.mark.parametrize(
    ("legs", "limits"),
    [(["station", "county", "citty"], {}), (["station", "county"], {}), (["intake", "station", "county", "city"], {}),
     (["station", "county", "city"], {"promise": "30 workday"})],
)  # fmt: skip
def test_legs_that_are_not_the_promise_are_refused(legs: list[str], limits: dict[str, str]) -> None:
    import copy

    from doorstep.domains.studio.lint import flaws_of
    from doorstep.rulebook import pack

    found = pack.load_pack(next(p for p in pack.pack_files() if p.stem == "HZ-051"))
    raw = copy.deepcopy(dict(found.raw)) | {"legs": legs}
    for name, value in limits.items():
        raw["limits"][name][0]["value"] = value
    assert "pack.legs" in {flaw.rule for flaw in flaws_of(pack.Pack.of(raw, found.library))}


def test_while_something_pauses_the_applicant_is_told_that_the_day_moves_with_it(cast: Cast) -> None:
    from doorstep.web.portal.picture import plate

    with _at("03-02T10:00"):
        matter_id = taken_in(cast)
    _do(cast, matter_id, "03-03 11:00 approver station")
    _do(cast, matter_id, "03-03 15:00 county_approver +inquiry")
    with _at("03-03T16:00"):
        told = plate(_seen(cast, matter_id))
    assert "这段时间不算在期限里" in told.note.zh and _day(told.day) == "2026-04-07"
