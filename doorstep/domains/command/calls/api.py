"""Calls over the API: taken, sent for, answered, tied, passed on, closed; reported by residents, sensors and volunteers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from doorstep.api.answer import In, Out, Text, done, said
from doorstep.api.guard import Asked, operation
from doorstep.api.matter_out import Acknowledged
from doorstep.api.matters import matter_id
from doorstep.domains.command.calls import devices, reading, send, verbs
from doorstep.web.routes import PUBLIC, SIGNED_IN

router = Router(tags=["calls"])


class Call(In):
    """``said``: place, words, name, phone, language, and threatened, silent, ring_back ("yes"); ``answers`` to the kind's questions
    (yes, no, unknown); ``ground``: the station's code; ``parent``: the call that reports the same.
    """

    kind: str = Field(max_length=24)
    by: Literal["phone", "text", "person", "officer", "sos"] = "phone"
    said: dict[str, str] = Field(default_factory=dict)
    answers: dict[str, str] = Field(default_factory=dict)
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    ground: str = Field(default="", max_length=24)
    parent: UUID | None = None

    def report(self) -> verbs.Report:
        """As the verbs take it."""
        return verbs.Report(self.kind, self.by, self.said, self.answers, self.lon, self.lat, self.ground)


class Send(In):
    """``units``: ids of duty units; ``why``: why somebody else than advised."""

    units: list[int] = Field(min_length=1, max_length=50)
    why: str = Field(default="", max_length=200)


class Say(In):
    """What a duty unit says; ``unit`` when an operator writes down what it said by radio."""

    outcome: Literal["coming", "there", "cleared", "cannot"]
    text: str = Field(default="", max_length=1000)
    unit: int | None = None


class Recall(In):
    """``units`` empty: all that are out."""

    units: list[int] = Field(default_factory=list, max_length=50)
    why: str = Field(default="", max_length=500)


class Link(In):
    parent: UUID


class PassOn(In):
    """``number``: their receipt."""

    to: Literal["fire", "ambulance", "hotline"]
    number: str = Field(max_length=40)


class Close(In):
    result: str = Field(max_length=1000)


class ByDevice(In):
    """``id``: the device's own for this report, a UUID; the same again is the same call. Without a place its own is taken."""

    token: str = Field(max_length=80)
    id: UUID
    words: str = Field(default="", max_length=500)
    kind: str = Field(default="", max_length=24)
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)


class Reported(Out):
    number: str
    state: str


class Device(In):
    """``item``: the kind of calls that it reports."""

    kind: Literal["sensor", "volunteer"]
    name: str = Field(max_length=60)
    item: str = Field(max_length=24)
    until: datetime
    lon: float | None = None
    lat: float | None = None


class DeviceMade(Out):
    """``token`` is shown this once."""

    id: str
    token: str


class Sent(Out):
    unit: int
    callsign: str
    seen: bool
    coming: bool
    there: bool
    late: bool


class OneCall(Out):
    """``waits``: who has to be replaced."""

    id: str
    number: str
    kind: str
    title: Text
    level: str
    lon: float | None
    lat: float | None
    told_at: str
    parent: str | None
    sent: list[Sent]
    waits: list[str]


class OpenCalls(Out):
    calls: list[OneCall]


@operation(router, "GET", "/calls", right="dispatch", answer=OpenCalls)
def calls(request: Asked) -> HttpResponse:
    """Open calls, the most urgent first."""
    verbs.operator(request.viewer)
    return said(OpenCalls(calls=[_call(one) for one in reading.open_calls(request.viewer)]))


@operation(router, "POST", "/calls", right="dispatch", answer=Acknowledged)
def take_call(request: Asked, what: Call) -> HttpResponse:
    """An operator takes a call in."""
    made = verbs.take(request.viewer, what.report(), request_id=request.request_id, parent=what.parent)
    return done(Acknowledged.of(made), replayed=made.replayed)


@operation(router, "POST", "/calls/own", right=SIGNED_IN, answer=Reported)
def report_call(request: Asked, what: Call) -> HttpResponse:
    """A resident reports, also one whose account nobody has verified."""
    made = verbs.report_own(request.viewer, what.report(), request_id=request.request_id)
    return said(Reported(number=made.number, state=made.state))


