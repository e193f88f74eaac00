"""Something to look at beside matters: a visit under way, one that is done, money owed and paid, results handed out."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from tests.chaos.people import picture
from tests.journeys.sitting import Sitting, told

if TYPE_CHECKING:
    from tests.journeys.examples import Hand


_GRANTED = (("clerk", "intake", "done"), ("county_approver", "review", "approve"))
_MADE = (("clerk", "intake", "done"), ("approver", "review", "approve"), ("approver", "issue", "done"))


def lived(hand: Hand, person: dict[str, Any], station: str, point: str) -> dict[str, dict[str, list[str]]]:
    """Addresses by role: what each of them sees of it."""
    clerk = Sitting(hand.url, hand.tokens["clerk"])
    owing, paid = (hand.permit(person, station, point, *_GRANTED) for _ in range(2))
    _pay(clerk, owing, paid)
    begun, done = _visits(clerk, person, station, point)
    matter = "<uuid:matter_id>"
    _until_issued(clerk, paid)
    return {
        "clerk": {
            f"pay.window {matter}": [owing], f"pay.receipt {matter}": [paid],
            f"pay.fiscal {matter}": [paid], f"pay.refund {matter}": [paid], "counter_visit <uuid:visit_id>": [begun],
            "counter_notice <uuid:visit_id>": [begun], "counter_pass_on <uuid:visit_id>": [begun],
            "counter_receipt <uuid:visit_id>": [done],
            "counter_results_slip <uuid:slip_id>": [_slip(clerk, person, hand.card(person, station, point, *_MADE))],
        },
        "resident": {f"pay {matter}": [owing], f"pay.receipt {matter}": [paid], f"pay.fiscal {matter}": [paid]},
    }  # fmt: skip


def _pay(clerk: Sitting, owing: str, paid: str) -> None:
    """One matter waits with a code on the screen, the other is paid in cash, and a part is to go back."""
    till = clerk.get("/payments/till")
    if 'name="float"' in till.html:
        clerk.post("/payments/till", till.form_with("float") | {"do": "open", "float": "100.00"})
    clerk.post(f"/payments/window/{owing}", {"do": "code"})
    clerk.post(f"/payments/window/{paid}", {"do": "cash", "amount": "10.00"})
    back = clerk.get(f"/payments/refund/{paid}")
    given = {"do": "order", "amount": "4.00", "reason": "error", "why": "多收了"}
    clerk.post(f"/payments/refund/{paid}", back.form_with("payment") | given)


def _visits(clerk: Sitting, person: dict[str, Any], station: str, point: str) -> tuple[str, str]:
    """A visit with two items and much that is missing, and one that was accepted."""
    who = {"do": "check", "name": person["name"], "id_no": person["id_no"], "phone": ""}
    begun = told(clerk.post("/counter/", who), r'action="(/counter/visit/[0-9a-f-]+)"')
    for item in ("HZ-078", "HZ-106"):
        clerk.post(begun, {"do": f"add:{item}"})
    clerk.post(begun, {"do": "keep", "HZ-078/household/address": "橘园路 12 号"})
    done = told(clerk.post("/counter/", who), r'action="(/counter/visit/[0-9a-f-]+)"')
    clerk.post(done, {"do": "add:HZ-078"})
    card = {
        "/household/address": "橘园路 12 号",
        "/household/station": station,
        "/reason": "lost",
        "/pick_up/point": point,
    }
    clerk.post(
        done, {"do": "accept", **{f"HZ-078{k}": v for k, v in card.items()}}, {"paper:PHO.file": picture(5)}
    )
    clerk.get(f"{done}/receipt")
    return begun.rpartition("/")[2], done.rpartition("/")[2]


def _slip(clerk: Sitting, person: dict[str, Any], matter: str) -> str:
    """A card is handed out against a signature on paper."""
    who = {"name": person["name"], "id_no": person["id_no"]}
    page = clerk.post("/counter/results", who | {"do": "find"})
    given = {"do": "give", "matter": matter, "person": "1", "signed": "paper"}
    slip = clerk.post("/counter/results", page.form_with("request_id") | given)
    assert slip.name == "counter_results_slip", slip.text[:400]
    return re.sub(r".*/", "", slip.url)


def _until_issued(clerk: Sitting, paid: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while "fiscal.pdf" not in clerk.get(f"/payments/receipt/{paid}").html:
        assert time.monotonic() < until, "the fiscal receipt was not issued"
        time.sleep(0.3)
