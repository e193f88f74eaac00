"""Duty units over the API: where they are, how they stand, and whether everyone is all right."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import AwareDatetime, Field

from doorstep.api.answer import In, Moment, Out, Text, done, said
from doorstep.api.guard import Asked, operation
from doorstep.domains.command.units import duty, feed, fixes, safety, status
from doorstep.web.routes import SIGNED_IN

router = Router(tags=["command"])
_Number = Annotated[float, Field(examples=[118.041])]


class Fix(In):
    """One position, WGS 84. ``heading`` degrees from north, ``speed`` metres a second, ``accuracy`` metres."""

    at: AwareDatetime
    lon: _Number
    lat: _Number
    heading: float | None = None
    speed: float | None = None
    accuracy: float | None = None


class Positions(In):
    """``unit``: for a gateway of vehicles; without it the unit the caller rides in. ``sent_at``: its clock when it sent."""

    fixes: list[Fix] = Field(max_length=feed.MOST)
    unit: int | None = None
    sent_at: AwareDatetime | None = None


class NotTaken(Out):
    number: int
    code: str
    why: Text


class Taken(Out):
    """``known``: sent before. ``skew_s``: so far the device's clock runs ahead; the times were set right by it."""

    unit: int
    callsign: str
    taken: int
    known: int
    refused: list[NotTaken]
    skew_s: float


class Press(In):
    """``why``: for who does not ride in the unit. ``pressed_at``: when it was pressed, where there was no network then."""

    state: str = Field(max_length=12)
    why: str = Field(default="", max_length=200)
    pressed_at: AwareDatetime | None = None


class Answer(In):
    answer: Literal["well", "help"]


class Stands(Out):
    unit: int
    callsign: str
    name: Text
    kind: str
    team: str
    state: str
    state_words: Text
    state_at: Moment | None
    shift_to: Moment | None
    position_at: Moment | None
    lon: float | None
    lat: float | None


class OnDuty(Out):
    units: list[Stands]


class Answered(Out):
    id: UUID
    answer: str


@operation(router, "POST", "/command/positions", right=SIGNED_IN, answer=Taken, keyed=False)
def report_positions(request: Asked, what: Positions) -> HttpResponse:
    """Where a duty unit was: a batch, taken while it is on duty. Sent again, nothing is stored twice."""
    made = feed.report(
        request.viewer, what.unit,
        [fixes.Fix(f.at, f.lon, f.lat, f.heading, f.speed, f.accuracy) for f in what.fixes], what.sent_at,
    )  # fmt: skip
    refused = [NotTaken(number=n, code=why, why=Text.of(fixes.REASONS[why])) for n, why in made.refused]
    return said(Taken(unit=made.duty_unit_id, callsign=made.callsign, taken=made.taken, known=made.known,
                      refused=refused, skew_s=made.skew_s))  # fmt: skip


@operation(router, "GET", "/command/units", right=SIGNED_IN, answer=OnDuty)
def duty_units(request: Asked) -> HttpResponse:
    """The units on duty that the caller sees, with how they stand and where they were last."""
    return said(OnDuty(units=[_stands(one) for one in duty.standing()]))


@operation(router, "POST", "/command/units/{unit}/state", right=SIGNED_IN, answer=Stands)
def set_unit_state(request: Asked, unit: int, what: Press) -> HttpResponse:
    """How a unit stands from now on: said by its crew, or by a dispatcher with a reason."""
    made = duty.set_state(request.viewer, unit, what.state, what.why, request.request_id, what.pressed_at)
    return done(_stands(duty.one(unit)), replayed=made.replayed)


@operation(router, "POST", "/command/safety/{check}", right=SIGNED_IN, answer=Answered)
def answer_safety(request: Asked, check: UUID, what: Answer) -> HttpResponse:
    """Everyone is all right, or help is needed."""
    made = safety.answer(request.viewer, check, what.answer, request.request_id)
    return done(Answered(id=check, answer=what.answer), replayed=made.replayed)


def _stands(one: duty.Standing) -> Stands:
    return Stands(
        unit=one.id, callsign=one.callsign, name=Text.of(one.name), kind=one.kind, team=one.team, state=one.state,
        state_words=Text.of(status.NAMES[one.state]), state_at=one.state_at, shift_to=one.shift_to,
        position_at=one.position_at, lon=one.lon, lat=one.lat,
    )  # fmt: skip
