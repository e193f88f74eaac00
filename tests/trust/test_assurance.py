"""Below assurance 2 an account sees what it typed itself, and nothing of the person it says it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.cast import Cast, fresh
from tests.journeys.visit import Visit


@pytest.fixture(params=[0, 1])
def claimed(cast: Cast, request: pytest.FixtureRequest) -> Iterator[str]:
    """The token of an account that names the resident's party, which nobody has verified."""
    from doorstep.kernel import trust
    from doorstep.rulebook.region import region
    from doorstep.sim.office import open_office

    with cast.enter("resident") as viewer:
        party = viewer.party_id
    login, password = f"claims-{fresh()}", "claims-1234"
    order = {"login": login, "password": password, "kind": "resident", "role": "resident", "party": str(party),
             "rights": list(region().roles["resident"]), "name": ["云小满", "Yun Xiaoman"], "assurance": request.param}  # fmt: skip
    with open_office() as office:
        account = office.ask([{"make": order}])[0]
        yield trust.sign_in(login, password)
        office.ask([{"end": account}])


def test_nothing_of_the_person_is_shown(cast: Cast, claimed: str) -> None:
    from doorstep.kernel import lists, post, read, trust
    from doorstep.kernel.party import own_person, people
    from doorstep.rulebook.words import Refused

    opened = cast.apply()
    with cast.enter("resident") as viewer:
        party: Any = viewer.party_id
    with trust.enter(claimed) as viewer:
        assert viewer.signed_in and viewer.party_id is None
        assert own_person(viewer) is None and people([party]) == {}
        assert not lists.my_matters(viewer).rows and not post.my_notices(viewer)
        with pytest.raises(Refused, match="not-found"):
            read.read_matter(viewer, opened.matter_id)
        with pytest.raises(Refused, match="assurance"):
            read.readers(viewer)


def test_what_is_typed_is_kept_and_sent_only_once_verified(cast: Cast, claimed: str) -> None:
    from doorstep.kernel import draft, matter, trust
    from doorstep.rulebook.words import Refused

    with trust.enter(claimed) as viewer:
        kept = draft.save_draft(viewer, "HZ-106", {"home": {"address": "橘园路 9 号"}})
        assert draft.read_draft(viewer, kept.id).data["home"]["address"] == "橘园路 9 号"
    home = {
        "landlord": cast.person(), "home": {"address": "柳溪街 3 号 101", "station": "AL-LJ-LX", "right": "agent"},
        "tenants": [{"name": "许念", "id_no": cast.person()["id_no"], "from": "2026-03-01"}],
    }  # fmt: skip
    with trust.enter(claimed) as viewer, pytest.raises(Refused, match="assurance") as no:
        matter.open_matter(
            viewer, item="HZ-106", point="LX-1", channel="online", data=home, request_id=fresh()
        )
    assert no.value.status == 403 and "窗口" in no.value.words.zh


def test_its_pages_fill_in_nothing_and_say_what_to_do(cast: Cast, claimed: str) -> None:
    browser = Visit(claimed)
    first = browser.get("/apply/HZ-078")
    assert first.form("/who")["/applicant/id_no"] == "" and cast.person()["id_no"] not in first.html
    assert browser.get("/mine").status == 200
    told = browser.get("/readers")
    assert told.status == 403 and "核实" in told.text


def test_the_live_stream_hears_nothing_for_it(claimed: str) -> None:
    import hashlib

    import psycopg

    from doorstep.run.roles import dsn

    with psycopg.connect(**dsn("stream")) as conn:
        row = conn.execute(
            "select trust.audience(%s)", [hashlib.sha256(claimed.encode()).digest()]
        ).fetchone()
    assert row is not None and row[0]["party"] is None


def test_verified_sees_again(cast: Cast) -> None:
    with cast.enter("resident") as viewer:
        assert isinstance(viewer.party_id, UUID) and viewer.assurance == 2


def test_it_has_a_page_that_says_what_it_may_do_and_how_to_be_verified(cast: Cast, claimed: str) -> None:
    browser = Visit(claimed)
    for path in ("/mine", "/apply/HZ-078"):
        assert "/account" in browser.get(path).html, path
    page = browser.get("/account")
    assert page.status == 200 and "带证件到任何一个窗口核实一次" in page.text and "data-point" in page.html
    assert cast.person()["id_no"] not in page.html
    assert "已经核实是您本人" in Visit(cast["resident"].token).get("/account").text
    assert Visit(cast["clerk"].token).get("/account").status in (403, 404)
