"""From the page of a matter: note who else is concerned and where it is, link, merge, refer, reclassify."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from doorstep.domains.counter import frame, matter
from doorstep.kernel import file, ties
from doorstep.kernel.party import Person
from doorstep.kernel.read import MatterView, read_matter, read_number
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import pack
from doorstep.rulebook.field import Fault, at_pointer
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.words import Refused, Words
from doorstep.web import questions
from doorstep.web.questions import Asking, Pairs, known_by, pairs_of, who_by
from doorstep.web.routes import Route
from doorstep.web.uploads import Received

View = Callable[..., HttpResponse]
Do = Callable[[Viewer, UUID, QueryDict], Any]
_AT = "counter/matter/<uuid:matter_id>"
_NO_NUMBER = Words(
    "没有这个受理号，或者那件事不归您看。请对照回执再输一遍。",
    "There is no such number, or that matter is not yours to see. Compare it with the receipt.",
)
_NOT_A_PLACE = Words("经度和纬度请写成小数，单位是度。", "Give longitude and latitude as decimal degrees.")


def routes() -> tuple[Route, ...]:
    """One address for each verb; those that need the other item's answers show its questions first."""
    kept = [
        Route(f"{_AT}/{path}", _one(path, do, did), f"counter_{path}", right, "staff", ("POST",), frame.STAFF)
        for path, right, did, do in _VERBS
    ]
    asked = [
        Route(f"{_AT}/{how}", _other(how), f"counter_{how}", how, "staff", ("GET", "POST"), frame.STAFF, receives=True)
        for how in _OTHERS
    ]  # fmt: skip
    return (*kept, *asked)


