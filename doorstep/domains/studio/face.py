"""A form as a resident sees it: the portal's own page, drawn for nobody in particular and set into a frame.

The frame is sandboxed: nothing in it runs, sends or leads anywhere. Nothing is read or kept about anybody.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.template.loader import render_to_string

from doorstep.domains.studio.sample import data_of
from doorstep.kernel import trust
from doorstep.rulebook.field import Fault, Page
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web.portal import apply
from doorstep.web.questions import Asking

WAYS: Final[Mapping[str, Words]] = {
    "blank": Words("空白", "Blank"),
    "filled": Words("填好了", "Filled in"),
    "wrong": Words("没填就交", "Sent empty"),
}
_MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Face:
    """One page of a form. ``html`` is a whole document, for the ``srcdoc`` of a frame."""

    id: str
    title: Words
    html: str


def pages(found: Pack, way: str) -> Sequence[Page]:
    """The pages that somebody meets who fills the form in this way."""
    return found.form.pages(_answers(found, way)) or found.form.pages()


def face(request: HttpRequest, found: Pack, page_id: str, way: str) -> Face:
    """The page with this id, else the first, as the portal draws it."""
    data, met = _answers(found, way), pages(found, way)
    here = next((one for one in met if one.id == page_id), met[0])
    faults = _faults(found, here, data) if way == "wrong" else ()
    asked = Asking(data, {fault.pointer: fault.words for fault in faults})
    context = {**apply.page_of(found, here, asked, faults), "version": 1, "called": None, "saved_at": None}
    html = render_to_string("web/portal/apply.html", context, request=_as_nobody(request))
    return Face(here.id, here.title, html.replace("<head>", '<head><base target="_blank">', 1))


def faces(request: HttpRequest, found: Pack, way: str) -> tuple[Face, ...]:
    """Every page of the form."""
    return tuple(face(request, found, one.id, way) for one in pages(found, way))


def is_drawable(found: Pack) -> bool:
    """Whether a group begins with so few rows that it may be drawn for a look."""
    return all(one.min_items <= _MOST_ROWS for one in found.form.fields)


def _answers(found: Pack, way: str) -> dict[str, Any]:
    return data_of(found) if way == "filled" else {}


def _faults(found: Pack, here: Page, data: Mapping[str, Any]) -> tuple[Fault, ...]:
    return found.form.validate(data, page=here.id)


def _as_nobody(request: HttpRequest) -> HttpRequest:
    """The same wish for language and ground, but nobody who is signed in."""
    guest = copy.copy(request)
    guest.viewer = trust.nobody()  # type: ignore[attr-defined]
    return guest
