"""One visit at the window (A02): a family and several items, one list, taken back within a minute, found again, told once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.cast import Cast
from tests.conftest import as_role
from tests.journeys.counter import SCAN, Desk, id_number, open_desk, told

HOME = {"home/address": "柳溪街 20 号 1-101", "home/station": "AL-LJ-LX", "home/right": "owner"}
TENANT = {
    "tenants/0/name": "何晚晴", "tenants/0/id_no": id_number(), "tenants/0/from.y": "2026", "tenants/0/from.m": "11",
    "tenants/0/from.d": "1",
}  # fmt: skip
CARD = {
    "household/address": "柳溪街 18 号 2-402", "household/station": "AL-LJ-LX", "reason": "lost", "pick_up/point": "HW-1",
}  # fmt: skip


def asked(key: str, answers: dict[str, str]) -> dict[str, str]:
    """Answers under the name of their entry."""
    return {f"{key}/{name}": value for name, value in answers.items()}


@pytest.fixture
def clerk(cast: Cast) -> Desk:
    return open_desk(cast["clerk"].token)


@pytest.fixture
def later() -> Iterator[Any]:
    """Let time pass for the whole process."""
    from doorstep.rulebook import clock

    yield lambda seconds: clock.set_clock(lambda: datetime.now(UTC) + timedelta(seconds=seconds))
    clock.set_clock(None)


def begin(clerk: Desk, name: str = "柳如初", item: str = "HZ-078") -> str:
    """A visit of one person with one item; its address."""
    first = clerk.post("/counter/", do="check", name=name, id_no=id_number(), phone="19900000555")
    address = str(first["Location"].partition("#")[0])
    if item:
        clerk.post(address, do=f"add:{item}")
    return address


def and_along(clerk: Desk, address: str, name: str) -> None:
    """Somebody came along; the document was compared."""
    clerk.post(address, do="guest")
    number = told(clerk.text(address), r'name="guest" value="(\d+)"')
    clerk.post(address, do="check", guest=number, name=name, id_no=id_number(), phone="")


def parked(clerk: Desk) -> list[str]:
    """The visits that wait, by their addresses."""
    return re.findall(r'href="(/counter/visit/[^"]+)"', clerk.text("/counter/"))


def lines_of(page: str) -> list[str]:
    """The codes of the checklist, in its order."""
    return re.findall(r'<li id="paper-([^"]+)"', page)


def test_A02_a_family_asks_for_two_items_on_one_list_and_takes_one_receipt(cast: Cast, clerk: Desk) -> None:
    address = begin(clerk, item="HZ-106")
    clerk.post(address, do="keep", **asked("HZ-106", HOME | TENANT))
    and_along(clerk, address, "柳如常")
    clerk.post(address, do="add:HZ-106")
    page = clerk.text(address)
    assert "柳溪街 20 号 1-101" in told(page, r'(name="HZ-106_2/home/address"[^>]*>[^<]*)'), (
        "the home is proposed"
    )
    assert lines_of(page).count("PRO") == 1 and {"ID", "ID_2"} <= set(lines_of(page))

    both = asked("HZ-106", HOME | TENANT) | asked("HZ-106_2", HOME | TENANT)
    clerk.post(address, do="keep", **both, files={"paper:PRO.file": SCAN})
    ticks: dict[str, Any] = {"ticks": ["HKB", "ID", "ID_2"], "seen:ID": "1", "seen:ID_2": "1"}
    done = clerk.post(address, do="accept", **both, **ticks)
    assert done.status_code == 302, re.findall(r'<a href="#[^"]+">[^<]+', done.content.decode())
    slip = clerk.text(done["Location"])
    numbers = re.findall(r'data-matter="([^"]+)"', slip)
    assert len(numbers) == 2 and "柳如初" in slip and "柳如常" in slip and slip.count('class="slip"') == 1
    held = [_files_of(cast, number) for number in numbers]
    assert all(held) and not set(held[0]) & set(held[1]), "the one scan is with both matters, a copy each"


def _files_of(cast: Cast, number: str) -> list[str]:
    from doorstep.kernel.read import read_matter, read_number

    with cast.enter("clerk") as viewer:
        view = read_matter(viewer, read_number(viewer, number), purpose=_purpose(viewer, number))
        return [str(one.id) for one in view.files if one.material == "PRO"]


def _purpose(viewer: Any, number: str) -> str:
    from doorstep.kernel.lists import search

    return str(search(viewer, number).rows[0].pack.purpose)


def test_A02_a_clerk_who_signs_off_with_a_basket_finds_it_on_another_machine(cast: Cast) -> None:
    from doorstep.kernel import trust

    member = cast["clerk"]
    first = open_desk(trust.sign_in(member.login, member.password))
    address = begin(first, "海上云")
    first.post(address, do="keep", **asked("HZ-078", {"household/address": "打到一半的地"}))
    first.client.post("/logout")
    assert first.get(address).status_code == 302
    second = open_desk(trust.sign_in(member.login, member.password))
    home = second.text("/counter/")
    assert f'href="{address}"' in home and "海**" in home and "海上云" not in home
    assert "打到一半的地" in second.text(address)


def test_A02_the_next_person_sees_nothing_of_the_one_before(clerk: Desk) -> None:
    address = begin(clerk, "山间月")
    assert clerk.post(address, do="park", **asked("HZ-078", CARD))["Location"] == "/counter/"
    fresh = clerk.get("/counter/")
    page = fresh.content.decode()
    assert "no-store" in fresh["Cache-Control"]
    assert "山间月" not in page and CARD["household/address"] not in page and "山**" in page
    assert CARD["household/address"] in clerk.text(address)
    inputs = re.findall(r'<input[^>]*name="(?:name|id_no|phone)"[^>]*>', page)
    assert inputs and all('value=""' in one and 'autocomplete="off"' in one for one in inputs)


def test_A02_a_wrong_click_is_undone_within_a_minute_and_not_later(clerk: Desk, later: Any) -> None:
    address = begin(clerk)
    clerk.post(address, do="keep", **asked("HZ-078", CARD), files={"paper:PHO.file": SCAN})
    file = told(clerk.text(address), r"unfile:PHO:([0-9a-f-]+)")
    clerk.post(address, do=f"unfile:PHO:{file}", **asked("HZ-078", CARD))
    assert f"unfile:PHO:{file}" not in clerk.text(address)
    clerk.post(address, do="undo")
    assert f"unfile:PHO:{file}" in clerk.text(address), "the scan is back"

    clerk.post(address, do="drop:HZ-078")
    assert 'data-entry="HZ-078"' not in clerk.text(address)
    later(50)
    clerk.post(address, do="undo")
    page = clerk.text(address)
    assert 'data-entry="HZ-078"' in page and CARD["household/address"] in page

    clerk.post(address, do="drop:HZ-078")
    later(50 + 62)
    assert 'value="undo"' not in clerk.text(address)
    assert clerk.post(address, do="undo").status_code == 422


def test_A02_the_scans_of_a_visit_that_waits_live_as_long_as_it_does(
    cast: Cast, clerk: Desk, later: Any, database: Place
) -> None:
    from doorstep.kernel import file
    from doorstep.kernel.chore import PENDING_KEPT
    from doorstep.rulebook import clock

    address = begin(clerk)
    clerk.post(address, do="keep", **asked("HZ-078", CARD), files={"paper:PHO.file": SCAN})
    clerk.post(address, do="park", **asked("HZ-078", CARD))
    waits = UUID(told(clerk.text(address), r"unfile:PHO:([0-9a-f-]+)"))
    with cast.enter("clerk") as viewer:
        forgotten = file.add(viewer, file.receive([SCAN[1]]))
    there = {one: next(database.data.glob(f"files/kept/*/{one}")) for one in (waits, forgotten)}
    for path in there.values():
        os.utime(path, (0, 0))
    for days, left in ((0.9, {waits, forgotten}), (2, {waits}), (29, {waits}), (31, set())):
        later(days * 86_400)
        with contextmanager(as_role)("worker", database):
            for one in there:
                file.sweep(clock.now() - PENDING_KEPT, one.bytes[-1])
        assert {one for one, path in there.items() if path.exists()} == left, days


def test_A02_one_sheet_tells_all_that_is_missing_over_all_items(clerk: Desk) -> None:
    address = begin(clerk, item="HZ-106")
    clerk.post(address, do="add:HZ-078")
    sheet = clerk.text(f"{address}/notice")
    assert "一次性告知单" in sheet and "不动产权证书" in sheet and "证件数码照片" in sheet
    assert sheet.count("<b>居民身份证</b>") == 1
    assert told(sheet, r'报编号\s+<b class="num tight">([0-9A-F]{6})</b>')


def test_A02_an_item_that_is_withdrawn_in_mid_visit_is_said_and_nothing_typed_is_lost(
    clerk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.domains.counter import place

    before = set(parked(clerk))
    address = begin(clerk, item="HZ-106")
    clerk.post(address, do="add:HZ-078", **asked("HZ-106", HOME))
    clerk.post(
        address, do="keep", **asked("HZ-106", HOME), **asked("HZ-078", CARD), files={"paper:PHO.file": SCAN}
    )
    offered = place.offered
    monkeypatch.setattr(place, "offered", lambda *told: [p for p in offered(*told) if p.code != "HZ-106"])
    page = clerk.text(address)
    assert 'data-halted="HZ-106"' in page and "停办" in page
    refused = clerk.post(address, do="accept", **asked("HZ-078", CARD))
    assert refused.status_code == 422 and "停办" in refused.content.decode()
    clerk.post(address, do="aside:HZ-106", **asked("HZ-078", CARD))
    done = clerk.post(address, do="accept", **asked("HZ-078", CARD))
    assert done["Location"] == f"{address}/receipt"
    monkeypatch.undo()
    aside = next(one for one in parked(clerk) if one not in before)
    assert HOME["home/address"] in clerk.text(aside), "it is offered again and what was typed stands there"


def test_the_same_person_is_not_two_people_of_a_visit(clerk: Desk) -> None:
    number = id_number()
    first = clerk.post("/counter/", do="check", name="柳如初", id_no=number, phone="")
    address = str(first["Location"].partition("#")[0])
    clerk.post(address, do="guest")
    again = clerk.post(address, do="check", guest="2", name="柳如初", id_no=number, phone="")
    assert again.status_code == 422 and "已经在这次来访里" in again.content.decode()


def test_A02_a_visit_goes_to_a_colleague_who_accepts_it_and_the_giver_has_it_no_more(
    cast: Cast, clerk: Desk
) -> None:
    from doorstep.kernel import trust
    from doorstep.sim.office import open_office

    rights = list(_clerk_rights())
    login, password = "window-two", "window-two-1234"
    order = {"login": login, "password": password, "kind": "officer", "role": "clerk", "rights": rights, "name": ["苏二", "Su Er"],
             "unit": _unit_of(cast), "assurance": 2}  # fmt: skip
    with open_office() as office:
        office.ask([{"make": order}])
    colleague = open_desk(trust.sign_in(login, password))
    other = open_desk(cast["other_station"].token)

    address = begin(clerk, "山间月")
    clerk.post(address, do="keep", **asked("HZ-078", CARD), files={"paper:PHO.file": SCAN})
    file = told(clerk.text(address), r"unfile:PHO:([0-9a-f-]+)")
    clerk.post(f"{address}/pass-on", to="", note="还差户口簿")
    offered = colleague.text("/counter/")
    assert "山**" in offered and "山间月" not in offered and "还差户口簿" in offered
    take = told(offered, r'action="(/counter/offer/[^"]+)"')
    assert "还差户口簿" not in other.text("/counter/"), "another unit hears nothing of it"
    assert other.post(take).status_code == 409

    clerk.post(address, do="keep")
    assert colleague.post(take).status_code == 409, "the giver went on with it, which takes it back"
    clerk.post(f"{address}/pass-on", to="", note="")
    take = told(colleague.text("/counter/"), r'action="(/counter/offer/[^"]+)"')
    assert colleague.post(take)["Location"] == address
    assert CARD["household/address"] in colleague.text(address)
    assert colleague.get(f"/counter/file/{file}").status_code == 200
    assert clerk.get(address).status_code == 404 and clerk.get(f"/counter/file/{file}").status_code == 404
    done = colleague.post(address, do="accept", **asked("HZ-078", CARD))
    assert done["Location"] == f"{address}/receipt", "with the scan that came along"


def _clerk_rights() -> list[str]:
    from doorstep.rulebook.region import region

    return list(region().roles["clerk"])


def _unit_of(cast: Cast) -> int:
    with cast.enter("clerk") as viewer:
        return viewer.unit_id or 0


def test_A02_results_and_originals_of_one_person_go_out_together_with_one_signature(
    cast: Cast, clerk: Desk
) -> None:
    number = id_number()
    first = clerk.post("/counter/", do="check", name="海上云", id_no=number, phone="")
    address = str(first["Location"].partition("#")[0])
    clerk.post(address, do="add:HZ-078")
    left: dict[str, Any] = {"ticks": ["HKB"], "left:HKB": "1"}
    clerk.post(address, do="keep", **asked("HZ-078", CARD), **left, files={"paper:PHO.file": SCAN})
    slip = clerk.text(clerk.post(address, do="accept", **asked("HZ-078", CARD), **left)["Location"])
    assert "原件留在这里" in slip and "居民户口簿" in slip
    matter = _matter_of(cast, told(slip, r'data-matter="([^"]+)"'))
    for step, outcome in (("review", "approve"), ("issue", "done")):
        cast.act("approver", matter, step, outcome)

    nobody = clerk.post("/counter/results", do="find", name="海上月", id_no=number)
    assert nobody.status_code == 404, "another name does not open what waits for this number"
    who = {"name": "海上云", "id_no": number}
    found = clerk.post("/counter/results", do="find", **who).content.decode()
    assert "居民户口簿" in found and number not in found.replace(f'name="id_no" value="{number}"', "")
    give = {
        **who, "do": "give", "request_id": told(found, r'name="request_id" value="([^"]+)"'),
        "matter": str(matter), "original": told(found, r'name="original" value="([^"]+)"'),
    }  # fmt: skip
    assert clerk.post("/counter/results", **give).status_code == 422, (
        "nobody said that it is the person, nor that they signed"
    )
    give |= {"person": "1", "signed": "pad"}
    assert clerk.post("/counter/results", **give).status_code == 422, "the pad sent no signature"
    done = clerk.post("/counter/results", **give, files={"signature.file": SCAN})
    assert done.status_code == 302
    assert "居民户口簿" in clerk.text(done["Location"]) and "海上云" in clerk.text(done["Location"])
    with cast.enter("clerk") as viewer:
        from doorstep.domains.counter import originals
        from doorstep.kernel import file
        from doorstep.kernel.lists import these
        from doorstep.kernel.read import read_matter

        assert these(viewer, [matter], "test")[matter].ended
        view = read_matter(viewer, matter, purpose="answer_question")
        [signed] = [one for one in view.files if one.material == "SIGN"]
        held = file.pending(viewer, [signed.id])[signed.id]
        assert bytes(held.sha256).hex() in str([one.body for one in view.events]), (
            "the chain names the signature"
        )
        assert not originals.here(viewer, [matter])


def _matter_of(cast: Cast, number: str) -> Any:
    from doorstep.kernel.read import read_number

    with cast.enter("clerk") as viewer:
        return read_number(viewer, number)


def accepted(clerk: Desk, **more: str) -> tuple[str, str]:
    """An accepted visit with one card; its address and the number of the matter."""
    address = begin(clerk)
    answers = asked("HZ-078", CARD | more)
    clerk.post(address, do="keep", **answers, files={"paper:PHO.file": SCAN})
    slip = clerk.text(clerk.post(address, do="accept", **answers)["Location"])
    return address, told(slip, r'data-matter="([^"]+)"')


def test_A02_an_acceptance_is_taken_back_within_a_minute_and_the_basket_is_as_it_was(
    cast: Cast, clerk: Desk, later: Any
) -> None:
    address, number = accepted(clerk)
    assert "收回" in clerk.text(f"{address}/receipt")
    assert open_desk(cast["clerk2"].token).post(f"{address}/take-back").status_code == 404
    assert clerk.post(f"{address}/take-back")["Location"] == address
    page = clerk.text(address)
    assert CARD["household/address"] in page and "unfile:PHO:" in page
    with cast.enter("clerk") as viewer:
        from doorstep.kernel.lists import search

        assert search(viewer, number).rows[0].state == "withdrawn"
    again = clerk.post(address, do="accept", **asked("HZ-078", CARD))
    assert again["Location"] == f"{address}/receipt", "it is accepted anew, as another matter"
    assert number not in clerk.text(again["Location"])
    later(62)
    assert clerk.post(f"{address}/take-back").status_code == 409
    assert "收回" not in clerk.text(f"{address}/receipt")


def test_A02_an_issued_paper_is_corrected_by_a_matter_and_the_old_one_shows_as_replaced(
    cast: Cast, clerk: Desk, database: Any
) -> None:
    from tests.kernel.test_issue import work

    _, number = accepted(clerk)
    old = _made(cast, database, _matter_of(cast, number))
    nobody = clerk.post("/counter/correct", number="NO-SUCH-1", why="ours")
    assert nobody.status_code == 404 and clerk.post("/counter/correct", number=old, why="").status_code == 422
    assert (
        open_desk(cast["other_station"].token).post("/counter/correct", number=old, why="ours").status_code
        == 404
    )

    begun = clerk.post("/counter/correct", number=old, why="ours")["Location"]
    page = clerk.text(begun)
    assert old in page and CARD["household/address"] in page and "unfile:PHO:" in page
    person = {name: told(page, rf'name="{name}"[^>]*value="([^"]*)"') for name in ("name", "id_no", "phone")}
    clerk.post(begun, do="check", guest="1", **person)
    right = asked("HZ-078", CARD | {"household/address": "柳溪街 18 号 2-403"})
    slip = clerk.text(clerk.post(begun, do="accept", **right)["Location"])
    assert _state(cast, old) == "ready", "until the new one is there the old one holds"
    new_matter = _matter_of(cast, told(slip, r'data-matter="([^"]+)"'))
    new = _made(cast, database, new_matter)
    work(database)
    assert (_state(cast, old), _state(cast, new)) == ("replaced", "ready")
    assert clerk.post("/counter/correct", number=old, why="ours").status_code == 409
    anybody = open_desk("")
    assert "已经换发了新的" in anybody.text(_address(cast, old)) and "是真的，有效" in anybody.text(
        _address(cast, new)
    )


def _made(cast: Cast, database: Any, matter: Any) -> str:
    """Decide, make and draw the paper of a card; its number."""
    from doorstep.kernel.read import read_matter
    from tests.kernel.test_issue import work

    cast.act("approver", matter, "review", "approve")
    cast.act("approver", matter, "issue", "done")
    work(database)
    with cast.enter("clerk") as viewer:
        return read_matter(viewer, matter).papers[0].number


def _state(cast: Cast, number: str) -> str:
    from doorstep.kernel.models import Paper

    with cast.enter("clerk"):
        return Paper.objects.get(number=number).state


def _address(cast: Cast, number: str) -> str:
    from doorstep.kernel import issue
    from doorstep.kernel.models import Paper

    with cast.enter("clerk") as viewer:
        return issue.check_url(viewer, Paper.objects.get(number=number).id)


def test_A02_what_is_declared_by_a_tick_is_no_scan(cast: Cast) -> None:
    from doorstep.domains.counter import checklist
    from doorstep.domains.counter.visit import Visit

    lost = {"HZ-046": {"paper": {"why": "lost", "declared": True}}}
    found = {one.code: one for one in checklist.papers(Visit(items=("HZ-046",), answers=lost))}
    assert "LOS" in found and found["LOS"].file_ids == () and found["LOS"].slots == ()


def test_A02_the_application_form_ticks_itself(cast: Cast) -> None:
    """What is filled in here is the form: it is on the list, is there, and nobody scans it or has seen it."""
    from doorstep.domains.counter import checklist
    from doorstep.domains.counter.visit import Visit

    found = {one.code: one for one in checklist.papers(Visit(items=("HZ-046",)))}
    assert found["APP"].made and found["APP"].there and not found["APP"].slots
    assert found["ID"].required and not found["ID"].there
    missing = [one.anchor for one in checklist.missing(Visit(items=("HZ-046",)))]
    assert "paper-ID" in missing and "paper-APP" not in missing


def test_A02_what_an_officer_has_to_write_waits_at_the_desk_and_stops_no_visit(clerk: Desk) -> None:
    address = begin(clerk, item="HZ-092")
    answers = asked("HZ-092", {"wanted/name": "云小满", "wanted/region": "city"})
    page = clerk.text(
        clerk.post(address, do="accept", **answers, **{"ticks": "ID", "seen:ID": "1"})["Location"]
    )
    number = told(page, r'data-matter="([^"]+)"')
    assert number in clerk.text("/counter/intake/?which=all")
