"""One's own turn at the desk: what one holds, handed to a colleague; and days away, with somebody who stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from doorstep.domains.counter import frame
from doorstep.domains.counter.models import Absence
from doorstep.kernel.assign import Colleague, assign, colleagues
from doorstep.kernel.idempotency import Done, once
from doorstep.kernel.org import below, unit_words
from doorstep.kernel.row import fetch, first, insert, rows, run
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook import clock
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

PATH = "/counter/mine"
_MOST = 100
_LONGEST = timedelta(days=366)
_WORKS = frozenset({"receive", "decide", "hand_out", "assist"})
_HELD = """select matter_id, name from step where unit_id = %s and account_id = %s and closed_at is null
order by due_at, id limit %s"""
_STANDS = """select account_id from desk_absence where substitute_id = %s and last >= %s and first <= %s and ended_at is null"""
_CROSSED = """where account_id in (%s, %s) and first <= %s and last >= %s and ended_at is null"""
_SAID = {
    "told": Words("记下了：到日子自动代办，到期自动交回。", "Noted. It begins and ends by itself."),
    "ended": Words("提前结束了。", "Ended early."),
}


def today() -> date:
    """The day by the region's calendar."""
    return calendar().day_of(clock.now())


def stands_in_for(viewer: Viewer) -> tuple[UUID, ...]:
    """The colleagues who are away today and for whom the viewer stands in."""
    day = today()
    return tuple(one for (one,) in fetch(_STANDS, viewer.account_id, day, day))


def held(viewer: Viewer) -> list[tuple[UUID, str]]:
    """The open steps that are the viewer's own, the most urgent first: matter and step."""
    return [(m, s) for m, s in fetch(_HELD, viewer.unit_id, viewer.account_id, _MOST + 1)]


def hand_all(viewer: Viewer, to: UUID, *, reason: str, request_id: str) -> int:
    """Hand what one holds to a colleague, the most urgent hundred at a time, all or nothing. Returns how many. Refused: "reason",
    as `assign`.
    """
    if not reason.strip():
        raise Refused("reason", Words("请写一句为什么要交出去。", "Say in a sentence why it is handed over."))
    mine = held(viewer)[:_MOST]
    for number, (matter_id, step) in enumerate(sorted(mine)):
        once_only = f"{request_id[:24]}-{number}-{matter_id}"
        assign(viewer, matter_id, step=step, to=to, reason=reason, request_id=once_only)
    return len(mine)


@dataclass(frozen=True, slots=True)
class Away:
    """Days on which somebody is away, and who stands in."""

    id: UUID
    name: Words
    substitute: Words
    unit: Words
    first: date
    last: date
    now: bool
    may_end: bool


def tell(viewer: Viewer, *, who: UUID, substitute: UUID, first: date, last: date, request_id: str) -> Done:
    """Somebody will be away; one says so for oneself, a supervisor for anybody below. The substitute works in the same unit, and
    is there on these days. Refused: "no-right", "no-colleague", "days", "crossed" (409).
    """

    def do() -> Done:
        known = colleagues()
        one, other = known.get(who), known.get(substitute)
        over = viewer.may("supervise") and one is not None and one.unit_id in below(viewer.unit_id)
        if one is None or (who != viewer.account_id and not over):
            raise refuse_right()
        if other is None or other.id == one.id or other.unit_id != one.unit_id or not other.verbs & _WORKS:
            raise Refused(
                "no-colleague",
                Words("请选同单位的另一位同事代办。", "Choose another colleague of the same unit."),
            )
        if not today() <= first <= last <= first + _LONGEST:
            raise Refused("days", Words("日子不对：从今天或以后开始，最后一天不能早于第一天。",
                                        "These days do not fit: from today on, and the last not before the first."))  # fmt: skip
        if rows(Absence, _CROSSED, who, substitute, last, first):
            raise Refused("crossed", Words("这几天已经有安排：两人里有一位那时不在。",
                                           "One of the two is away on some of these days already."), status=409)  # fmt: skip
        row = Absence(id=uuid7(), account_id=who, substitute_id=substitute, unit_id=one.unit_id, first=first, last=last,
                      told_by=viewer.account_id, at=clock.now(), ended_at=None)  # fmt: skip
        insert(row)
        return Done(row.id, "", "open", 1)

    content = {"who": str(who), "substitute": str(substitute), "first": str(first), "last": str(last)}
    return once(viewer, "tell_absence", request_id, content, do, _told)


