"""The pages of layers: every unit's, one unit's own, setting one thing in it, putting it in force, going back."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from ruamel.yaml import YAML

from doorstep.domains.studio import desk as desks
from doorstep.domains.studio import origin, sheet
from doorstep.domains.studio.beside import beside as found_beside
from doorstep.domains.studio.desk import Desk
from doorstep.domains.studio.enact import enact, kinds_by_two, writers
from doorstep.domains.studio.frame import show
from doorstep.domains.studio.hours_line import own_lines, theirs
from doorstep.domains.studio.order import fmt
from doorstep.domains.studio.proposal import Proposal, Row, key_of, with_examples, with_operation
from doorstep.domains.studio.setting import PERS, WHO, Choice, filled, grouped, open_to, operation_of
from doorstep.domains.studio.sheet import PROVINCE, Items, Whose, whose
from doorstep.domains.studio.stack import Stacks
from doorstep.domains.studio.timetabling import moved
from doorstep.kernel import offer
from doorstep.kernel.org import town
from doorstep.kernel.row import fetch
from doorstep.kernel.trust import Viewer, not_found, refuse_right
from doorstep.rulebook.format import whole
from doorstep.rulebook.words import Refused, Words

_ALL = "select u, trust.may_lay(u) from unnest(%s::int[]) u"
_LAST = "select distinct on (unit_id) unit_id, id, version from layer_sheet order by unit_id, version desc"
_HELD = """select distinct on (f.unit_id) f.unit_id, f.sheet_id, p.id, p.at, p.by from layer_in_force f
join publication p on p.id = f.publication_id order by f.unit_id, f.publication_id desc"""
_LEVELS = {
    "province": Words("省", "Province"), "city": Words("市", "City"), "county": Words("区县", "Counties and districts"),
    "station": Words("派出所和大厅", "Stations and halls"),
}  # fmt: skip
_FIELDS = {
    "limits": "limit",
    "remind": "limit",
    "guide": "text",
    "title": "text",
    "aliases": "text",
    "fees": "money",
    "visits": "number",
}
_SAID = {
    "saved": Words("存好了，还没有生效。写完了就发布。", "Saved; it is not in force yet. Publish it when it is complete."),
    "published": Words(
        "发布了，从现在起生效。在办的事照原来的版本办完。",
        "Published, and in force from now on. What is running is finished under its version.",
    ),
    "same": Words("已经是这个样子了。", "It is like this already."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Own:
    """A unit in the list of layers."""

    of: Whose
    count: int
    items: int
    mine: bool
    pending: bool
    at: Any
    by: str


def layers(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Every unit that has a layer, and those whose layer the viewer may write."""
    now = sheet.stacks_in_force()
    units = [
        whose(PROVINCE),
        *(
            whose(one.code)
            for one in town().units.values()
            if one.active and one.kind not in ("department", "partner")
        ),
    ]
    mine = dict(fetch(_ALL, [one.id for one in units]))
    last = {unit: sheet_id for unit, sheet_id, _ in fetch(_LAST)}
    held = {unit: (sheet_id, at, by) for unit, sheet_id, _, at, by in fetch(_HELD)}
    listed = []
    for of in units:
        own = now.own(of.code)
        items = own.raw["items"] if own else {}
        here, at, by = held.get(of.id, (None, None, ""))
        pending = of.id in last and last[of.id] != here and bool(here or last[of.id])
        count = sum(len(one["operations"]) for one in items.values())
        if count or mine[of.id] or pending:
            listed.append(Own(of, count, len(items), mine[of.id], pending and mine[of.id], at, by))
    order = list(_LEVELS)
    listed.sort(key=lambda one: (order.index(one.of.level), not one.mine, one.of.code))
    bands = [(words, [one for one in listed if one.of.level == level]) for level, words in _LEVELS.items()]
    return show(
        request, "layers_all", {"layering": True, "bands": [(words, rows) for words, rows in bands if rows]}
    )


def layer(request: HttpRequest, viewer: Viewer, place: str) -> HttpResponse:
    """One unit's own layer: what it sets and why, what it may set, what was published of it. Refused: "no-unit"."""
    return _layer(request, whose(place))


def _layer(request: HttpRequest, of: Whose, refusal: Refused | None = None) -> HttpResponse:
    desk, told, find = Desk.at(of), request.GET.get("told", ""), request.GET.get("find", "").strip()[:40]
    open_ = [(words, [one for one in listed if one.fits(find)]) for words, listed in open_to(of.level)]
    context = {
        **desks.head(desk), "groups": desk.groups(), "open": [(words, rows) for words, rows in open_ if rows],
        "left": sum(len(rows) for _, rows in open_), "find": find, "editions": sheet.editions(of.id),
        "said": _SAID.get(told), "pending": desk.pending, "saves": desk.saves() if desk.pending else (),
        "in_file": bool(desk.files.own(of.code)), "request_id": uuid4().hex[:16],
        "refusal": refusal.words if refusal else None, "misfits": desk.misfits(), "points": len(theirs(of)),
        "hours": own_lines(desk), **beside_of(desk.now, of),
    }  # fmt: skip
    return show(request, "layer", context, refusal.status if refusal else 200)


