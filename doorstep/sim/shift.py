"""A clerk's half day at a window: cash in a drawer that is counted and signed by two, and papers on numbered blanks.

Each is opened, used, counted and signed within the life that needs it, so that lives change nothing for each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from doorstep.domains.blanks import bind, stock
from doorstep.domains.payments import drawer, ledger, refund
from doorstep.domains.payments import verbs as payments
from doorstep.domains.payments.models import Drawer, Payment
from doorstep.kernel import read
from doorstep.kernel.read import MatterView
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, pack
from doorstep.rulebook.pack.fee import fen_of, yuan_of
from doorstep.rulebook.region import calendar, region

if TYPE_CHECKING:
    from doorstep.sim.way import Way

_WRONG, _SPOILED, _UNSIGNED = 0.04, 0.08, 0.5
"""How many drawers do not add up, how many sheets are spoiled, how many of yesterday's counts wait for the second signature."""
_CHANGE = 10
"""Of what a drawer may begin with, the part it does begin with."""
_SHEETS, _OUT = 10, 3
"""Sheets of a bundle, and how many of them a clerk has issued."""
_WHY_WRONG = ("找零时多找了，当天联系不上本人", "备用金里少了一枚硬币，找过了没有")
_BACK, _PAID_OUT = 0.07, 0.6
"""How many fees go back, and how many of those are paid out by now."""
_WHY_BACK = (
    ("reduced", "缴费以后出示了低保证，按规定减半", 2),
    ("error", "同一件事收了两份工本费", 1),
    ("error", "按快证收的，办的是普通证", 2),
)
_WHY_SPOILED = ("打印走纸歪了", "照片印花了", "卡面划伤")


def half_day(at: datetime) -> tuple[datetime, datetime]:
    """The opening hours around this moment; those of the next working day if the office is closed then for the day."""
    days = calendar()
    day = days.next_workday(days.day_of(at))
    spans = [tuple(datetime.combine(day, one, days.zone) for one in span) for span in days.open_spans(day)]
    opens, closes = next((one for one in spans if at <= one[1]), spans[-1])
    return opens, closes


def at_window(viewer: Viewer, of: pack.Pack, matter_id: UUID) -> MatterView:
    """A matter whose applicant stands at the window."""
    told: dict[str, Any] = {"purpose": of.purpose, "reason": "本人在窗口 · here at the window"}
    return read.read_matter(viewer, matter_id, **told)


def take_cash(way: Way) -> bool:
    """The fee is taken in cash. False if nothing is to be paid."""
    life, login = way.life, way.life.clerk
    with life.staff.enter(login) as viewer:
        found = at_window(viewer, way.of, way.id)
        due = payments.owed(found)
        if due is None:
            return False
        desk = _opened(way, viewer, way.at)
        way.paid = payments.take_cash(viewer, found, due.amount).id
    _count_cash(way, login, desk, way.at)
    return True


