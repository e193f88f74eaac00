"""Fees and papers where no police stand: paid by a code on the screen and never in cash; printed, or kept for the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.journeys.counter import Desk, id_number, open_desk
from tests.journeys.test_payments import END, FEES, PAY, _program, at_service
from tests.kernel import parts
from tests.kernel.test_issue import work
from tests.outlets.test_outlets import brought

AT = {"agent": "/outlets/matter/", "kiosk": "/outlets/kiosk/sent/"}


@pytest.fixture(scope="module")
def provider(database: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The payment service as a program of its own."""
    yield from _program(database, tmp_path_factory.mktemp("payments"))


@pytest.fixture(params=["agent", "kiosk"])
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def owing(cast: Cast, role: str, monkeypatch: pytest.MonkeyPatch, provider: str) -> UUID:
    """A matter that was brought here and now waits for its fee."""
    from django.conf import settings

    from doorstep.domains.outlets import errand
    from doorstep.kernel.party import Person

    monkeypatch.setattr(settings, "PAYMENTS_URL", provider)
    channels = ["agent", "kiosk", "hall", "station", "online"]
    parts.shelf(
        monkeypatch, parts.made(form=parts.ALONE, fees=FEES, flow={"steps": [PAY, END]}, channels=channels)
    )
    me = {"name": "柳如初", "id_no": id_number()}
    how = (
        errand.How("card", "own")
        if role == "kiosk"
        else errand.How("document", "sheet", cast.upload(role, errand.SHEET))
    )
    with cast.enter(role) as viewer:
        point = errand.point_of(viewer)
        return errand.bring(
            viewer, how, item=parts.PARENT, point=point.code, channel=point.channel, request_id=fresh(),
            data={"landlord": me, "home": {"address": "禾埭路 3 号"}}, applicant=Person(me["name"], me["id_no"]),
        ).matter_id  # fmt: skip


@pytest.fixture
def desk(cast: Cast, role: str) -> Desk:
    return open_desk(cast[role].token)


def _code(desk: Desk, there: str, matter_id: UUID, above: Any) -> str:
    """Ask for a code; the address that a phone reads from it."""
    from doorstep.domains.payments import pages, service

    assert "要缴" in desk.text(there) and "¥40.00" in desk.text(there)
    assert desk.post(f"/payments/here/{matter_id}", back=there)["Location"] == there
    assert f"/payments/here/{matter_id}/code.svg" in desk.text(there)
    assert b"<svg" in desk.get(f"/payments/here/{matter_id}/code.svg").content
    row = above.execute(
        "select id, attempt, amount, currency from payment where matter_id = %s", [matter_id]
    ).fetchone()
    return service.pay_address(f"{row[0]}-{row[1]}", f"{row[2]:.2f}", row[3], pages.thanks_url())


def _settle() -> None:
    from doorstep.domains.payments import verbs

    for _ in as_role("worker", Place.from_env()):
        verbs.settle_asked(500)


def _booked(above: Any, matter_id: UUID) -> list[tuple[str, str]]:
    paid = above.execute(
        "select means, order_state from payment where matter_id = %s and paid_at is not null", [matter_id]
    )
    return list(paid.fetchall())


def test_A11_A14_a_fee_is_paid_by_the_code_on_the_screen_once(
    owing: UUID, desk: Desk, role: str, above: Any
) -> None:
    there = f"{AT[role]}{owing}"
    address = _code(desk, there, owing, above)
    at_service(address, "leave")  # they look at it on the phone, and do not pay yet: the code stays
    _settle()
    assert "code.svg" in desk.text(there) and _booked(above, owing) == []
    at_service(address, "pay")
    at_service(address, "pay")
    _settle()
    page = desk.text(there)
    assert "缴好了" in page and "code.svg" not in page and "hx-get" not in page.partition('id="paper"')[0]
    assert _booked(above, owing) == [("online", "paid")]
    entries = above.execute("select count(*), sum(fen) from ledger where matter_id = %s", [owing]).fetchone()
    assert entries == (1, 4000)
    assert desk.post(f"/payments/here/{owing}", back=there)["Location"] == f"{there}?pay=nothing-owed"


