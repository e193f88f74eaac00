"""The verbs on one matter: act, note, share, hand over, erase, link, withdraw, rate."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpResponse
from ninja import Router
from pydantic import AwareDatetime, Field

from doorstep.api.answer import In, done
from doorstep.api.guard import Asked, operation
from doorstep.api.matter_out import Acknowledged
from doorstep.api.matters import matter_id, pointing
from doorstep.kernel import erase as verb
from doorstep.kernel import matter as verbs
from doorstep.kernel import rate
from doorstep.kernel.idempotency import Done
from doorstep.web.routes import SIGNED_IN

router = Router(tags=["verbs"])


class Fault(In):
    """One thing to change: the JSON pointer of the field, a reason of the item's list, and words of one's own."""

    field: str = Field(default="", max_length=200)
    reason: str = Field(default="", max_length=80)
    text: str = Field(default="", max_length=2000)


class Act(In):
    """``version`` is that of the matter as it was read: if somebody was faster, nothing is changed (409)."""

    step: str
    outcome: str
    data: dict[str, Any] | None = None
    reason: str = Field(default="", max_length=2000)
    faults: list[Fault] = Field(default_factory=list, max_length=50)
    version: int | None = None


class Note(In):
    text: str = Field(max_length=4000)


class Share(In):
    """Let one more unit see the matter, for a reason and, if wanted, until a time."""

    unit: str
    reason: str = Field(min_length=1, max_length=48)
    role: Literal["reader", "leg"] = "reader"
    until: AwareDatetime | None = None


class HandOver(In):
    unit: str
    reason: str = Field(min_length=1, max_length=2000)


class Erase(In):
    """``document`` is the number of the decision it rests on; no names in it, for it is kept."""

    reason: Literal["order", "request", "unlawful"]
    document: str = Field(min_length=1, max_length=40)


class Link(In):
    """``matter`` is the id or number of the other one."""

    matter: str


class Withdraw(In):
    reason: str = Field(default="", max_length=2000)


class Rate(In):
    level: int
    text: str = Field(default="", max_length=2000)


@operation(router, "POST", "/matters/{matter}/act", right=SIGNED_IN, answer=Acknowledged)
def act(request: Asked, matter: str, what: Act) -> HttpResponse:
    """Finish one open step with an outcome of its flow."""
    viewer = request.viewer
    with pointing({"invalid": "/data"}):
        made = verbs.act(
            viewer,
            matter_id(viewer, matter),
            step=what.step,
            outcome=what.outcome,
            request_id=request.request_id,
            data=what.data,
            reason=what.reason,
            faults=[fault.model_dump() for fault in what.faults],
            version=what.version,
        )
    return _done(made)


@operation(router, "POST", "/matters/{matter}/note", right="note", answer=Acknowledged)
def note(request: Asked, matter: str, what: Note) -> HttpResponse:
    """Put a remark into the chain of a matter."""
    viewer = request.viewer
    return _done(verbs.note(viewer, matter_id(viewer, matter), text=what.text, request_id=request.request_id))


@operation(router, "POST", "/matters/{matter}/share", right="share", answer=Acknowledged)
def share(request: Asked, matter: str, what: Share) -> HttpResponse:
    """Let one more unit see a matter."""
    viewer = request.viewer
    made = verbs.share(
        viewer, matter_id(viewer, matter), unit=what.unit, role=what.role, reason=what.reason,
        request_id=request.request_id, until=what.until,
    )  # fmt: skip
    return _done(made)


@operation(router, "POST", "/matters/{matter}/hand_over", right="hand_over", answer=Acknowledged)
def hand_over(request: Asked, matter: str, what: HandOver) -> HttpResponse:
    """Make another unit competent; dues stay, and the applicant is told."""
    viewer = request.viewer
    made = verbs.hand_over(
        viewer, matter_id(viewer, matter), unit=what.unit, reason=what.reason, request_id=request.request_id
    )
    return _done(made)


@operation(router, "POST", "/matters/{matter}/erase", right="erase", answer=Acknowledged)
def erase(request: Asked, matter: str, what: Erase) -> HttpResponse:
    """Destroy the contents of an ended matter by order; its codes and figures stay, and it answers 410 from then on."""
    viewer = request.viewer
    made = verb.erase(
        viewer,
        matter_id(viewer, matter),
        reason=what.reason,
        document=what.document,
        request_id=request.request_id,
    )
    return _done(made)


@operation(router, "POST", "/matters/{matter}/link", right="link", answer=Acknowledged)
def link(request: Asked, matter: str, what: Link) -> HttpResponse:
    """Say that two matters, both visible to the caller, belong together."""
    viewer = request.viewer
    other = matter_id(viewer, what.matter)
    return _done(verbs.link(viewer, matter_id(viewer, matter), other=other, request_id=request.request_id))


@operation(router, "POST", "/matters/{matter}/withdraw", right=SIGNED_IN, answer=Acknowledged)
def withdraw(request: Asked, matter: str, what: Withdraw | None = None) -> HttpResponse:
    """Take one's own application back before it is decided."""
    viewer = request.viewer
    reason = what.reason if what else ""
    return _done(
        verbs.withdraw(viewer, matter_id(viewer, matter), request_id=request.request_id, reason=reason)
    )


@operation(router, "POST", "/matters/{matter}/rating", right=SIGNED_IN, answer=Acknowledged)
def rating(request: Asked, matter: str, what: Rate) -> HttpResponse:
    """Say how it went, once; nobody who handled it sees the vote."""
    viewer = request.viewer
    made = rate.rate(
        viewer, matter_id(viewer, matter), level=what.level, text=what.text, request_id=request.request_id
    )
    return _done(made)


def _done(made: Done) -> HttpResponse:
    return done(Acknowledged.of(made), replayed=made.replayed)