@operation(router, "POST", "/calls/by-device", right=PUBLIC, keyed=False, answer=Reported)
def report_by_device(request: Asked, what: ByDevice) -> HttpResponse:
    """A sensor or a volunteer's telephone reports, by its token."""
    about = {"id": what.id, "words": what.words, "kind": what.kind}
    about |= {"lon": what.lon, "lat": what.lat} if what.lon is not None and what.lat is not None else {}
    return said(Reported(**verbs.report_by_device(devices.hashed(what.token), about)))


@operation(router, "POST", "/calls/devices", right="dispatch", answer=DeviceMade)
def add_call_device(request: Asked, what: Device) -> HttpResponse:
    """A device that may report from now on, with its token."""
    found, token = devices.add(
        request.viewer,
        kind=what.kind,
        name=what.name,
        item=what.item,
        until=what.until,
        lon=what.lon,
        lat=what.lat,
    )
    return said(DeviceMade(id=str(found), token=token))


@operation(router, "POST", "/calls/{matter}/send", right="dispatch", answer=Acknowledged)
def send_to_call(request: Asked, matter: str, what: Send) -> HttpResponse:
    """Alert duty units, all in the same second."""
    one = matter_id(request.viewer, matter)
    made = send.send(
        request.viewer, one, units=what.units, overridden_why=what.why, request_id=request.request_id
    )
    return done(Acknowledged.of(made), replayed=made.replayed)


@operation(router, "POST", "/calls/{matter}/say", right=SIGNED_IN, answer=Acknowledged)
def say_of_call(request: Asked, matter: str, what: Say) -> HttpResponse:
    """A duty unit is coming, there, done, or cannot."""
    one = matter_id(request.viewer, matter)
    made = send.say(
        request.viewer,
        one,
        outcome=what.outcome,
        text=what.text,
        unit=what.unit,
        request_id=request.request_id,
    )
    return done(Acknowledged.of(made), replayed=made.replayed)


@operation(router, "POST", "/calls/{matter}/recall", right="dispatch", answer=Acknowledged)
def recall_from_call(request: Asked, matter: str, what: Recall) -> HttpResponse:
    """Call duty units back, or all that are out."""
    one = matter_id(request.viewer, matter)
    made = send.recall(request.viewer, one, units=what.units, why=what.why, request_id=request.request_id)
    return done(Acknowledged.of(made), replayed=made.replayed)


@operation(router, "POST", "/calls/{matter}/link", right="dispatch", answer=Acknowledged)
def link_call(request: Asked, matter: str, what: Link) -> HttpResponse:
    """It reports the same as another."""
    made = verbs.link(
        request.viewer, matter_id(request.viewer, matter), parent=what.parent, request_id=request.request_id
    )
    return done(Acknowledged.of(made), replayed=made.replayed)


@operation(router, "POST", "/calls/{matter}/pass-on", right="dispatch", answer=Acknowledged)
def pass_call_on(request: Asked, matter: str, what: PassOn) -> HttpResponse:
    """Fire brigade, ambulance or hotline has it too, under this receipt."""
    one = matter_id(request.viewer, matter)
    made = verbs.pass_on(request.viewer, one, to=what.to, number=what.number, request_id=request.request_id)
    return done(Acknowledged.of(made), replayed=made.replayed)


@operation(router, "POST", "/calls/{matter}/close", right="dispatch", answer=Acknowledged)
def close_call(request: Asked, matter: str, what: Close) -> HttpResponse:
    """It ends, with all that report the same."""
    one = matter_id(request.viewer, matter)
    made = verbs.close(request.viewer, one, result=what.result, request_id=request.request_id)
    return done(Acknowledged.of(made), replayed=made.replayed)


def _call(one: reading.OpenCall) -> OneCall:
    out = [
        Sent(
            unit=x["id"], callsign=x["callsign"], seen=x["seen"], coming=x["coming"], there=x["there"], late=x["late"]
        ) for x in one.out
    ]  # fmt: skip
    return OneCall(
        id=str(one.id), number=one.number, kind=one.kind, title=Text.of(one.title), level=one.level, lon=one.lon, lat=one.lat,
        told_at=one.told_at.isoformat(), parent=str(one.parent_id) if one.parent_id else None, sent=out, waits=list(one.waits),
    )  # fmt: skip
