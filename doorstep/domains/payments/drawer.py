"""A clerk's cash desk for one shift: opened with so much, counted at the end, signed by the clerk and by somebody else."""

from __future__ import annotations

from uuid import UUID, uuid4

from doorstep.domains.payments import ledger
from doorstep.domains.payments.models import Drawer
from doorstep.kernel.row import insert
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.pack.fee import fen_of, yuan_of
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Refused, Words

CURRENCY = "CNY"


def open_one(viewer: Viewer, float_fen: int) -> Drawer:
    """Begin a shift with so much change in the drawer, in fen; who has one open goes on with it.

    Refused: "no-right", "amount" for less than nothing or more than the region lets a drawer begin with.
    """
    viewer.need("receive")
    if viewer.unit_id is None:
        raise refuse_right()
    most = str(region().money.get("float_up_to", "0.00"))
    if not 0 <= float_fen <= fen_of(most):
        words = Words(f"备用金写元，最多 {most}。", f"The float is in yuan, at most {most}.")
        raise Refused("amount", words, faults=(("/float", words),))
    held = mine(viewer)
    if held is not None:
        return held
    row = Drawer(
        id=uuid4(), unit_id=viewer.unit_id, account_id=viewer.account_id, who=viewer.name.as_dict(), currency=CURRENCY,
        float_fen=float_fen, opened_at=clock.now(),
    )  # fmt: skip
    insert(row)
    return row


def mine(viewer: Viewer) -> Drawer | None:
    """The viewer's open drawer."""
    return Drawer.objects.filter(account_id=viewer.account_id, counted_at=None).first()


def own(viewer: Viewer) -> Drawer:
    """The viewer's open drawer, held until the verb ends: it is not counted meanwhile. Refused: "no-drawer" (409)."""
    row = Drawer.objects.select_for_update().filter(account_id=viewer.account_id, counted_at=None).first()
    if row is None:
        words = Words(
            "您今天还没有开钱箱。先到“钱箱”里点好备用金、开箱，再收付现金。",
            "Your cash drawer is not open yet. Open it under “Cash drawer” with its float, then take or pay cash.",
        )
        raise Refused("no-drawer", words, status=409)
    return row


def count(viewer: Viewer, drawer_id: UUID, counted_fen: int, why: str) -> Drawer:
    """The clerk has counted and signs. What differs from the lines must be explained, and is booked as a line of its own.

    Refused: "not-found" for another's drawer, "amount", "explain" with the difference. Counted twice changes nothing.
    """
    row = Drawer.objects.select_for_update().filter(id=drawer_id, account_id=viewer.account_id).first()
    if row is None:
        raise not_found()
    if row.counted_at is not None:
        return row
    if counted_fen < 0:
        words = Words("请写点出来的数。", "Enter what you counted.")
        raise Refused("amount", words, faults=(("/counted", words),))
    booked, at = ledger.in_drawer(row), clock.now()
    if counted_fen != booked and not why.strip():
        raise _unexplained(counted_fen - booked)
    row.counted_at, row.counted_fen, row.booked_fen, row.why = at, counted_fen, booked, why.strip()[:300]
    row.save(update_fields=["counted_at", "counted_fen", "booked_fen", "why"])
    if counted_fen != booked:
        ledger.differs(viewer, row, counted_fen - booked, at)
    return row


def sign(viewer: Viewer, drawer_id: UUID) -> Drawer:
    """The second signature: somebody of the unit, or above it, who counted again.

    Refused: "not-found", "no-right", "same-person" (409) for the clerk's own, "not-counted" (409). Signed twice changes nothing.
    """
    if not viewer.may("receive") and not viewer.may("supervise"):
        raise refuse_right()
    row = Drawer.objects.select_for_update().filter(id=drawer_id).first()
    if row is None:
        seen = Drawer.objects.filter(id=drawer_id).first()  # signed already: its policy lets nobody lock it
        if seen is None:
            raise not_found()
        return seen
    if row.counted_at is None:
        words = Words("这个钱箱还没有点数。", "This drawer is not counted yet.")
        raise Refused("not-counted", words, status=409)
    if row.account_id == viewer.account_id:
        words = Words(
            "自己的钱箱要另一个人来复点、签字。",
            "Your own drawer is counted again and signed by somebody else.",
        )
        raise Refused("same-person", words, status=409)
    row.second_id, row.second_who, row.second_at = viewer.account_id, viewer.name.as_dict(), clock.now()
    row.save(update_fields=["second_id", "second_who", "second_at"])
    return row


def _unexplained(fen: int) -> Refused:
    zh, en = ("多出", "more") if fen > 0 else ("少了", "less")
    words = Words(
        f"点出来比账上{zh} {yuan_of(abs(fen))} 元。请写明原因，什么都没有提交。",
        f"There is {yuan_of(abs(fen))} yuan {en} than the books say. Say why; nothing was submitted.",
    )
    return Refused("explain", words, faults=(("/why", words),))
