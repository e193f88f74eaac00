"""The pages of playback: asking and agreeing, and the player of one hour with its data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from doorstep.domains.command.map import pages as map_pages
from doorstep.domains.command.playback import verbs
from doorstep.domains.command.units import region
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

PATH: Final = "/command/playback"
AUDIT: Final = f"{PATH}/audit"
_SPEEDS: Final = (1, 5, 20, 60)
_DID: Final = {
    "ask": Words("申请记下了，等另一个人同意。", "Your request is noted and waits for a second person."),
    "yes": Words("同意了，申请的人现在可以看。", "Agreed; whoever asked may open it now."),
    "no": Words("没有同意，记下了。", "Refused; it is noted."),
    "close": Words("关上了。", "Closed."),
}
EVENTS: Final = {
    "taken": Words("接到警情", "Call taken"),
    "alerted": Words("派警", "Alerted"),
    "coming": Words("答复出发", "Acknowledged, coming"),
    "there": Words("到场", "There"),
    "cleared": Words("处置完", "Cleared"),
    "closed": Words("警情结束", "Call closed"),
}


def page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Requests with what became of them, those that wait for the viewer first; the form to ask for an hour."""
    here = AUDIT if request.path == AUDIT else PATH
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                return HttpResponseRedirect(f"{here}?did={_do(request, viewer)}")
        except Refused as no:
            refusal = no
    now, told = clock.now(), region.told()
    found = verbs.requests(viewer)
    hour = (now.astimezone(calendar().zone) - timedelta(hours=1)).replace(minute=0, second=0)
    context: dict[str, Any] = {
        "waiting": [one for one in found if one.mine_to_decide], "others": [one for one in found if not one.mine_to_decide],
        "areas": verbs.areas(viewer), "path": here, "request_id": uuid4().hex, "typed": request.POST if refusal else {},
        "refusal": refusal.words if refusal else None, "faults": {name.strip("/"): one for name, one in refusal.faults} if refusal
        else {}, "said": _DID.get(request.GET.get("did", "")), "day": hour.date().isoformat(), "at": hour.strftime("%H:%M"),
        "first": verbs.oldest().astimezone(calendar().zone).date().isoformat(), "days": told.kept.days,
        "hours": round(told.playback_waits.total_seconds() / 3600), "minutes": round(told.playback_lasts.total_seconds() / 60),
    }  # fmt: skip
    return render(request, "command/playback/list.html", context, status=refusal.status if refusal else 200)


def _do(request: HttpRequest, viewer: Viewer) -> str:
    post, do = request.POST, request.POST.get("do", "")
    if do == "ask":
        area = post.get("area", "")
        verbs.ask(viewer, area=int(area) if area.isascii() and area.isdigit() and len(area) < 9 else 0, day=post.get("day", ""),
                  at=post.get("at", ""), purpose=post.get("purpose", ""), request_id=post.get("request", ""))  # fmt: skip
    elif do in ("yes", "no"):
        verbs.decide(viewer, _id(post.get("which", "")), agreed=do == "yes", answer=post.get("answer", ""),
                     request_id=post.get("request", ""))  # fmt: skip
    else:
        raise not_found()
    return do


def player(request: HttpRequest, viewer: Viewer, playback_id: UUID) -> HttpResponse:
    """The player of one hour; its data come by themselves. Posting closes it for good. Refused: "not-found", and why it is shut."""
    one = verbs.one(viewer, playback_id)
    if not one.own:
        raise not_found()
    if request.method == "POST":
        verbs.close(viewer, playback_id)
        return HttpResponseRedirect(f"{PATH if viewer.may('supervise') else AUDIT}?did=close")
    words = {
        **map_pages.words(), "events": {code: [said.zh, said.en] for code, said in EVENTS.items()}, "gap": verbs.GAP_S,
        "since": one.since.timestamp(), "zone": calendar().zone.key,
    }  # fmt: skip
    context = {"one": one, "map": map_pages.drawn(viewer), "words": words, "shut": one.stands != "open",
               "back": PATH if viewer.may("supervise") else AUDIT, "speeds": _SPEEDS}  # fmt: skip
    return render(request, "command/playback/player.html", context)


def hour(request: HttpRequest, viewer: Viewer, playback_id: UUID) -> HttpResponse:
    """The hour as JSON. Each time is a look, and on record. Refused: as `verbs.told` is."""
    return JsonResponse(verbs.told(viewer, playback_id))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None
