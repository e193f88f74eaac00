"""Papers of people that stay with us: what, of which matter, since when; back against the person's signature."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.counter import frame
from doorstep.domains.counter.models import Original
from doorstep.kernel.lists import Row, these
from doorstep.kernel.matter import note
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

SIGNED = {"paper": Words("签在纸上", "Signed on paper"), "pad": Words("签在签字板上", "Signed on the pad")}


def keep(viewer: Viewer, matter_id: UUID, materials: dict[str, Words], request_id: str) -> None:
    """These papers stay with the viewer's unit for this matter. Repeating it changes nothing."""
    if not materials:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        for code in materials:
            cursor.execute(
                """insert into original_kept (id, matter_id, material, unit_id, kept_by, kept_at, signed)
                values (%s, %s, %s, %s, %s, %s, '') on conflict do nothing""",
                [uuid7(), matter_id, code, viewer.unit_id, viewer.account_id, clock.now()],
            )
        titles = "、".join(one.zh for one in materials.values())
        note(viewer, matter_id, text=f"窗口留下原件：{titles}", request_id=f"{request_id}-left")


def not_kept(viewer: Viewer, matter_id: UUID) -> None:
    """The acceptance was taken back: its originals are on the table still, not with us."""
    Original.objects.filter(matter_id=matter_id, returned_at=None).update(
        returned_by=viewer.account_id, returned_at=clock.now(), signed="undone"
    )


def here(viewer: Viewer, matters: Iterable[UUID] | None = None) -> list[dict[str, Any]]:
    """The originals with the viewer's unit, oldest first; only those of ``matters`` if given. Names are masked."""
    rows = Original.objects.filter(unit_id=viewer.unit_id or 0, returned_at=None)
    if matters is not None:
        rows = rows.filter(matter_id__in=list(matters))
    found = list(rows.order_by("kept_at")[:200])
    seen = these(viewer, list({one.matter_id for one in found}), "originals") if found else {}
    return [_line(one, seen[one.matter_id]) for one in found if one.matter_id in seen]


def _line(one: Original, row: Row) -> dict[str, Any]:
    return {
        "id": one.id, "matter": one.matter_id, "number": row.number, "name": row.name, "item": row.title,
        "title": title_of(row.pack, one.material), "at": one.kept_at, "code": one.material,
    }  # fmt: skip


def title_of(item: Any, code: str) -> Words:
    """What a paper is called in this item."""
    return next((a.material.title for a in item.materials if a.material.code == code), Words(code, code))


def give_back(viewer: Viewer, ids: Iterable[UUID], *, signed: str, request_id: str) -> list[dict[str, Any]]:
    """The person has these papers again and signed for them; answers what went back. Repeating it changes nothing.

    Refused: "signature" unless it is said how the person signed.
    """
    if signed not in SIGNED:
        raise Refused("signature", Words("请本人签收，并选签在哪里。", "Let the person sign, and say where."))
    wanted = set(ids)
    lines = [one for one in here(viewer) if one["id"] in wanted]
    with transaction.atomic():
        for one in lines:
            Original.objects.filter(id=one["id"], returned_at=None).update(
                returned_by=viewer.account_id, returned_at=clock.now(), signed=signed
            )
            text = f"原件已还：{one['title'].zh}，本人签收（{SIGNED[signed].zh}）"
            note(viewer, one["matter"], text=text, request_id=f"{request_id}-{one['id'].hex}")
    return lines


def listing(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """The originals that are with us, and a form to give some back."""
    refusal = None
    if request.method == "POST":
        ids = [UUID(one) for one in request.POST.getlist("original") if FORMATS["upload"].ok(one)]
        try:
            if not ids:
                raise Refused("none", Words("请勾上还给本人的原件。", "Tick the papers that go back."))
            give_back(
                viewer,
                ids,
                signed=request.POST.get("signed", ""),
                request_id=request.POST.get("request_id", ""),
            )
            return HttpResponseRedirect(f"{request.path}?did=returned")
        except Refused as refused:
            refusal = refused
    context = {
        "originals": here(viewer), "refusal": refusal and refusal.words, "give_request": uuid4().hex, "ways": SIGNED,
        "did": request.GET.get("did") == "returned", "chosen": request.POST.getlist("original"),
    }  # fmt: skip
    return frame.show(request, viewer, "originals", context, refusal.status if refusal else 200)