def end(viewer: Viewer, absence_id: UUID) -> None:
    """Back earlier: said by whoever was away, or by a supervisor above. Saying it twice changes nothing. Refused: "not-found"."""
    found = first(Absence, "where id = %s", absence_id)
    over = found is not None and viewer.may("supervise") and found.unit_id in below(viewer.unit_id)
    if found is None or (found.account_id != viewer.account_id and not over):
        raise not_found()
    run("update desk_absence set ended_at = %s where id = %s and ended_at is null", clock.now(), absence_id)


def _told(absence_id: UUID) -> Done:
    return Done(absence_id, "", "open", 1)


def away(viewer: Viewer, known: Mapping[UUID, Colleague]) -> list[Away]:
    """Who is or will be away in the viewer's unit, and in those under it for a supervisor."""
    units = below(viewer.unit_id) if viewer.may("supervise") else (viewer.unit_id,)
    day, gone = today(), Words("已离开的同事", "Somebody who has left")
    found = rows(Absence, "where unit_id = any(%s) and last >= %s and ended_at is null order by first, id limit 200",
                 list(units), day)  # fmt: skip
    return [
        Away(a.id, known[a.account_id].name if a.account_id in known else gone,
             known[a.substitute_id].name if a.substitute_id in known else gone, unit_words(a.unit_id), a.first, a.last,
             a.first <= day, viewer.may("supervise") or a.account_id == viewer.account_id)
        for a in found
    ]  # fmt: skip


# ---- the page ----


def mine(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """What one holds and may hand over, and who is away; a post does one of the two."""
    refusal = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                return HttpResponseRedirect(f"{PATH}?{_do(viewer, request.POST)}")
        except Refused as refused:
            refusal = refused
    return _page(request, viewer, refusal)


def _do(viewer: Viewer, post: QueryDict) -> str:
    what, request_id = post.get("do", ""), post.get("request_id", "")
    if what == "hand_all":
        number = hand_all(viewer, _id(post, "to"), reason=post.get("reason", ""), request_id=request_id)
        return f"handed={number}"
    if what == "end":
        end(viewer, _id(post, "absence"))
        return "did=ended"
    who = _id(post, "who") if post.get("who") else viewer.account_id
    tell(viewer, who=who, substitute=_id(post, "substitute"), first=_day(post, "first"), last=_day(post, "last"),
         request_id=request_id)  # fmt: skip
    return "did=told"


def _page(request: HttpRequest, viewer: Viewer, refusal: Refused | None) -> HttpResponse:
    known, mine_now = colleagues(), held(viewer)
    over = viewer.may("supervise")
    there = [one for one in known.values() if over or one.unit_id == viewer.unit_id]
    others = [one for one in there if one.id != viewer.account_id and one.verbs & _WORKS]
    handed = request.GET.get("handed", "")
    context = {
        "held": len(mine_now) if len(mine_now) <= _MOST else f"{_MOST}+", "some": bool(mine_now),
        "to": [(o.id, o.name) for o in others if o.unit_id == viewer.unit_id],
        "substitutes": [(o.id, o.name, unit_words(o.unit_id)) for o in others],
        "who": [(o.id, o.name, unit_words(o.unit_id)) for o in there] if over else [],
        "away": away(viewer, known), "over": over, "day": today().isoformat(), "me": viewer.account_id,
        "said": Words(f"交出去了 {handed} 件。", f"Handed over: {handed}.") if handed.isdecimal()
        else _SAID.get(request.GET.get("did", "")),
        "refusal": refusal.words if refusal else None, "typed": request.POST if refusal else {}, "request_id": uuid4().hex,
    }  # fmt: skip
    return frame.show(request, viewer, "mine", context, refusal.status if refusal else 200)


def _id(post: QueryDict, name: str) -> UUID:
    try:
        return UUID(post.get(name, ""))
    except ValueError:
        raise Refused("choose", Words("请先选一位同事。", "Choose a colleague first.")) from None


def _day(post: QueryDict, name: str) -> date:
    try:
        return date.fromisoformat(post.get(name, ""))
    except ValueError:
        raise Refused("days", Words("请写清从哪天到哪天。", "Say from which day to which.")) from None
