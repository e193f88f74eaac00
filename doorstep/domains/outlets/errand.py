"""An errand: somebody came to an outlet or kiosk, was identified and agreed, and a matter was brought for them.

The database holds an account to it (``sql/outlets.sql``): one point, the matters of its own errands, nothing without agreement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from doorstep.domains.outlets.models import Errand, OutletStaff
from doorstep.kernel import file, issue, post, read
from doorstep.kernel.change import done_of
from doorstep.kernel.idempotency import Done, first_of, once
from doorstep.kernel.matter import act, open_matter
from doorstep.kernel.org import point_named, town
from doorstep.kernel.party import Person, find_or_add
from doorstep.kernel.row import fetch, first, insert
from doorstep.kernel.trust import Viewer, keys, log_access, not_found, refuse_right
from doorstep.rulebook import clock, document, pack
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Refused, Words

LASTS = timedelta(days=180)
"""So long an outlet sees what it brought, if the person does not end it before."""
SHEET = "POA"
"""The material under which the signed agreement lies with the matter."""
_POLICE = ("received", "competent", "county", "city")


@dataclass(frozen=True, slots=True)
class How:
    """How the person was identified (``document`` compared by staff, ``card`` in the reader, ``typed``) and how they agreed:
    signed on a ``sheet`` or ``pad``, whose picture is ``proof``; ``own``: they did it by themselves."""

    identified: str = "document"
    agreed: str = "own"
    proof: UUID | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The point that an account is bound to, and how matters come in there."""

    id: int
    code: str
    name: Words
    phone: str
    channel: str


def point_of(viewer: Viewer) -> Place:
    """The one point that this account is bound to. Refused: "no-right" for one that is bound to none."""
    bound = first(OutletStaff, "where account_id = %s", viewer.account_id)
    if bound is None or viewer.unit_id != town().points[bound.point_id].unit_id:
        raise refuse_right()
    one = town().points[bound.point_id]
    return Place(
        one.id, one.code, one.name, one.phone, one.kind if one.kind in one.channels else str(one.channels[0])
    )


def bring(
    viewer: Viewer,
    how: How,
    *,
    item: str,
    point: str,
    channel: str,
    data: Mapping[str, Any],
    request_id: str,
    applicant: Person,
    hand_out: str | None = None,
) -> Done:
    """Bring a matter for whoever stands there, who agreed to it. They are told, and it stands among what was done for them.

    Refused: "no-right" at another point, "agreement" without a signature, "identity" for a typed name where no officer would
    look at the matter before it is granted; as `open_matter`.
    """
    if point_named(point).id != point_of(viewer).id:
        raise refuse_right()
    found = pack.current(item)
    _check(viewer, how, found)
    with transaction.atomic():
        principal = find_or_add(viewer, applicant, purpose=found.purpose)
        if first_of(viewer, "open", request_id) is None:
            _note(viewer, how, found, point, principal)
        done = open_matter(
            viewer, item=item, point=point, channel=channel, data=data, request_id=request_id, applicant=applicant,
            hand_out=hand_out,
        )  # fmt: skip
        if not done.replayed and viewer.kind == "outlet":
            if how.proof is not None:
                file.attach(viewer, [how.proof], done.matter_id)
            _tell(viewer, done, principal, "opened")
    return done


def _check(viewer: Viewer, how: How, found: Pack) -> None:
    if viewer.kind == "outlet" and (how.agreed not in ("sheet", "pad") or how.proof is None):
        words = Words(
            "请本人在同意书上签名，再拍下来。",
            "Have the person sign the agreement, and take a picture of it.",
        )
        raise Refused("agreement", words, faults=(("/proof", words),))
    if how.identified == "typed" and not looked_at(found):
        words = Words(
            "这一项当场就出结果，要刷身份证才能在这里办。没带证件，请到窗口。什么都没有提交。",
            "This is answered at once, so the card has to be read here. Without it, please go to a counter. Nothing was sent.",
        )
        raise Refused("identity", words, status=409)


def looked_at(found: Pack) -> bool:
    """Does an officer look at each matter of this item before it ends?"""
    return any(step.by in _POLICE and step.kind in ("review", "task") for step in found.flow.steps.values())


def _note(viewer: Viewer, how: How, found: Pack, point: str, principal: UUID) -> None:
    moment = clock.now()
    insert(
        Errand(
            id=uuid7(), account_id=viewer.account_id, point_id=point_named(point).id, principal_id=principal,
            item=found.code, identified=how.identified, agreed=how.agreed, at=moment, until=moment + LASTS,
            recorded_at=moment,
        )
    )  # fmt: skip