def beside(request: HttpRequest, viewer: Viewer, place: str) -> HttpResponse:
    """A part of the pages of a layer, asked for again and again: what others wrote since the page was opened, of this layer
    (``seen``: its version then) and of those above and below; with ``name`` of one item or point. Refused: "no-unit"."""
    of, name, seen = whose(place), request.GET.get("name", ""), whole(request.GET.get("seen"))
    return show(request, "_beside", beside_of(sheet.stacks_in_force(), of, name, seen))


def file(request: HttpRequest, viewer: Viewer, place: str) -> HttpResponse:
    """The layer in force as the file that it could be. Refused: "no-unit"."""
    desk = Desk.at(whose(place))
    text = written(desk)
    name = desk.now.layer_of(desk.of.code).name
    return HttpResponse(
        text, content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.yaml"'},
    )  # fmt: skip


def written(desk: Desk) -> str:
    """The text of that file, in the order of the formatter."""
    out = io.StringIO()
    YAML().dump(desks.as_file(desk), out)
    return fmt(out.getvalue())


def beside_of(now: Stacks, of: Whose, name: str = "", seen: int | None = None) -> dict[str, Any]:
    """What the part of a page about others' writing shows."""
    newer = sheet.since(of.id, seen) if seen is not None else ()
    return {"of": of, "beside": found_beside(now, of, name), "newer": newer, "about": name}


# ---- setting one thing ----


def set_one(request: HttpRequest, viewer: Viewer, place: str, item: str, do: str = "") -> HttpResponse:
    """What may be set of an item, or one thing of it (``do``): tried, saved or taken out. Nothing is published here.

    Refused: "no-unit", "no-item", "no-right"; the rest is told on the page, with what was typed.
    """
    of = whose(place)
    if request.method == "POST":
        return _posted(request, viewer, of, item, do)
    desk = Desk.at(of)
    op = desk.operation(item, request.GET.get("op", ""))
    sent = filled(op) if op else {}
    return _setting(request, desk, item, do, sent, instead=request.GET.get("op", "") if op else "")


def _posted(request: HttpRequest, viewer: Viewer, of: Whose, code: str, key: str) -> HttpResponse:
    if not sheet.may_lay(of.id):
        raise refuse_right()
    sent = {name: str(value) for name, value in request.POST.items()}
    instead = sent.get("op", "")
    desk, refusal, proposal = Desk.at(of), None, None
    try:
        with transaction.atomic():
            op = None if sent.get("go") == "remove" else operation_of(*_split(key), sent)
            items = with_operation(desk.written, code, op, instead)
            items = with_examples(desk.now, of, items, code)
            proposal = desk.propose(_only(desk.in_force, items, code), desk.points_in_force)
            if proposal.flaws and sent.get("go") != "try":
                raise Refused("layer", proposal.flaws[0][1].words, status=422)
            if sent.get("go") != "try":
                said = _said(desk, code, op or desk.operation(code, instead), taken_out=op is None)
                sheet.save(
                    viewer,
                    of,
                    items,
                    desk.points,
                    said,
                    seen=whole(sent.get("seen")) or 0,
                    request_id=sent.get("request_id", ""),
                )
                return HttpResponseRedirect(f"{of.path}?told=saved")
    except Refused as refused:
        if refused.code in ("no-right", "no-item", "no-request-id"):
            raise
        refusal = refused
    return _setting(
        request, Desk.at(of), code, key, sent, instead=instead, proposal=proposal, refusal=refusal
    )


def _split(key: str) -> tuple[str, str]:
    kind, _, name = key.partition(":")
    return kind, name


def _only(in_force: Items, items: Items, code: str) -> dict[str, Any]:
    """What is in force, with one item as it is written: a trial of this item alone."""
    new = {name: one for name, one in in_force.items() if name != code}
    return {**new, code: items[code]} if code in items else new


def _said(desk: Desk, code: str, op: Row | None, *, taken_out: bool) -> Words:
    title = desk.base(code).title
    says = origin.says(desk.base(code), op) if op else Words("一处", "something")
    if taken_out:
        return Words(f"{title.zh}：不再“{says.zh}”", f"{title.en}: no longer “{says.en}”")
    return Words(f"{title.zh}：{says.zh}", f"{title.en}: {says.en}")


def _setting(
    request: HttpRequest, desk: Desk, code: str, key: str, sent: Mapping[str, str], *, instead: str = "",
    proposal: Proposal | None = None, refusal: Refused | None = None,
) -> HttpResponse:  # fmt: skip
    if code not in desk.now.codes:
        raise not_found()
    listed = desk.choices(code)
    chosen = next((one for one in listed if one.key == key and not one.by_file), None)
    faults = dict(refusal.faults if refusal else ())
    context = {
        **desks.head(desk), **beside_of(desk.now, desk.of, code), "item": desk.base(code), "choices": grouped(listed),
        "chosen": chosen, "sent": sent, "instead": instead,
        "faults": faults, "refusal": refusal.words if refusal else None, "theirs": _theirs(desk, code, chosen, refusal),
        "request_id": uuid4().hex[:16], "pers": PERS.items(), "whos": WHO.items(), "tried": bool(proposal),
        "flaws": desks.flawed(proposal) if proposal else (), "effects": desks.effects(proposal) if proposal else (),
        "otherwise": proposal.told_otherwise.get(code, ()) if proposal else (), "head": chosen and _form_of(chosen),
        "proposal": proposal,
    }  # fmt: skip
    return show(request, "layer_set", context, refusal.status if refusal else 200)


