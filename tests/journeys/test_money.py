"""The books: money that comes twice, too late or after the end goes back, and ledger, matters and provider always agree."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
import pytest

from doorstep.run.place import Place
from doorstep.standin.fiscal import Fiscal
from doorstep.standin.payments import Payments
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.journeys.test_payments import FEES, PAY, T, at_service, begun, open_drawer, open_steps
from tests.journeys.visit import Visit
from tests.kernel import parts
from tests.kernel.test_signature import pdfsig

END: dict[str, Any] = {"id": "end", "kind": "task", "by": "received", "title": T}
LESS = [{"id": "poor", "title": {"zh": "低保", "en": "On support"}, "shows": {"zh": "低保证", "en": "the card"}, "percent": 100,
         "from": None, "to": None, "source": "none", "sure": False},
        {"id": "half", "title": {"zh": "困难", "en": "Hardship"}, "shows": {"zh": "证明", "en": "a letter"}, "percent": 50,
         "from": None, "to": None, "source": "none", "sure": False}]  # fmt: skip


@pytest.fixture(scope="module")
def bank(database: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Payments]:
    """The payment service in this process, so that it can fall silent in the middle."""
    database.secret("payments")
    key = (database.secrets / "payments.secret").read_text().strip().encode()
    bank = Payments(0, str(tmp_path_factory.mktemp("bank") / "bank.sqlite3"), key)
    thread = Thread(target=bank.serve_forever, daemon=True)
    thread.start()
    yield bank
    bank.shutdown()
    thread.join()
    bank.server_close()


@pytest.fixture(autouse=True)
def offered(cast: Cast, monkeypatch: pytest.MonkeyPatch, bank: Payments) -> None:
    from django.conf import settings

    from doorstep.domains.payments import service

    bank.fault = ""
    monkeypatch.setattr(settings, "PAYMENTS_URL", f"http://127.0.0.1:{bank.server_address[1]}")
    monkeypatch.setattr(service, "PATIENCE_SECONDS", 0.4)
    monkeypatch.setattr("doorstep.standin.payments.SILENCE_SECONDS", 0.6)
    flow = {"steps": [PAY, END], "withdraw": {"until": "end"}}
    parts.shelf(monkeypatch, parts.made(form=parts.ALONE, fees=FEES, reductions=LESS, flow=flow))


def opened(cast: Cast) -> UUID:
    from doorstep.kernel import matter

    me = cast.person("resident")
    data = {"landlord": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("resident") as viewer:
        return matter.open_matter(
            viewer, item=parts.PARENT, point="HW-1", channel="online", data=data, request_id=fresh()
        ).matter_id


@pytest.fixture
def owing(cast: Cast) -> UUID:
    return opened(cast)


@pytest.fixture
def resident(cast: Cast) -> Visit:
    return Visit(cast["resident"].token)


def work(*more: str) -> None:
    """The worker asks about orders and carries out refunds until nothing is left to do."""
    from doorstep.domains.payments import refund, verbs

    for _ in as_role("worker", Place.from_env()):
        verbs.settle_asked(500)
        refund.give_back(500)


def books(above: psycopg.Connection[Any], *matters: UUID) -> dict[str, int]:
    """What the tables say of these matters, in fen, each by itself."""
    ask = {
        "ledger": "select coalesce(sum(fen), 0) from ledger where matter_id = any(%s)",
        "online": "select coalesce(sum(fen), 0) from ledger where matter_id = any(%s) and means = 'online'",
        "fees": "select coalesce(sum(amount * 100), 0) from payment where matter_id = any(%s) and paid_at is not null",
        "stray": "select coalesce(sum(fen), 0) from refund where matter_id = any(%s) and not due",
        "back": "select coalesce(sum(fen), 0) from refund where matter_id = any(%s) and state = 'done'",
        "open": "select count(*) from refund where matter_id = any(%s) and state in ('waiting', 'ordered')",
        "unsaid": """select count(*) from ledger l where matter_id = any(%s) and not exists (select 1 from event e
            where e.matter_id = l.matter_id and e.seq = l.seq and (l.kind, e.kind) in
            (('received', 'heard'), ('received', 'paid_in'), ('refunded', 'refunded')))""",
    }
    return {name: int(above.execute(sql, [list(matters)]).fetchone()[0]) for name, sql in ask.items()}  # type: ignore[index, call-overload]


def balanced(above: psycopg.Connection[Any], *matters: UUID) -> dict[str, int]:
    now = books(above, *matters)
    assert now["ledger"] == now["fees"] + now["stray"] - now["back"], now
    assert now["unsaid"] == 0, "a line of the ledger without its event"
    return now


def at_bank(bank: Payments, *matters: UUID) -> int:
    """What the payment service itself holds for these matters, in fen."""
    from doorstep.domains.payments.models import Payment

    known = {str(one) for one in Payment.objects.filter(matter_id__in=matters).values_list("id", flat=True)}
    paid = bank.kept.execute('select "order", amount from paid').fetchall()
    back = bank.kept.execute('select "order", fen from refunds').fetchall()
    taken = sum(round(float(amount) * 100) for order, amount in paid if order.rpartition("-")[0] in known)
    return taken - sum(fen for order, fen in back if order.rpartition("-")[0] in known)


def cash(cast: Cast, matter_id: UUID, role: str = "clerk") -> None:
    page = Visit(cast[role].token).get(f"/payments/window/{matter_id}")
    if page.name == "pay_window":
        form = page.form("/" + str(matter_id)) | {"amount": "40.00", "do": "cash"}
        Visit(cast[role].token).post(f"/payments/window/{matter_id}", form)


def test_G03_paid_online_after_cash_while_the_provider_was_silent_goes_back(
    cast: Cast, owing: UUID, resident: Visit, bank: Payments, above: psycopg.Connection[Any], monkeypatch: Any
) -> None:
    from datetime import timedelta

    from doorstep.domains.payments import service
    from doorstep.domains.payments.models import Payment

    open_drawer(cast)
    there = begun(resident, owing)
    bank.fault = "silent"
    work()
    with cast.enter("resident"):
        assert Payment.objects.get(matter_id=owing).silent_since is not None
    monkeypatch.setattr(service, "HOLDS", timedelta(0))  # so long that the clerk need not wait
    cash(cast, owing)
    bank.fault = ""
    at_service(there, "pay")
    assert at_bank_of(cast, bank, owing) == 4000
    work()
    now = balanced(above, owing)
    assert (now["ledger"], now["fees"], now["stray"], now["back"], now["open"]) == (4000, 4000, 4000, 4000, 0)
    assert at_bank_of(cast, bank, owing) == 0 == now["online"]
    assert "重复缴了" in resident.get(f"/payments/receipt/{owing}").text


def at_bank_of(cast: Cast, bank: Payments, *matters: UUID) -> int:
    with cast.enter("resident"):
        return at_bank(bank, *matters)


@pytest.mark.parametrize("end", ["withdrawn", "lapsed"])
def test_G03_money_that_comes_when_the_matter_has_ended_goes_back(
    cast: Cast, owing: UUID, resident: Visit, bank: Payments, above: psycopg.Connection[Any], end: str
) -> None:
    from doorstep.kernel import matter
    from doorstep.kernel.models import Step
    from doorstep.kernel.trust import enter_system
    from doorstep.rulebook import clock

    there = begun(resident, owing)
    back = at_service(there, "pay")
    if end == "withdrawn":
        with cast.enter("resident") as viewer:
            matter.withdraw(viewer, owing, request_id=fresh())
    else:
        for _ in as_role("worker", Place.from_env()):
            with enter_system(owing) as system:
                Step.objects.filter(matter_id=owing).update(due_at=clock.now())
                assert matter.mark_late(system, owing, "pay")
    for _ in range(2):  # said twice
        resident.get(back)
    assert (now := balanced(above, owing))["stray"] == 4000 and now["fees"] == 0 and now["open"] == 1
    work()
    work()
    assert (now := balanced(above, owing))["back"] == 4000 and now["ledger"] == now["online"] == 0
    assert at_bank_of(cast, bank, owing) == 0


def test_G03_a_power_cut_between_payment_and_booking_loses_nothing(
    cast: Cast, owing: UUID, resident: Visit, above: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.domains.payments import ledger, verbs

    back = at_service(begun(resident, owing), "pay")

    def cut(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as power, suppress(RuntimeError):
        power.setattr(ledger, "received", cut)
        resident.get(back)
    assert open_steps(cast, owing) == ["pay"] and balanced(above, owing)["ledger"] == 0
    with monkeypatch.context() as power:
        power.setattr(verbs, "_receipt_number", cut)
        for _ in as_role("worker", Place.from_env()):
            with suppress(RuntimeError):
                verbs.settle_asked()
    assert open_steps(cast, owing) == ["pay"] and balanced(above, owing)["ledger"] == 0
    work()
    assert open_steps(cast, owing) == ["end"] and balanced(above, owing)["ledger"] == 4000
    assert resident.get(f"/payments/receipt/{owing}").name == "pay_receipt"


def test_G03_another_sum_and_another_reference_are_booked_once_each_and_go_back(
    cast: Cast, owing: UUID, resident: Visit, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.payments import verbs
    from doorstep.domains.payments.models import Payment

    begun(resident, owing)
    with cast.enter("resident") as viewer:
        row = Payment.objects.get(matter_id=owing)
        for reference, amount in (("a", "4.00"), ("b", "40.00"), ("b", "40.00"), ("c", "40.00")):
            verbs.arrived(viewer, row.id, reference, amount)
    now = balanced(above, owing)
    assert (now["fees"], now["stray"], now["ledger"], now["open"]) == (4000, 4400, 8400, 2)


@pytest.mark.parametrize("fault", ["down", "silent", "lost"])
def test_G03_a_refund_while_the_service_does_not_answer_is_made_once_and_said_until_then(
    cast: Cast, owing: UUID, resident: Visit, bank: Payments, above: psycopg.Connection[Any], fault: str
) -> None:
    resident.get(at_service(begun(resident, owing), "pay"))
    window, address = Visit(cast["clerk"].token), f"/payments/refund/{owing}"
    form = window.get(address).form_with("payment") | {"amount": "40.00", "reason": "error", "why": "收错了"}
    assert "正在退" in window.post(address, form).text
    bank.fault = fault
    for tries in (1, 2):
        above.execute("update refund set tried_at = null where matter_id = %s", [owing])
        work()
        assert f"已经试了 {tries} 次" in window.get(address).text
    assert (now := balanced(above, owing))["open"] == 1 and now["ledger"] == 4000
    bank.fault = ""
    above.execute("update refund set tried_at = null where matter_id = %s", [owing])
    work()
    assert (now := balanced(above, owing))["open"] == 0 and now["ledger"] == 0 == at_bank_of(
        cast, bank, owing
    )
    assert "已退" in resident.get(f"/payments/receipt/{owing}").text


def test_G03_a_refund_above_the_regions_sum_waits_for_a_second_person(
    cast: Cast, owing: UUID, above: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.rulebook.region import region

    monkeypatch.setitem(region().money, "refund_needs_two_from", "30.00")
    open_drawer(cast)
    cash(cast, owing)
    window, address = Visit(cast["clerk"].token), f"/payments/refund/{owing}"
    page = window.get(address)
    form = page.form_with("payment") | {"amount": "41.00", "reason": "error", "why": "收错了人"}
    assert "最多能退 40.00" in window.post(address, form).text
    for _ in range(2):  # pressed twice
        page = window.post(address, form | {"amount": "40.00"})
    assert "要由另一个人核准" in page.text and balanced(above, owing)["open"] == 1
    assert "要退的现金" not in window.get("/payments/till").text
    _nobody_else_settles(cast, owing)
    boss = Visit(cast["supervisor"].token)
    assert "¥40.00" in boss.get("/payments/day").text
    page = boss.get(address)
    agreed = page.form_with("refund") | {"do": "agree"}
    assert agreed["refund"] and boss.post(address, agreed).status == 200
    page = window.get("/payments/till")
    paid = page.form_with("refund") | {"do": "pay_out"}
    for _ in range(2):
        window.post("/payments/till", paid)
    assert (now := balanced(above, owing))["back"] == 4000 and now["ledger"] == 0


def _nobody_else_settles(cast: Cast, matter_id: UUID) -> None:
    """In the database itself: who is paid back changes nothing of it, and nobody is their own second person."""
    from django.db import IntegrityError, transaction

    from doorstep.domains.payments.models import Refund

    for role in ("resident", "neighbour"):
        with cast.enter(role):
            assert Refund.objects.filter(matter_id=matter_id).update(state="done") == 0
    with cast.enter("clerk") as viewer, pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.filter(matter_id=matter_id).update(second_id=viewer.account_id)


def test_G03_who_pays_nothing_goes_on_with_a_reason_and_half_is_half(
    cast: Cast, owing: UUID, above: psycopg.Connection[Any]
) -> None:
    window, address = Visit(cast["clerk"].token), f"/payments/window/{owing}"
    form = window.get(address).form_with("why") | {"do": "reduce"}
    assert "请写看了什么证明" in window.post(address, form | {"reduction": "half", "why": " "}).text
    assert "¥20.00" in window.post(address, form | {"reduction": "half", "why": "街道证明"}).text
    page = window.post(address, form | {"reduction": "poor", "why": "低保证"})
    assert page.name == "pay_receipt" and "减免，不用缴" in page.text
    assert open_steps(cast, owing) == ["end"] and balanced(above, owing)["ledger"] == 0


def test_G03_a_cash_desk_is_counted_explained_and_signed_by_two(
    cast: Cast, owing: UUID, above: psycopg.Connection[Any]
) -> None:
    from doorstep.domains.payments import drawer
    from doorstep.rulebook.words import Refused

    other = Visit(cast["clerk2"].token)
    assert "先到“钱箱”里" in _taken_without_drawer(cast, owing)
    with cast.enter("clerk") as viewer:  # an earlier test may have left one
        for one in [drawer.mine(viewer)]:
            if one:
                drawer.count(viewer, one.id, 0, "清零")
    window = Visit(cast["clerk"].token)
    window.post(
        "/payments/till", window.get("/payments/till").form_with("float") | {"do": "open", "float": "100.00"}
    )
    cash(cast, owing)
    page = window.get("/payments/till")
    assert "¥140.00" in page.text
    form = page.form_with("drawer") | {"do": "count", "counted": "139.50", "why": ""}
    assert "少了 0.50 元" in window.post("/payments/till", form).text
    assert window.post("/payments/till", form | {"why": "找零找错"}).status == 200
    mine = UUID(form["drawer"])
    for role, code in (("clerk", "same-person"), ("other_station", "not-found")):
        with cast.enter(role) as viewer, pytest.raises(Refused) as no:
            drawer.sign(viewer, mine)
        assert no.value.code == code
    assert str(mine) not in other.get("/payments/till").html
    boss = Visit(cast["supervisor"].token)
    assert "差 −¥0.50" in boss.get("/payments/day").text
    signed = boss.get("/payments/day").form_with("drawer") | {"drawer": str(mine)}
    for _ in range(2):
        assert boss.post("/payments/day", signed).status == 200
    row = above.execute(
        "select counted_fen, booked_fen, second_who ->> 'zh' from drawer where id = %s", [mine]
    ).fetchone()
    assert row == (13950, 14000, "方既明")
    lines = above.execute("select kind, fen from ledger where drawer_id = %s order by at", [mine]).fetchall()
    assert lines == [("received", 4000), ("shortage", -50)]


def _taken_without_drawer(cast: Cast, matter_id: UUID) -> str:
    from doorstep.domains.payments import verbs
    from doorstep.kernel import read
    from doorstep.rulebook.words import Refused

    with cast.enter("approver") as viewer, pytest.raises(Refused):
        verbs.take_cash(viewer, read.read_matter(viewer, matter_id, purpose="tenancy_entry"), "40.00")
    with cast.enter("other_station") as viewer, pytest.raises(Refused) as no:
        from doorstep.domains.payments import drawer

        drawer.own(viewer)
    return no.value.words.zh


def test_G03_a_power_cut_between_payment_and_printing_costs_no_receipt_and_makes_no_second(
    cast: Cast, owing: UUID, resident: Visit, above: psycopg.Connection[Any], tmp_path: Path, monkeypatch: Any
) -> None:
    from django.conf import settings

    from doorstep.domains.payments import fiscal

    key = Place.from_env().secret("fiscal").encode()
    platform = Fiscal(0, str(tmp_path / "fiscal.sqlite3"), key)
    Thread(target=platform.serve_forever, daemon=True).start()
    monkeypatch.setattr(settings, "FISCAL_URL", f"http://127.0.0.1:{platform.server_address[1]}")
    above.execute("update fiscal_receipt set state = 'cancelled' where state <> 'issued'")  # of other tests
    resident.get(at_service(begun(resident, owing), "pay"))
    assert "正在开" in resident.get(f"/payments/receipt/{owing}").text

    def ask() -> tuple[str, str]:
        above.execute("update fiscal_receipt set tried_at = null")
        for _ in as_role("worker", Place.from_env()):
            fiscal.ask_platform()
        row = above.execute(
            "select state, number from fiscal_receipt where matter_id = %s", [owing]
        ).fetchone()
        assert row
        return str(row[0]), str(row[1])

    for fault in (
        "down",
        "forged",
        "lost",
    ):  # lost: the platform has issued it, and the power went before we knew
        platform.fault = fault
        assert ask() == ("wanted", "")
    platform.fault = ""
    state, number = ask()
    assert state == "issued" and platform.kept.execute("select count(*) from receipts").fetchone()[0] == 1
    page = resident.get(f"/payments/receipt/{owing}")
    assert number in page.text
    first = resident.get(f"/payments/receipt/{owing}/fiscal.pdf")
    assert first.headers["Content-Type"] == "application/pdf" and _signed(resident, owing, tmp_path)
    assert Visit(cast["neighbour"].token).get(f"/payments/receipt/{owing}/fiscal.pdf").status == 404
    with cast.enter("resident"):
        assert fiscal.FiscalReceipt.objects.filter(matter_id=owing).update(number="1") == 0
    window, address = Visit(cast["clerk"].token), f"/payments/refund/{owing}"
    form = window.get(address).form_with("payment") | {"amount": "40.00", "reason": "error", "why": "收错了"}
    assert "正在退" in window.post(address, form).text
    work()
    assert balanced(above, owing)["ledger"] == 0 and ask() == ("cancelled", number)
    assert _signed(resident, owing, tmp_path), "the paper that says it is cancelled"
    platform.shutdown()
    platform.server_close()


def _signed(resident: Visit, matter_id: UUID, folder: Path) -> bool:
    """Whether a program of strangers finds the fiscal receipt signed and unchanged, and changed after one byte."""
    answer = resident._client.get(f"/payments/receipt/{matter_id}/fiscal.pdf")
    pdf = bytearray(answer.content)
    if not shutil.which("pdfsig"):
        return b"/ByteRange" in pdf
    valid = "Signature is Valid" in pdfsig(bytes(pdf), folder)
    pdf[len(pdf) // 3] ^= 1
    return valid and "Signature is Valid" not in pdfsig(bytes(pdf), folder)


def test_G03_nobody_changes_a_line_of_the_ledger(
    cast: Cast, owing: UUID, above: psycopg.Connection[Any]
) -> None:
    from django.db import DatabaseError

    from doorstep.domains.payments.models import Entry

    open_drawer(cast)
    cash(cast, owing)
    for verb in ("update ledger set fen = 1 where matter_id = %s", "delete from ledger where matter_id = %s"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            above.execute(verb, [owing])  # type: ignore[call-overload]
    with cast.enter("neighbour"):
        assert not Entry.objects.filter(matter_id=owing).exists()
    with pytest.raises(DatabaseError), cast.enter("clerk"):
        Entry.objects.filter(matter_id=owing).update(fen=1)


def test_G03_the_books_balance_whatever_order_things_happen_in(  # noqa: C901 - the moves are a line or two each
    cast: Cast,
    resident: Visit,
    bank: Payments,
    above: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ledger, matters' fees less refunds, and the payment service's own books, after each of seventy random moves."""
    from doorstep.domains.payments import refund
    from doorstep.domains.payments.models import Payment
    from doorstep.kernel import matter, read
    from doorstep.rulebook.region import region
    from doorstep.rulebook.words import Refused

    monkeypatch.setitem(region().money, "refund_needs_two_from", "0.00")
    open_drawer(cast)
    dice, matters = random.Random(20261122), [opened(cast) for _ in range(4)]
    addresses: list[str] = []
    backs: list[str] = []

    def order(one: UUID) -> None:
        with cast.enter("clerk") as viewer:
            paid = Payment.objects.filter(matter_id=one).exclude(paid_at=None).first()
            found = read.read_matter(viewer, one, purpose="tenancy_entry")
            if paid:
                refund.order(viewer, found, paid.id, amount=dice.choice(("40.00", "12.34")), reason="error", why="试",
                             request_id=fresh())  # fmt: skip

    def decide(_: UUID) -> None:
        with cast.enter("supervisor") as viewer:
            for row in refund.open_ones()[-2:]:
                refund.decide(viewer, row.id, agree=dice.random() < 0.7)

    def pay_out(_: UUID) -> None:
        with cast.enter("clerk") as viewer:
            for row in refund.open_ones():
                refund.pay_out(viewer, row.id)

    def begin(one: UUID) -> None:
        if resident.get(f"/payments/matter/{one}").name == "pay":
            addresses.append(begun(resident, one))

    def withdraw(one: UUID) -> None:
        with cast.enter("resident") as viewer:
            matter.withdraw(viewer, one, request_id=fresh())

    moves: list[tuple[int, Any]] = [
        (5, begin), (5, lambda _: addresses and backs.append(at_service(dice.choice(addresses), "pay"))),
        (4, lambda _: backs and resident.get(dice.choice(backs))), (3, lambda one: cash(cast, one)), (1, withdraw),
        (3, order), (3, decide), (2, pay_out), (3, lambda _: work()),
        (2, lambda _: setattr(bank, "fault", dice.choice(("", "", "down")))),
    ]  # fmt: skip
    for _ in range(70):
        with suppress(Refused):
            dice.choices([do for _, do in moves], [weight for weight, _ in moves])[0](dice.choice(matters))
        balanced(above, *matters)
    bank.fault = ""
    work()
    for _ in range(9):
        with cast.enter("supervisor") as viewer:
            for row in refund.open_ones():
                refund.decide(viewer, row.id, agree=True)
    for _ in as_role("worker", Place.from_env()):
        from doorstep.kernel.trust import enter_system

        for one in matters:
            with enter_system(one):
                refund.Refund.objects.filter(matter_id=one, state="ordered").update(tried_at=None)
    work()
    pay_out(matters[0])
    now = balanced(above, *matters)
    assert now["online"] == at_bank_of(cast, bank, *matters) and now["open"] == 0 and now["back"] > 0
