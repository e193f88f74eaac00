"""What the workbench shows of a visit: the person masked, the basket, the questions, one checklist, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from doorstep.domains.counter import basket, checklist, frame, pass_on, place, undo
from doorstep.domains.counter import visit as visits
from doorstep.domains.counter.case import about, masked
from doorstep.domains.counter.checklist import Missing, Needed
from doorstep.domains.counter.place import Window
from doorstep.domains.counter.visit import Entry, Guest, Visit
from doorstep.kernel import file
from doorstep.kernel.lists import work_list
from doorstep.kernel.party import mask_name
from doorstep.kernel.trust import Viewer
from doorstep.rulebook import clock, document, pack
from doorstep.rulebook.flow import Flow
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web import finding
from doorstep.web.occasions import usual
from doorstep.web.questions import Asking, Question, who_by

_SELECT_FROM = 3
_QUICK = 9
"""So many items stand beside the keys 1 to 9."""
_LOOKED_AT = 40
_LIST = 5
_PARKED = 20


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

    key: str
    code: str
    title: Words
    name: str
    corrects: str
    promise: Words
    at_once: bool
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
    whose: str
    for_items: tuple[Words, ...]
    hint: Words | None
    fault: Words | None
    state: str
    said: Words
    scans: tuple[Scan, ...]
    can_scan: bool
    can_tick: bool
    seen: bool
    left: bool
    now: bool


def context(
    viewer: Viewer, found: Visit, faults: Mapping[str, Words] | None = None, *, more: str = ""
) -> dict[str, Any]:
    """Everything ``counter/window.html`` and its parts read."""
    wrong, point = faults or {}, place.point_of(viewer, found.point)
    offers, left = place.offered(viewer, point), checklist.missing(found)
    own = [visits.code_of(key) for key in found.items if visits.number_of(key) == found.at]
    choices = [p for p in offers if p.code not in own]
    begun = bool(found.items) or len(found.guests) > 1
    return {
        "visit": found,
        "action": f"/counter/visit/{found.id}" if found.id else "/counter/",
        "point": point,
        "points": place.points_of(viewer),
        "person": _person(found),
        "guests": _guests(found) if len(found.guests) > 1 else (),
        "person_questions": _person_questions(found, wrong) if not found.guest.checked else (),
        "cards": tuple(_card(found, entry, wrong, more, point) for entry in found.entries()),
        "halted": [
            {"key": key, "title": Words.of(found.titles[key]), "typed": _typed_of(found, key)}
            for key in sorted(found.halted)
        ],
        "several": len(found.guests) > 1,
        "choices": choices,
        "quick": [] if own else usual(choices)[:_QUICK],
        "checks": _checks(viewer, found, left, wrong),
        "bar": _bar(found, left),
        "lists": _lists(viewer) if not begun and not found.id else (),
        "unfinished": _unfinished(viewer, found),
        "offers": [one for one in pass_on.offered(viewer) if not one.mine] if not found.id else (),
        "undo": undo.offered(found),
        "mark": visits.mark(found),
    }


def _typed_of(found: Visit, key: str) -> int:
    """How many answers an item holds that is not offered any more."""
    return len(visits.values_of(found.answers.get(key, {})))


def shown(found: Visit) -> tuple[str, ...]:
    """Which questions the page asks: if this changes, they must be drawn anew."""
    return tuple(
        f"{entry.key}{q.pointer}"
        for entry in found.entries()
        for _, group in basket.to_ask(found, entry)
        for q in group
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
        "name": person.name, "latin": person.latin, "id_no": document.said(hidden.id_no), "phone": hidden.phone,
        "checked": found.guest.checked,
        "number": found.at, "about": about(person.id_no),
        "others": [
            {**row, "title": Words.of(row["title"]), "url": f"/counter/matter/{row['id']}"} for row in found.guest.others
        ],
    }  # fmt: skip


def _guests(found: Visit) -> tuple[dict[str, Any], ...]:
    """Those who came together, each beside a key."""
    return tuple(_guest(found, one, at) for at, one in enumerate(found.guests, 1))


def _guest(found: Visit, one: Guest, at: int) -> dict[str, Any]:
    count = sum(visits.number_of(key) == one.number for key in found.items)
    said = Words(f"{count} 项", f"{count} item" + ("" if count == 1 else "s"))
    return {"number": one.number, "name": one.person.name, "here": one.number == found.at, "checked": one.checked,
            "said": said, "key": at if at < 10 else 0}  # fmt: skip


def _person_questions(found: Visit, wrong: Mapping[str, Words]) -> tuple[Question, ...]:
    person = found.person
    digits = Words("身份证 18 位，最后一位可能是 X", "On an identity card: 18 characters, the last may be X")
    name, phone = (
        Question(
            name=key, anchor=key, title=title, hint=hint, why=None, required=must, fault=wrong.get(key), value=value,
            widget="text", keyboard=keyboard,
        )
        for key, title, hint, value, must, keyboard in (
            ("name", Words("姓名", "Name"), None, person.name, True, "text"),
            ("phone", Words("手机", "Mobile"), Words("没有手机也能办", "One can do without"), person.phone, False, "tel"),
        )
    )  # fmt: skip
    shown = who_by(
        "id_no",
        person.id_no,
        hint=digits,
        fault=wrong.get("id_no"),
        unknown=True,
        latin=person.latin,
        apart=True,
    )
    return name, shown, phone


# ---- the basket ----


def _card(found: Visit, entry: Entry, wrong: Mapping[str, Words], more: str, point: Window | None) -> Card:
    item, key = entry.item, entry.key
    faults = {
        name.removeprefix(f"f-{key}").replace("-", "/"): words
        for name, words in wrong.items()
        if name.startswith(f"f-{key}-")
    }
    of, slash, rest = more.partition("/")
    asking = Asking(basket.filled(found, entry), faults, more=slash + rest if of == key else "")
    groups = tuple(
        Group(title, tuple(_own(q, key) for q in asking.ask(fields)))
        for title, fields in basket.to_ask(found, entry)
    )
    count = sum(len(group.questions) for group in groups)
    asked = Words(f"要问 {count} 栏", f"{count} questions" if count != 1 else "1 question")
    at_once = point is not None and point.channel in (item.raw.get("on_the_spot") or ())
    name = entry.guest.person.name if len(found.guests) > 1 else ""
    corrects = found.corrects.get(key, {}).get("number", "")
    return Card(
        key, item.code, item.title, name, corrects, _promise(item), at_once, _owed(found, entry), _stops(item.flow), asked,
        groups, _told(found, entry),
    )  # fmt: skip


def _owed(found: Visit, entry: Entry) -> dict[str, str]:
    """What somebody with the answers so far pays for one item."""
    charges = entry.item.owed(basket.filled(found, entry), _today())
    currency = charges[0].currency if charges else "CNY"
    return {"amount": f"{Decimal(sum(one.fen for one in charges)) / 100:.2f}", "currency": currency}


def _today() -> Any:
    return clock.now().date()


def _own(question: Question, key: str) -> Question:
    """The question under a name that says which entry it belongs to; short lists become one select."""
    entries = tuple(
        replace(entry, anchor=f"f-{key}{entry.anchor.removeprefix('f')}", questions=tuple(_own(q, key) for q in entry.questions))
        for entry in question.entries
    )  # fmt: skip
    widget = question.widget
    if widget == "choice" and len(question.options) > _SELECT_FROM:
        widget = "select"
    anchor = basket.anchor(key, question.name)
    return replace(question, name=key + question.name, anchor=anchor, entries=entries, widget=widget)


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


def _told(found: Visit, entry: Entry) -> tuple[Told, ...]:
    """What other items of this visit have answered already; the person stands on the left."""
    lines = []
    for pointer, value in basket.carried(found, entry).items():
        one = entry.item.form.field(pointer)
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
        _check(viewer, found, one, wrong, f"paper-{one.code}" == first) for one in checklist.papers(found)
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
    if needed.made:
        state, said = "held", Words("填好就是", "What is filled in here is it")
    elif needed.left:
        state, said = "held", Words("原件留下", "Original stays here")
    elif scans:
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
        needed.code, anchor, needed.title, needed.whose, needed.items if len(found.items) > 1 else (), needed.note,
        wrong.get(anchor), state, said, scans, bool(needed.slots) and not scans,
        not (needed.must_scan or needed.made), needed.seen,
        needed.left, now,
    )  # fmt: skip


# ---- the bar ----


def _bar(found: Visit, left: list[Missing]) -> dict[str, Any]:
    total = sum((Decimal(_owed(found, one)["amount"]) for one in found.entries()), Decimal(0))
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
    others = [one for one in visits.unfinished(viewer) if one.id != found.id][:_PARKED]
    return [
        {"url": f"/counter/visit/{one.id}", "title": _visit_title(one), "at": one.saved_at, "offered": bool(one.offer),
         "key": "" if found.id else number}
        for number, one in enumerate(others, 1)
    ]  # fmt: skip


def _visit_title(one: Visit) -> Words:
    """Whose visit it is, masked: the next person may see the screen."""
    names = [mask_name(guest.person.name) for guest in one.guests if guest.person.name] or ["…"]
    titles = visits.names_of(one, one.items)
    zh, en = "、".join(t.zh for t in titles), ", ".join(t.en for t in titles)
    return Words(f"{'、'.join(names)}，{zh or '还没选事项'}", f"{', '.join(names)}: {en or 'no item yet'}")
