"""Station, district and city in turn: each leg is with the bureau of its level, at its own desk, and with nobody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from doorstep.rulebook.words import Refused
from tests.cast import Cast, fresh


@pytest.fixture
def correction(cast: Cast) -> UUID:
    """A date of birth to be put right, taken in at the Hewan counter for somebody whose register is at Liuxi."""
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person

    person = {"name": "云小满", "id_no": "990101199003071288"}
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
    cast.act("approver", done.matter_id, "station")
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
