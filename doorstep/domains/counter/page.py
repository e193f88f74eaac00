"""What the workbench shows of a visit: the person masked, the basket, the questions, one checklist, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from doorstep.domains.counter import frame
from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.case import about, masked
from doorstep.domains.counter.visit import Missing, Needed, Visit
from doorstep.kernel import file
from doorstep.kernel.lists import work_list
from doorstep.kernel.org import town
from doorstep.kernel.party import mask_name
from doorstep.kernel.read import MatterView
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flow import Flow
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web import finding, saying
from doorstep.web.occasions import usual
from doorstep.web.questions import Asking, Question, pairs_from

__all__ = ["context", "matching", "pairs_from", "receipt", "receipt_line", "shown"]
_SELECT_FROM = 3
_QUICK = 9
"""So many items stand beside the keys 1 to 9."""
_LOOKED_AT = 40
_LIST = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Questions of one page of a form."""

    title: Words
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A value that is known already."""

    title: Words
    value: Words


@dataclass(frozen=True, slots=True)
class Card:
    """One item of the basket with its questions."""

    code: str
    title: Words
    promise: Words
    fee: Mapping[str, Any]
    stops: tuple[Words, ...]
    asked: Words
    groups: tuple[Group, ...]
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan that is there."""

    id: str
    url: str
    picture: bool
    note: str


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist."""

    code: str
    anchor: str
    title: Words
    for_items: tuple[Words, ...]
    hint: Words | None
    fault: Words | None
    state: str
    said: Words
    scans: tuple[Scan, ...]
    can_scan: bool
    can_tick: bool
    seen: bool
    now: bool


def context(
    viewer: Viewer, found: Visit, faults: Mapping[str, Words] | None = None, *, more: str = ""
) -> dict[str, Any]:
    """Everything ``counter/window.html`` and its parts read."""
    wrong, point = faults or {}, visits.point_of(viewer, found)
    offers, left = visits.offered(viewer, point), visits.missing(found)
    choices = [p for p in offers if p.code not in found.items]
    return {
        "visit": found,
        "action": f"/counter/visit/{found.id}" if found.id else "/counter/",
        "point": point,
        "points": visits.points_of(viewer),
        "person": _person(found),
        "person_questions": _person_questions(found, wrong) if not found.checked else (),
        "cards": tuple(_card(found, item, wrong, more) for item in found.packs()),
        "choices": choices,
        "quick": [] if found.items else usual(choices)[:_QUICK],
        "checks": _checks(viewer, found, left, wrong),
        "bar": _bar(found, left),
        "lists": _lists(viewer) if not found.items and not found.id else (),
        "unfinished": _unfinished(viewer, found),
    }


def shown(found: Visit) -> tuple[str, ...]:
    """Which questions the page asks: if this changes, they must be drawn anew."""
    return tuple(
        f"{p.code}{q.pointer}" for p in found.packs() for _, group in visits.to_ask(found, p) for q in group
    )


def matching(text: str, offers: Sequence[Pack]) -> list[Pack]:
    """The items that a code, a title or an everyday name means, best first: one that bears the very name stands alone."""
    here = {p.code: p for p in offers}
    code = text.strip().upper().split(" ")[0]
    if code in here:
        return [here[code]]
    found = [hit for hit in finding.find(text, pack.listed(), most=_LOOKED_AT) if hit.pack.code in here]
    if found and found[0].score == 1.0:
        return [here[found[0].pack.code]]
    return [here[hit.pack.code] for hit in found[:_QUICK]]


# ---- the person ----


def _person(found: Visit) -> dict[str, Any]:
    person = found.person
    hidden = person.masked()
    return {
        "name": person.name, "id_no": hidden.id_no, "phone": hidden.phone, "checked": found.checked,
        "about": about(person.id_no),
        "others": [
            {**row, "title": Words.of(row["title"]), "url": f"/counter/matter/{row['id']}"} for row in found.others
        ],
    }  # fmt: skip


def _person_questions(found: Visit, wrong: Mapping[str, Words]) -> tuple[Question, ...]:
    person = found.person
    digits = Words("18 位，最后一位可能是 X", "18 characters, the last may be X")
    asked = (
        ("name", Words("姓名", "Name"), None, person.name, True, "text"),
        ("id_no", Words("公民身份号码", "Identity number"), digits, person.id_no, True, "text"),
        (
            "phone",
            Words("手机", "Mobile"),
            Words("没有手机也能办", "One can do without"),
            person.phone,
            False,
            "tel",
        ),
    )
    return tuple(
        Question(
            name=key, anchor=key, title=title, hint=hint, why=None, required=must, fault=wrong.get(key), value=value,
            widget="text", keyboard=keyboard,
        )
        for key, title, hint, value, must, keyboard in asked
    )  # fmt: skip


# ---- the basket ----


def _card(found: Visit, item: Pack, wrong: Mapping[str, Words], more: str) -> Card:
    data = visits.filled(found, item)
    faults = {
        name.removeprefix("f-" + item.code).replace("-", "/"): words
        for name, words in wrong.items()
        if name.startswith("f-" + item.code)
    }
    code, slash, rest = more.partition("/")
    asking = Asking(data, faults, more=slash + rest if code == item.code else "")
    groups = tuple(
        Group(title, tuple(_own(q, item.code) for q in asking.ask(fields)))
        for title, fields in visits.to_ask(found, item)
    )
    count = sum(len(group.questions) for group in groups)
    asked = Words(f"要问 {count} 栏", f"{count} questions" if count != 1 else "1 question")
    return Card(
        item.code, item.title, _promise(item), (item.fee(_today()) or _FREE).value, _stops(item.flow), asked, groups,
        _told(found, item),
    )  # fmt: skip


class _Free:
    value: Mapping[str, Any] = {"amount": "0.00", "currency": "CNY"}


_FREE = _Free()


def _today() -> Any:
    return clock.now().date()


def _own(question: Question, code: str) -> Question:
    """The question under a name that says which item it belongs to; short lists become one select."""
    entries = tuple(
        replace(entry, anchor=f"f-{code}{entry.anchor.removeprefix('f')}", questions=tuple(_own(q, code) for q in entry.questions))
        for entry in question.entries
    )  # fmt: skip
    widget = question.widget
    if widget == "choice" and len(question.options) > _SELECT_FROM:
        widget = "select"
    anchor = visits.anchor(code, question.name)
    return replace(question, name=code + question.name, anchor=anchor, entries=entries, widget=widget)


def _promise(item: Pack) -> Words:
    if item.promise.value == 0:
        return Words("材料齐，当场办好", "Done at once if complete")
    with_zh, with_en = _limit(item)
    return Words(f"承诺 {with_zh}内办好", f"Promised within {with_en}")


def _limit(item: Pack) -> tuple[str, str]:
    named = {"workday": ("个工作日", "working day"), "workhour": ("个工作小时", "working hour"), "day": ("天", "day"),
             "hour": ("小时", "hour"), "minute": ("分钟", "minute"), "second": ("秒", "second")}  # fmt: skip
    zh, en = named[item.promise.unit]
    number = item.promise.value
    return f"{number} {zh}", f"{number} {en}" + ("" if number == 1 else "s")


def _stops(flow: Flow) -> tuple[Words, ...]:
    waits = [flow.steps[name] for name in flow.order]
    return tuple(
        step.title for step in waits if step.shown and step.by != "applicant" and step.kind != "decide"
    )


def _told(found: Visit, item: Pack) -> tuple[Told, ...]:
    """What other items of this visit have answered already; the person stands on the left."""
    lines = []
    for pointer, value in visits.carried(found, item).items():
        one = item.form.field(pointer)
        if one is not None and not one.fact.startswith("applicant."):
            said = one.said(value)
            lines.append(Told(one.title, masked(said) if one.class_ == "secret" else said))
    return tuple(lines)


# ---- papers ----


def _checks(
    viewer: Viewer, found: Visit, left: list[Missing], wrong: Mapping[str, Words]
) -> tuple[Check, ...]:
    """The checklist; the one paper that is next is marked."""
    first = next((one.anchor for one in left if one.anchor.startswith("paper-")), "")
    return tuple(
        _check(viewer, found, one, wrong, f"paper-{one.code}" == first) for one in visits.papers(found)
    )


def _check(viewer: Viewer, found: Visit, needed: Needed, wrong: Mapping[str, Words], now: bool) -> Check:
    rows = file.pending(viewer, [UUID(one) for one in needed.file_ids])
    scans = tuple(
        Scan(
            str(f.id),
            f"/counter/file/{f.id}",
            f.media.startswith("image/"),
            f"{max(1, round(f.size / 1024))}\u00a0KB",
        )
        for f in rows.values()
    )
    if scans:
        state, said = "held", Words("已扫描", "Scanned")
    elif needed.seen and not needed.must_scan:
        state, said = "held", Words("看过原件", "Original seen")
    elif needed.required or needed.must_scan:
        state, said = (
            "wait",
            Words("等您扫描", "To be scanned") if needed.must_scan else Words("等您看", "To be seen"),
        )
    else:
        state, said = "next", Words("有就看", "If there is one")
    anchor = f"paper-{needed.code}"
    return Check(
        needed.code, anchor, needed.title, needed.items if len(found.items) > 1 else (), needed.note, wrong.get(anchor),
        state, said, scans, bool(needed.slots) and not scans, not needed.must_scan, needed.seen, now,
    )  # fmt: skip


# ---- the bar ----


def _bar(found: Visit, left: list[Missing]) -> dict[str, Any]:
    total = sum((Decimal((p.fee(_today()) or _FREE).value["amount"]) for p in found.packs()), Decimal(0))
    count = len(found.items)
    names = {one.title.zh: one.title for one in left}
    said = list(names.values())[:4]
    rest_zh, rest_en = ("等", ", …") if len(names) > len(said) else ("", "")
    return {
        "total": {"amount": f"{total:.2f}", "currency": "CNY"},
        "missing": left,
        "title": Words(f"还差 {len(names)} 样才能受理", f"{len(names)} to go before it can be accepted"),
        "words": Words("、".join(t.zh for t in said) + rest_zh, ", ".join(t.en for t in said) + rest_en),
        "ready": Words("都齐了，可以受理", "Complete, ready to accept"),
        "accept": Words("受理" if count == 1 else f"受理 {count} 项", "Accept" if count == 1 else f"Accept {count} items"),
    }  # fmt: skip


# ---- beside the visit ----


_QUEUES = (
    ("received", "receive", "intake", Words("网上来的，等您收", "From online, waiting for you"),
     Words("网上来的都收完了。", "Nothing from online is waiting.")),
    ("hand_out", "hand_out", "hand-out", Words("做好了，等人来领", "Ready to be handed out"),
     Words("没有等着领的证件。", "Nothing is waiting to be picked up.")),
)  # fmt: skip


def _lists(viewer: Viewer) -> list[dict[str, Any]]:
    lists = []
    for by, right, path, title, empty in _QUEUES:
        if viewer.may(right):
            rows = work_list(viewer, by=by).rows[:_LIST]
            lines = tuple(frame.line(row, f"/counter/{path}/{row.id}") for row in rows)
            lists.append(
                {"name": path, "title": title, "url": f"/counter/{path}/", "rows": lines, "empty": empty}
            )
    return lists


def _unfinished(viewer: Viewer, found: Visit) -> list[dict[str, Any]]:
    others = [one for one in visits.unfinished(viewer) if one.id != found.id][:_LIST]
    return [
        {"url": f"/counter/visit/{one.id}", "title": _visit_title(one), "at": one.saved_at} for one in others
    ]


def _visit_title(one: Visit) -> Words:
    name = mask_name(one.person.name) or "…"
    zh, en = "、".join(p.title.zh for p in one.packs()), ", ".join(p.title.en for p in one.packs())
    return Words(f"{name}，{zh or '还没选事项'}", f"{name}, {en or 'no item yet'}")


# ---- the receipt ----


def receipt_line(view: MatterView) -> dict[str, Any]:
    """What the receipt prints of one matter, kept with the visit."""
    return {
        "id": str(view.id), "number": view.number, "title": view.title.as_dict(), "state": view.state,
        "unit": view.unit.as_dict(), "opened_at": view.opened_at.isoformat(),
        "due_at": view.due_at.isoformat() if view.due_at else "", "hand_out": view.hand_out.code,
        "goes_out": any(s.by == "hand_out" for s in view.pack.flow.steps.values()),
        "papers": [{"number": p.number, "title": p.title.as_dict()} for p in view.papers],
    }  # fmt: skip


def receipt(viewer: Viewer, found: Visit) -> dict[str, Any]:
    """Context of ``counter/receipt.html``."""
    point = visits.point_of(viewer, found)
    name = found.person.name
    return {
        "said": Words(f"已受理 {len(found.done)} 项", f"Accepted: {len(found.done)}"),
        "unit": point.name if point else viewer.unit_name,
        "address": Words(f"{point.address.zh}，{point.phone}", f"{point.address.en}, {point.phone}") if point else None,
        "at": found.done[0]["opened_at"],
        "lead": Words(f"{name}，您办的事我们收下了。", f"{name}, we have taken in your application."),
        "matters": [_receipt_matter(one) for one in found.done],
    }  # fmt: skip


def _receipt_matter(one: Mapping[str, Any]) -> dict[str, Any]:
    lines = [(Words("谁来办", "With"), Words.of(one["unit"]))]
    if one["state"] in ("closed", "granted"):
        lines.append((Words("结果", "Result"), Words("当场办好了", "Done at once")))
    elif one["due_at"]:
        lines.append((Words("最迟", "Due by"), _said(saying.day(one["due_at"]))))
    point = town().point_by_code.get(one["hand_out"])
    if one["goes_out"] and point is not None:
        where = Words(f"{point.zh}，{point.address_zh}", f"{point.en}, {point.address_en}")
        lines += [
            (Words("在哪里领", "Pick up at"), where),
            (Words("带什么", "Bring"), Words("本人证件和这张回执", "Your document and this receipt")),
        ]
    return {
        "id": one["id"], "number": one["number"], "title": Words.of(one["title"]), "state": one["state"],
        "lines": [{"title": title, "value": value} for title, value in lines],
        "papers": [{"title": Words.of(p["title"]), "url": f"/counter/paper/{p['number']}"} for p in one["papers"]],
    }  # fmt: skip


def _said(text: str) -> Words:
    return Words(text, text)
