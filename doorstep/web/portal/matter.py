"""My matters: where each stands, who has it, what I can do; correct, withdraw, download, who looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe

from doorstep.kernel import draft, file, issue, lists, matter, paper, plug, post, read, trust
from doorstep.kernel.read import MatterView
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, pack
from doorstep.rulebook.format import whole
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words
from doorstep.web import language, questions
from doorstep.web import receipt as receipts
from doorstep.web.longer import extensions
from doorstep.web.portal.item import how_it_goes
from doorstep.web.portal.picture import acts, invited, legs, plate, stops, todo
from doorstep.web.portal.rows import mine_row

_FEW = 20
_NOTICES = 50
"""So many messages on one page of them."""
_TOLD = {
    "kept": Words(
        "存好了，30 天内随时接着填。没有人看得到。",
        "Saved. Go on any time within 30 days; nobody else can see it.",
    ),
    "sent": Words("交上了。", "Sent."),
    "corrected": Words(
        "改好的交上了，接着办，不用重新排队。", "Your corrections are in. It goes on from there."
    ),
    "answered": Words("您的答复记下了，对方马上知道。", "Your answer is kept, and the other person is told."),
    "withdrawn": Words("撤回了，这件事到此为止。", "Withdrawn. It ends here."),
    "added": Words("加上了。", "Added."),
    "rated": Words("谢谢您，收到了。", "Thank you, we have it."),
}


def mine(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Drafts, open and ended matters, messages."""
    number = whole(request.GET.get("page")) or 1
    found, waits = lists.my_matters(viewer, page=number), lists.waiting(viewer)
    context = {
        "drafts": [
            {
                "id": one.id,
                "url": f"/for/{one.mandate_id}/apply/{one.item}" if one.mandate_id else f"/apply/{one.item}",
                "title": pack.current(one.item).title,
                "saved_at": one.saved_at,
            }
            for one in (draft.my_drafts(viewer) if number == 1 else [])
        ],
        "open": [mine_row(row, waits) for row in found.rows if not row.ended],
        "ended": [mine_row(row) for row in found.rows if row.ended],
        "for_others": [
            mine_row(row, for_other=True) for row in lists.my_matters(viewer, role="agent").rows[:_FEW]
        ]
        if number == 1
        else [],
        "notices": post.my_notices(viewer, 4),
        "pages": {"now": number, "before": number - 1, "next": number + 1, "more": found.more},
        "told": _TOLD.get(request.GET.get("told", "")),
    }
    return render(request, "web/portal/mine.html", context)


