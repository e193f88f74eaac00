"""A person's record: seen through a matter that one may see, or as oneself. To have typed it gives no lasting sight."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest

from doorstep.run.roles import DATABASE, SUPERUSER, dsn
from tests.cast import Cast, fresh
from tests.journeys.counter import id_number


@pytest.fixture
def above(database: Any) -> Any:
    """A connection above row security, as only the supervisor has it."""
    told = dsn("backup", database) | {
        "user": SUPERUSER,
        "password": database.secret(SUPERUSER),
        "dbname": DATABASE,
    }
    with psycopg.connect(**told, autocommit=True) as conn:
        yield conn


def _sees(cast: Cast, role: str, party: UUID) -> bool:
    from doorstep.kernel.party import people

    with cast.enter(role):
        return party in people([party])


def _typed(cast: Cast, role: str = "clerk") -> Any:
    """A person typed for the first time by this clerk, and the party it became."""
    from doorstep.kernel.party import Person, find_or_add

    person = Person("何未见", id_number(), "19900000777")
    with cast.enter(role) as viewer:
        return person, find_or_add(viewer, person, purpose="identify")


def _taken_in(cast: Cast) -> tuple[UUID, UUID]:
    """A matter and its applicant, both new, taken in by the clerk."""
    from doorstep.kernel import matter
    from doorstep.kernel.models import Matter
    from doorstep.kernel.party import Person

    who = {"name": "何未见", "id_no": id_number()}
    data = cast.card("clerk", applicant=who)
    with cast.enter("clerk") as viewer:
        done = matter.open_matter(
            viewer, item="HZ-078", point="HW-1", channel="station", data=data, request_id=fresh(),
            applicant=Person(**who),
        )  # fmt: skip
        party = Matter.objects.values_list("applicant_id", flat=True).get(id=done.matter_id)
    assert party is not None
    return done.matter_id, party


def test_who_typed_a_person_without_a_matter_does_not_see_the_record(cast: Cast) -> None:
    _, party = _typed(cast)
    assert not _sees(cast, "clerk", party)


def test_the_exact_number_finds_the_same_record_again_and_is_on_record(cast: Cast) -> None:
    from doorstep.kernel.models import Access
    from doorstep.kernel.party import find_or_add

    person, party = _typed(cast)
    with cast.enter("clerk2") as viewer:
        assert find_or_add(viewer, person, purpose="identify") == party
        assert Access.objects.filter(party_id=party, kind="lookup").count() == 1
    assert not _sees(cast, "clerk2", party)


def test_a_visible_matter_shows_its_applicant_to_who_took_it_in_and_who_decides(cast: Cast) -> None:
    _, party = _taken_in(cast)
    seen = {role: _sees(cast, role, party) for role in ("clerk", "approver", "other_station", "neighbour")}
    assert seen == {"clerk": True, "approver": True, "other_station": False, "neighbour": False}


def test_once_the_matter_is_out_of_reach_so_is_the_person(cast: Cast, above: Any) -> None:
    matter, party = _taken_in(cast)
    assert _sees(cast, "clerk", party)
    above.execute(
        "update share set until = now() - interval '1 day' where matter_id = %s and role = 'received'",
        [matter],
    )
    assert not _sees(cast, "clerk", party)


def test_a_resident_sees_their_own_record_and_no_neighbours(cast: Cast) -> None:
    from doorstep.kernel.party import own_person

    with cast.enter("resident") as viewer:
        assert own_person(viewer) and viewer.party_id
    assert not _sees(cast, "neighbour", viewer.party_id)


def test_a_number_that_is_on_record_under_another_name_opens_nothing(cast: Cast, above: Any) -> None:
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person
    from doorstep.rulebook.words import Refused

    known = cast.person("resident")
    count = "select count(*) from matter"
    before = above.execute(count).fetchone()
    data = cast.card("clerk", applicant={**known, "name": "别人"})
    with pytest.raises(Refused, match="name-differs") as no, cast.enter("clerk") as viewer:
        matter.open_matter(
            viewer, item="HZ-078", point="HW-1", channel="station", data=data, request_id=fresh(),
            applicant=Person("别人", known["id_no"]),
        )  # fmt: skip
    assert known["name"][0] not in str(no.value.words.zh)  # a guessed number tells nobody's name
    assert above.execute(count).fetchone() == before
