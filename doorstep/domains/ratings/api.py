"""Ratings over the API: signed in, with the code of a slip, entered for others, by telephone, and what is published."""

from __future__ import annotations

from typing import Literal

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from doorstep.api import problem
from doorstep.api.answer import In, Out, Text, done, said
from doorstep.api.guard import Asked, operation
from doorstep.api.matter_out import Acknowledged
from doorstep.api.matters import matter_id
from doorstep.domains.ratings import entry, figures, rate, ring
from doorstep.kernel.trust import not_found
from doorstep.rulebook.words import Refused
from doorstep.web.routes import PUBLIC, SIGNED_IN

router = Router(tags=["ratings"])


class Rate(In):
    """``may_call``: somebody of another unit may ring up if the level is 1 or 2; without it nobody learns who it was."""

    level: int
    text: str = Field(default="", max_length=2000)
    may_call: bool = False


class RateWithCode(Rate):
    """``way``: "code" oneself, "pad" at the window, "paper" or "phone" entered by staff of a unit without a hand in the matter."""

    number: str = Field(max_length=40)
    code: str = Field(max_length=40)
    way: Literal["code", "pad", "paper", "phone"] = "code"


class TakeBack(In):
    number: str = Field(max_length=40)


class Rung(In):
    """Either a ``level`` with what belongs to it, or why there is none."""

    level: int | None = None
    text: str = Field(default="", max_length=2000)
    may_call: bool = False
    came: Literal["no-answer", "declined", "wrong-person"] | None = None


class Rated(Out):
    item: Text
    unit: Text


class RatingCode(Out):
    """What a slip carries, for programs that print or show their own: ``address`` opens the form; ``ended``: it can be now."""

    number: str
    code: str
    address: str
    ended: bool


class Entered(Out):
    number: str
    item: Text
    unit: Text
    level: Text
    way: Text


class Entries(Out):
    entered: list[Entered]


class Ringing(Out):
    """Whom to ring up now; all null if there is nobody."""

    matter: str | None
    number: str | None
    name: str | None
    phone: str | None
    item: Text | None
    unit: Text | None


class Line(Out):
    """``votes`` by level, in full fives; null where fewer than ten matters ended. ``became``: what became of the bad ones, null
    below five of them.
    """

    key: str
    name: Text
    could: int | None
    rated: int | None
    response_percent: int | None
    satisfied_percent: int | None
    votes: dict[str, int] | None
    became: dict[str, int] | None


class Published(Out):
    """``until``: matters that ended and votes that were cast before this day."""

    until: str
    whole: Line
    branches: list[Line]
    points: list[Line]
    channels: list[Line]
    units: list[Line]
    items: list[Line]


@operation(router, "POST", "/matters/{matter}/rating", right=SIGNED_IN, answer=Acknowledged)
def rating(request: Asked, matter: str, what: Rate) -> HttpResponse:
    """Say how it went, once; nobody who handled it sees the vote."""
    viewer = request.viewer
    made = rate.rate(
        viewer, matter_id(viewer, matter), level=what.level, text=what.text, may_call=what.may_call,
        request_id=request.request_id,
    )  # fmt: skip
    return done(Acknowledged.of(made), replayed=made.replayed)


@operation(router, "POST", "/ratings/with-code", right=PUBLIC, answer=Rated)
def rate_with_code(request: Asked, what: RateWithCode) -> HttpResponse:
    """Rate with the number and code of a slip, without an account; or enter it for somebody. One vote a matter."""
    try:
        answer = rate.rate_with_code(
            request.viewer, what.number, what.code, level=what.level, way=what.way, text=what.text, may_call=what.may_call,
            request_id=request.request_id,
        )  # fmt: skip
    except Refused as refusal:
        return problem.of(request, refusal)  # answered, not raised: a wrong code stays counted
    return said(Rated(item=Text.of(answer.title), unit=Text.of(answer.unit)))


