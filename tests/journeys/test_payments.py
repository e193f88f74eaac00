"""Fees: paid once, online over the wire or in cash; leaving the payment page leaves the step open; a receipt for each."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from doorstep.run.place import Place
from tests.cast import Cast, fresh
from tests.conftest import as_role
from tests.journeys.visit import Page, Visit
from tests.kernel import parts

T = parts.T
PAY: dict[str, Any] = {"id": "pay", "kind": "wait", "message": "payment", "title": {"zh": "缴工本费", "en": "Pay the fee"},
                       "limit": "5 day", "on_late": "lapse"}  # fmt: skip
END: dict[str, Any] = {"id": "end", "kind": "task", "by": "received", "title": T}
FEES = [{"from": None, "to": None, "amount": "40.00", "currency": "CNY", "source": "none", "sure": False}]


@pytest.fixture(scope="module")
def provider(database: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The payment service as a program of its own."""
    yield from _program(database, tmp_path_factory.mktemp("payments"))


def _program(place: Place, folder: Path, *more: str) -> Iterator[str]:
    place.secret("payments")
    command = [sys.executable, "-m", "doorstep.standin.payments", "--db", str(folder / "payments.sqlite3"),
               "--key", str(place.secrets / "payments.secret"), *more]  # fmt: skip
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert program.stdout
    try:
        yield program.stdout.readline().split()[1]
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


@pytest.fixture(autouse=True)
def offered(cast: Cast, monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "PAYMENTS_URL", provider)
    parts.shelf(monkeypatch, parts.made(form=parts.ALONE, fees=FEES, flow={"steps": [PAY, END]}))


@pytest.fixture
def owing(cast: Cast) -> UUID:
    from doorstep.kernel import matter

    me = cast.person("resident")
    data = {"landlord": {"name": me["name"], "id_no": me["id_no"]}, "home": {"address": "橘园路 12 号 3-201"}}
    with cast.enter("resident") as viewer:
        return matter.open_matter(
            viewer, item=parts.PARENT, point="HW-1", channel="online", data=data, request_id=fresh()
        ).matter_id


@pytest.fixture
def resident(cast: Cast) -> Visit:
    return Visit(cast["resident"].token)


def begun(resident: Visit, matter_id: UUID) -> str:
    """Press the button; the address of the payment service."""
    page = resident.get(f"/payments/matter/{matter_id}")
    assert page.name == "pay" and "¥40.00" in page.text
    return resident.post(
        f"/payments/matter/{matter_id}", page.form("/" + str(matter_id)), follow=False
    ).headers["Location"]


def at_service(address: str, do: str) -> str:
    """Act on the page of the payment service; where it sends the payer back to."""
    parts_ = urlsplit(address)
    link = http.client.HTTPConnection(parts_.netloc, timeout=10)
    link.request(
        "POST", f"/pay?{parts_.query}", f"do={do}", {"Content-Type": "application/x-www-form-urlencoded"}
    )
    back = urlsplit(link.getresponse().headers.get("Location") or "")
    link.close()
    return f"{back.path}?{back.query}"


def open_steps(cast: Cast, matter_id: UUID) -> list[str]:
    from doorstep.kernel import read

    with cast.enter("resident") as viewer:
        return [step.name for step in read.read_matter(viewer, matter_id).open_steps]


def receipts(cast: Cast, matter_id: UUID) -> list[tuple[str, str]]:
    from doorstep.domains.payments.models import Payment

    with cast.enter("resident"):
        paid = Payment.objects.filter(matter_id=matter_id).exclude(paid_at=None)
        return list(paid.values_list("means", "receipt"))


def test_paid_online_the_matter_goes_on_and_there_is_a_receipt(
    cast: Cast, owing: UUID, resident: Visit
) -> None:
    assert "应缴 ¥40.00" in resident.get(f"/matter/{owing}").text
    page = resident.get(at_service(begun(resident, owing), "pay"))
    assert page.name == "pay_receipt" and "替身" in page.text
    [(means, number)] = receipts(cast, owing)
    assert means == "online" and number in page.text
    assert open_steps(cast, owing) == ["end"]


