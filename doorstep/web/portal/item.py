"""The guide of one service: can I do it now, with what, how long, how much, where; and start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.kernel import draft, plug
from doorstep.kernel.org import reach_at
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flow import Step
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.pack.dated import Dated
from doorstep.rulebook.pack.fee import most
from doorstep.rulebook.pack.item import Asked
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web import saying
from doorstep.web.places import extent, online_here, place_named, serving

_NEAR = 4
_MATERIAL_ICONS = {"PHO": "camera", "HKB": "book", "ID": "id", "PRO": "home", "LEA": "file-text"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure on the plate."""

    name: Words
    big: Words
    note: Words | None = None


_WITHIN, _KEPT, _GIVEN = (
    ("最多 {t}。", "At most {t}."),
    ("给您留 {t}。", "Kept for you for {t}."),
    ("您有 {t}。", "You have {t}."),
)
_NO_VISIT = {
    "officer_comes": Words("民警上门", "an officer comes to you"),
    "office_acts": Words("我们主动办", "we act by ourselves"),
}
_SOME = Words("有的情况才有。", "In some cases only.")


@dataclass(frozen=True, slots=True)
class Needed:
    """A line of the checklist."""

    title: Words
    note: Words
    icon: str
    held: bool = False
    optional: bool = False
    depends: bool = False


@dataclass(frozen=True, slots=True)
class HowStep:
    """One step of how it goes."""

    title: Words
    note: Words | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """Everything the page of a service says."""

    code: str
    title: Words
    lede: Words
    online: bool
    answer: Words
    answer_more: Words
    figures: tuple[Figure, ...]
    materials: tuple[Needed, ...]
    held: int
    privacy: Words
    who: Words | None
    notes: tuple[Words, ...]
    how: tuple[HowStep, ...]
    law: tuple[Words, ...]
    fee_note: Words | None
    promise: Words


