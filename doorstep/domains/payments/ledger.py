"""The books: each movement of money is one line that nobody changes, with the event of the matter that says the same."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from doorstep.domains.payments.models import Drawer, Entry, Payment, Refund
from doorstep.kernel.org import town
from doorstep.kernel.row import fetch, insert
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook.ids import uuid7


def received(
    viewer: Viewer, row: Payment, fen: int, *, means: str, seq: int, at: datetime, reference: str = "",
    drawer: Drawer | None = None,
) -> None:  # fmt: skip
    """Money came for a payment; in cash into a drawer."""
    insert(Entry(
        id=uuid7(), at=at, kind="received", fen=fen, currency=row.currency, means=means, matter_id=row.matter_id, seq=seq,
        payment_id=row.id, drawer_id=drawer.id if drawer else None, unit_id=unit_of(viewer, row.matter_id),
        account_id=viewer.account_id, reference=reference,
    ))  # fmt: skip


def refunded(
    viewer: Viewer, row: Refund, *, seq: int, at: datetime, reference: str = "", drawer: Drawer | None = None
) -> None:
    """A refund was carried out."""
    insert(Entry(
        id=uuid7(), at=at, kind="refunded", fen=-row.fen, currency=row.currency, means=row.means, matter_id=row.matter_id,
        seq=seq, payment_id=row.payment_id, refund_id=row.id, drawer_id=drawer.id if drawer else None,
        unit_id=unit_of(viewer, row.matter_id), account_id=viewer.account_id, reference=reference,
    ))  # fmt: skip


def differs(viewer: Viewer, drawer: Drawer, fen: int, at: datetime) -> None:
    """What a drawer held more (or less) than its lines say."""
    kind = "surplus" if fen > 0 else "shortage"
    insert(Entry(
        id=uuid7(), at=at, kind=kind, fen=fen, currency=drawer.currency, means="cash", drawer_id=drawer.id,
        unit_id=drawer.unit_id, account_id=viewer.account_id, reference="",
    ))  # fmt: skip


def known(payment_id: UUID, reference: str) -> bool:
    """Was this money of the payment service booked before?"""
    return Entry.objects.filter(
        payment_id=payment_id, reference=reference, kind="received", means="online"
    ).exists()


def of_matter(matter_id: UUID) -> list[Entry]:
    """The lines of a matter, oldest first."""
    return list(Entry.objects.filter(matter_id=matter_id).order_by("at", "id"))


def in_drawer(drawer: Drawer) -> int:
    """What a drawer should hold, in fen: what it began with, and its lines."""
    found = fetch(
        "select coalesce(sum(fen), 0) from ledger where drawer_id = %s and matter_id is not null", drawer.id
    )
    return drawer.float_fen + int(found[0][0])


def unit_of(viewer: Viewer, matter_id: UUID) -> int:
    """Whose money it is: the unit of the clerk, else that of the point at which the matter came in."""
    if viewer.unit_id is not None:
        return viewer.unit_id
    point = fetch("select point_id from matter where id = %s", matter_id)
    if not point:
        raise not_found()
    return town().points[point[0][0]].unit_id
