"""Ratings over the API: signed in, with the code of a slip, and what is published."""

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
from doorstep.domains.ratings import figures, rate
from doorstep.rulebook.words import Refused
from doorstep.web.routes import PUBLIC, SIGNED_IN

router = Router(tags=["ratings"])


class Rate(In):
    """``may_call``: somebody of another unit may ring up if the level is 1 or 2; without it nobody learns who it was."""

    level: int
    text: str = Field(default="", max_length=2000)
    may_call: bool = False


class RateWithCode(Rate):
    """``way``: "code" oneself, "paper" or "phone" entered for the person by staff who had no hand in the matter."""

    number: str = Field(max_length=40)
    code: str = Field(max_length=40)
    way: Literal["code", "paper", "phone"] = "code"


class Rated(Out):
    item: Text
    unit: Text


class Line(Out):
    """``votes`` by level, in full fives; null where fewer than ten matters ended."""

    key: str
    name: Text
    could: int | None
    rated: int | None
    response_percent: int | None
    satisfied_percent: int | None
    votes: dict[str, int] | None


class Published(Out):
    until: str
    whole: Line
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


@operation(router, "GET", "/ratings", right=PUBLIC, answer=Published)
def published_ratings(request: Asked) -> HttpResponse:
    """Published ratings, up to yesterday: per unit and per item, with how many could have rated and how many did."""
    found = figures.figures()
    return said(
        Published(
            until=found.until.isoformat(),
            whole=_line(found.whole),
            units=[_line(one) for one in found.units],
            items=[_line(one) for one in found.items],
        )
    )


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
        )
    votes = {str(level): n for level, n in sorted(one.votes.items())}
    return Line(
        key=one.key, name=name, could=one.could, rated=one.rated, response_percent=one.responded,
        satisfied_percent=one.satisfied if one.rated else None, votes=votes,
    )  # fmt: skip
