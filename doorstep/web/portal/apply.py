"""Applying: one group of questions a page, kept after every step, read again, sent once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from doorstep.kernel import draft, file, matter, plug
from doorstep.kernel.draft import DraftView
from doorstep.kernel.idempotency import first_of
from doorstep.kernel.party import HELD, Person, disagreements, own_person, person_of
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import pack
from doorstep.rulebook.field import Fault, Page
from doorstep.rulebook.form import Form
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Refused, Words
from doorstep.web import questions
from doorstep.web.places import online_here, online_point
from doorstep.web.portal.item import fee_words
from doorstep.web.questions import Asking, FaultLine, anchor_of
from doorstep.web.uploads import Received

REVIEW = Words("看一遍，提交", "Review and send")
CHANGED = Words(
    "这份申请刚才在别的页面改过。请再看一遍，没问题就提交。",
    "This application was changed on another page. Read it once more, then send it.",
)
MORE = Words("您刚才的回答还要再问一点，在下面。", "Your answer calls for one more question below.")


@dataclass(frozen=True, slots=True)
class StepLink:
    """A page of the form in the list beside it."""

    title: Words
    url: str
    done: bool
    now: bool
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Whom:
    """For whom a form is filled in: oneself, or another by a mandate. ``at`` is what the addresses begin with."""

    mandate_id: UUID | None = None
    person: Person | None = None
    at: str = ""


_MYSELF = Whom()


@dataclass(frozen=True, slots=True)
class Back:
    """The page before this one."""

    title: Words
    url: str


def start(request: HttpRequest, viewer: Viewer, code: str, mandate_id: UUID | None = None) -> HttpResponse:
    """Go on where the last draft of this service stopped, else begin with what is known already."""
    found, kept, whom = _begun(viewer, code, mandate_id)
    pages = found.form.pages(kept.data if kept else {})
    if kept is None:
        draft.save_draft(
            viewer, code, known(whom.person or own_person(viewer), found), pages[0].id, mandate_id=mandate_id
        )
        return redirect(f"{whom.at}/apply/{code}/{pages[0].id}")
    here = kept.page if kept.page in [page.id for page in pages] else pages[0].id
    return redirect(f"{whom.at}/apply/{code}/{here}")


def page(
    request: HttpRequest, viewer: Viewer, code: str, page_id: str, mandate_id: UUID | None = None,
    received: Received | None = None,
) -> HttpResponse:  # fmt: skip
    """One group of questions. A post keeps what was typed, right or wrong, then goes on or says what to mend."""
    found, kept, whom = _begun(viewer, code, mandate_id)
    if kept is None:
        return redirect(f"{whom.at}/apply/{code}")
    here = next((one for one in found.form.pages(kept.data) if one.id == page_id), None)
    if here is None:
        return redirect(f"{whom.at}/apply/{code}")
    if request.method == "POST":
        return _post(request, viewer, found, here, kept, whom, received or {})
    return _show(request, viewer, found, here, kept, whom)


def _post(
    request: HttpRequest, viewer: Viewer, found: Pack, here: Page, kept: DraftView, whom: Whom, received: Received
) -> HttpResponse:  # fmt: skip
    pairs, refused = take_files(request, viewer, found.form, received)
    data = questions.taken_in(found.form, here.fields, kept.data, pairs)
    kept = draft.save_draft(viewer, found.code, data, here.id, kept.id)
    if refused:
        return _show(request, viewer, found, here, kept, whom, refused)
    if request.POST.get("go") == "later":
        return redirect("/mine?told=kept")
    if request.POST.get("go") != "next":
        return _show(request, viewer, found, here, kept, whom)
    faults = found.form.validate(data, page=here.id) or not_theirs(
        viewer, whom.person or own_person(viewer), found, here, data
    )
    again = next((one for one in found.form.pages(data) if one.id == here.id), here)
    if faults:
        return _show(request, viewer, found, again, kept, whom, faults)
    if {one.pointer for one in again.fields} - {one.pointer for one in here.fields}:
        return redirect(
            f"{whom.at}/apply/{found.code}/{here.id}?more=1"
        )  # an answer called for another question
    return redirect(after(found, whom, here.id, data))


def take_files(
    request: HttpRequest, viewer: Viewer, form: Form, received: Received
) -> tuple[questions.Pairs, tuple[Fault, ...]]:
    """The post with the ids of files that came with it, less what a button takes away; and files that were refused."""
    pairs = questions.pairs_of(request.POST)
    refused = []
    for pointer, got in received.items():
        asked = form.field(pointer)
        if isinstance(got, Refused):
            refused.append(Fault(pointer, got.words))
        elif asked is not None:
            file_id = file.add(viewer, got, asked.material)
            pairs = [*questions.without(pairs, pointer), (pointer, str(file_id))]
    for button in ("drop", "less"):
        if away := request.POST.get(button):
            pairs = questions.without(pairs, away)
    return pairs, tuple(refused)


def asking(
    request: HttpRequest, viewer: Viewer, form: Form, data: Mapping[str, Any], faults: Sequence[Fault] = ()
) -> Asking:
    """What is needed to show the questions of ``form`` with these answers."""
    sent = file.pending(viewer, questions.upload_ids(form, data))
    return Asking(
        data,
        {fault.pointer: fault.words for fault in faults},
        {str(key): row for key, row in sent.items()},
        more=request.POST.get("more", ""),
    )


def _show(
    request: HttpRequest,
    viewer: Viewer,
    found: Pack,
    here: Page,
    kept: DraftView,
    whom: Whom,
    faults: Sequence[Fault] = (),
) -> HttpResponse:
    context = {
        **page_of(found, here, asking(request, viewer, found.form, kept.data, faults), faults, whom),
        "version": kept.version,
        "called": MORE if request.GET.get("more") else None,
        "saved_at": kept.saved_at if kept.version > 1 else None,
    }
    return render(request, "web/portal/apply.html", context, status=422 if faults else 200)


def page_of(
    found: Pack, here: Page, asked: Asking, faults: Sequence[Fault] = (), whom: Whom = _MYSELF
) -> dict[str, Any]:
    """What ``apply.html`` shows of one page of a form. It needs no draft, so that an author sees the very same page."""
    pages = found.form.pages(asked.data)
    place = [one.id for one in pages].index(here.id)
    before = pages[place - 1] if place else None
    return {
        "item": found,
        "whom": whom.person,
        "page": here,
        "questions": asked.ask(here.fields),
        "faults": questions.fault_lines(faults),
        "action": f"{whom.at}/apply/{found.code}/{here.id}",
        "last": place == len(pages) - 1,
        "before": Back(before.title, f"{whom.at}/apply/{found.code}/{before.id}") if before else None,
        **_progress(found, whom, pages, place),
    }


def _progress(
    found: Pack, whom: Whom, pages: Sequence[Page], place: int, faults: Sequence[Fault] = ()
) -> dict[str, Any]:
    """How far one is, in words and as a list; ``place`` past the last page is the review, where ``faults`` are known."""
    links = [
        StepLink(
            one.title, f"{whom.at}/apply/{found.code}/{one.id}", number < place, number == place,
            is_on(one, (fault.pointer for fault in faults)),
        )
        for number, one in enumerate(pages)
    ]  # fmt: skip
    links.append(StepLink(REVIEW, f"{whom.at}/send/{found.code}", False, place == len(pages)))
    total = len(links)
    left = total - place - 1
    if faults:
        return {
            "steps": links,
            "progress": Words(f"还差 {len(faults)} 处，补好就能交。", f"{len(faults)} still to fill in."),
        }
    said = (
        Words(f"这是第 {place + 1} 页，后面还有 {left} 页。", f"Page {place + 1} of {total}.")
        if left
        else Words("都填好了，看一遍就能交。", "All filled in. Read it once more and send it.")
    )
    return {"steps": links, "progress": said}


def review(request: HttpRequest, viewer: Viewer, code: str, mandate_id: UUID | None = None) -> HttpResponse:
    """Everything to be read again; a post sends it, once, and leads to the receipt."""
    found, kept, whom = _begun(viewer, code, mandate_id)
    if kept is None:
        return _sent_before(request, viewer) or redirect(f"{whom.at}/apply/{code}")
    if request.method == "POST":
        return _send(request, viewer, found, kept, whom)
    return _read_again(request, found, kept, whom)


def _sent_before(request: HttpRequest, viewer: Viewer) -> HttpResponse | None:
    """Send pressed twice: the receipt of the first time."""
    if request.method != "POST":
        return None
    made = first_of(viewer, "open", request.POST.get("request_id", ""))
    return redirect(f"/matter/{made}/receipt" if made else "/mine")


def _send(request: HttpRequest, viewer: Viewer, found: Pack, kept: DraftView, whom: Whom) -> HttpResponse:
    if request.POST.get("request_id") != request_id(kept):
        return _read_again(request, found, kept, whom, Refused("draft-changed", CHANGED, status=409))
    try:
        with transaction.atomic():
            done = matter.open_matter(
                viewer,
                item=found.code,
                point=online_point(found, kept.data),
                channel="online",
                data=found.form.clean(kept.data),
                hand_out=found.hand_out_code(kept.data),
                request_id=request_id(kept),
                on_behalf=whom.mandate_id,
            )
            draft.drop_draft(viewer, kept.id)
    except Refused as refusal:
        return _read_again(request, found, kept, whom, refusal)
    return redirect(f"/matter/{done.matter_id}/receipt")


def request_id(kept: DraftView) -> str:
    """Of sending a draft as it stands: another answer makes it another request."""
    return f"draft-{kept.id}-{kept.version}"


def _read_again(
    request: HttpRequest, found: Pack, kept: DraftView, whom: Whom, refusal: Refused | None = None
) -> HttpResponse:
    context = {
        **review_of(found, kept.data, whom, refusal),
        "request_id": request_id(kept),
        "saved_at": kept.saved_at,
    }
    status = refusal.status if refusal else 200
    return render(request, "web/portal/review.html", context, status=status)


def review_of(
    found: Pack, data: Mapping[str, Any], whom: Whom = _MYSELF, refusal: Refused | None = None
) -> dict[str, Any]:
    """What ``review.html`` shows of these answers. It needs no draft, so that an author sees the very same page."""
    pages = found.form.pages(data)
    faults = found.form.validate(found.form.clean(data)) or _told(refusal)
    return {
        "item": found,
        "whom": whom.person,
        "groups": [
            (group, f"{whom.at}/apply/{found.code}/{group.id}")
            for group in questions.answers(found.form, data)
        ],
        "faults": [_elsewhere(found, whom, pages, fault) for fault in faults],
        "refusal": refusal.words if refusal and refusal.code != "invalid" else None,
        "action": f"{whom.at}/send/{found.code}",
        "before": Back(pages[-1].title, f"{whom.at}/apply/{found.code}/{pages[-1].id}"),
        "promise": Words.of(found.privacy["notice"]),
        "fee": fee_words(found),
        **_progress(found, whom, pages, len(pages), faults),
    }


def not_theirs(
    viewer: Viewer, whose: Person | None, found: Pack, here: Page, data: Mapping[str, Any]
) -> tuple[Fault, ...]:
    """Answers on this page that differ from the record of whom it is for: said at once, not only at the end."""
    mine = {one.pointer for one in here.fields}
    faults = disagreements(viewer, found.form, data, whose) if whose else ()
    return tuple(fault for fault in faults if fault.pointer in mine)


def _told(refusal: Refused | None) -> tuple[Fault, ...]:
    """What the refusal says of single answers."""
    faults = refusal.faults if refusal else ()
    return tuple(Fault(pointer, words) for pointer, words in faults)


def _elsewhere(found: Pack, whom: Whom, pages: Sequence[Page], fault: Fault) -> FaultLine:
    """A fault on another page, with the way there."""
    for one in pages:
        if is_on(one, [fault.pointer]):
            url = f"{whom.at}/apply/{found.code}/{one.id}"
            return FaultLine(anchor_of(fault.pointer), fault.words, url=url, page=one.title)
    return FaultLine(anchor_of(fault.pointer), fault.words)


def is_on(one: Page, pointers: Iterable[str]) -> bool:
    """Whether one of these answers stands on this page."""
    own = [field.pointer for field in one.fields]
    return any(asked == mine or asked.startswith(mine + "/") for asked in pointers for mine in own)


def after(found: Pack, whom: Whom, page_id: str, data: Mapping[str, Any]) -> str:
    """Where one goes from a page: to the next one, else to read all of it again."""
    ids = [one.id for one in found.form.pages(data)]
    follows = ids[ids.index(page_id) + 1 :] if page_id in ids else ids
    return whom.at + (f"/apply/{found.code}/{follows[0]}" if follows else f"/send/{found.code}")


def _online(code: str) -> Pack:
    found = pack.current(code)
    if "online" not in found.channels:
        raise not_found()
    if not online_here(found):
        words = Words(
            f"“{found.title.zh}”在这里不能网上申请，要到窗口办；指南里写着去哪里。",
            f"“{found.title.en}” cannot be begun online here. Its guide says where to go.",
        )
        raise Refused("not-here", words, status=409)
    return found


def _begun(viewer: Viewer, code: str, mandate_id: UUID | None) -> tuple[Pack, DraftView | None, Whom]:
    """The service as it holds for the unit that the answers so far make competent, those answers, and for whom."""
    found, whom = _online(code), _MYSELF
    if mandate_id is not None:
        held = plug.mandates().held(viewer, mandate_id, found)
        whom = Whom(mandate_id, person_of(held), f"/for/{mandate_id}")
    kept = next(
        (one for one in draft.my_drafts(viewer) if (one.item, one.mandate_id) == (code, mandate_id)), None
    )
    if kept is None:
        return found, None, whom
    there, data = matter.asked_there(code, online_point(found, kept.data), kept.data)
    return there, replace(kept, data=data), whom


def known(me: Person | None, found: Pack) -> dict[str, Any]:
    """What we hold about the person already, so that it need not be typed again."""
    if me is None:
        return {}
    pairs = [
        (one.pointer, str(getattr(me, HELD[one.fact])))
        for one in found.form.fields
        if one.fact in HELD and getattr(me, HELD[one.fact])
    ]
    return found.form.from_post(pairs)