@operation(router, "GET", "/matters/{matter}/rating", right=SIGNED_IN, answer=RatingCode)
def rating_code(request: Asked, matter: str) -> HttpResponse:
    """The code of a matter's rating slip, for whoever hands out its result: a kiosk, a partner, an agent."""
    viewer = request.viewer
    found = next(iter(rate.codes([matter_id(viewer, matter)])), None)
    if found is None:
        raise not_found()
    address = request.build_absolute_uri(f"/ratings/with?number={found.number}&code={found.code}")
    return said(RatingCode(number=found.number, code=found.code, address=address, ended=found.ended))


@operation(router, "GET", "/ratings/entered", right="rate", answer=Entries)
def entered_ratings(request: Asked) -> HttpResponse:
    """What I entered for others today, to compare with the slips once more."""
    return said(_entries())


@operation(router, "POST", "/ratings/take-back", right="rate", answer=Entries)
def take_back_rating(request: Asked, what: TakeBack) -> HttpResponse:
    """Take a wrong entry of mine of today back; the call-back it opened ends with it."""
    entry.take_back(request.viewer, what.number)
    return said(_entries())


@operation(router, "POST", "/ratings/ring", right="supervise", answer=Ringing)
def ring_next(request: Asked) -> HttpResponse:
    """The next person to ring up and ask: of a matter that no unit of mine had a hand in. The look is logged."""
    viewer = request.viewer
    found = ring.next_one(viewer)
    if found is None:
        return said(Ringing(matter=None, number=None, name=None, phone=None, item=None, unit=None))
    view = ring.person(viewer, found)
    return said(
        Ringing(
            matter=str(found), number=view.number, name=view.applicant.name, phone=view.applicant.phone,
            item=Text.of(view.title), unit=Text.of(view.unit),
        )
    )  # fmt: skip


@operation(router, "POST", "/ratings/ring/{matter}", right="supervise", answer=Rated)
def rung(request: Asked, matter: str, what: Rung) -> HttpResponse:
    """What the person said, or why there is no rating."""
    viewer, one = request.viewer, matter_id(request.viewer, matter)
    view = ring.person(viewer, one)
    if what.came:
        ring.unanswered(viewer, one, what.came)
    else:
        ring.answered(
            viewer,
            one,
            level=what.level or 0,
            text=what.text,
            may_call=what.may_call,
            request_id=request.request_id,
        )
    return said(Rated(item=Text.of(view.title), unit=Text.of(view.unit)))


@operation(router, "GET", "/ratings", right=PUBLIC, answer=Published)
def published_ratings(request: Asked) -> HttpResponse:
    """Published ratings, up to yesterday: by branch, point, channel, unit and item.

    With how many could have rated, how many did, and what became of the bad ones.
    """
    found = figures.figures()
    return said(
        Published(
            until=found.until.isoformat(),
            whole=_line(found.whole),
            branches=[_line(one) for one in found.branches],
            points=[_line(one) for one in found.points],
            channels=[_line(one) for one in found.channels],
            units=[_line(one) for one in found.units],
            items=[_line(one) for one in found.items],
        )
    )


def _entries() -> Entries:
    return Entries(
        entered=[
            Entered(
                number=one.number, item=Text.of(one.title), unit=Text.of(one.unit), level=Text.of(one.level),
                way=Text.of(one.way),
            )
            for one in entry.entered()
        ]
    )  # fmt: skip


def _line(one: figures.Line) -> Line:
    name = Text.of(one.name)
    if one.few:
        return Line(
            key=one.key,
            name=name,
            could=None,
            rated=None,
            response_percent=None,
            satisfied_percent=None,
            votes=None,
            became=None,
        )
    votes = {str(level): n for level, n in sorted(one.votes.items())}
    return Line(
        key=one.key, name=name, could=one.could, rated=one.rated, response_percent=one.responded,
        satisfied_percent=one.satisfied if one.rated else None, votes=votes,
        became=one.outcomes and {name: n for name, n in one.outcomes.items() if n},
    )  # fmt: skip
