"""Where no police stand: an outlet and a kiosk bring what their point takes for whoever is there, and see nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused
from doorstep.run.place import Place
from doorstep.run.roles import dsn
from tests.cast import Cast, fresh
from tests.journeys.counter import SCAN, Desk, id_number, open_desk, told

WHO = {"name": "柳如初"}
ITEM = "HZ-088"  # a certificate that the station looks at: village agents and kiosks take it


@pytest.fixture
def agent(cast: Cast) -> Desk:
    return open_desk(cast["agent"].token)


@pytest.fixture
def kiosk(cast: Cast) -> Desk:
    return open_desk(cast["kiosk"].token)


def _answers(code: str, me: dict[str, str]) -> dict[str, Any]:
    """The answers of the first sound example, of this person; what is asked from a list is at the Hewan station."""
    of = pack.current(code)
    example = next(one for one in of.raw["examples"] if "faults" not in one["expect"])
    told = json.loads(json.dumps(example["data"], default=str).replace("example-station", "AL-LJ-LX"))
    data = {**told, "applicant": {**told["applicant"], **me}}
    assert not of.form.files(data), "choose an item without papers"
    return data


def brought(cast: Cast, role: str, me: dict[str, str], code: str = ITEM, **how: Any) -> Any:
    """A matter brought by this account, straight through the verb."""
    from doorstep.domains.outlets import errand
    from doorstep.kernel.party import Person

    proof = None if role == "kiosk" else cast.upload(role, errand.SHEET)
    told = {"identified": "document", "agreed": "sheet", "proof": proof} | how
    with cast.enter(role) as viewer:
        point = errand.point_of(viewer)
        return errand.bring(
            viewer, errand.How(**told), item=code, point=point.code, channel=point.channel,
            data=_answers(code, me), request_id=fresh(), applicant=Person(me["name"], me["id_no"]),
        )  # fmt: skip


def _me() -> dict[str, str]:
    return {**WHO, "id_no": id_number()}


@pytest.fixture
def as_agent(cast: Cast, database: Place) -> Iterator[psycopg.Connection[Any]]:
    """SQL as the application's role, in the scope of the village agent."""
    with psycopg.connect(**dsn("app", database)) as conn:  # type: ignore[arg-type]
        conn.execute("select trust.enter(%s)", [cast["agent"].token])
        yield conn


def test_A14_an_agent_brings_a_matter_for_who_agreed_and_the_station_takes_it_on(
    cast: Cast, agent: Desk
) -> None:
    me = _me()
    begun = agent.post(f"/outlets/begin/{ITEM}", **me, agreed="sheet", go="next", files={"/proof.file": SCAN})
    assert begun.status_code == 302, begun.content.decode()
    base = begun["Location"].rpartition("/apply/")[0]
    _fill(agent, base, _answers(ITEM, me))
    page = agent.text(f"{base}/send/{ITEM}")
    assert f"替{me['name']}交" in page
    sent = agent.post(f"{base}/send/{ITEM}", request_id=told(page, r'name="request_id" value="([^"]+)"'))
    assert sent.status_code == 302, re.findall(r'<a href="#[^"]+">[^<]+', sent.content.decode())
    there = agent.text(sent["Location"])
    assert me["id_no"] not in there and me["name"] not in there and 'data-page="outlet_matter"' in there
    from doorstep.kernel.models import Matter
    from doorstep.kernel.org import town

    with cast.enter("agent"):
        row = Matter.objects.get(id=UUID(re.search(r"matter/([0-9a-f-]{36})", sent["Location"])[1]))  # type: ignore[index]
    assert (row.channel, town().units[row.unit_id].code) == ("agent", "AL-QY-HD")


def _fill(desk: Desk, base: str, data: dict[str, Any]) -> None:
    from doorstep.web.questions import pairs_from

    form = pack.current(ITEM).form
    for page in form.pages(data):
        desk.post(f"{base}/apply/{ITEM}/{page.id}", go="next", **dict(pairs_from(data)))


def test_A14_without_a_signature_nothing_is_brought(cast: Cast, agent: Desk) -> None:
    page = agent.post(f"/outlets/begin/{ITEM}", **_me(), go="next")
    assert page.status_code == 422 and "签在哪里" in page.content.decode()
    with pytest.raises(Refused) as no:
        brought(cast, "agent", _me(), proof=None)
    assert no.value.code == "agreement"


