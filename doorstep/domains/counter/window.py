"""The one-window workbench: identify who came, add what is wanted, ask, collect papers, accept, hand over the receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from doorstep.domains.counter import accept, basket, checklist, frame, page, pass_on, place, slip, undo
from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.checklist import Missing
from doorstep.domains.counter.visit import Visit
from doorstep.kernel import file
from doorstep.kernel.lists import search
from doorstep.kernel.party import Person
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import document
from doorstep.rulebook.format import tidy
from doorstep.rulebook.words import Refused, Words
from doorstep.web.questions import Pairs, known_by, pairs_of
from doorstep.web.uploads import Received

Faults = dict[str, Words]


def start(request: HttpRequest, viewer: Viewer, received: Received) -> HttpResponse:
    """An empty workbench; the first thing posted begins a visit."""
    fresh = visits.here(viewer, Visit())
    if request.method == "POST":
        return _change(request, viewer, fresh, received)
    return _page(request, viewer, fresh)


def go_on(request: HttpRequest, viewer: Viewer, visit_id: UUID, received: Received) -> HttpResponse:
    """A visit that was begun: shown, or changed by what was posted."""
    found = visits.load(viewer, visit_id)
    if found.done:
        return HttpResponseRedirect(f"/counter/visit/{visit_id}/receipt")
    if request.method == "POST":
        return _change(request, viewer, found, received)
    return _page(request, viewer, found)


def autosave(request: HttpRequest, viewer: Viewer, visit_id: UUID) -> HttpResponse:
    """Keep what was typed and send back what changes with it: the checklist and the bar (and new questions)."""
    found = visits.load(viewer, visit_id)
    if found.done:
        return HttpResponse(headers={"HX-Redirect": f"/counter/visit/{visit_id}/receipt"})
    before = page.shown(found)
    kept = visits.keep(viewer, _typed(found, request.POST))
    context = page.context(viewer, kept) | {"oob": True, "ask_again": page.shown(kept) != before}
    return frame.show(request, viewer, "_kept", context)


def receipt(request: HttpRequest, viewer: Viewer, visit_id: UUID) -> HttpResponse:
    """What was accepted in this visit, to print and to hand over. Refused: "not-found"."""
    found = visits.load(viewer, visit_id)
    if not found.done:
        raise not_found()
    context = {"receipt": slip.receipt(viewer, found), "may_take_back": accept.may_take_back(found)}
    return frame.show(request, viewer, "receipt", context)


def take_back(request: HttpRequest, viewer: Viewer, visit_id: UUID) -> HttpResponse:
    """An acceptance that was a wrong click. Refused: "not-found", "too-late" (409)."""
    found = visits.load(viewer, visit_id)
    if found.done:
        accept.take_back(viewer, found)
    return HttpResponseRedirect(f"/counter/visit/{visit_id}")


def notice(request: HttpRequest, viewer: Viewer, visit_id: UUID) -> HttpResponse:
    """Everything that is missing over all items, once, on one sheet for the person to take home. Refused: "not-found"."""
    found = visits.load(viewer, visit_id)
    if found.done or not found.items:
        raise not_found()
    return frame.show(request, viewer, "notice", {"notice": slip.notice(viewer, found)})


# ---- one post ----


def _change(request: HttpRequest, viewer: Viewer, found: Visit, received: Received) -> HttpResponse:
    typed = replace(pass_on.withdraw(viewer, _typed(found, request.POST)), parked=False)
    typed, faults = _take_files(viewer, typed, received)
    name, value = _wanted(request.POST)
    if name == "accept":
        return _accept(request, viewer, typed)
    step = _STEPS.get(name, _keep)
    changed, more_faults, at = step(viewer, typed, value, request.POST)
    if name in undo.CAN:
        changed = undo.remember(typed, changed, name, value)
    kept = visits.keep(viewer, undo.forget_files(viewer, checklist.spread(changed)))
    faults |= more_faults
    if faults or name == "more":
        more = value if name == "more" else ""
        return _page(request, viewer, kept, faults, more=more, status=422 if faults else 200)
    if name in ("park", "pass_on"):
        return HttpResponseRedirect("/counter/" if name == "park" else f"/counter/visit/{kept.id}/pass-on")
    return HttpResponseRedirect(f"/counter/visit/{kept.id}" + (f"#{at}" if at else ""))


def _wanted(post: QueryDict) -> tuple[str, str]:
    """Which button was pressed, and what it is about."""
    for name in ("more", "less"):
        if name in post:
            return name, post.get(name, "")
    name, _, value = post.get("do", "keep").partition(":")
    return name, value


Answer = tuple[Visit, Faults, str]
Step = Callable[[Viewer, Visit, str, QueryDict], Answer]


def _keep(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    return found, {}, ""


def _check(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    """The clerk compared the document with the person: matters of this person that the unit may see are listed."""
    faults = visits.person_faults(found.person)
    if not faults and _twice(found):
        faults["id_no"] = Words("这个证件号已经在这次来访里。", "This number is in this visit already.")
    if faults:
        return found, faults, ""
    others = search(viewer, found.person.id_no).rows[:5] if viewer.may("search") else ()
    rows = tuple(
        {"id": str(r.id), "number": r.number, "title": r.title.as_dict(), "state": r.state} for r in others
    )
    return visits.with_guest(found, replace(found.guest, checked=True, others=rows)), {}, "add"


def _twice(found: Visit) -> bool:
    same = [one for one in found.guests if one.person.id_no and one.person.id_no == found.person.id_no]
    return len(same) > 1


def _who(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    return visits.with_guest(found, replace(found.guest, checked=False)), {}, "name"


def _guest(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    return visits.add_guest(found), {}, "name"


def _show(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    shown = visits.show_guest(found, int(value) if value.isdecimal() else 0)
    return shown, {}, "add" if shown.guest.checked else "name"


def _leave(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    return visits.drop_guest(found, int(value) if value.isdecimal() else 0), {}, "add"


def _park(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    return replace(found, parked=True, before={}), {}, ""


def _add(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    wanted = value or post.get("add", "")
    fits = page.matching(wanted, place.offered(viewer, place.point_of(viewer, found.point)))
    if len(fits) == 1:
        added = visits.here(viewer, visits.add_item(found, fits[0]))
        key = visits.key_of(fits[0].code, found.at)
        first = next(
            (one.anchor for one in checklist.missing(added) if one.anchor.startswith(f"f-{key}-")), ""
        )
        return basket.proposed(added, fits[0]), {}, first or "add"
    words = Words("没有找到这一项，请换个说法。", "No such item here; put it another way.")
    several = Words("有几项都对得上，请在下面选。", "Several items fit; choose one below.")
    return found, {"add": several if fits else words}, ""


def _drop(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    return visits.drop_item(found, value), {}, "add"


def _aside(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    """An item that is not offered any more goes into a visit of its own, with all that was typed for it; the rest goes on."""
    if value in found.halted:
        visits.keep(viewer, accept.set_aside(found, value))
        found = visits.drop_item(found, value)
        found = replace(found, answers={k: v for k, v in found.answers.items() if k != value})
    return found, {}, "add"


def _less(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    """One row of a group less: ``<entry>/<group>:<number>``."""
    name, _, number = value.rpartition(":")
    key, slash, rest = name.partition("/")
    return basket.without_row(found, name, number), {}, basket.anchor(key, slash + rest)


def _unfile(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    code, _, file_id = value.partition(":")
    return undo.let_go(checklist.with_file(found, code, None), found, file_id), {}, f"paper-{code}"


def _undo(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    restored = undo.undone(viewer, found)
    if restored is None:
        words = Words(
            "过了一分钟，或者后来又动过，不能撤销了。", "A minute has passed, or something was done since."
        )
        return found, {"undo": words}, ""
    return basket.take_in(restored, _posted(restored, post)), {}, ""


_STEPS: Mapping[str, Step] = {
    "keep": _keep, "more": _keep,
    "check": _check, "who": _who, "guest": _guest, "show": _show, "leave": _leave,
    "park": _park, "pass_on": _keep, "add": _add, "drop": _drop, "aside": _aside, "less": _less, "unfile": _unfile, "undo": _undo,
}  # fmt: skip


def _typed(found: Visit, post: QueryDict) -> Visit:
    """The visit with everything that stands in the form."""
    if "name" in post:
        number = int(post.get("guest", "")) if post.get("guest", "").isdecimal() else found.at
        found = visits.with_person(found, number, _person(post))
    if "point" in post:
        found = replace(found, point=post.get("point", ""))
    shown = set(post.getlist("ticks"))
    ticked = {code for code in shown if f"seen:{code}" in post}
    left = {code for code in shown if f"left:{code}" in post}
    found = replace(found, seen=(found.seen - shown) | ticked | left, left=(found.left - shown) | left)
    return basket.take_in(found, _posted(found, post))


def _person(post: QueryDict) -> Person:
    """Who is there as typed, or as a passport's machine-readable zone says that stands in place of the number."""
    read = document.name_in(post.get("id_no", ""))
    name, latin = tidy(post.get("name", "")), tidy(post.get("latin", ""))
    latin = latin or (read if name and document.differ(name, read) else "")
    return Person(name or read, known_by(post), tidy(post.get("phone", ""), "cn-mobile"), latin=latin)