def test_A11_A14_without_a_payment_service_it_says_so_and_nothing_is_lost(
    owing: UUID, desk: Desk, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    there = f"{AT[role]}{owing}"
    monkeypatch.setattr(settings, "PAYMENTS_URL", "")
    assert "现在不能扫码缴" in desk.text(there)
    back = desk.post(f"/payments/here/{owing}", back=there)["Location"]
    assert "没有收钱" in desk.text(back)
    away = desk.post(f"/payments/here/{owing}", back="https://elsewhere.example/")["Location"]
    assert away.startswith("/?")


def test_A14_nobody_takes_cash_there(cast: Cast, owing: UUID, desk: Desk, role: str) -> None:
    from doorstep.domains.payments import drawer, pages, verbs
    from doorstep.rulebook.words import Refused

    assert desk.post(f"/payments/window/{owing}", do="cash", amount="40.00").status_code == 403
    with pytest.raises(Refused), cast.enter(role) as viewer:
        verbs.take_cash(viewer, pages.at_work(viewer, owing), "40.00")
    with pytest.raises(Refused), cast.enter(role) as viewer:
        drawer.open_one(viewer, 0)


@pytest.mark.parametrize("role", ["kiosk"], indirect=True)
def test_A11_who_leaves_and_pays_on_the_phone_pays_once_and_the_next_sees_nothing(
    owing: UUID, desk: Desk, above: Any
) -> None:
    there = f"{AT['kiosk']}{owing}"
    address = _code(desk, there, owing, above)
    desk.post("/outlets/kiosk/leave")
    for address_ in (there, f"/payments/here/{owing}/code.svg"):
        answer = desk.client.get(address_, follow=True)
        assert "¥40.00" not in answer.content.decode() and b"<svg" not in answer.content[:200]
    at_service(address, "pay")
    _settle()
    assert _booked(above, owing) == [("online", "paid")]
    assert desk.get(there)["Location"] == "/outlets/kiosk"


# ---- what comes out of the machine ----


def _register_answers(matter_id: UUID) -> None:
    """The register of vehicles says what it has, as a worker hears it."""
    from doorstep.kernel import call, trust
    from doorstep.standin import registers

    for _ in as_role("worker", Place.from_env()):
        with trust.enter_system(matter_id) as system:
            asked = call.question(system, matter_id, "look")
            assert asked
            told = registers.look_up(asked.connector, dict(asked.tells), "2026-11-22")
            call.heard(system, matter_id, "look", asked, asked.answers[0], told)


def test_A11_the_paper_comes_out_of_the_kiosk_for_the_card_alone(
    cast: Cast, database: Place, above: Any
) -> None:
    from doorstep.domains.outlets import errand

    kiosk = open_desk(cast["kiosk"].token)
    done = brought(
        cast, "kiosk", {"name": "柳如初", "id_no": id_number()}, "JG-034", identified="card", agreed="own"
    )
    _register_answers(done.matter_id)
    there = f"/outlets/kiosk/sent/{done.matter_id}"
    work(database)
    page = kiosk.text(there)
    assert "data-print-paper" in page, page[page.index("<main") :]
    number = above.execute("select number from paper where matter_id = %s", [done.matter_id]).fetchone()[0]
    paper = kiosk.get(f"{there}/{number}.pdf")
    assert paper.content.startswith(b"%PDF") and paper["Cache-Control"] == "no-store"
    looks = above.execute(
        "select kind, purpose from access where matter_id = %s and kind = 'paper'", [done.matter_id]
    )
    assert all(purpose for _, purpose in looks.fetchall()), "the look says what it was for"
    kiosk.post(there)  # nothing came out: the window that has it prints it
    assert "到窗口报受理号" in kiosk.text(there)
    with cast.enter("clerk2"):
        known = errand.of_matter(done.matter_id)
        assert known and known.unprinted_at, "its page tells the window"
    kiosk.post("/outlets/kiosk/leave")
    assert kiosk.get(f"{there}/{number}.pdf").status_code == 404


def test_A11_what_was_typed_prints_nothing(cast: Cast) -> None:
    from doorstep.domains.outlets import errand

    done = brought(cast, "kiosk", {"name": "柳如初", "id_no": id_number()}, identified="typed", agreed="own")
    with cast.enter("kiosk"):
        sent = errand.just_sent(done.matter_id)
        assert sent is not None and not errand.prints_here(sent)


def test_A11_who_comes_back_goes_on_with_number_and_card_at_any_kiosk(cast: Cast) -> None:
    me = {"name": "柳如初", "id_no": id_number()}
    done = brought(cast, "kiosk", me, identified="typed", agreed="own")
    kiosk = open_desk(cast["kiosk"].token)
    kiosk.post("/outlets/kiosk/leave")
    assert kiosk.get(f"/outlets/kiosk/sent/{done.matter_id}")["Location"] == "/outlets/kiosk"
    other = kiosk.post("/outlets/kiosk/back", by="card", number=done.number, name="何晚", id_no=id_number())
    typed = kiosk.post("/outlets/kiosk/back", number=done.number, **me)
    assert (other.status_code, typed.status_code) == (422, 422)
    there = kiosk.post("/outlets/kiosk/back", by="card", number=done.number, **me)["Location"]
    page = kiosk.text(there)
    assert done.number in page and "找到了" in page and me["name"] not in page and me["id_no"] not in page
    elsewhere = cast.apply()  # nobody's of a kiosk: it goes on where it was begun
    own = cast.person("resident")
    assert (
        kiosk.post(
            "/outlets/kiosk/back", by="card", number=elsewhere.number, name=own["name"], id_no=own["id_no"]
        ).status_code
        == 422
    )
