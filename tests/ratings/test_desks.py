"""Ratings at every desk: slips that others enter, telephone calls, pads, and the offer wherever a service ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.api.calls import Caller
from tests.cast import Cast, fresh
from tests.journeys.counter import SCAN, id_number, open_desk, told
from tests.journeys.visit import Visit
from tests.ratings.test_ratings import cast_ended, publish, rated, slip_code, with_code


@pytest.fixture
def ended(cast: Cast) -> Any:
    return cast_ended(cast)


def staff(role: str, unit: int, name: str) -> str:
    """Somebody of this role at another unit: a token."""
    from doorstep.kernel import trust
    from doorstep.rulebook.region import region
    from doorstep.sim.office import open_office

    login = f"{role}-{fresh()}"
    order = {"login": login, "password": "beside-1234", "kind": "officer", "role": role, "unit": unit,
             "rights": list(region().roles[role]), "name": [name, name], "assurance": 2}  # fmt: skip
    with open_office() as office:
        office.ask([{"make": order}])
    return trust.sign_in(login, "beside-1234")


@pytest.fixture(scope="module")
def colleague(cast: Cast) -> str:
    """A clerk of the unit that took the matters in, who has seen none of them."""
    return staff("clerk", 101, "同事")


def vote_of(above: Any, matter_id: UUID) -> Any:
    row = above.execute("select level, way, call_back from rating_vote where matter_id = %s", [matter_id])
    return row.fetchone()


# ---- paper ----


def enter_as(token: str, cast: Cast, ended: Any, way: str = "paper") -> None:
    from doorstep.domains.ratings import rate
    from doorstep.kernel import trust

    code = slip_code(cast, ended.matter_id)
    with trust.enter(token) as viewer:
        rate.rate_with_code(viewer, ended.number, code, level=3, way=way, request_id=fresh())


def test_A22_a_slip_is_not_entered_by_the_unit_that_is_rated(cast: Cast, ended: Any, colleague: str) -> None:
    from doorstep.rulebook.words import Refused

    for way in ("paper", "code"):
        with pytest.raises(Refused, match="near"):
            enter_as(colleague, cast, ended, way)
    page = Visit(colleague).post(
        "/ratings/enter", {"number": ended.number, "code": slip_code(cast, ended.matter_id)}
    )
    assert page.status == 403 and "转给别的单位" in page.text
    enter_as(cast["other_station"].token, cast, ended)


def test_A22_where_no_other_unit_can_enter_it_the_own_one_may(
    cast: Cast, ended: Any, colleague: str, above: Any
) -> None:
    others = above.execute(
        "update account set ended_at = now() where ended_at is null and unit_id <> 101 and kind = 'officer' returning id"
    ).fetchall()
    try:
        enter_as(colleague, cast, ended)
    finally:
        above.execute("update account set ended_at = null where id = any(%s)", [[one[0] for one in others]])
    assert vote_of(above, ended.matter_id)[:2] == (3, "paper")


def test_A22_a_wrong_entry_is_taken_back_the_same_day_and_its_call_back_with_it(
    cast: Cast, ended: Any, above: Any
) -> None:
    desk = Visit(cast["other_station"].token)
    form = desk.post(
        "/ratings/enter", {"number": ended.number, "code": slip_code(cast, ended.matter_id)}
    ).form("/ratings/enter")
    page = desk.post("/ratings/enter", form | {"level": "1"})
    assert ended.number in page.text and "今天录的" in page.text
    assert desk.post("/ratings/enter", form | {"level": "1"}).status == 200, "the same form again is the same"
    made = vote_of(above, ended.matter_id)[2]
    again = desk.post("/ratings/take-back", {"number": ended.number})
    assert "收回了" in again.text and f'data-entry="{ended.number}"' not in again.html
    assert vote_of(above, ended.matter_id) is None
    assert desk.post("/ratings/take-back", {"number": ended.number}).status == 200, "asked again, it is so"
    state = above.execute("select state from matter where id = %s", [made]).fetchone()
    kept = above.execute(
        "select level, way, call_back from rating_undone where matter_id = %s", [ended.matter_id]
    )
    assert state == ("withdrawn",) and kept.fetchall() == [(1, "paper", made)]
    enter_as(cast["other_station"].token, cast, ended)
    assert vote_of(above, ended.matter_id) == (3, "paper", None)


def test_A22_an_entry_is_taken_back_by_nobody_else_and_not_later(cast: Cast, ended: Any, above: Any) -> None:
    from doorstep.domains.ratings import entry
    from doorstep.rulebook import clock
    from doorstep.rulebook.words import Refused

    enter_as(cast["other_station"].token, cast, ended)
    for role in ("supervisor", "clerk"):
        with pytest.raises(Refused, match="not-entered"), cast.enter(role) as viewer:
            entry.take_back(viewer, ended.number)
    later = clock.clock_at(clock.now() + timedelta(days=1))
    with later, pytest.raises(Refused, match="not-entered"), cast.enter("other_station") as viewer:
        entry.take_back(viewer, ended.number)
    bad = cast_ended(cast)
    with_code(cast, "other_station", bad, way="paper", level=1)
    cast.act("supervisor", vote_of(above, bad.matter_id)[2], "call", "ask_second", reason="查不到")
    with pytest.raises(Refused, match="begun"), cast.enter("other_station") as viewer:
        entry.take_back(viewer, bad.number)
    assert vote_of(above, bad.matter_id)[0] == 1


# ---- telephone ----


@pytest.fixture
def without_account(cast: Cast, above: Any) -> Iterator[Any]:
    """Somebody who came to the window three weeks ago, and has no account: first on everybody's list."""
    from doorstep.kernel import matter
    from doorstep.kernel.party import Person
    from doorstep.rulebook import clock

    who = Person("秋水长", id_number(), "19900000777")
    asked = {"name": who.name, "id_no": who.id_no, "mobile": who.phone}
    above.execute("delete from rating_ring")
    with clock.clock_at(clock.now() - timedelta(days=20)):
        data = cast.card("clerk", applicant=asked)
        with cast.enter("clerk") as viewer:
            done = matter.open_matter(
                viewer, item="HZ-078", point="HW-1", channel="station", data=data, request_id=fresh(), applicant=who,
            )  # fmt: skip
        cast.act("clerk", done.matter_id, "intake")
        cast.act("approver", done.matter_id, "review", "refuse", reason="not_registered")
    publish()
    yield done
    above.execute("delete from rating_end where matter_id = %s", [done.matter_id])


