"""Something goes wrong in mid-errand: nothing that was typed is lost without a word, and nobody's data is shown to the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import Cast
from tests.journeys.counter import SCAN, Desk, id_number, open_desk, told
from tests.outlets.test_outlets import ITEM, _answers, _fill, brought


@pytest.fixture
def me() -> dict[str, str]:
    return {"name": "柳如初", "id_no": id_number()}


def _begun(desk: Desk, role: str, me: dict[str, str]) -> str:
    """Fill a form in, up to the page on which it is sent; where it lies."""
    if role == "agent":
        begun = desk.post(
            f"/outlets/begin/{ITEM}", **me, agreed="sheet", go="next", files={"/proof.file": SCAN}
        )
    else:
        begun = desk.post(f"/outlets/kiosk/begin/{ITEM}", **me)
    base = str(begun["Location"]).rpartition("/apply/")[0]
    _fill(desk, base, _answers(ITEM, me))
    return base


@pytest.fixture
def taken_off(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Call ``taken_off.undo()`` to have the item back."""
    from doorstep.domains.outlets import begun
    from doorstep.rulebook import pack

    offered, current = begun.offered, pack.current

    def gone(code: str, *scope: Any) -> Any:
        if code == ITEM:
            raise pack.no_item(code)
        return current(code, *scope)

    def take_off() -> None:
        monkeypatch.setattr(
            begun, "offered", lambda viewer: tuple(one for one in offered(viewer) if one.code != ITEM)
        )
        monkeypatch.setattr("doorstep.rulebook.pack.current", gone)

    monkeypatch.take_off = take_off  # type: ignore[attr-defined]
    return monkeypatch


def test_A14_an_item_taken_off_in_mid_errand_is_said_and_what_was_typed_is_kept(
    cast: Cast, me: dict[str, str], taken_off: Any, above: Any
) -> None:
    agent = open_desk(cast["agent"].token)
    base = _begun(agent, "agent", me)
    request_id = told(agent.text(f"{base}/send/{ITEM}"), r'name="request_id" value="([^"]+)"')
    errands = above.execute("select count(*) from errand").fetchone()
    taken_off.take_off()
    sent = agent.post(f"{base}/send/{ITEM}", request_id=request_id)
    home = agent.text(sent["Location"])
    assert "刚刚在这里停办了" in home and "这里停办了，没有交" in home and me["id_no"] not in home
    assert above.execute("select count(*) from errand").fetchone() == errands
    taken_off.undo()
    page = agent.text(f"{base}/send/{ITEM}")
    assert me["name"] in page and 'name="request_id"' in page
    assert agent.post(f"{base}/let-go")["Location"].endswith("told=let_go")


def test_A11_an_item_taken_off_while_somebody_fills_it_in_leaves_nothing_at_the_kiosk(
    cast: Cast, me: dict[str, str], taken_off: Any
) -> None:
    from doorstep.domains.outlets import begun

    kiosk = open_desk(cast["kiosk"].token)
    base = _begun(kiosk, "kiosk", me)
    taken_off.take_off()
    there = kiosk.get(f"{base}/send/{ITEM}")["Location"]
    home = kiosk.text(there)
    assert "刚刚在这里停办了" in home and me["name"] not in home and f'data-item="{ITEM}"' not in home
    with cast.enter("kiosk") as viewer:
        assert begun.under_way(viewer) == ([], [])
    taken_off.undo()
    assert kiosk.get(f"{base}/send/{ITEM}")["Location"] == "/outlets/kiosk"


@pytest.fixture
def second(cast: Cast) -> Iterator[Desk]:
    """Another machine at the same point, with an account of its own."""
    from doorstep.kernel import trust
    from doorstep.kernel.org import town
    from doorstep.rulebook.region import region
    from doorstep.sim.office import open_office

    point = town().point_by_code["HALL-K1"]
    rights = list(region().roles["kiosk"])
    order = {
        "login": "kiosk-two",
        "password": "kiosk-two-1",
        "kind": "kiosk",
        "role": "kiosk",
        "rights": rights,
        "name": ["自助机二", "Kiosk two"],
        "unit": point.unit_id,
        "assurance": 2,
        "point": point.id,
    }
    with open_office() as office:
        account = office.ask([{"make": order}])[0]
        yield open_desk(trust.sign_in("kiosk-two", "kiosk-two-1"))
        office.ask([{"end": account}])


def test_A11_two_kiosks_at_once_know_nothing_of_each_other(
    cast: Cast, me: dict[str, str], second: Desk
) -> None:
    first = open_desk(cast["kiosk"].token)
    base = _begun(first, "kiosk", me)
    other = {"name": "何晚晴", "id_no": id_number()}
    theirs = _begun(second, "kiosk", other)
    assert second.get("/outlets/kiosk").status_code == 200  # the second person leaves: the first goes on
    page = first.text(f"{base}/send/{ITEM}")
    assert me["name"] in page and other["name"] not in page
    for desk, there in ((second, base), (first, theirs)):
        assert desk.get(f"{there}/send/{ITEM}")["Location"] == "/outlets/kiosk"
    sent = first.post(f"{base}/send/{ITEM}", request_id=told(page, r'name="request_id" value="([^"]+)"'))[
        "Location"
    ]
    assert second.get(sent)["Location"] == "/outlets/kiosk"
    assert "交上了" in first.text(sent)


def test_A11_a_session_that_ends_in_mid_form_shows_nobody_s_data(cast: Cast, me: dict[str, str]) -> None:
    from doorstep.domains.outlets import begun
    from doorstep.kernel import trust

    login = cast["kiosk"]
    kiosk = open_desk(trust.sign_in(login.login, login.password))
    base = _begun(kiosk, "kiosk", me)
    kiosk.post("/logout")
    for answer in (kiosk.get(f"{base}/send/{ITEM}"), kiosk.post(f"{base}/send/{ITEM}", request_id="x")):
        assert answer.status_code in (302, 401, 403) and me["id_no"] not in answer.content.decode()
    again = open_desk(trust.sign_in(login.login, login.password))
    assert me["name"] not in again.text("/outlets/kiosk")
    assert again.get(f"{base}/send/{ITEM}")["Location"] == "/outlets/kiosk"
    with cast.enter("kiosk") as viewer:
        assert begun.under_way(viewer) == ([], [])


def test_A14_a_session_that_ends_at_an_outlet_loses_nothing(cast: Cast, me: dict[str, str]) -> None:
    from doorstep.kernel import trust

    login = cast["agent"]
    agent = open_desk(trust.sign_in(login.login, login.password))
    base = _begun(agent, "agent", me)
    agent.post("/logout")
    assert me["id_no"] not in agent.get(f"{base}/send/{ITEM}").content.decode()
    again = open_desk(trust.sign_in(login.login, login.password))
    assert f"{base}/apply/{ITEM}/" in again.text("/outlets/") and me["name"] in again.text(
        f"{base}/send/{ITEM}"
    )
    again.post(f"{base}/let-go")


def test_A11_the_next_person_at_the_kiosk_ends_what_the_last_one_left(cast: Cast, me: dict[str, str]) -> None:
    done = brought(cast, "kiosk", me, identified="card", agreed="own")
    kiosk = open_desk(cast["kiosk"].token)
    there = f"/outlets/kiosk/sent/{done.matter_id}"
    assert done.number in kiosk.text(there)
    kiosk.post(f"/outlets/kiosk/begin/{ITEM}", name="何晚晴", id_no=id_number())  # nobody pressed "leave"
    assert kiosk.get(there)["Location"] == "/outlets/kiosk"