def _posted(found: Visit, post: QueryDict) -> dict[str, Pairs]:
    """What was posted, of the entries whose questions stood on that page."""
    asked, posted = set(post.getlist("asked")), {key: _pairs(post, key) for key in found.items}
    return {key: pairs for key, pairs in posted.items() if pairs or key in asked}


def _pairs(post: QueryDict, key: str) -> Pairs:
    """What was posted for one entry: names without its key in front."""
    own = QueryDict(mutable=True)
    for name in post:
        if name.startswith(key + "/"):
            own[name.removeprefix(key)] = post.get(name, "")
    return pairs_of(own)


def _take_files(viewer: Viewer, found: Visit, received: Received) -> tuple[Visit, Faults]:
    """Scans that came with the post, each into its place; what was not taken says why beside it."""
    faults: Faults = {}
    for name, taken in received.items():
        code = name.removeprefix("paper:")
        if isinstance(taken, Refused):
            faults[f"paper-{code}"] = taken.words
        else:
            added = file.add(viewer, taken, visits.code_of(code))
            found = replace(checklist.with_file(found, code, str(added)), before={})
    return found, faults


def _accept(request: HttpRequest, viewer: Viewer, typed: Visit) -> HttpResponse:
    """All items or none. A refusal leaves the page as it was typed."""
    kept = visits.keep(viewer, typed)
    left = checklist.missing(kept)
    if left or not kept.items:
        faults = {one.anchor: one.words for one in left}
        return _page(request, viewer, kept, faults, summary=left, status=422)
    try:
        accept.take_in(viewer, kept)
    except Refused as refusal:
        return _page(
            request,
            viewer,
            visits.load(viewer, kept.id or UUID(int=0)),
            refusal=refusal.words,
            status=refusal.status,
        )
    return HttpResponseRedirect(f"/counter/visit/{kept.id}/receipt")


# ---- the page ----


def _page(
    request: HttpRequest,
    viewer: Viewer,
    found: Visit,
    faults: Mapping[str, Words] | None = None,
    *,
    refusal: Words | None = None,
    summary: list[Missing] | None = None,
    more: str = "",
    status: int = 200,
) -> HttpResponse:
    wrong: Mapping[str, Words] = faults or {}
    typed = request.POST.get("add", "") if "add" in wrong else ""
    told: dict[str, Any] = page.context(viewer, found, wrong, more=more)
    context = told | {
        "quick": page.matching(typed, told["choices"]) if typed else told["quick"],
        "refusal": refusal or wrong.get("undo"),
        "faults": [{"anchor": m.anchor, "title": m.named, "words": m.words} for m in summary or ()],
        "add_fault": wrong.get("add"),
        "add_text": typed,
    }
    return frame.show(request, viewer, "window", context, status)
