"""The one-window workbench: identify, add what is wanted, ask, collect papers, accept, hand over the receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from doorstep.domains.counter import frame, page
from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.visit import Visit
from doorstep.kernel import file
from doorstep.kernel.lists import search
from doorstep.kernel.matter import act, note, open_matter
from doorstep.kernel.read import MatterView, read_matter
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Refused, Words
from doorstep.web.questions import Pairs, pairs_of
from doorstep.web.uploads import Received

Faults = dict[str, Words]


def start(request: HttpRequest, viewer: Viewer, received: Received) -> HttpResponse:
    """An empty workbench; the first thing posted begins a visit."""
    if request.method == "POST":
        return _change(request, viewer, Visit(), received)
    return _page(request, viewer, Visit())


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
    return frame.show(request, viewer, "receipt", {"receipt": page.receipt(viewer, found)})


# ---- one post ----


def _change(request: HttpRequest, viewer: Viewer, found: Visit, received: Received) -> HttpResponse:
    typed = _typed(found, request.POST)
    typed, faults = _take_files(viewer, typed, received)
    name, _, value = request.POST.get("do", "keep").partition(":")
    if "more" in request.POST:
        name, value = "more", request.POST["more"]
    elif "less" in request.POST:
        name, value = "less", request.POST["less"]
    if name == "accept":
        return _accept(request, viewer, typed)
    step = _STEPS.get(name, _keep)
    changed, more_faults, at = step(viewer, typed, value, request.POST)
    kept = visits.keep(viewer, changed)
    faults |= more_faults
    if faults or name == "more":
        return _page(
            request, viewer, kept, faults, more=value if name == "more" else "", status=422 if faults else 200
        )
    return HttpResponseRedirect(f"/counter/visit/{kept.id}" + (f"#{at}" if at else ""))


Answer = tuple[Visit, Faults, str]
Step = Callable[[Viewer, Visit, str, QueryDict], Answer]


def _keep(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    return found, {}, ""


def _check(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    """The clerk compared the document with the person: matters of this person that the unit may see are listed."""
    faults = visits.person_faults(found.person)
    if faults:
        return found, faults, ""
    others = search(viewer, found.person.id_no).rows[:5] if viewer.may("search") else ()
    rows = tuple(
        {"id": str(r.id), "number": r.number, "title": r.title.as_dict(), "state": r.state} for r in others
    )
    return replace(found, checked=True, others=rows), {}, ""


def _who(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    return replace(found, checked=False), {}, "name"


def _add(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    wanted = value or post.get("add", "")
    fits = page.matching(wanted, visits.offered(viewer, visits.point_of(viewer, found)))
    if len(fits) == 1:
        return visits.add_item(found, fits[0].code), {}, f"ask-{fits[0].code}"
    words = Words("没有找到这一项，请换个说法。", "No such item here; put it another way.")
    several = Words("有几项都对得上，请在下面选。", "Several items fit; choose one below.")
    return found, {"add": several if fits else words}, ""


def _drop(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    return visits.drop_item(found, value), {}, "add"


def _less(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    """One row of a group less: ``<item>/<group>:<number>``."""
    name, _, number = value.rpartition(":")
    code, slash, rest = name.partition("/")
    row = f"{slash}{rest}/{number}"
    for item in found.packs():
        if item.code == code:
            pairs = [
                p
                for p in page.pairs_from(dict(found.answers.get(code, {})))
                if not p[0].startswith(row + "/")
            ]
            answers = {**found.answers, code: item.form.from_post(pairs)}
            return replace(found, answers=answers), {}, visits.anchor(code, slash + rest)
    return found, {}, ""


def _unfile(viewer: Viewer, found: Visit, value: str, post: QueryDict) -> Answer:
    material, _, file_id = value.partition(":")
    if file_id in {f for needed in visits.papers(found) for f in needed.file_ids}:
        file.drop(viewer, UUID(file_id))
    return visits.with_file(found, material, None), {}, f"paper-{material}"


_STEPS: Mapping[str, Step] = {
    "keep": _keep, "more": _keep, "check": _check, "who": _who, "add": _add, "drop": _drop, "less": _less,
    "unfile": _unfile,
}  # fmt: skip


def _typed(found: Visit, post: QueryDict) -> Visit:
    """The visit with everything that stands in the form."""
    if "name" in post:
        found = visits.with_person(found, post.get("name", ""), post.get("id_no", ""), post.get("phone", ""))
    if "point" in post:
        found = replace(found, point=post.get("point", ""))
    shown = set(post.getlist("ticks"))
    ticked = {code for code in shown if f"seen:{code}" in post}
    found = replace(found, seen=(found.seen - shown) | ticked)
    return visits.take_in(found, {code: _pairs(post, code) for code in found.items})


def _pairs(post: QueryDict, code: str) -> Pairs:
    """What was posted for one item: names without the item's code in front."""
    own = QueryDict(mutable=True)
    for name in post:
        if name.startswith(code + "/"):
            own[name.removeprefix(code)] = post.get(name, "")
    return pairs_of(own)


