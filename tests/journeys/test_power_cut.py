"""The power goes: kill -9 of the web's workers, of the worker and of the whole database, between paying and printing."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest

from doorstep.run.place import Place
from doorstep.run.roles import dsn
from tests.chaos.people import sign_in
from tests.journeys.examples import Hand, home_region, person_of
from tests.journeys.sitting import Sitting
from tests.journeys.test_payments import at_service
from tests.running import Doorstep

pytestmark = [pytest.mark.standin, pytest.mark.wheel, pytest.mark.timeout(300)]
OUR_OWN = ("web", "worker", "relay", "stream")


@pytest.fixture(scope="module")
def hand(live_town: Doorstep) -> Hand:
    logins = json.loads((live_town.data / "demo.json").read_text())
    roles = ("resident", "clerk", "county_approver", "supervisor")
    tokens = {
        o["role"]: sign_in(live_town.url, o["login"], o["password"]) for o in logins if o["role"] in roles
    }
    return Hand(live_town.url, tokens)


@pytest.fixture(scope="module")
def permit(live_town: Doorstep, hand: Hand) -> str:
    """A residence permit that is granted once its fee is paid, and then printed on a numbered blank."""
    region = home_region()
    units = {one["role"]: one.get("unit") for one in region["cast"]}
    point = next(p["code"] for p in region["points"] if p["unit"] == units["clerk"] and p["kind"] != "room")
    return hand.permit(
        person_of(live_town),
        units["approver"],
        point,
        ("clerk", "intake", "done"),
        ("county_approver", "review", "approve"),
    )


def cut(town: Doorstep) -> None:
    """No process of ours is asked: the supervisor is the only one that lives on, as the machine that starts again."""
    children = Path(f"/proc/{town.pid_of('web')}/task/{town.pid_of('web')}/children").read_text().split()
    for pid in [*map(int, children), town.pid_of("postgres"), *map(town.pid_of, OUR_OWN)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def while_it_happens(town: Doorstep, do: Callable[[], Any], dice: random.Random) -> None:
    """The power goes at some moment of what somebody does; who does it gets an answer or none."""

    def try_it() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            do()

    asking = Thread(target=try_it)
    asking.start()
    time.sleep(dice.uniform(0, 0.03))
    cut(town)
    asking.join(30)
    time.sleep(0.3)
    town.until_well(90)


@contextlib.contextmanager
def asleep(pid: int) -> Iterator[None]:
    """A program of the outside world that hears and does not answer."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def ask(town: Doorstep, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the tables say, with the backup's eyes."""
    told = dsn("backup", Place(town.data, town.root / "state"))
    with psycopg.connect(**told, autocommit=True) as seen:  # type: ignore[arg-type]
        return seen.execute(sql, values).fetchall()  # type: ignore[call-overload,no-any-return]


def until(holds: Callable[[], Any], what: str, seconds: float = 40) -> Any:
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, what
        time.sleep(0.2)
    return found


def test_G03_power_cuts_between_paying_and_printing_lose_nothing_and_print_once(
    live_town: Doorstep, hand: Hand, permit: str
) -> None:
    town, dice = live_town, random.Random(20261122)
    resident, clerk = (Sitting(town.url, hand.tokens[role]) for role in ("resident", "clerk"))
    address = f"/payments/matter/{permit}"
    there = resident.post(address, resident.get(address).form(permit)).url
    back = at_service(there, "pay")
    with asleep(town.pid_of("fiscal")):  # the treasury's platform hears of it and answers nobody
        while_it_happens(town, lambda: resident.get(back), dice)
    fiscal = until(
        lambda: ask(
            town, "select code, number from fiscal_receipt where matter_id = %s and state = 'issued'", permit
        ),
        "no receipt was issued",
    )
    page = resident.get(f"/payments/receipt/{permit}")
    assert page.name == "pay_receipt" and "-".join(fiscal[0]) in page.text
    paid = ask(
        town, "select id, receipt, amount from payment where matter_id = %s and paid_at is not null", permit
    )
    booked = ask(town, "select fen, kind from ledger where matter_id = %s", permit)
    assert len(paid) == 1 and booked == [(1000, "received")] and len(fiscal) == 1
    with sqlite3.connect(town.data / "standin-fiscal.sqlite3") as platform:
        issued = platform.execute(
            'select count(*) from receipts where "order" = ?', [str(paid[0][0])]
        ).fetchone()
    assert issued == (1,), "printed twice, or not at all"
    assert b"/ByteRange" in resident.file(f"/payments/receipt/{permit}/fiscal.pdf"), "it is not signed"
    _print_it(town, hand, clerk, permit, dice)


def _print_it(town: Doorstep, hand: Hand, clerk: Sitting, permit: str, dice: random.Random) -> None:
    """The card is made and goes onto a sheet; the power goes while the clerk says which sheet."""
    hand.ask("county_approver", "POST", f"/matters/{permit}/act", {"step": "make", "outcome": "done"})
    first, kind = f"JZ{dice.randrange(10**8):08d}0", "residence-card"
    for do in ("receive", "issue"):
        clerk.post(
            "/blanks/",
            clerk.get("/blanks/").form_with("first") | {"do": do, "kind": kind, "first": first, "count": "3"},
        )
    at = f"/blanks/matter/{permit}"
    form = clerk.get(at).form_with("serial") | {"do": "bind", "serial": first}
    while_it_happens(town, lambda: clerk.post(at, form), dice)
    states = ask(
        town,
        "select serial, state, paper_id from blank where kind = %s and serial >= %s order by serial",
        kind,
        first,
    )
    assert [state for _, state, _ in states[1:]] == ["out", "out"] and states[0][1] in ("out", "used")
    assert "印在" in clerk.post(at, form).text  # sent again, as nobody knows whether it had arrived
    assert len(ask(town, "select 1 from blank_move where what = 'used' and first = %s", first)) == 1
    assert len(ask(town, "select 1 from event where matter_id = %s and kind = 'blank_used'", permit)) == 1
    [(received,)] = ask(town, "select sum(count) from blank_move where what = 'received' and kind = %s", kind)
    assert [(received,)] == ask(town, "select count(*) from blank where kind = %s", kind), (
        "a sheet is not accounted for"
    )
    [(number,)] = ask(town, "select number from paper where matter_id = %s", permit)
    until(
        lambda: ask(town, "select 1 from paper where number = %s and state = 'ready'", number),
        "the card was not made",
    )
    assert clerk.file(f"/counter/paper/{number}").startswith(b"%PDF")
    hand.ask("clerk", "POST", f"/matters/{permit}/act", {"step": "hand_out", "outcome": "done"})
    assert hand.ask("resident", "GET", f"/matters/{permit}")["state"] == "granted"