def test_leaving_the_payment_page_leaves_the_step_open(cast: Cast, owing: UUID, resident: Visit) -> None:
    page = resident.get(at_service(begun(resident, owing), "leave"))
    assert page.name == "pay" and "没有付款" in page.text
    assert open_steps(cast, owing) == ["pay"] and receipts(cast, owing) == []


def test_paying_twice_pays_once(cast: Cast, owing: UUID, resident: Visit) -> None:
    first, second = begun(resident, owing), begun(resident, owing)
    back = at_service(first, "pay")
    resident.get(back)
    assert at_service(second, "pay").split("sig=")[0] == back.split("sig=")[0]
    assert resident.get(back).name == "pay_receipt"
    assert resident.get(f"/payments/matter/{owing}").name == "pay_receipt"
    assert len(receipts(cast, owing)) == 1


def test_a_word_that_the_service_did_not_sign_moves_nothing(cast: Cast, owing: UUID, resident: Visit) -> None:
    back = at_service(begun(resident, owing), "leave")
    assert resident.get(back.replace("state=open", "state=paid")).status == 404
    other = Visit(cast["neighbour"].token)
    assert other.get(at_service(begun(resident, owing), "pay")).status == 404
    assert open_steps(cast, owing) == ["pay"]


def test_who_paid_and_did_not_come_back_is_found_by_the_worker(
    cast: Cast, owing: UUID, resident: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doorstep.domains.payments import verbs

    at_service(begun(resident, owing), "pay")
    for _ in as_role("worker", Place.from_env()):
        assert verbs.settle_asked(500) >= 1
    assert open_steps(cast, owing) == ["end"] and receipts(cast, owing)[0][0] == "online"


def test_a_payment_service_that_is_down_is_asked_again_later(
    cast: Cast, owing: UUID, resident: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from doorstep.domains.payments import verbs

    begun(resident, owing)
    monkeypatch.setattr(settings, "PAYMENTS_URL", "http://127.0.0.1:9")
    for _ in as_role("worker", Place.from_env()):
        assert verbs.settle_asked() == 0
    assert open_steps(cast, owing) == ["pay"]


def open_drawer(cast: Cast, role: str = "clerk", fen: int = 0) -> UUID:
    from doorstep.domains.payments import drawer

    with cast.enter(role) as viewer:
        return drawer.open_one(viewer, fen).id


def _cash(cast: Cast, matter_id: UUID, amount: str, role: str = "clerk") -> Page:
    open_drawer(cast, role)
    window = Visit(cast[role].token)
    page = window.get(f"/payments/window/{matter_id}")
    return window.post(f"/payments/window/{matter_id}", page.form("/" + str(matter_id)) | {"amount": amount})


def test_a_window_takes_cash_and_gives_a_receipt(cast: Cast, owing: UUID) -> None:
    window = Visit(cast["clerk"].token)
    assert f"/payments/window/{owing}" in window.get(f"/counter/matter/{owing}?purpose=tenancy_entry").html
    assert "金额" in _cash(cast, owing, "4").text
    done = _cash(cast, owing, "40")
    assert done.name == "pay_receipt" and receipts(cast, owing)[0][1] in done.text
    assert open_steps(cast, owing) == ["end"]


def test_an_online_order_is_closed_before_cash_is_taken(
    cast: Cast, owing: UUID, resident: Visit, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    from django.conf import settings

    there = begun(resident, owing)
    monkeypatch.setattr(
        settings, "PAYMENTS_URL", "http://127.0.0.1:9"
    )  # silent: perhaps the person is paying just now
    assert "正在网上缴" in _cash(cast, owing, "40.00").text
    monkeypatch.setattr(settings, "PAYMENTS_URL", provider)
    assert _cash(cast, owing, "40.00").name == "pay_receipt"
    assert "state=paid" not in at_service(there, "pay")
    assert [means for means, _ in receipts(cast, owing)] == ["cash"]


def test_who_has_no_part_in_a_matter_neither_pays_nor_takes(cast: Cast, owing: UUID) -> None:
    assert Visit(cast["neighbour"].token).get(f"/payments/matter/{owing}").status == 404
    assert Visit(cast["other_station"].token).get(f"/payments/window/{owing}").status == 404
    assert Visit(cast["resident"].token).get(f"/payments/window/{owing}").status == 403
