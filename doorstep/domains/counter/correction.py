"""A paper that went out is wrong: a matter of its own corrects it. The old one stays in the chain and is replaced by the new.

The clerk types the number on the paper; a visit begins with the old answers in the form, to be put right and accepted as any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.counter import frame, place, scans
from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.visit import Guest, Visit
from doorstep.kernel.lists import these
from doorstep.kernel.matter import note
from doorstep.kernel.read import MatterView, read_matter
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

WHY = {
    "ours": Words("我们打错了", "Our mistake"),
    "given": Words("本人当时说错了", "Given wrongly at the time"),
    "changed": Words("情况后来变了", "Things have changed since"),
}
_NO_PAPER = Words(
    "没有找到这份文书，或者它不是经您单位办的、发的。编号印在文书上，要写全。",
    "No such paper, or your unit neither took it in nor handed it out. The number is on the paper; type it in full.",
)


def correct(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Ask for the number on the paper and why; begin the visit that corrects it."""
    typed = {name: request.POST.get(name, "").strip() for name in ("number", "why")}
    refusal = None
    if request.method == "POST":
        try:
            return HttpResponseRedirect(
                f"/counter/visit/{begin(viewer, typed['number'].upper(), typed['why']).id}"
            )
        except Refused as refused:
            refusal = refused
    context = {"typed": typed, "whys": WHY, "refusal": refusal and refusal.words}
    return frame.show(request, viewer, "correct", context, refusal.status if refusal else 200)


def begin(viewer: Viewer, number: str, why: str) -> Visit:
    """A visit with the answers behind this paper. Refused: "no-paper" (404), "why", "not-now" (409) if it holds no more."""
    if why not in WHY:
        raise Refused("why", Words("请选为什么要更正。", "Say why it is to be corrected."))
    with connection.cursor() as cursor:
        cursor.execute("select id, matter_id, state from paper where number = %s", [number])
        found = cursor.fetchone()
    row = these(viewer, [found[1]], "correction").get(found[1]) if found else None
    if row is None:
        raise Refused("no-paper", _NO_PAPER, status=404)
    if found[2] != "ready":
        raise Refused(
            "not-now",
            Words("这份文书已经换过、作废或还没做好，不能再更正它。", "This paper is replaced, withdrawn or not yet made."),
            status=409,
        )  # fmt: skip
    view = read_matter(viewer, row.id, purpose=row.pack.purpose, reason="更正文书 · a paper is corrected")
    corrects = {"paper": str(found[0]), "number": number, "matter": str(view.id), "why": why}
    return visits.keep(viewer, _visit(viewer, view, corrects))


def _visit(viewer: Viewer, view: MatterView, corrects: Mapping[str, str]) -> Visit:
    window = place.point_of(viewer, "")
    guest = Guest(1, view.applicant)
    answers = scans.copied(viewer, view)
    return Visit(
        guests=(guest,), items=(view.item,), titles={view.item: view.title.as_dict()}, answers={view.item: answers},
        requests={view.item: uuid4().hex}, point=window.code if window else "", corrects={view.item: dict(corrects)},
    )  # fmt: skip


def tie(viewer: Viewer, corrects: Mapping[str, Any], new_matter: UUID, request_id: str) -> None:
    """The new matter corrects the old paper: kept beside both, and said in both chains."""
    old = UUID(corrects["matter"])
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into paper_correction (id, paper_id, old_matter, new_matter, reason, at) values (%s, %s, %s, %s, %s, %s)
            on conflict do nothing""",
            [uuid7(), corrects["paper"], old, new_matter, corrects["why"], clock.now()],
        )
    lines = these(viewer, [old, new_matter], "correction")
    why = WHY[corrects["why"]].zh
    note(
        viewer,
        new_matter,
        text=f"更正文书 {corrects['number']}（{lines[old].number}）：{why}",
        request_id=f"{request_id}-corrects",
    )
    text = f"文书 {corrects['number']} 由 {lines[new_matter].number} 更正：{why}。新的做好后，这份即被替换"
    note(viewer, old, text=text, request_id=f"{request_id}-corrected")