def _form_of(chosen: Choice) -> str:
    """Which fields the value has."""
    if chosen.kind == "set":
        head = chosen.name.partition("/")[0]
        return _FIELDS.get(head, "")
    return "step" if chosen.kind == "insert" else ""


def _theirs(desk: Desk, code: str, chosen: Choice | None, refusal: Refused | None) -> Words | None:
    """What somebody else saved meanwhile of the very same thing."""
    if refusal is None or refusal.code != "layer-changed" or chosen is None:
        return None
    found = [op for op in (desk.written.get(code) or {}).get("operations", ()) if key_of(op) == chosen.key]
    return origin.says(desk.base(code), found[-1]) if found else None


# ---- putting it in force ----


def publish(request: HttpRequest, viewer: Viewer, place: str) -> HttpResponse:
    """What would change if what is written were published; a post publishes it. Refused: "no-unit"."""
    of, refusal = whose(place), None
    if request.method == "POST":
        try:
            if not sheet.may_lay(of.id):
                raise refuse_right()
            with transaction.atomic():
                _publish(viewer, of, request)
            return HttpResponseRedirect(f"{of.path}?told=published")
        except Refused as refused:
            if refused.code in ("no-right", "no-request-id"):
                raise
            refusal = refused
    desk = Desk.at(of)
    two = kinds_by_two(desk.in_force, desk.written, desk.points_in_force, desk.points)
    context = {
        **desks.head(desk), **beside_of(desk.now, of), "why": request.POST.get("why", ""),
        "undoes": request.POST.get("undoes", request.GET.get("undoes", "")),
        "known": offer.last(), "refusal": refusal.words if refusal else None, "request_id": uuid4().hex[:16],
        "by_two": bool(two), "wrote": viewer.account_id in writers(of, desk.held), **_preview(desk),
        "saves": desk.saves(),
    }  # fmt: skip
    return show(request, "layer_publish", context, refusal.status if refusal else 200)


def _preview(desk: Desk) -> dict[str, Any]:
    """What publishing would change, or why it may not be."""
    if not desk.pending and _held(desk):
        return {"nothing": True}
    try:
        proposal = desk.propose(desk.written, desk.points)
    except Refused as no:
        return {"stop": no.words}
    places = desks.effects(proposal)
    return {
        "effects": places, "flaws": desks.flawed(proposal), "examples": proposal.examples, "failed": proposal.failed,
        "otherwise": [(desk.base(code).title, names) for code, names in proposal.told_otherwise.items() if names],
        **moved(proposal),
    }  # fmt: skip


def _held(desk: Desk) -> bool:
    """Whether the last that was saved is what is in force."""
    if desk.last is None or (desk.held is None and desk.last.items is None):
        return True
    return desk.held is not None and desk.held.id == desk.last.id


def _publish(viewer: Viewer, of: Whose, request: HttpRequest) -> None:
    desk, sent = Desk.at(of), request.POST
    if desk.last is None:
        raise not_found()
    if (whole(sent.get("seen")) or 0) != desk.seen:
        sheet.refuse_changed(of.id, whole(sent.get("seen")) or 0)
    enact(
        viewer, desk.propose(desk.written, desk.points), desk.last, desk.in_force, desk.points_in_force,
        why=sent.get("why", ""), known=whole(sent.get("known")) or 0, undoes=whole(sent.get("undoes")),
        request_id=sent.get("request_id", ""),
    )  # fmt: skip


def back(request: HttpRequest, viewer: Viewer, place: str) -> HttpResponse:
    """Write the layer as an earlier publication had it, or as its file has it; it is then looked at and published like any
    other. Refused: "no-unit", "no-right", "not-found"."""
    of = whose(place)
    to = request.POST.get("to", "")
    listed = sheet.editions(of.id)
    found = next((one for one in listed if str(one.number) == to), None)
    if found is None and to != "file":
        raise not_found()
    items, points = (found.sheet.items, found.sheet.points) if found and found.sheet else (None, None)
    said = Words("回到文件里写的样子", "back to what the file says")
    if found and found.sheet:
        said = Words(f"回到第 {found.number} 次发布的样子", f"back to publication no. {found.number}")
    sent, undoes = request.POST, {"undoes": listed[0].number} if listed else {}
    seen, request_id = whole(sent.get("seen")) or 0, sent.get("request_id", "")
    try:
        with transaction.atomic():
            sheet.save(viewer, of, items, points, said, seen=seen, request_id=request_id)
    except Refused as refused:
        if refused.code != "layer-changed":
            raise
        return _layer(request, of, refused)
    return HttpResponseRedirect(f"{of.path}/publish?{urlencode(undoes)}")