def _take_files(viewer: Viewer, found: Visit, received: Received) -> tuple[Visit, Faults]:
    """Scans that came with the post, each into its place; what was not taken says why beside it."""
    faults: Faults = {}
    for name, taken in received.items():
        material = name.removeprefix("paper:")
        if isinstance(taken, Refused):
            faults[f"paper-{material}"] = taken.words
        else:
            found = visits.with_file(found, material, str(file.add(viewer, taken, material)))
    return found, faults


# ---- acceptance ----


def _accept(request: HttpRequest, viewer: Viewer, typed: Visit) -> HttpResponse:
    """All items or none. A refusal leaves the page as it was typed."""
    kept = visits.keep(viewer, typed)
    left = visits.missing(kept)
    if left or not kept.items:
        faults = {one.anchor: one.words for one in left}
        return _page(request, viewer, kept, faults, summary=left, status=422)
    try:
        with transaction.atomic():
            done = tuple(_open(viewer, kept, item) for item in kept.packs())
    except Refused as refusal:
        return _page(request, viewer, kept, refusal=refusal.words, status=refusal.status)
    # Of a visit that is done only what its receipt prints is kept.
    person = replace(kept.person, id_no="", phone="")
    visits.keep(viewer, Visit(id=kept.id, person=person, point=kept.point, done=done))
    return HttpResponseRedirect(f"/counter/visit/{kept.id}/receipt")


def _open(viewer: Viewer, kept: Visit, item: Pack) -> dict[str, Any]:
    """Open one matter and finish the step of the window at once: the clerk has just checked everything."""
    point = visits.point_of(viewer, kept)
    if point is None:
        raise Refused(
            "no-point",
            Words("您的单位没有登记服务窗口，请找管理员添加。", "Your unit has no window. Ask the administrator to add one."),
        )  # fmt: skip
    data, request_id = visits.filled(kept, item), kept.requests[item.code]
    opened = open_matter(
        viewer, item=item.code, point=point.code, channel=point.channel, data=data,
        hand_out=item.hand_out_code(data), applicant=kept.person, request_id=request_id,
    )  # fmt: skip
    view = read_matter(viewer, opened.matter_id, purpose=item.purpose)
    for step in view.mine:
        if step.by == "received":
            act(
                viewer,
                opened.matter_id,
                step=step.name,
                outcome=step.outcomes[0],
                request_id=f"{request_id}-in",
            )
    _note_originals(viewer, kept, view, request_id)
    return page.receipt_line(read_matter(viewer, opened.matter_id, purpose=item.purpose))


def _note_originals(viewer: Viewer, kept: Visit, view: MatterView, request_id: str) -> None:
    """Which originals the clerk saw stands in the chain: the papers themselves went back to the person."""
    own = {asked.material.code for asked in view.pack.materials}
    seen = [one.title.zh for one in visits.papers(kept) if one.seen and one.code in own]
    if seen and viewer.may("note", view.pack.branch):
        note(viewer, view.id, text="窗口看过原件：" + "、".join(seen), request_id=f"{request_id}-seen")


# ---- the page ----


def _page(
    request: HttpRequest,
    viewer: Viewer,
    found: Visit,
    faults: Mapping[str, Words] | None = None,
    *,
    refusal: Words | None = None,
    summary: list[visits.Missing] | None = None,
    more: str = "",
    status: int = 200,
) -> HttpResponse:
    typed = request.POST.get("add", "") if faults and "add" in faults else ""
    told = page.context(viewer, found, faults or {}, more=more)
    context = told | {
        "quick": page.matching(typed, told["choices"]) if typed else told["quick"],
        "refusal": refusal,
        "faults": [{"anchor": m.anchor, "title": m.named, "words": m.words} for m in summary or ()],
        "add_fault": (faults or {}).get("add"),
        "add_text": typed,
    }
    return frame.show(request, viewer, "window", context, status)
