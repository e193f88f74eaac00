"""What answers are made of: bilingual text, money, durations, times with the region's offset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words


def _with_offset(moment: datetime) -> str:
    return moment.astimezone(calendar().zone).isoformat(timespec="seconds")


Moment = Annotated[
    datetime,
    PlainSerializer(_with_offset, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "ISO 8601 with the region's offset"}
    ),
]


class Out(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


class In(BaseModel):
    """A part of a request. A key that nobody knows is refused, so that no typing error goes unseen."""

    model_config = ConfigDict(extra="forbid")


class Text(Out):
    """One text in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, words: Words) -> Text:
        return cls(zh=words.zh, en=words.en)


class Money(Out):
    amount: Annotated[str, Field(pattern=r"^\d+\.\d{2}$", examples=["40.00"])]
    currency: Annotated[str, Field(examples=["CNY"])]


class Duration(Out):
    value: int
    unit: Annotated[str, Field(examples=["workday"])]

    @classmethod
    def of(cls, limit: Limit) -> Duration:
        return cls(value=limit.value, unit=limit.unit)


def said(body: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer with this body, written now: inside the transaction that read what it shows."""
    return HttpResponse(
        body.model_dump_json(), status=status, content_type="application/json", headers=dict(headers or {})
    )


def done(body: BaseModel, *, replayed: bool, location: str = "") -> HttpResponse:
    """The answer of a verb: 201 with ``Location`` if it made something, 200 otherwise; a repeat says so."""
    headers: dict[str, Any] = {"Location": location} if location else {}
    if replayed:
        headers["Idempotent-Replay"] = "true"
    return said(body, 201 if location else 200, headers)