def _one(path: str, do: Do, did: str) -> View:
    def view(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
        """Do it and go back to the page; refused, the page says why and keeps what was typed."""
        purpose = request.POST.get("purpose", "")
        try:
            with transaction.atomic():
                do(viewer, matter_id, request.POST)
        except Refused as refusal:
            if refusal.code == "not-found":
                raise
            found = read_matter(viewer, matter_id, purpose=purpose or None)
            typed: dict[str, Any] = {"typed": request.POST.dict(), "fold_open": path}
            typed |= {"known_by": who_by("id_no", known_by(request.POST), required=False, anchor="p-id")}
            return matter.page(request, viewer, found, purpose, refusal, **typed)
        return matter.back(matter_id, purpose, did)

    return view


# ---- what each form does ----


def _party(viewer: Viewer, matter_id: UUID, post: QueryDict) -> Any:
    name, id_no = post.get("name", "").strip(), known_by(post)
    person = Person(name, id_no, post.get("phone", "").strip()) if name or id_no else None
    known_as = post.get("known_as", "")
    return ties.add_party(
        viewer, matter_id, role=post.get("role", ""), person=person, described=post.get("described", "").strip(),
        known_as=UUID(known_as) if FORMATS["upload"].ok(known_as) else None, request_id=post.get("request_id", ""),
    )  # fmt: skip


def _place(viewer: Viewer, matter_id: UUID, post: QueryDict) -> Any:
    try:
        lon, lat = float(post.get("lon", "")), float(post.get("lat", ""))
    except ValueError:
        raise Refused("place", _NOT_A_PLACE) from None
    return ties.locate(
        viewer, matter_id, lon=lon, lat=lat, address=post.get("where", "").strip(), request_id=post.get("request_id", "")
    )  # fmt: skip


def _link(viewer: Viewer, matter_id: UUID, post: QueryDict) -> Any:
    return ties.link(viewer, matter_id, other=_numbered(viewer, post), request_id=post.get("request_id", ""))


def _merge(viewer: Viewer, matter_id: UUID, post: QueryDict) -> Any:
    reason = _reason(post)
    return ties.merge(
        viewer, matter_id, other=_numbered(viewer, post), reason=reason, request_id=post.get("request_id", "")
    )


def _numbered(viewer: Viewer, post: QueryDict) -> UUID:
    try:
        return read_number(viewer, post.get("number", "").strip().upper())
    except Refused:
        raise Refused("no-number", _NO_NUMBER) from None


def _reason(post: QueryDict) -> str:
    reason = post.get("reason", "").strip()
    if not reason:
        raise Refused("reason", Words("请写一句为什么。", "Say in a sentence why."))
    return reason


_VERBS: tuple[tuple[str, str, str, Do], ...] = (
    ("party", "involve", "involved", _party),
    ("place", "locate", "located", _place),
    ("link", "link", "linked", _link),
    ("merge", "merge", "merged", _merge),
)

# ---- the questions of another item ----

_OTHERS: dict[str, dict[str, Words]] = {
    "refer": {
        "title": Words("转出一件新的事", "Refer as a new matter"),
        "lede": Words(
            "为同一个人另立一件，带着这件的来历；这件接着办。",
            "A new matter for the same person, knowing where it came from; this one goes on.",
        ),
        "do": Words("转出", "Refer it"),
    },
    "reclassify": {
        "title": Words("改成别的事项", "Reclassify"),
        "lede": Words(
            "受理号和经过都保留，从新事项的第一步重新走；本人会收到通知。",
            "Number and history stay; it starts again with the first step of the other item, and the person is told.",
        ),
        "do": Words("改过去", "Reclassify it"),
    },
}


def _other(how: str) -> View:
    def view(
        request: HttpRequest, viewer: Viewer, matter_id: UUID, received: Received | None = None
    ) -> HttpResponse:
        """The other item's questions, answered as far as this matter knows; then done, whole or not at all."""
        purpose = request.GET.get("purpose") or request.POST.get("purpose", "")
        view = read_matter(viewer, matter_id, purpose=purpose or None)
        code = request.GET.get("item") or request.POST.get("item", "")
        if not code:
            return _choose(request, viewer, view, how, purpose)
        found = pack.current(code)
        if request.method != "POST":
            return _ask(request, viewer, view, how, found, carried(view, found), purpose)
        pairs, refused = _files(viewer, found, pairs_of(request.POST), received or {})
        data = found.form.from_post(pairs)
        if refused or request.POST.get("go") != "do":
            return _ask(request, viewer, view, how, found, data, purpose, refused)
        try:
            with transaction.atomic():
                done = getattr(ties, how)(
                    viewer, matter_id, item=found.code, data=data, reason=_reason(request.POST),
                    request_id=request.POST.get("request_id", ""),
                )  # fmt: skip
        except Refused as refusal:
            if refusal.code in ("not-found", "no-right"):
                raise
            wrong = tuple(Fault(pointer, words) for pointer, words in refusal.faults)
            return _ask(request, viewer, view, how, found, data, purpose, wrong, refusal)
        query = urlencode({"purpose": found.purpose, "did": how})
        return HttpResponseRedirect(f"/counter/matter/{done.matter_id}?{query}")

    return view


def _choose(request: HttpRequest, viewer: Viewer, view: MatterView, how: str, purpose: str) -> HttpResponse:
    """Which item it is to be: those of any branch in which the viewer may do this."""
    items = [one for one in pack.every() if one.code != view.item and viewer.may(how, one.branch)]
    context = {"from": view, "items": items, "how": _OTHERS[how], "purpose": purpose, "verb": how, "action": request.path,
               "back": f"/counter/matter/{view.id}?{urlencode({'purpose': purpose})}"}  # fmt: skip
    return frame.show(request, viewer, "other", context)


def carried(view: MatterView, found: pack.Pack) -> dict[str, Any]:
    """The answers of this matter that the other item asks too: one fact is asked once. Files stay with what they were sent to."""
    known = {
        one.fact: value
        for one in view.pack.form.fields
        if one.fact and one.widget != "upload" and isinstance(value := at_pointer(view.data, one.pointer), str)
    }  # fmt: skip
    return found.form.from_post(
        [(one.pointer, known[one.fact]) for one in found.form.fields if one.fact in known]
    )


def _files(
    viewer: Viewer, found: pack.Pack, pairs: Pairs, received: Received
) -> tuple[Pairs, tuple[Fault, ...]]:
    """Uploads that came with the post, each as the id of its file; what was not taken says why."""
    faults = []
    for pointer, taken in received.items():
        one = found.form.field(pointer)
        if isinstance(taken, Refused):
            faults.append(Fault(pointer, taken.words))
        elif one is not None:
            pairs = [
                *questions.without(pairs, pointer),
                (pointer, str(file.add(viewer, taken, one.material))),
            ]
    return pairs, tuple(faults)


def _ask(
    request: HttpRequest, viewer: Viewer, view: MatterView, how: str, found: pack.Pack, data: dict[str, Any],
    purpose: str, faults: tuple[Fault, ...] = (), refusal: Refused | None = None,
) -> HttpResponse:  # fmt: skip
    sent = file.pending(viewer, questions.upload_ids(found.form, data))
    asking = Asking(data, {fault.pointer: fault.words for fault in faults}, {str(k): row for k, row in sent.items()},
                    more=request.POST.get("more", ""))  # fmt: skip
    context = {
        "from": view, "item": found, "how": _OTHERS[how], "purpose": purpose, "verb": how,
        "action": request.path, "back": f"/counter/matter/{view.id}?{urlencode({'purpose': purpose})}",
        "parts": [{"title": page.title, "questions": asking.ask(page.fields)} for page in found.form.pages(data)],
        "faults": questions.fault_lines(faults), "refusal": refusal.words if refusal and not faults else None,
        "reason": request.POST.get("reason", ""), "request_id": request.POST.get("request_id") or uuid4().hex,
    }  # fmt: skip
    status = refusal.status if refusal else 422 if faults else 200
    return frame.show(request, viewer, "other", context, status)
