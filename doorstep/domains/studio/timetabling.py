"""The pages of opening hours: a unit's points, one point with who said what since when, and saying something of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.studio import desk as desks
from doorstep.domains.studio import hours_form as form
from doorstep.domains.studio import sheet, shift, timetable
from doorstep.domains.studio.desk import Desk
from doorstep.domains.studio.frame import show
from doorstep.domains.studio.hours_line import bands, lines, theirs
from doorstep.domains.studio.proposal import Proposal
from doorstep.domains.studio.sheet import Whose, whose
from doorstep.domains.studio.shift import Counter
from doorstep.domains.studio.timetable import KINDS, Points
from doorstep.kernel.org import point_named
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.format import whole
from doorstep.rulebook.hours import Hours, times_words
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words
from doorstep.web.catalogue import BRANCHES
from doorstep.web.places import place_named


def points(request: HttpRequest, viewer: Viewer, place: str) -> HttpResponse:
    """The points whose hours a unit sets, by unit, each as it is today. Refused: "no-unit"."""
    desk = Desk.at(whose(place))
    q = request.GET.get("find", "").strip()[:40]
    found = bands(desk.of)
    if q:
        found = tuple(
            type(one)(one.name, held)
            for one in found
            if (held := tuple(each for each in one.places if _fits(q, one.name, each.name)))
        )
    context = {**desks.head(desk), "bands": found, "find": q, "count": sum(len(one.places) for one in found)}
    return show(request, "layer_points", context)


def _fits(q: str, *names: Words) -> bool:
    return any(q.lower() in text.lower() for name in names for text in (name.zh, name.en))


def point(request: HttpRequest, viewer: Viewer, place: str, point: str) -> HttpResponse:
    """One point: today, what is coming, who said what, what was published, and how it was on a day. Refused: "no-unit",
    "no-point", "not-found"."""
    of = whose(place)
    found = _theirs(of, point)
    desk, day = Desk.at(of), _day(request.GET.get("day", ""))
    context = {
        **desks.head(desk), "point": place_named(point), "lines": lines(desk, point), "versions": timetable.versions(found.id),
        "kinds": [(one, form.TITLES[one]) for one in ("closed", "hours", "branches")], "asked": day,
        "on": _on(found, day) if day else None, "only": shift.branches_words(_hours(found), desk.today),
        "usual": Hours.of(found.hours, calendar()).usual.words,
    }  # fmt: skip
    return show(request, "layer_point", context)


def _hours(found: Counter) -> Hours:
    return Hours.of(found.hours, calendar())


def _on(found: Counter, day: date) -> dict[str, Any]:
    """How it was, is or will be on a day."""
    held = timetable.on(found.id, day)
    hours = held.hours if held else _hours(found)
    row = next((why for first, last, _, why in reversed(hours.set) if first <= day <= last), None)
    why = hours.shut(day) or next((one.why for one in hours.closed if one.holds(day)), None) or row
    return {
        "times": times_words(hours.spans(day)),
        "why": why,
        "version": held,
        "branches": shift.branches_words(hours, day),
    }


def _theirs(of: Whose, code: str) -> Counter:
    found = point_named(code)
    if found.id not in {one.id for one in theirs(of)}:
        raise not_found()
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def set_row(request: HttpRequest, viewer: Viewer, place: str, point: str, rows: str) -> HttpResponse:
    """Saying something of a point (``rows``: of which kind): tried, saved or taken out. Nothing is published here.

    Refused: "no-unit", "no-point", "no-right", "not-found"; the rest is told on the page, with what was typed.
    """
    of = whose(place)
    found, kind = _theirs(of, point), rows
    if kind not in KINDS:
        raise not_found()
    if request.method == "POST":
        return _posted(request, viewer, of, found, kind)
    desk, marked = Desk.at(of), request.GET.get("row", "")
    row = form.found_row(desk.points, point, kind, marked)
    sent = form.filled(kind, row) if row else form.week_filled(_week(found)) if kind == "hours" else {}
    ticked = row.get("branches", ()) if row else ()
    return _setting(request, desk, found, kind, sent, ticked=ticked, instead=marked if row else "")


def _week(found: Counter) -> Mapping[str, Any]:
    """The week that is changed: the point's usual one, else that of the region."""
    raw = form.usual(found.hours)
    return raw or form.as_week(_hours(found).usual)


