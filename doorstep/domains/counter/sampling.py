"""A share of decided matters is looked at again by somebody who had no hand in them and is not told who decided.

Drawn as the decision falls, by a fingerprint that only this deployment can make: nobody foresees it, and it can be drawn again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from doorstep.domains.counter import frame
from doorstep.domains.counter.models import Sample
from doorstep.kernel import change
from doorstep.kernel.change import Opened
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.lists import these
from doorstep.kernel.org import unit_words
from doorstep.kernel.row import fetch, first, insert, rows, run
from doorstep.kernel.trust import Viewer, keys, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.flow import Happening, step_of
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.region import region
from doorstep.rulebook.words import Refused, Words

PATH = "/counter/samples"
RESULTS: Final = {
    "agree": Words("办得对", "Rightly decided"),
    "form": Words("结果对，手续有缺", "Right, but something is missing in the file"),
    "differs": Words("我会作另一种决定", "I would have decided otherwise"),
}
_ENOUGH = 10
_MOST = 100
_HAND = "select 1 from event where matter_id = %s and account_id = %s limit 1"
_HANDLED = Words(
    "这件事您经手过，请另一个人看。", "You had a hand in this matter; another person looks at it."
)
_COUNTED = "select unit_id, result, count(*) from desk_sample group by 1, 2"


def drawn(matter_id: UUID, step: str, outcome: str) -> bool:
    """Whether this decision is looked at again, by the region's shares: the same answer whenever it is asked."""
    chance = keys().fingerprint("sample", f"{matter_id} {step}".encode())
    return int.from_bytes(chance[:4], "big") % 100 < region().second_look.get(outcome, 0)


def draw(viewer: Viewer, opened: Opened, happened: Sequence[Happening]) -> None:
    """In the verb that decides: what is drawn is noted, without who decided."""
    for one in happened:
        if (
            one.kind != "step.closed"
            or one.outcome not in region().second_look
            or viewer.kind == "system"
            or viewer.is_resident
        ):
            continue
        declared = opened.flow.step(one.step)
        if (
            declared.kind == "review"
            and declared.adhoc is None
            and drawn(opened.row.id, one.step, one.outcome)
        ):
            insert(Sample(id=uuid7(), matter_id=opened.row.id, step=step_of(one.step), unit_id=viewer.unit_id or opened.row.unit_id,
                          outcome=one.outcome, at=opened.at, reviewer_id=None, result="", looked_at=None))  # fmt: skip


change.followed_by(draw)


def look(viewer: Viewer, sample_id: UUID, result: str, *, request_id: str) -> Done:
    """Say how a drawn decision is found, once. Refused: "no-right", "not-found", "result", "looked" (409),
    "handled" for who had a hand in it.
    """
    viewer.need("supervise")
    if result not in RESULTS:
        raise Refused("result", Words("请选一个结论。", "Choose what you found."))

    def do() -> Done:
        found = first(Sample, "where id = %s", sample_id)
        if found is None:
            raise not_found()
        if fetch(_HAND, found.matter_id, viewer.account_id):
            raise Refused("handled", _HANDLED, status=403)
        told = run("update desk_sample set reviewer_id = %s, result = %s, looked_at = %s where id = %s and result = ''",
                   viewer.account_id, result, clock.now(), sample_id)  # fmt: skip
        if not told:
            raise Refused(
                "looked", Words("已经有人看过了。", "Somebody has looked at it already."), status=409
            )
        return Done(sample_id, "", "closed", 1)

    return once(viewer, "look", request_id, {"sample": str(sample_id), "result": result}, do, _again)


def _again(sample_id: UUID) -> Done:
    return Done(sample_id, "", "closed", 1)


# ---- the page ----


def samples(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What was drawn and waits to be looked at, and what was found so far; a post says what one found."""
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                sample = UUID(request.POST.get("sample", ""))
                look(
                    viewer,
                    sample,
                    request.POST.get("result", ""),
                    request_id=request.POST.get("request_id", ""),
                )
            return HttpResponseRedirect(f"{PATH}?did=looked")
        except ValueError:
            refusal = not_found()
        except Refused as refused:
            refusal = refused
    waits = rows(Sample, "where result = '' order by at, id limit %s", _MOST)
    known = these(viewer, [one.matter_id for one in waits], "sample")
    lines = [
        {"id": one.id, "number": row.number, "title": row.title, "unit": unit_words(one.unit_id), "at": one.at,
         "outcome": row.pack.flow.step(one.step).label(one.outcome) if one.step in row.pack.flow.steps else None,
         "url": f"/counter/matter/{row.id}"}
        for one in waits if (row := known.get(one.matter_id))
    ]  # fmt: skip
    context = {
        "lines": lines, "figures": _figures(), "results": RESULTS, "share": region().second_look,
        "enough": _ENOUGH, "request_id": uuid4().hex,
        "said": Words("记下了，谢谢。", "Kept, thank you.") if request.GET.get("did") == "looked" else None,
        "refusal": refusal.words if refusal else None,
    }  # fmt: skip
    return frame.show(request, viewer, "samples", context, refusal.status if refusal else 200)


def _figures() -> list[dict[str, Any]]:
    """By unit: how many were drawn and looked at; what was found only where there are enough to hide who."""
    found: dict[int, Counter[str]] = {}
    for unit, result, count in fetch(_COUNTED):
        found.setdefault(unit, Counter())[result] += count
    return [
        {"unit": unit_words(unit), "drawn": counts.total(), "looked": counts.total() - counts[""],
         "found": [counts[code] for code in RESULTS] if counts.total() - counts[""] >= _ENOUGH else None}
        for unit, counts in sorted(found.items())
    ]  # fmt: skip