def next_for(token: str) -> UUID | None:
    from doorstep.domains.ratings import ring
    from doorstep.kernel import trust

    with trust.enter(token) as viewer:
        return ring.next_one(viewer)


def test_A22_a_unit_without_a_hand_in_it_rings_and_enters(
    cast: Cast, without_account: Any, above: Any
) -> None:
    matter_id = without_account.matter_id
    handling = staff("supervisor", 101, "本所督办")
    assert next_for(handling) != matter_id, "not the unit that is rated"
    desk = Visit(cast["supervisor"].token)
    page = desk.post("/ratings/ring", {})
    assert page.url.endswith(str(matter_id)) and "19900000777" in page.text and "秋水长" in page.text
    assert desk.post("/ratings/ring", {}).url == page.url, "one at a time"
    looked = above.execute(
        "select detail from access where matter_id = %s and kind = 'read' order by at desc limit 1",
        [matter_id],
    ).fetchone()
    assert "电话" in looked[0]
    form = page.form(f"/ratings/ring/{matter_id}")
    assert desk.post(f"/ratings/ring/{matter_id}", form).status == 422, "no level was chosen"
    assert "记下了" in desk.post(f"/ratings/ring/{matter_id}", form | {"level": "2", "text": "等太久"}).text
    assert vote_of(above, matter_id)[:2] == (2, "phone") and vote_of(above, matter_id)[2]
    assert next_for(cast["supervisor"].token) != matter_id