def test_A14_even_sql_brings_nothing_without_an_errand(cast: Cast) -> None:
    """A matter that is opened past the pages is refused by the database."""
    from django.db import Error

    from doorstep.domains.outlets import errand
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person

    me = _me()
    with pytest.raises(Error, match="agreed"), cast.enter("agent") as viewer:
        point = errand.point_of(viewer)
        matter.open_matter(
            viewer, item=ITEM, point=point.code, channel="agent", data=_answers(ITEM, me), request_id=fresh(),
            applicant=Person(me["name"], me["id_no"]),
        )  # fmt: skip


def test_A14_A16_an_outlet_sees_what_it_brought_and_no_other_matter(
    cast: Cast, as_agent: psycopg.Connection[Any], agent: Desk, above: psycopg.Connection[Any]
) -> None:
    mine = brought(cast, "agent", _me())
    other = cast.apply(
        household={"address": "禾埭街 3 号", "station": "AL-QY-HD"}
    )  # decided by the very station
    seen = [row[0] for row in as_agent.execute("select id from matter")]
    assert mine.matter_id in seen and other.matter_id not in seen
    for table in ("step", "share", "event", "event_body", "posting", "paper"):
        ids = {row[0] for row in as_agent.execute(f"select distinct matter_id from {table}")}
        assert ids <= set(seen), table
    known = {row[0] for row in above.execute("select principal_id from errand")}
    assert {row[0] for row in as_agent.execute("select id from party")} <= known
    assert agent.get(f"/outlets/matter/{other.matter_id}").status_code == 404
    assert str(other.number) not in agent.text("/outlets/")


def test_A16_another_outlet_sees_nothing_of_it(cast: Cast) -> None:
    done = brought(cast, "agent", _me())
    partner = open_desk(cast["partner"].token)
    assert partner.get(f"/outlets/matter/{done.matter_id}").status_code == 404
    assert done.number not in partner.text("/outlets/")
    assert partner.get(f"/outlets/begin/{ITEM}").status_code == 404  # its point does not take that


@pytest.mark.parametrize("role", ["agent", "partner", "kiosk"])
@pytest.mark.parametrize(
    "address", ["/counter/", "/counter/matters", "/family/window", "/payments/till", "/mine", "/start/all"]
)
def test_A16_no_page_of_staff_or_residents_opens_there(cast: Cast, role: str, address: str) -> None:
    answer = open_desk(cast[role].token).get(address)
    assert answer.status_code == (200 if address == "/start/all" else 403)
    assert 'href="/counter/' not in answer.content.decode() or address.startswith("/counter/")


@pytest.mark.parametrize("role", ["agent", "partner", "kiosk"])
def test_A16_no_door_of_the_api_opens_there(cast: Cast, role: str) -> None:
    client = open_desk(cast[role].token).client
    for path in ("matters", "matters?unit=", "matters?work="):
        assert client.get(f"/api/v1/{path}").status_code == 403


def test_A14_the_person_sees_it_and_ends_it(cast: Cast, agent: Desk, above: Any) -> None:
    me = cast.person("resident")
    done = brought(cast, "agent", {"name": me["name"], "id_no": me["id_no"]})
    resident = open_desk(cast["resident"].token)
    page = resident.text(f"/matter/{done.matter_id}")
    assert "禾埭村代办点替您交的" in page
    assert "评价码" in agent.get(f"/outlets/matter/{done.matter_id}").content.decode(), (
        "the way to rate goes along"
    )
    looks = above.execute(
        "select kind, purpose from access where matter_id = %s and party_id is not null", [done.matter_id]
    )
    assert ("did", "agent") in looks.fetchall()
    end = resident.text(f"/outlets/end/{done.matter_id}")
    resident.post(
        f"/outlets/end/{done.matter_id}", request_id=told(end, r'name="request_id" value="([^"]+)"')
    )
    assert agent.get(f"/outlets/matter/{done.matter_id}").status_code == 404
    assert "什么也看不到了" in resident.text(f"/matter/{done.matter_id}")
    assert open_desk(cast["neighbour"].token).get(f"/outlets/end/{done.matter_id}").status_code == 404


def test_A14_an_outlet_decides_nothing(cast: Cast) -> None:
    done = brought(cast, "agent", _me())
    for step, outcome in (("check", "approve"), ("check", "done"), ("look", "done")):
        with pytest.raises(Refused):
            cast.act("agent", done.matter_id, step, outcome)