def one(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """One matter with everything I may know and do."""
    found = read.read_matter(viewer, matter_id)
    if found.for_other and not any(one.keeps(found.applicant) for one in plug.mandates().mine(viewer)):
        found = replace(found, papers=())  # an agent keeps no copy
    context = {
        "matter": found,
        "plate": plate(found),
        "todo": todo(found),
        "stops": stops(found),
        "legs": legs(found),
        "longer": [one for one in extensions(found) if one.outcome == "approve"],
        "acts": acts(found),
        "invited": invited(found),
        "papers": found.papers,
        "making": any(paper.state == "making" for paper in found.papers),
        "heard": questions.heard(found.pack, found.data),
        "asking": any(step.by == "call" for step in found.open_steps),
        "files": [(one, _material_title(found, one.material)) for one in found.files],
        "groups": questions.answers(found.pack.form, found.data, masked=True),
        "unexplained": Words("说不清原因", "No reason given"),
        "seen": [] if found.for_other else read.readers(viewer, found.id)[:8],
        "now": clock.now(),
        "told": _TOLD.get(request.GET.get("told", "")),
    }
    return render(request, "web/portal/matter.html", context)


def _material_title(found: MatterView, code: str) -> Words:
    asked = next((one.material.title for one in found.pack.materials if one.material.code == code), None)
    return asked or Words("材料", "Document")


def receipt(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """What was received, under which number, and what happens next."""
    found = read.read_matter(viewer, matter_id)
    address = request.build_absolute_uri(f"/matter/{found.id}")
    context = {
        "matter": found,
        "next_steps": how_it_goes(found.pack)[1:],
        "papers": found.papers,
        "qr": mark_safe(paper.qr_svg(address)),  # noqa: S308  (our own drawing of our own address)
    }
    return render(request, "web/portal/receipt.html", context)


def receipt_pdf(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """The receipt of acceptance, on paper: also for who came to a window without a phone."""
    return _copy(request, viewer, matter_id, receipts.acceptance, "receipt")


def to_correct_pdf(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Everything that is to be put right, on paper."""
    return _copy(request, viewer, matter_id, receipts.to_correct, "to-correct")


def _copy(
    request: HttpRequest, viewer: Viewer, matter_id: UUID, draw: Callable[..., bytes], name: str
) -> HttpResponse:
    found = read.read_matter(viewer, matter_id)
    address = request.build_absolute_uri(f"/matter/{found.id}")
    content = draw(found, lang=language.lang(), address=address, demo=trust.is_demo())
    return as_file(content, "application/pdf", f"{found.number}-{name}.pdf")


def add(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Ask once more, then add a step that the item lets the applicant add."""
    found = read.read_matter(viewer, matter_id)
    step = request.GET.get("step") or request.POST.get("step", "")
    title = dict(found.addable).get(step)
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                matter.add_step(
                    viewer, found.id, step=step, request_id=request.POST.get("request_id", ""),
                    reason=request.POST.get("reason", "").strip()[:500],
                )  # fmt: skip
            return redirect(f"/matter/{found.id}?told=added")
        except Refused as refused:
            refusal = refused
    elif title is None:
        return redirect(f"/matter/{found.id}")
    context = {
        "matter": found, "title": title or found.title, "step": step, "refusal": refusal.words if refusal else None,
        "reason": request.POST.get("reason", ""), "request_id": request.POST.get("request_id") or uuid7(),
    }  # fmt: skip
    return render(request, "web/portal/add.html", context, status=refusal.status if refusal else 200)


def withdraw(request: HttpRequest, viewer: Viewer, matter_id: UUID) -> HttpResponse:
    """Ask once more, then take the matter back."""
    found = read.read_matter(viewer, matter_id)
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                matter.withdraw(
                    viewer, found.id, request_id=request.POST.get("request_id", ""),
                    reason=request.POST.get("reason", "").strip()[:500],
                )  # fmt: skip
            return redirect(f"/matter/{found.id}?told=withdrawn")
        except Refused as refused:
            refusal = refused
    elif not found.may_withdraw:
        return redirect(f"/matter/{found.id}")
    context = {
        "matter": found,
        "reason": request.POST.get("reason", ""),
        "request_id": request.POST.get("request_id") or uuid7(),
        "refusal": refusal.words if refusal else None,
    }
    status = refusal.status if refusal else 200
    return render(request, "web/portal/withdraw.html", context, status=status)


def download(request: HttpRequest, viewer: Viewer, number: str) -> HttpResponse:
    """The signed PDF of a paper of mine."""
    content, name = issue.download(viewer, number)
    return as_file(content, "application/pdf", name)


def show_file(request: HttpRequest, viewer: Viewer, file_id: UUID) -> HttpResponse:
    """A file I sent."""
    content, media = file.read_file(viewer, file_id)
    return as_file(content, media, "")


def as_file(content: bytes, media: str, name: str) -> HttpResponse:
    """Shown by itself in the browser's own viewer, never as part of a page."""
    response = HttpResponse(content, content_type=media)
    response["Content-Disposition"] = f'inline; filename="{name}"' if name else "inline"
    # No sandbox for PDFs: Safari then shows an empty window. Browsers run PDF viewers apart from the origin.
    box = "" if media == "application/pdf" else "; sandbox"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'{box}"
    )
    return response


def readers(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Who looked at anything of mine."""
    context = {
        "seen": read.readers(viewer),
        "unexplained": Words("说不清原因", "No reason given"),
        "now": clock.now(),
    }
    return render(request, "web/portal/readers.html", context)


def notices(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Messages to me, a page at a time; seeing a page marks what it shows as read, and nothing else."""
    number = whole(request.GET.get("page")) or 1
    found = post.my_notices(viewer, _NOTICES + 1, (number - 1) * _NOTICES)
    shown = found[:_NOTICES]
    post.mark_read(viewer, [one.id for one in shown if not one.read])
    pages = {"now": number, "before": number - 1, "next": number + 1, "more": len(found) > _NOTICES}
    return render(request, "web/portal/notices.html", {"notices": shown, "pages": pages})
