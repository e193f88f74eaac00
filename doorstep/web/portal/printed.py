"""The checklist and the empty form of a service, to print: nobody needs a phone to be served."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from doorstep.kernel import trust
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.web import language, sheets
from doorstep.web.portal.matter import as_file


def checklist(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """What to bring, as a sheet to tick. Refused: "no-item"."""
    return _drawn(request, code, sheets.checklist, "checklist")


def form(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """The form to fill in by hand. Refused: "no-item"."""
    return _drawn(request, code, sheets.form, "form")


def _drawn(request: HttpRequest, code: str, draw: Callable[..., bytes], name: str) -> HttpResponse:
    address = request.build_absolute_uri(f"/item/{code}")
    today = calendar().day_of(clock.now())
    content = draw(code, language.lang(), today, address, trust.is_demo())
    return as_file(content, "application/pdf", f"{code}-{name}.pdf")