def _tell(viewer: Viewer, done: Done, principal: UUID, what: str) -> None:
    log_access(
        viewer, kind="did", tier=1, purpose="agent", matter_id=done.matter_id, party_id=principal, detail=what
    )
    post.notify(principal, "agent", done.matter_id, done.number)


def go_on(
    viewer: Viewer, matter_id: UUID, *, step: str, outcome: str, request_id: str, present: Person | None = None, **told: Any
) -> Done:  # fmt: skip
    """Do a step for the person, who is ``present``, or hand out what the outlet has for them. Refused: as `act`."""
    errand = of_matter(matter_id)
    if errand is None:
        raise not_found()
    done = act(viewer, matter_id, step=step, outcome=outcome, request_id=request_id, present=present, **told)
    if not done.replayed:
        _tell(viewer, done, errand.principal_id, f"{step} {outcome}")
    return done


def of_matter(matter_id: UUID) -> Errand | None:
    """The errand by which a matter was brought, for whoever sees that."""
    return first(Errand, "where matter_id = %s", matter_id)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a kiosk may show of what was just sent there: no person, no answer. ``papers``: number and whether it is made."""

    errand: Errand
    number: str
    state: str
    ended: bool
    papers: tuple[tuple[str, bool], ...]

    @property
    def item(self) -> Pack:
        return pack.current(self.errand.item)


def just_sent(matter_id: UUID) -> Sent | None:
    """What was sent at this kiosk and somebody is still busy with, which keeps it there; None when that is over."""
    stays = fetch("select trust.kiosk_stays(%s)::text", matter_id)[0][0]
    errand = of_matter(matter_id) if stays else None
    if errand is None:
        return None
    told = orjson.loads(stays)
    blanks = {give.template for give in pack.current(errand.item).gives if give.blank}
    papers = tuple((p["number"], p["ready"]) for p in told["papers"] if p["template"] not in blanks)
    return Sent(errand, told["number"], told["state"], told["ended"], papers)


def prints_here(sent: Sent) -> bool:
    """May the paper come out of this machine? Where the pack says that it is done on the spot at a kiosk, to who put their card
    in the reader; never what is printed on a numbered blank.
    """
    return sent.errand.identified == "card" and "kiosk" in (sent.item.raw.get("on_the_spot") or ())


def paper_for_print(viewer: Viewer, matter_id: UUID, number: str) -> bytes:
    """The signed paper, for the printer of the machine that it was asked for at. Refused: "not-found", "not-ready" (425)."""
    sent = just_sent(matter_id)
    if sent is None or not prints_here(sent) or number not in dict(sent.papers):
        raise not_found()
    reason = "本人在自助机上打印 · printed at the kiosk"
    read.read_matter(viewer, matter_id, purpose=sent.item.purpose, reason=reason)
    return issue.download(viewer, number)[0]


def keep_for_window(viewer: Viewer, matter_id: UUID) -> bool:
    """The machine did not print what was due: the window that has the matter sees that, and prints it. False if it knew."""
    return bool(fetch("select trust.kept_for_window(%s)", matter_id)[0][0])


def come_back(number: str, id_no: str) -> UUID | None:
    """Somebody is back at a kiosk with the number and the card of who sent it at one: what it was, if it is still there."""
    who = keys().blind("id_no", document.index(id_no))
    found: UUID | None = fetch("select trust.kiosk_returns(%s, %s)", number, who)[0][0]
    return found


def leave() -> None:
    """Whoever stood at this kiosk has left: what they sent is seen here no more."""
    fetch("select trust.kiosk_leaves()")


def name_of(errand: Errand) -> Words:
    """The point where it was brought."""
    return town().points[errand.point_id].name


def live(errand: Errand) -> bool:
    """Does the outlet see it still?"""
    return errand.ended_at is None and errand.until > clock.now()


def end(viewer: Viewer, matter_id: UUID, *, request_id: str) -> Done:
    """The person takes it back: the outlet sees nothing of it any more. Refused: "not-found"."""

    def do() -> Done:
        if not fetch("select trust.end_errand(%s)", matter_id)[0][0]:
            raise not_found()
        return done_of(matter_id)

    return once(viewer, "end_errand", request_id, {"matter": str(matter_id)}, do, done_of)


def ends_at(errand: Errand) -> datetime:
    """Until when the outlet sees it."""
    return errand.ended_at or errand.until