def test_A14_what_is_to_be_handed_over_shows_only_to_the_person_of_the_document(
    cast: Cast, agent: Desk
) -> None:
    me = _me()
    done = brought(cast, "agent", me)
    other = agent.post(f"/outlets/matter/{done.matter_id}", name=me["name"], id_no=id_number(), do="look")
    assert other.status_code == 422 and "不是这件事的当事人" in other.content.decode()
    same = agent.post(f"/outlets/matter/{done.matter_id}", **me, do="look")
    assert same.status_code == 200 and "没有要本人办的" in same.content.decode()


# ---- kiosk ----


def test_A11_a_matter_begun_at_a_kiosk_leaves_nothing_on_it(cast: Cast, kiosk: Desk, database: Place) -> None:
    me = _me()
    begun = kiosk.post(f"/outlets/kiosk/begin/{ITEM}", **me)
    base = begun["Location"].rpartition("/apply/")[0]
    _fill(kiosk, base, _answers(ITEM, me))
    page = kiosk.text(f"{base}/send/{ITEM}")
    assert me["name"] in page
    request_id = told(page, r'name="request_id" value="([^"]+)"')
    there = kiosk.post(f"{base}/send/{ITEM}", request_id=request_id)["Location"]
    text = kiosk.text(there)
    assert (
        'data-page="kiosk_sent"' in text
        and "评价码" in text
        and me["name"] not in text
        and me["id_no"] not in text
    )
    assert kiosk.post(f"{base}/send/{ITEM}", request_id=request_id)["Location"] == "/outlets/kiosk"
    kiosk.post("/outlets/kiosk/leave")
    for address in (
        there,
        f"{base}/send/{ITEM}",
        f"{base}/apply/{ITEM}/{pack.current(ITEM).form.pages({})[0].id}",
        "/outlets/kiosk",
    ):
        answer = kiosk.client.get(address, follow=True)
        assert me["name"] not in answer.content.decode() and me["id_no"] not in answer.content.decode()
    number = re.search(r'class="number num">([^<]+)<', text)
    clerk = open_desk(cast["clerk2"].token)
    assert number and clerk.text(f"/counter/search?q={number[1]}").count(number[1])


def test_A11_the_next_person_finds_nothing_of_who_walked_away(
    cast: Cast, kiosk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.domains.outlets import begun as rooms

    me = _me()
    there = kiosk.post(f"/outlets/kiosk/begin/{ITEM}", **me)["Location"]
    assert me["id_no"] in kiosk.text(there)
    with monkeypatch.context() as later:
        later.setattr(rooms, "QUIET", timedelta(0))
        assert kiosk.get(there)["Location"] == "/outlets/kiosk"
    assert kiosk.get("/outlets/kiosk").status_code == 200
    assert kiosk.get(there)["Location"] == "/outlets/kiosk"
    with cast.enter("kiosk") as viewer:
        assert rooms.under_way(viewer) == ([], [])


def test_A11_a_kiosk_sees_what_it_sent_for_two_minutes_and_nothing_ever_after(
    cast: Cast, database: Place, above: Any
) -> None:
    done = brought(cast, "kiosk", _me(), identified="card", agreed="own")
    with psycopg.connect(**dsn("app", database)) as conn:  # type: ignore[arg-type]
        conn.execute("select trust.enter(%s)", [cast["kiosk"].token])
        rows = {row[0] for row in conn.execute("select id from matter")}
        assert done.matter_id in rows
        above.execute(
            "update errand set stays_until = stays_until - interval '3 minutes' where matter_id = any(%s)",
            [list(rows)],
        )
        for table in ("matter", "step", "share", "party", "event"):
            assert conn.execute(f"select count(*) from {table}").fetchone()[0] == 0, table  # type: ignore[index]


def test_A11_what_is_answered_at_once_needs_the_card(cast: Cast, kiosk: Desk) -> None:
    page = kiosk.text("/outlets/kiosk/begin/JG-066")
    assert "要刷身份证" in page and 'name="by" value="card"' in page
    assert kiosk.post("/outlets/kiosk/begin/JG-066", **_me()).status_code == 422
    with_card = kiosk.post("/outlets/kiosk/begin/JG-066", **_me(), by="card")
    assert with_card.status_code == 302