def test_A22_who_does_not_want_to_be_rung_is_left_alone(cast: Cast, without_account: Any, above: Any) -> None:
    from doorstep.rulebook import clock

    matter_id, token = without_account.matter_id, cast["supervisor"].token
    api = Caller("supervisor", token)
    assert api.post("ratings/ring", {}).json()["matter"] == str(matter_id)
    path = f"ratings/ring/{matter_id}"
    assert api.post(path, {"came": "no-answer"}).status_code == 200
    assert next_for(token) != matter_id, "not again on the same day"
    with clock.clock_at(clock.now() + timedelta(hours=23)):
        assert next_for(token) == matter_id
        assert api.post(path, {"came": "declined"}).status_code == 200
    with clock.clock_at(clock.now() + timedelta(hours=23, minutes=45)):
        assert next_for(token) != matter_id


@pytest.mark.parametrize("role", ["clerk", "other_station", "dispatcher", "chief", "resident", "approver"])
def test_A22_who_may_not_ring_learns_of_nobody(cast: Cast, without_account: Any, role: str) -> None:
    matter_id = without_account.matter_id
    assert Caller(role, cast[role].token).post("ratings/ring", {}).status_code == 403
    assert Caller(role, cast[role].token).post(f"ratings/ring/{matter_id}", {"level": 5}).status_code in (
        403,
        404,
    )
    page = Visit(cast[role].token).get(f"/ratings/ring/{matter_id}")
    assert page.status in (403, 404) and "19900000777" not in page.html


# ---- the pad ----


def test_A22_one_press_rates_all_that_a_visit_finished_and_opens_one_call_back(
    cast: Cast, above: Any
) -> None:
    matters = [cast_ended(cast) for _ in range(3)]
    for one in matters:
        with_code(cast, "", one, way="pad", level=1)
    kept = [vote_of(above, one.matter_id) for one in matters]
    assert [one[:2] for one in kept] == [(1, "pad")] * 3 and len({one[2] for one in kept}) == 1 and kept[0][2]
    other = cast_ended(cast)
    with_code(cast, "", other, way="code", level=1)
    assert vote_of(above, other.matter_id)[2] != kept[0][2], (
        "what was rated by itself is looked into by itself"
    )


def test_A22_who_left_without_pressing_is_still_asked_on_paper_and_in_the_portal(
    cast: Cast, ended: Any
) -> None:
    mine = Visit(cast["resident"].token)
    page = mine.get("/mine")
    assert "办完了，还没评" in page.text
    assert 'data-verb="rate"' in mine.get(f"/matter/{ended.matter_id}").html
    rated(cast, ended.matter_id, 4)
    assert f"/matter/{ended.matter_id}#rate-h" not in mine.get("/mine").html


# ---- wherever a service ends ----


def test_A22_the_slip_of_results_carries_the_code_and_the_pad_of_the_visit(cast: Cast) -> None:
    number = id_number()
    clerk = open_desk(cast["clerk"].token)
    first = clerk.post("/counter/", do="check", name="晚来风", id_no=number, phone="")
    address = str(first["Location"].partition("#")[0])
    clerk.post(address, do="add:HZ-078")
    answers = {
        "household/address": "柳溪街 18 号",
        "household/station": "AL-LJ-LX",
        "reason": "lost",
        "pick_up/point": "HW-1",
    }
    asked = {f"HZ-078/{name}": value for name, value in answers.items()} | {"ticks": "HKB"}
    clerk.post(address, do="keep", **asked, files={"paper:PHO.file": SCAN})
    receipt = clerk.text(clerk.post(address, do="accept", **asked)["Location"])
    assert "评价码" in receipt, "the receipt of what was taken in says how to rate it later"
    from doorstep.kernel.read import read_number

    with cast.enter("clerk") as viewer:
        matter = read_number(viewer, told(receipt, r'data-matter="([^"]+)"'))
    for step, outcome in (("review", "approve"), ("issue", "done")):
        cast.act("approver", matter, step, outcome)
    who = {"name": "晚来风", "id_no": number}
    found = clerk.post("/counter/results", do="find", **who).content.decode()
    give = {
        **who, "do": "give", "request_id": told(found, r'name="request_id" value="([^"]+)"'), "matter": str(matter),
        "person": "1", "signed": "paper",
    }  # fmt: skip
    slip = clerk.text(clerk.post("/counter/results", **give)["Location"])
    code = told(slip, r'评价码 <b class="num tight" data-qr="[^"]+">([^<]+)</b>')
    number_of = told(slip, r'data-matter="([^"]+)"')
    assert f'data-of="{number_of}:{code}"' in slip, "the pad asks for what the visit finished"
    assert (
        Caller("")
        .post("ratings/with-code", {"number": number_of, "code": code, "level": 5, "way": "pad"})
        .status_code
        == 200
    )