def _posted(request: HttpRequest, viewer: Viewer, of: Whose, found: Counter, kind: str) -> HttpResponse:
    if not sheet.may_lay(of.id):
        raise refuse_right()
    sent, ticked = {name: str(value) for name, value in request.POST.items()}, request.POST.getlist("branch")
    instead, go = sent.get("row", ""), sent.get("go")
    desk, refusal, proposal = Desk.at(of), None, None
    try:
        with transaction.atomic():
            was = form.found_row(desk.points, found.code, kind, instead)
            row = None if go == "remove" else form.row_of(kind, sent, ticked)
            after = form.with_row(desk.points, found.code, kind, row, instead)
            proposal = desk.propose(desk.in_force, _only(desk.points_in_force, after, found.code))
            if proposal.flaws and go != "try":
                raise Refused("layer", proposal.flaws[0][1].words, status=422)
            if go != "try":
                said = _said(found, kind, row, was)
                sheet.save(
                    viewer, of, desk.written, after, said, seen=whole(sent.get("seen")) or 0,
                    request_id=sent.get("request_id", ""),
                )  # fmt: skip
                return HttpResponseRedirect(f"{of.path}?told=saved")
    except Refused as refused:
        if refused.code in ("no-right", "no-request-id"):
            raise
        refusal = refused
    return _setting(
        request,
        Desk.at(of),
        found,
        kind,
        sent,
        ticked=ticked,
        instead=instead,
        proposal=proposal,
        refusal=refusal,
    )


def _only(in_force: Points, after: Points, code: str) -> Points:
    """What is in force, with one point as it is written: a trial of this point alone."""
    new = {name: held for name, held in in_force.items() if name != code}
    return {**new, code: after[code]} if code in after else new


def _said(found: Counter, kind: str, row: Mapping[str, Any] | None, was: Mapping[str, Any] | None) -> Words:
    told = form.says(kind, dict(row or was or {})) if row or was else Words("一处", "something")
    if row is None:
        return Words(f"{found.zh}：不再“{told.zh}”", f"{found.en}: no longer “{told.en}”")
    return Words(f"{found.zh}，{told.zh}", f"{found.en}, {told.en}")


def _setting(
    request: HttpRequest, desk: Desk, found: Counter, kind: str, sent: Mapping[str, str], *, ticked: Any = (),
    instead: str = "", proposal: Proposal | None = None, refusal: Refused | None = None,
) -> HttpResponse:  # fmt: skip
    faults = dict(refusal.faults if refusal else ())
    week = [(day, words, sent.get(day, ""), faults.get(day)) for day, words in form.WEEKDAYS.items()]
    context = {
        **desks.head(desk), "point": place_named(found.code), "kind": kind, "title": form.TITLES[kind], "sent": sent,
        "week": week, "branches": [(one, words, one in ticked) for one, words in BRANCHES.items()], "faults": faults,
        "instead": instead, "refusal": refusal.words if refusal else None, "request_id": uuid4().hex[:16],
        "tried": bool(proposal), "flaws": desks.flawed(proposal) if proposal else (),
        "least": calendar().day_of(clock.now()).isoformat(), **moved(proposal),
    }  # fmt: skip
    return show(request, "layer_point_set", context, refusal.status if refusal else 200)


def moved(proposal: Proposal | None) -> dict[str, Any]:
    """What of points a proposal changes, with what is promised there for days on which they close."""
    found = proposal.shifts if proposal else ()
    promised = shift.promised(found)
    return {
        "shifts": found,
        "promised": [(one.name, promised[one.point.id]) for one in found if one.point.id in promised],
    }
