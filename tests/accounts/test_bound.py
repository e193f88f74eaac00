"""An account becomes somebody's, and a renewed document the same person's, by a matter at a window alone (A01)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from doorstep.rulebook.ids import check_character
from doorstep.run.place import Place
from doorstep.run.roles import dsn
from tests.accounts.test_sign_up import PASSWORD, above, aged, browser, signed_up, sms, viewer_of  # noqa: F401 - the carrier
from tests.accounts.texts import phone
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.journeys.counter import open_desk


def somebody() -> str:
    """An identity number that nobody has."""
    body = f"9901011985{secrets.randbelow(12) + 1:02d}{secrets.randbelow(28) + 1:02d}{secrets.randbelow(900) + 100}"
    return body + check_character(body)


def passport() -> str:
    return f"passport:UTO:X{secrets.randbelow(10**7):07d}"


def opens(
    cast: Cast, item: str, who: dict[str, str], more: dict[str, Any] | None = None, by: str = "clerk"
) -> Any:
    """The person stands at the counter; the clerk takes it on."""
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person

    person = Person(who["name"], who["id_no"], who["mobile"])
    more = more or {"account": {"mobile": who["mobile"]}}
    with cast.enter(by) as viewer:
        done = matter.open_matter(
            viewer, item=item, point="HW-1", channel="station", data={"applicant": who} | more,
            request_id=fresh(), applicant=person,
        )  # fmt: skip
    return done.matter_id


def work(place: Place) -> int:
    """As the worker does it."""
    from doorstep.domains.accounts import bound

    did = 0
    for _ in as_role("worker", place):
        did = bound.bind_accounts() + bound.join_documents()
    return did


def state(matter_id: UUID) -> tuple[str, list[str]]:
    with above() as conn:
        row = conn.execute("select state from matter where id = %s", [matter_id]).fetchone()
        steps = conn.execute(
            "select name from step where matter_id = %s and closed_at is null", [matter_id]
        ).fetchall()
    assert row is not None
    return row[0], [name for (name,) in steps if name != "finish"]


@pytest.fixture
def made(sms: str, database: Place) -> Iterator[dict[str, str]]:  # noqa: F811
    """Somebody who made an account by themselves."""
    who = {"name": "周予安", "id_no": somebody(), "mobile": phone()}
    signed_up(sms, database, who["mobile"], name=who["name"], id_no=who["id_no"])
    yield who


def test_A01_an_account_is_verified_at_a_window_and_then_applies(
    cast: Cast, made: dict[str, str], database: Place
) -> None:
    from doorstep.kernel import lists, trust
    from doorstep.kernel.party import own_person

    token = trust.sign_in(made["mobile"], PASSWORD)
    verified = opens(cast, "ZN-002", made)
    assert work(database) == 0, "nothing before an officer has looked"
    cast.act("clerk", verified, "check", "approve")
    with trust.enter(token) as viewer:
        assert viewer.assurance == 1 and own_person(viewer) is None
    assert work(database) == 1 and work(database) == 0
    with trust.enter(token) as viewer:
        person = own_person(viewer)
        assert viewer.assurance == 2 and person is not None and person.id_no == made["id_no"]
        assert [row.id for row in lists.my_matters(viewer).rows] == [verified]
    assert state(verified)[0] == "granted"


def test_the_clerk_takes_it_in_like_any_item_and_the_slip_comes_out(
    cast: Cast, made: dict[str, str], database: Place
) -> None:
    from doorstep.kernel import trust
    from tests.kernel.test_issue import work as papers

    clerk, who = open_desk(cast["clerk"].token), {"name": made["name"], "id_no": made["id_no"]}
    address = str(clerk.post("/counter/", do="check", phone="", **who)["Location"].partition("#")[0])
    clerk.post(address, do="add:ZN-002")
    refused = clerk.post(address, do="accept")
    assert refused.status_code == 422 and "注册账号用的手机号" in refused.content.decode()
    done = clerk.post(
        address, do="accept", **{"ZN-002/account/mobile": made["mobile"], "ticks": "ID", "seen:ID": "1"}
    )
    assert done.status_code == 302 and work(database) == 1, re.sub(r"<[^>]+>", "", done.content.decode())
    papers(database)
    page = signed_in(made["mobile"])
    assert "已经核实是您本人" in page.get("/account").content.decode()
    with trust.enter(trust.sign_in(made["mobile"], PASSWORD)) as viewer:
        assert viewer.assurance == 2
    assert (
        "网上账号核实凭条" in page.get("/mine").content.decode()
        or "核实网上账号" in page.get("/mine").content.decode()
    )


@pytest.mark.parametrize("wrong", ["mobile", "name", "id_no"])
def test_an_account_of_another_telephone_name_or_document_stays_what_it_is(
    cast: Cast, made: dict[str, str], database: Place, wrong: str
) -> None:
    other = made | {wrong: {"mobile": phone(), "name": "周予宁", "id_no": somebody()}[wrong]}
    asked = opens(cast, "ZN-002", other)
    cast.act("clerk", asked, "check", "approve")
    assert work(database) == 1 and state(asked)[1] == ["mend"]
    assert viewer_of(made["mobile"]).assurance == 1
    cast.act("clerk", asked, "mend", "refuse", reason="no_account")


def test_a_new_telephone_is_a_new_account_and_the_old_one_ends(
    cast: Cast, made: dict[str, str], sms: str, database: Place  # noqa: F811
) -> None:  # fmt: skip
    from doorstep.kernel import trust

    for who in (made, made | {"mobile": phone()}):
        if who is not made:
            signed_up(sms, database, who["mobile"], name=who["name"], id_no=who["id_no"])
            old = trust.sign_in(made["mobile"], PASSWORD)
        asked = opens(cast, "ZN-002", who)
        cast.act("clerk", asked, "check", "approve")
        assert work(database) == 1
    with trust.enter(old) as viewer:
        assert not viewer.signed_in
    with pytest.raises(Exception, match="wrong-password"):
        trust.sign_in(made["mobile"], PASSWORD)
    assert viewer_of(who["mobile"]).assurance == 2
    aged(made["mobile"])
    signed_up(sms, database, made["mobile"], name="别的人", id_no=somebody())


def test_the_worker_binds_nothing_that_no_officer_looked_at(
    cast: Cast, made: dict[str, str], database: Place
) -> None:
    """The database asks for itself: not for a matter in another step, of another item, or outside a matter."""
    from doorstep.kernel.trust import keys

    asked, blind = opens(cast, "ZN-002", made), keys().blind
    card = cast.apply().matter_id
    with psycopg.connect(**dsn("worker", database)) as conn:  # type: ignore[arg-type]
        for matter_id in (asked, card, None):
            with conn.transaction():
                conn.execute("select trust.enter_system(%s)", [matter_id])
                told = conn.execute(
                    "select trust.bind_account(%s, %s), trust.join_document(sha256('x'), '', '', '', '{}', '{}')",
                    [blind("login", made["mobile"]), blind("name", made["name"])],
                ).fetchone()
                assert told == ("none", "taken")
    assert viewer_of(made["mobile"]).assurance == 1
    cast.act("clerk", asked, "check", "refuse", reason="not_the_person")


def test_what_assurance_1_may_not_do_is_refused_with_the_way_to_the_window(
    cast: Cast, made: dict[str, str], sms: str, database: Place  # noqa: F811
) -> None:  # fmt: skip
    from doorstep.domains.family import mandate
    from doorstep.kernel import matter, read, trust
    from doorstep.kernel.party import Person
    from doorstep.rulebook import clock
    from doorstep.rulebook.words import Refused

    token, opened, refused = trust.sign_in(made["mobile"], PASSWORD), cast.apply().matter_id, []
    card = cast.card("resident")
    other = Person("陆望舒", cast.person("neighbour")["id_no"])
    for do in (
        lambda v: matter.open_matter(
            v, item="HZ-078", point="HW-1", channel="online", data=card, request_id=fresh()
        ),
        lambda v: mandate.give(v, agent=other, until=clock.now(), request_id=fresh(), items=["HZ-078"]),
        lambda v: read.readers(v),
    ):
        with trust.enter(token) as viewer, pytest.raises(Refused) as no:
            do(viewer)
        refused.append(
            (no.value.code, no.value.status, "窗口" in no.value.words.zh, "window" in no.value.words.en)
        )
    assert set(refused) == {("assurance", 403, True, True)}
    with trust.enter(token) as viewer, pytest.raises(Refused, match="not-found"):
        read.read_matter(viewer, opened)


def renewed(cast: Cast, who: dict[str, str], new: str, by: str = "clerk") -> UUID:
    seen = str(cast.upload(by, "PAS"))
    found: UUID = opens(cast, "ZN-003", who, {"renewed": {"id_no": new, "seen": seen}}, by)
    return found


def bind_to(number: str, party: UUID) -> None:
    """As if this account had been verified for them."""
    from doorstep.kernel.trust import keys

    with above() as conn:
        login = f"tel:{keys().blind('login', number).hex()}"
        conn.execute("update account set party_id = %s, assurance = 2 where login = %s", [party, login])


def signed_in(number: str) -> Any:
    from doorstep.kernel import trust

    page = browser()
    page.cookies["doorstep_session"] = trust.sign_in(number, PASSWORD)
    return page


def test_a_renewed_passport_is_the_same_person_and_it_takes_two_officers(
    cast: Cast, made: dict[str, str], database: Place, second: str, third: str
) -> None:
    from doorstep.kernel import lists
    from doorstep.kernel.party import Person, find_or_add, people
    from doorstep.rulebook.words import Refused

    who, new = {"name": "ELENA MORSE", "id_no": passport(), "mobile": made["mobile"]}, passport()
    joined = renewed(cast, who, new)
    after = opens(cast, "ZN-002", who | {"id_no": new})
    act_as(third, joined, "check", "approve")
    with pytest.raises(Refused, match="same-person"):
        act_as(third, joined, "confirm", "approve")
    assert work(database) == 0 and state(joined) == ("open", ["confirm"]), "one officer has granted nothing"
    act_as(second, joined, "confirm", "approve")
    assert work(database) == 1 and state(joined)[0] == "granted"
    with cast.enter("clerk") as viewer:
        [one] = {
            find_or_add(viewer, Person(who["name"], number), purpose="t") for number in (who["id_no"], new)
        }
        assert people([one])[one].id_no == new
        for number in (who["id_no"], new):
            assert {row.id for row in lists.search(viewer, number).rows} >= {joined, after}, number
    bind_to(who["mobile"], one)
    told = signed_in(who["mobile"]).get("/account").content.decode()
    assert (
        "以前的证件" in told
        and new not in told
        and who["id_no"] not in told
        and f"{who['id_no'][-2:]}</span>" in told
    )
    with above() as conn:
        rows = conn.execute(
            "select matter_id, other_id is not null from person_document where party_id = %s", [one]
        ).fetchall()
        assert rows == [(joined, True)]
        conn.execute("update party set key = null, sealed = null, id_blind = null where id = %s", [one])
        assert conn.execute("select 1 from person_document where party_id = %s", [one]).fetchone() is None


def test_a_document_that_is_somebody_elses_is_not_joined(cast: Cast, database: Place, second: str) -> None:
    who, new = {"name": "ELENA MORSE", "id_no": passport(), "mobile": phone()}, passport()
    opens(cast, "ZN-002", {"name": "ANNA BERG", "id_no": new, "mobile": phone()})
    joined = renewed(cast, who, new)
    cast.act("clerk", joined, "check", "approve")
    act_as(second, joined, "confirm", "approve")
    assert work(database) == 1 and state(joined)[1] == ["differs"]
    act_as(second, joined, "differs", "refuse", reason="not_the_same")


@pytest.fixture(scope="module")
def second(cast: Cast) -> str:
    return colleague(cast)


@pytest.fixture(scope="module")
def third(cast: Cast) -> str:
    return colleague(cast)


def colleague(cast: Cast) -> str:
    """The token of a colleague of the clerk who takes on and decides."""
    from doorstep.kernel import trust
    from doorstep.rulebook.region import region
    from doorstep.sim.office import open_office

    with cast.enter("clerk") as viewer:
        unit = viewer.unit_id
    login, roles = f"colleague-{fresh()}", region().roles
    order = {"login": login, "password": PASSWORD, "kind": "officer", "role": "clerk", "name": ["同事", "Colleague"],
             "rights": [*roles["clerk"], *roles["approver"]], "unit": unit, "assurance": 2}  # fmt: skip
    with open_office() as office:
        office.ask([{"make": order}])
    return trust.sign_in(login, PASSWORD)


def act_as(token: str, matter_id: UUID, step: str, outcome: str, **more: Any) -> None:
    from doorstep.kernel import matter, trust

    with trust.enter(token) as viewer:
        matter.act(viewer, matter_id, step=step, outcome=outcome, request_id=fresh(), **more)