def _opened(way: Way, viewer: Viewer, at: datetime) -> Drawer:
    """The clerk's drawer of this half day."""
    opens, _ = half_day(at)
    with clock.clock_at(min(at, opens + timedelta(minutes=way.chance.randrange(1, 9)))):
        return drawer.open_one(viewer, fen_of(str(region().money.get("float_up_to", "0.00"))) // _CHANGE)


def _count_cash(way: Way, login: str, desk: Drawer, at: datetime) -> None:
    """At the end of the half day the clerk counts; somebody else counts again and signs."""
    at = max(half_day(at)[1], at) + timedelta(minutes=way.chance.randrange(2, 12))
    if at >= way.horizon:
        return
    wrong = way.chance.random() < _WRONG
    less, why = (way.chance.choice((50, 100, 500)), way.chance.choice(_WHY_WRONG)) if wrong else (0, "")
    with clock.clock_at(at), way.life.staff.enter(login) as viewer:
        drawer.count(viewer, desk.id, ledger.in_drawer(desk) - less, why)
    if _is_signed(way, at):
        with clock.clock_at(at + timedelta(minutes=6)), way.life.staff.enter(_other(way, login)) as viewer:
            drawer.sign(viewer, desk.id)


def gives_back(way: Way, payment_id: UUID) -> None:
    """Now and then a fee goes back, all or half of it: most of these are paid out, some wait for a second person or the clerk."""
    at = half_day(way.at + timedelta(days=1))[0] + timedelta(minutes=way.chance.randrange(20, 170))
    if at >= way.horizon or (way.chance.random() > _BACK and not way.life.wish.back):
        return
    reason, why, part = way.chance.choice(_WHY_BACK)
    with clock.clock_at(at), way.life.staff.enter(way.life.clerk) as viewer:
        found = at_window(viewer, way.of, way.id)
        fen = fen_of(str(Payment.objects.get(id=payment_id).amount)) // part
        refund.order(
            viewer, found, payment_id, amount=yuan_of(fen), reason=reason, why=why, request_id=f"{way.request_id}-back"
        )  # fmt: skip
    way.at = max(way.at, at)
    if way.chance.random() < _PAID_OUT and not way.life.wish.back:
        _pays_out(way, at + timedelta(minutes=way.chance.randrange(3, 20)))


def _pays_out(way: Way, at: datetime) -> None:
    with clock.clock_at(at), way.life.staff.enter(way.life.clerk) as viewer:
        asked = next((one for one in refund.of_matter(way.id) if one.state == "ordered"), None)
        if asked is None or at >= way.horizon:
            return
        desk = _opened(way, viewer, at)
        refund.pay_out(viewer, asked.id)
    way.at = max(way.at, at)
    _count_cash(way, way.life.clerk, desk, at)


def _is_signed(way: Way, at: datetime) -> bool:
    """All but some of the last working day."""
    last = calendar().last_workday(calendar().day_of(way.horizon) - timedelta(days=1))
    return calendar().day_of(at) < last or way.chance.random() > _UNSIGNED


def _other(way: Way, login: str) -> str:
    """Somebody else at the same window."""
    unit = int(way.life.staff.known[login]["unit"])
    return next(one for post in ("second", "clerk") if (one := way.life.staff.at(unit, post)) != login)


def on_blanks(way: Way, login: str) -> None:
    """Whoever hands out has sheets issued and puts each paper that needs one on the next; now and then one is spoiled."""
    unit, counted = int(way.life.staff.known[login]["unit"]), []
    with way.life.staff.enter(login) as viewer:
        found = at_window(viewer, way.of, way.id)
        for place, sheet in enumerate(one for one in bind.sheets(found) if not one.serial):
            first = f"{unit % 1000:03d}{way.life.number % 10**7:07d}{place}0"
            counted += _printed(way, viewer, found, sheet, stock.serials(first, _SHEETS))
    for held, at in counted:
        if _is_signed(way, at):
            other = way.life.staff.enter(_other(way, login))
            with clock.clock_at(at + timedelta(minutes=6)), other as viewer:
                stock.sign(viewer, held)


def _printed(
    way: Way, viewer: Viewer, found: MatterView, sheet: bind.Sheet, serials: list[str]
) -> list[tuple[UUID, datetime]]:
    """A bundle came, some were issued; one is used, the others go back and are counted. Answers the shift, and when."""
    opens, closes = half_day(way.at)
    with clock.clock_at(min(way.at, opens)):
        stock.receive(viewer, sheet.kind, serials[0], _SHEETS)
        stock.issue(viewer, sheet.kind, serials[0], _OUT)
    spoiled = way.chance.random() < _SPOILED
    if spoiled:
        stock.spoil(viewer, sheet.kind, serials[0], way.chance.choice(_WHY_SPOILED))
    bind.bind(viewer, found, sheet.number, serials[spoiled])
    at = max(closes, way.at) + timedelta(minutes=way.chance.randrange(2, 12))
    held = stock.mine(viewer, sheet.kind)
    if held is None or at >= way.horizon:
        return []
    with clock.clock_at(at):
        stock.count(viewer, held.id, _OUT - 1 - spoiled, "", "")
    return [(held.id, at)]