def item(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """One service; with ``point`` as it holds at that point. Refused: "no-item", "no-point"."""
    point = request.GET.get("point", "")
    found = pack.current(code, reach_at(point) if point else ())
    drafts = draft.my_drafts(viewer) if viewer.is_resident else []
    context = {
        "item": guide_of(found, online=online_here(found)),
        "points": sorted(serving(code), key=lambda place: place.code != point)[:_NEAR],
        "at": place_named(point) if point else None,
        "reads": extent(code) == "look_guide",
        "for_whom": [one for one in plug.mandates().mine(viewer) if one.held and one.covers(found)]
        if "online" in found.channels
        else [],
        "draft": next((one for one in drafts if one.item == code and one.mandate_id is None), None),
    }
    return render(request, "web/portal/item.html", context)


def guide_of(found: Pack, online: bool | None = None) -> Guide:
    """The guide of a pack as of today. ``online``: whether it can be begun online here; else as its channels say."""
    online = "online" in found.channels if online is None else online
    told = dict(found.guide)
    who, where, after = told.pop("who", None), told.pop("where", None), told.pop("next", None)
    told.pop("how", None)
    materials = tuple(_needed(one) for one in found.materials)
    return Guide(
        code=found.code,
        title=found.title,
        lede=found.summary,
        online=online,
        answer=Words("您现在就能申请", "You can apply now") if online else Words("到窗口办", "At a counter"),
        answer_more=who or found.summary,
        figures=_figures(found),
        materials=materials,
        held=sum(one.held for one in materials),
        privacy=Words.of(found.privacy["notice"]),
        who=where,
        notes=tuple(words for words in (*told.values(), after) if words),
        how=how_it_goes(found, online),
        law=tuple(_law(title, sure) for title, sure in found.law),
        fee_note=_fee_note(found),
        promise=_promise(found),
    )


def how_it_goes(found: Pack, online: bool = True) -> tuple[HowStep, ...]:
    """The steps of the flow in the words of the pack, each with its limit."""
    fill = Words("您填好交上", "You fill it in and send it")
    first = HowStep(fill, Words("大约几分钟，填一半也会存着。", "A few minutes; a half-filled form is kept."))
    if not online or "online" not in found.channels:
        come = Words("您带材料到窗口", "You come to a window with your papers")
        first = HowStep(come, Words("工作人员陪您填，不用自己写。", "The staff fill it in with you."))
    steps = (found.flow.step(name) for name in found.flow.order)
    shown = (step for step in steps if step.waits and step.shown and step.by != "applicant")
    return (first, *(HowStep(step.title, _note(found, step)) for step in shown))


def _note(found: Pack, step: Step) -> Words | None:
    """How long a step takes, or is given to the person; and whether everybody has it."""
    if step.limit is None:
        said = None
    elif step.limit.value == 0:
        said = step.limit.words
    else:
        waits = step.kind == "wait" or found.asks[step.id].get("meets")
        kept = step.by == "hand_out" and not waits
        zh, en = _GIVEN if waits else _KEPT if kept else _WITHIN
        said = Words(zh, en).format(t=step.limit.words)
    depends = step.when or (step.block and found.flow.blocks[step.block].when)
    if not depends:
        return said
    return Words(f"{said.zh}{_SOME.zh}", f"{said.en} {_SOME.en}") if said else _SOME


def _figures(found: Pack) -> tuple[Figure, ...]:
    law, visits, rows = found.statutory, found.raw.get("visits"), found.fees(_today())
    limit = Words(f"规定 {law.words.zh}", f"law: {law.words.en}") if law and law.value else None
    unsure = Words("以窗口为准", "the counter has the last word")
    unsure_fee = unsure if any(not row.sure for row in rows) else None
    if own := found.provenance.get("/limits/promise"):
        by = Words.of(own[-1]["title"])
        limit = Words(f"{by.zh}的承诺", f"promised by {by.en}")
    figures = [
        Figure(Words("多久", "How long"), found.promise.words, limit),
        Figure(Words("多少钱", "Cost"), _cost(rows), unsure_fee),
    ]
    if visits is not None:
        trips = Words(f"{visits} 趟", str(visits)) if visits else Words("不用跑", "None")
        figures.append(Figure(Words("跑几趟", "Visits"), trips, _NO_VISIT.get(found.raw.get("no_visit", ""))))
    return tuple(figures)


def fee_words(found: Pack) -> Words | None:
    """What it costs as of today, in one sentence; None if nothing."""
    cost = _fee_note(found)
    if cost is None or not any(step.get("message") == "payment" for step in found.asks.values()):
        return cost
    return Words(
        f"{cost.zh}现在不用付，轮到缴费时会通知您。",
        f"{cost.en} Nothing is paid now; you are told when it is due.",
    )


def _today() -> date:
    return clock.now().astimezone(calendar().zone).date()


def _cost(rows: Sequence[Dated]) -> Words:
    """The figure on the item's page: one amount, from the least to the most, or the words of a sum that answers name."""
    if not rows:
        return Words("免费", "Free")
    known = sorted(
        (row for row in rows if "amount" in row.value), key=lambda row: Decimal(row.value["amount"])
    )
    if not known:
        return Words.of(rows[0].value["title"])
    low, top = _money(known[0].value), _money((most(rows) or known[-1]).value)
    return low if low == top else Words(f"{low.zh} 到 {top.zh}", f"{low.en} to {top.en}")


def _fee_note(found: Pack) -> Words | None:
    """What it costs, case by case, and who pays less."""
    rows = found.fees(_today())
    if not rows:
        return None
    said = [_fee_row(row) for row in rows]
    zh, en = (
        "收费 " + "，".join(one.zh for one in said) + "。",
        "Fee " + "; ".join(one.en for one in said) + ".",
    )
    for one in found.reductions(on=_today()):
        less = (
            Words("免收", "pays nothing")
            if one.percent == 100
            else Words(f"减 {one.percent}%", f"{one.percent} % less")
        )
        who = one.title if one.sure else Words(f"{one.title.zh}（待核）", f"{one.title.en} (to be confirmed)")
        zh += f"{who.zh}{less.zh}，凭{one.shows.zh}。"
        en += f" {who.en}: {less.en}, on showing {one.shows.en}."
    return Words(zh, en)


def _fee_row(row: Dated) -> Words:
    title = Words.of(row.value["title"]) if "title" in row.value else None
    cost = _money(row.value) if "amount" in row.value else None
    zh = " ".join(one.zh for one in (title, cost) if one)
    en = " ".join(one.en for one in (title, cost) if one)
    return Words(zh, en) if row.sure else Words(f"{zh}（待核）", f"{en} (to be confirmed)")


def _money(value: Mapping[str, Any]) -> Words:
    text = saying.money(value)
    return Words(text, text)


def _needed(one: Asked) -> Needed:
    note = one.note or one.material.source
    sign = _MATERIAL_ICONS.get(one.material.code, "file-text")
    optional = not one.required or one.depends
    return Needed(one.material.title, note, sign, one.material.made, optional, one.depends)


def _law(title: Words, sure: bool) -> Words:
    return title if sure else Words(f"{title.zh}（待核）", f"{title.en} (to be confirmed)")


def _promise(found: Pack) -> Words:
    said, law = found.promise.words, found.statutory
    if law is None or not law.value:
        return Words(f"我们承诺：{said.zh}。", f"Our promise: {said.en}.")
    return Words(
        f"规定最长 {law.words.zh}，我们承诺 {said.zh}。",
        f"The law allows {law.words.en}; we promise {said.en}.",
    )
