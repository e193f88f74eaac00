"""Acting for somebody else: given by that person, or a parent's or guardian's by law; always with an end, and confirmed.

The database holds an agent to it (``sql/mandate.sql``): who may bring a matter for whom, and until when they see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from doorstep.domains.family.models import Mandate
from doorstep.kernel import post
from doorstep.kernel.change import check_name
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.party import Person, find_or_add, people
from doorstep.kernel.row import fetch, first, insert, rows
from doorstep.kernel.trust import BRANCHES, Viewer, keys, not_found, refuse_assurance
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

#: The longest a mandate of each kind may last; a parent's ends when the child comes of age.
LONGEST = {
    "given": timedelta(days=366),
    "guardian": timedelta(days=3 * 366),
    "parent": timedelta(days=18 * 366),
}
_LIVE = "revoked_at is null and until > clock_timestamp()"


@dataclass(frozen=True, slots=True)
class MandateView:
    """A mandate as one of the two sees it: ``held`` by the viewer, else given; ``other`` is the other person."""

    id: UUID
    kind: str
    held: bool
    other: Person
    relation: str
    items: tuple[str, ...]
    branches: tuple[str, ...]
    at: datetime
    until: datetime
    live: bool
    revoked_at: datetime | None
    at_window: bool

    def keeps(self, person: Person) -> bool:
        """Does the viewer hold the papers of this person, as a parent or guardian does?"""
        return self.live and self.held and self.kind != "given" and self.other == person

    def covers(self, found: Pack) -> bool:
        """May this item be brought by it, and may it be brought by anybody but the person at all?"""
        return (
            self.live
            and not (found.own_hand and self.kind == "given")
            and (found.code in self.items or found.branch in self.branches)
        )


def give(
    viewer: Viewer,
    *,
    agent: Person,
    until: datetime,
    request_id: str,
    items: Sequence[str] = (),
    branches: Sequence[str] = (),
    relation: str = "other",
    principal: Person | None = None,
    kind: str = "given",
    proof: str = "",
) -> Done:
    """Let ``agent`` act for the viewer, or, at a window, for ``principal`` who stands there (or whose parent or guardian shows
    ``proof``). Both are told.

    Refused: "assurance", "no-right", "until", "scope", "proof", "same-person", as `find_or_add`, "name-differs" (409).
    """
    if viewer.is_resident and (viewer.party_id is None or principal is not None or kind != "given"):
        raise refuse_assurance()
    if not viewer.is_resident:
        viewer.need("receive")
    _check(kind, until, items, branches, proof)

    def do() -> Done:
        whose = find_or_add(viewer, principal, purpose="mandate") if principal else viewer.party_id
        who = find_or_add(viewer, agent, purpose="mandate")
        if whose is None or whose == who:
            raise _refused(
                "same-person",
                Words("受托的人不能是本人。", "The other person cannot be the same."),
                "/agent/id_no",
            )
        row = Mandate(
            id=uuid7(), kind=kind, principal_id=whose, agent_id=who, relation=relation, items=list(items), at=clock.now(),
            branches=[BRANCHES[one] for one in branches], until=until, granted_by=viewer.account_id, unit_id=viewer.unit_id,
            proof=proof,
        )  # fmt: skip
        insert(row)
        for party_id, person in ((who, agent), (whose, principal)):
            if person is not None:
                check_name(party_id, person)
        _tell(row, "mandate")
        return Done(row.id, "", "live", 1)

    content = {
        "agent": [agent.name, agent.id_no], "until": until.isoformat(), "items": list(items), "branches": list(branches),
        "principal": principal and [principal.name, principal.id_no], "kind": kind, "proof": proof,
    }  # fmt: skip
    return once(viewer, "mandate", request_id, content, do, lambda made: Done(made, "", "live", 1))


def enter_parent(system: Viewer, parent: UUID, child: UUID, *, until: datetime, proof: str) -> None:
    """A parent may act for a child until it comes of age: found by the matter that the system has entered, whose number is the
    ``proof``. Both are told. Refused by the database for anybody but that matter's applicant.
    """
    if parent == child:
        raise _refused("same-person", Words("不能是本人。", "The child cannot be yourself."), "/child/id_no")
    row = Mandate(
        id=uuid7(), kind="parent", principal_id=child, agent_id=parent, relation="parent", items=[], at=clock.now(),
        branches=list(BRANCHES.values()), until=until, granted_by=system.account_id, unit_id=None, proof=proof,
    )  # fmt: skip
    insert(row)
    _tell(row, "mandate")


def _check(kind: str, until: datetime, items: Sequence[str], branches: Sequence[str], proof: str) -> None:
    moment = clock.now()
    if not moment < until <= moment + LONGEST[kind]:
        days = LONGEST[kind].days
        words = Words(
            f"请选一个以后的日子，最长 {days} 天。", f"Choose a day to come, at most {days} days ahead."
        )
        raise _refused("until", words, "/until")
    if not (items or branches) or not set(branches) <= set(BRANCHES):
        raise _refused("scope", Words("请选可以替办哪些事。", "Choose what they may do."), "/scope")
    if kind != "given" and not proof.strip():
        raise _refused("proof", Words("请写明看过哪份证明。", "Say which document you saw."), "/proof")


def _refused(code: str, words: Words, pointer: str) -> Refused:
    return Refused(code, words, faults=((pointer, words),))


def _tell(row: Mandate, template: str) -> None:
    """Both are told: the one who is bound by a channel that the other does not hold."""
    day = f"{row.until.astimezone(calendar().zone):%Y-%m-%d}"
    for party_id in (row.principal_id, row.agent_id):
        post.notify(party_id, template, row.id, day)


def end(viewer: Viewer, mandate_id: UUID, *, request_id: str, shown: Person | None = None) -> Done:
    """Take a mandate back or lay it down, from this moment; at a window by the identity document that is ``shown``.

    Refused: "no-right", "not-found" (also when it has ended).
    """
    if not viewer.is_resident:
        viewer.need("receive")

    def do() -> Done:
        blind = keys().blind("id_no", shown.id_no) if shown else None
        row = first(Mandate, "where id = %s", mandate_id)
        if not fetch("select trust.end_mandate(%s, %s)", mandate_id, blind)[0][0]:
            raise not_found()
        if row is not None:
            _tell(row, "mandate_ended")
        return Done(mandate_id, "", "ended", 2)

    content = {"mandate": str(mandate_id), "shown": shown and shown.id_no}
    return once(viewer, "end_mandate", request_id, content, do, lambda made: Done(made, "", "ended", 2))


def held(viewer: Viewer, mandate_id: UUID, found: Pack) -> UUID:
    """The person for whom the viewer may bring this item by this mandate. Refused: "no-mandate", "own-hand" (403)."""
    row = first(Mandate, f"where id = %s and agent_id = %s and {_LIVE}", mandate_id, viewer.party_id)
    if row is not None and found.own_hand and row.kind == "given":
        words = Words(
            "这件事要本人来办，不能委托。本人可以网上办，也可以到窗口办。",
            "This has to be done by the person, online or at a window; it cannot be left to somebody else.",
        )
        raise Refused("own-hand", words, status=403)
    if row is None or not (found.code in row.items or BRANCHES[found.branch] in row.branches):
        words = Words(
            "没有办这件事的委托，或者委托已经结束。请本人在网上或到窗口给您委托。",
            "There is no authority for this, or it has ended. The person can give it to you online or at a window.",
        )
        raise Refused("no-mandate", words, status=403)
    return row.principal_id


def mine(viewer: Viewer) -> tuple[MandateView, ...]:
    """The mandates that bind the viewer, newest first: those given, those held while they last."""
    if viewer.party_id is None:
        return ()
    found = rows(
        Mandate, "where principal_id = %s or agent_id = %s order by at desc", viewer.party_id, viewer.party_id
    )
    return _views(viewer, found)


def at_window(viewer: Viewer, shown: Person) -> tuple[MandateView, ...]:
    """The live mandates of whoever shows this identity document at a window; the look is logged. Refused: "no-right"."""
    viewer.need("receive")
    blind = keys().blind("id_no", shown.id_no)
    return _views(viewer, list(Mandate.objects.raw("select * from trust.mandates_of(%s)", [blind])))


def _views(viewer: Viewer, found: Sequence[Mandate]) -> tuple[MandateView, ...]:
    known = people({one for row in found for one in (row.principal_id, row.agent_id)})
    names, moment, nobody = {number: code for code, number in BRANCHES.items()}, clock.now(), Person("***")
    return tuple(
        MandateView(
            row.id, row.kind, row.agent_id == viewer.party_id,
            known.get(row.principal_id if row.agent_id == viewer.party_id else row.agent_id, nobody), row.relation,
            tuple(row.items), tuple(names[one] for one in row.branches), row.at, row.until,
            row.revoked_at is None and row.until > moment, row.revoked_at, row.unit_id is not None,
        )
        for row in found
    )  # fmt: skip


def of_age(born: date) -> datetime:
    """The beginning of the eighteenth birthday, when a parent's mandate ends."""
    year = born.year + 18
    day = date(year, 3, 1) if (born.month, born.day) == (2, 29) and year % 4 else born.replace(year=year)
    return datetime.combine(day, datetime.min.time(), calendar().zone)