def test_A22_every_way_to_bring_a_matter_ends_with_a_way_to_rate_it(
    cast: Cast, ended: Any, above: Any
) -> None:
    """Hall, station, police room, kiosk, work station, online, agent, post, partner: programs there ask for the code by the API,
    and whoever holds the slip rates without an account."""
    from doorstep.kernel.matter import CHANNELS
    from doorstep.web.catalogue import CHANNELS as NAMED

    for channel in CHANNELS:
        above.execute("update matter set channel = %s where id = %s", [channel, ended.matter_id])
        for role in ("resident", "clerk", "approver"):
            slip = Caller(role, cast[role].token).get(f"matters/{ended.matter_id}/rating").json()
            assert slip["ended"] and slip["number"] == ended.number and slip["code"] in slip["address"], (
                channel,
                role,
            )
        asked = Visit().get(
            slip["address"].partition("/ratings/")[1] + slip["address"].partition("/ratings/")[2]
        )
        assert 'data-verb="rate"' in asked.html, channel
        staff_page = Visit(cast["approver"].token).get(
            f"/counter/matter/{ended.matter_id}?purpose=check_quality"
        )
        assert f"/ratings/slip/{ended.matter_id}" in staff_page.html, channel
    assert set(NAMED) == set(CHANNELS), "each has a name in the published table"
    assert (
        Caller("neighbour", cast["neighbour"].token).get(f"matters/{ended.matter_id}/rating").status_code
        == 404
    )


def test_A22_a_relative_who_acts_gets_the_slip_and_not_the_vote(cast: Cast) -> None:
    from doorstep.domains.family.domain import DOMAIN
    from doorstep.kernel.plug import adopt
    from tests.family.test_mandate import bring, end, give

    adopt(DOMAIN)
    mandate = give(cast)
    done = bring(cast, mandate)
    cast.act("clerk", done.matter_id, "intake")
    cast.act("approver", done.matter_id, "review", "refuse", reason="not_registered")
    page = Visit(cast["neighbour"].token).get(f"/matter/{done.matter_id}")
    assert f"/ratings/slip/{done.matter_id}" in page.html and 'data-verb="rate"' not in page.html
    end(cast, "resident", mandate)


# ---- the call-back ----


def test_A22_unfounded_is_said_by_somebody_else_than_the_caller(cast: Cast, above: Any) -> None:
    """Also by nobody who called, and has since gone over to the unit that decides."""
    from doorstep.kernel import matter, trust
    from doorstep.rulebook.words import Refused
    from tests.ratings.test_ratings import call_back_of_rated

    made, caller = call_back_of_rated(cast, above), staff("supervisor", 10, "易转")
    with trust.enter(caller) as viewer:
        matter.act(viewer, made, step="call", outcome="ask_second", reason="查不到", request_id=fresh())
        account = viewer.account_id
    above.execute("update account set unit_id = 20 where id = %s", [account])
    with trust.enter(caller) as viewer, pytest.raises(Refused, match="same-person"):
        matter.act(viewer, made, step="judge@AL-YX", outcome="unfounded", reason="核过了", request_id=fresh())
