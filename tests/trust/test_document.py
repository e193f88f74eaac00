"""Persons known by a passport or a permit: taken in, found, masked, never one person with an equal number (A01, A02, A19)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh

ZONE = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"


def number() -> str:
    """A passport number that nobody else here has."""
    return "X" + f"{int(fresh(), 16) % 10**8:08d}"


def party(cast: Cast, name: str, document: str, latin: str = "") -> UUID:
    from doorstep.kernel.party import Person, find_or_add

    with cast.enter("clerk") as viewer:
        return find_or_add(viewer, Person(name, document, latin=latin), purpose="identify")


def taken_in(cast: Cast, name: str, document: str, latin: str = "") -> Any:
    """A lost thing reported at the clerk's window by whoever is known so."""
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person
    from doorstep.rulebook import pack

    data = pack.current("ZH-008").raw["examples"][0]["data"] | {
        "applicant": {"name": latin or name, "id_no": document}
    }
    with cast.enter("clerk") as viewer:
        return matter.open_matter(
            viewer, item="ZH-008", point="HW-1", channel="station", data=data, request_id=fresh(),
            applicant=Person(name, document, latin=latin),
        )  # fmt: skip


def found(cast: Cast, text: str) -> set[UUID]:
    from doorstep.kernel.lists import search

    with cast.enter("clerk") as viewer:
        return {row.id for row in search(viewer, text).rows}


def test_A01_equal_numbers_of_two_states_or_two_kinds_are_different_persons_and_the_same_document_is_one(
    cast: Cast,
) -> None:
    same = number()[1:]
    them = [f"passport:NOR:{same}", f"passport:SWE:{same}", f"taiwan:{same}"]
    ids = [party(cast, f"Anna {at}", one) for at, one in enumerate(them)]
    assert len(set(ids)) == 3
    assert party(cast, "Anna 0", them[0]) == ids[0]


def test_A02_a_matter_is_found_by_document_number_zone_and_name_in_any_order_and_shows_the_kind_alone(
    cast: Cast,
) -> None:
    from doorstep.kernel.lists import search

    mine = number()
    made = taken_in(cast, "Anna Maria Berg", f"passport:NOR:{mine}").matter_id
    other = taken_in(cast, "Per Berg", f"passport:SWE:{mine}").matter_id
    assert found(cast, mine) == found(cast, mine.lower()) == {made, other}
    assert found(cast, f"passport:nor:{mine}") == {made}
    assert made in found(cast, "BERG ANNA MARIA") and other not in found(cast, "berg, anna maria")
    zone = taken_in(cast, "ANNA MARIA ERIKSSON", "passport:UTO:L898902C3").matter_id
    assert zone in found(cast, ZONE)
    with cast.enter("neighbour") as viewer:
        assert not search(viewer, mine).rows


def test_A01_a_name_is_right_in_Chinese_and_in_Latin_letters_in_any_order(cast: Cast) -> None:
    from doorstep.kernel.read import read_matter
    from doorstep.rulebook.words import Refused

    mine = f"hkmo:H{number()[1:]}"
    made = taken_in(cast, "林可言", mine, "LAM HO YIN")
    with cast.enter("clerk") as viewer:
        view = read_matter(viewer, made.matter_id, purpose="handle", reason="test")
    assert (view.applicant.name, view.applicant.latin) == ("林可言", "LAM HO YIN")
    assert (
        view.applicant.masked().id_no == mine[:7] + "*****" + mine[-2:]
        and view.applicant.masked().latin == "L*********"
    )
    assert made.matter_id in found(cast, "Ho Yin Lam") and made.matter_id in found(cast, "林可言")
    with pytest.raises(Refused) as no:
        taken_in(cast, "林可", mine)
    assert no.value.code == "name-differs"


def test_A01_who_has_no_document_is_nobody_else_and_a_wrong_number_of_any_kind_is_refused(cast: Cast) -> None:
    from doorstep.rulebook.words import Refused

    assert party(cast, "无名氏", "none") != party(cast, "无名氏", "none")
    for wrong in (
        "passport::X1234567",
        "passport:XYZ:X1234567",
        "hkmo:A01234567",
        "permanent:911124198108030025",
    ):
        with pytest.raises(Refused, match="wrong-number"):
            party(cast, "Anna", wrong)


def test_A01_the_clients_of_the_API_give_and_get_a_document_in_its_parts(cast: Cast) -> None:
    from doorstep.rulebook import pack
    from tests.api.calls import Caller

    mine = number()
    who = {"name": "Anna Berg", "id_no": f"passport:NOR:{mine}"}
    data = pack.current("ZH-008").raw["examples"][0]["data"] | {"applicant": who}
    new = {"item": "ZH-008", "point": "HW-1", "data": data,
           "parties": [{"name": "Anna Berg", "id_no": mine, "document": "passport", "state": "NOR"}]}  # fmt: skip
    hand = Caller("clerk", cast["clerk"].token)
    made = hand.ask("POST", "matters", new).json()
    told = hand.get(f"matters/{made['id']}?purpose=handle&reason=test").json()
    assert told["data"]["applicant"]["id_no"] == f"passport:NOR:{mine}"
    one = told["parties"][0]
    assert (one["document"], one["state"], one["id_no"]) in {
        ("passport", "NOR", mine),
        ("passport", "NOR", mine[:2] + "*****" + mine[-2:]),
    }
