"""The net's page: what is owed, in a list beside the map, and each mark's versions; who supervises writes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import urlencode

from doorstep.domains.command.patrol import net
from doorstep.domains.command.patrol.pages import KIND_WORDS, PATH
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock
from doorstep.rulebook.patrol_net import AREAS, KINDS, Mark, Net
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words
from doorstep.web import ground

HERE: Final = f"{PATH}/net"
FIELDS: Final = (
    "code", "kind", "zh", "en", "ring", "area", "visits", "windows", "stay", "way", "shape", "from_day", "why",
)  # fmt: skip
_WAYS: Final = (("", Words("哪个方向都行", "Either way")), ("each_way", Words("来回各一遍", "Once each way")),
                ("one_way", Words("只能顺着写的方向", "Only as it is written")))  # fmt: skip
_SAID: Final = Words("存好了，到生效那天起算。", "Saved; it holds from its day.")


def page(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """All marks by kind; with ``code`` one of them, its versions and the form of the next one; with ``new`` an empty form."""
    refusal: Refused | None = None
    if request.method == "POST":
        try:
            with transaction.atomic():
                code = _write(request, viewer)
            return HttpResponseRedirect(f"{HERE}?{urlencode({'code': code, 'did': 'saved'})}")
        except Refused as refused:
            refusal = refused
    owed, code = net.net(), request.POST.get("code", request.GET.get("code", ""))
    found = owed.named(code) if owed else None
    seen = net.version_of(code) if code else 0
    typed = {name: request.POST.get(name, "") for name in FIELDS} if refusal else _typed(found)
    context = {
        "viewer": viewer, "net": owed, "found": found, "code": code, "new": "new" in request.GET or bool(refusal and not found),
        "typed": typed, "seen": seen, "history": net.history(code) if code else [], "coming": net.coming(),
        "may_change": net.may_change(viewer), "refusal": refusal.words if refusal else None,
        "faults": {where.strip("/"): words for where, words in refusal.faults} if refusal else {},
        "changed": refusal is not None and refusal.code == "changed", "said": _SAID if request.GET.get("did") else None,
        "groups": [(kind, KIND_WORDS[kind], owed.of(kind)) for kind in KINDS] if owed else [], "ways": _WAYS,
        "kinds": list(KIND_WORDS.items()), "areas": owed.of(*AREAS) if owed else (), "request_id": uuid4().hex,
        "today": calendar().day_of(clock.now()).isoformat(), "map": _map(owed, found),
    }  # fmt: skip
    return render(request, "command/patrol/net.html", context, status=refusal.status if refusal else 200)


def _write(request: HttpRequest, viewer: Viewer) -> str:
    post = request.POST
    code, gone = post.get("code", "").strip().upper(), post.get("do") == "take_out"
    seen = int(post["seen"]) if post.get("seen", "").isdigit() else 0
    try:
        day = date.fromisoformat(post.get("from_day", ""))
    except ValueError:
        words = Words("选一个生效日期。", "Choose the day from which it holds.")
        raise Refused("no-day", words, faults=(("/from_day", words),)) from None
    body = None if gone else _body(post, code)
    net.change(
        viewer,
        code,
        body,
        seen=seen,
        from_day=day,
        why=post.get("why", ""),
        request_id=post.get("request_id", ""),
    )
    return code


def _body(post: Mapping[str, str], code: str) -> dict[str, Any]:
    """The form as a mark is written."""
    windows = [one.strip() for one in post.get("windows", "").replace("，", ",").split(",") if one.strip()]
    way = post.get("way", "")
    return {
        "code": code, "kind": post.get("kind", ""), "name": {"zh": post.get("zh", "").strip(), "en": post.get("en", "").strip()},
        "ring": post.get("ring", ""), "area": post.get("area", ""), "windows": windows,
        "visits": _number(post.get("visits", ""), 1), "stay": _number(post.get("stay", ""), 180),
        "each_way": way == "each_way", "one_way": way == "one_way", "shape": _shape(post.get("shape", "")),
    }  # fmt: skip


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.strip().isdigit() else otherwise if not text.strip() else -1


def _shape(text: str) -> list[list[str]]:
    """A place a line, longitude and latitude apart by a comma."""
    return [
        [part.strip() for part in line.replace("，", ",").split(",")]
        for line in text.splitlines()
        if line.strip()
    ]


def _typed(found: Mark | None) -> dict[str, Any]:
    if found is None:
        return dict.fromkeys(FIELDS, "")
    told = found.as_dict()
    return {
        "code": found.code, "kind": found.kind, "zh": found.name.zh, "en": found.name.en, "ring": found.ring, "area": found.area,
        "visits": found.visits, "windows": ", ".join(told["windows"]), "stay": found.stay,
        "way": "each_way" if found.each_way else "one_way" if found.one_way else "",
        "shape": "\n".join(f"{lon}, {lat}" for lon, lat in found.shape), "from_day": "", "why": "",
    }  # fmt: skip


def _map(owed: Net | None, found: Mark | None) -> dict[str, Any] | None:
    base = ground.base()
    if base is None or owed is None or not any(one.shape for one in owed.marks):
        return None
    marks = [{"code": one.code, "kind": one.kind, "name": [one.name.zh, one.name.en], "shape": one.shape, "state": "open"}
             for one in owed.marks if one.shape]  # fmt: skip
    return {**base.told, "marks": [], "here": None,
            "net": marks, "stations": [], "ways": [], "chosen": found.code if found else ""}  # fmt: skip
