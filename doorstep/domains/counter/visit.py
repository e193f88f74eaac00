"""One visit at the window: who came, what for, what was typed. Kept as one draft, so that nothing typed is ever lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from doorstep.kernel import draft, matter
from doorstep.kernel.matter import CHANNELS
from doorstep.kernel.org import reach_at, town
from doorstep.kernel.party import HELD, Person
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import pack
from doorstep.rulebook.field import Fault, Field, at_pointer
from doorstep.rulebook.format import FORMATS, tidy
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web.questions import Pairs, pairs_from, taken_in

DRAFT = "counter"
_NOBODY = Person("")
_REMOTE = ("online", "kiosk", "agent", "post", "partner")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as it stands. ``answers`` holds what was typed by item, valid or not; ``seen`` the originals shown."""

    id: UUID | None = None
    saved_at: datetime | None = None
    person: Person = _NOBODY
    checked: bool = False
    items: tuple[str, ...] = ()
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()
    point: str = ""
    requests: Mapping[str, str] = field(default_factory=dict)
    others: tuple[Mapping[str, Any], ...] = ()
    done: tuple[Mapping[str, Any], ...] = ()

    def packs(self) -> Iterator[Pack]:
        """The packs of its items, in the order they were added."""
        return (self._there(code) for code in self.items)

    def _there(self, code: str) -> Pack:
        """An item as it holds for the unit that the answers so far make competent."""
        if not self.point:
            return pack.current(code)
        return matter.asked_there(code, self.point, self.answers.get(code, {}))[0]


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that stands between this visit and its acceptance, and where on the page it is mended."""

    anchor: str
    title: Words
    words: Words
    named: Words | None = None


def load(viewer: Viewer, visit_id: UUID) -> Visit:
    """A visit of this clerk. Refused: "not-found"."""
    view = draft.read_draft(viewer, visit_id)
    if view.item != DRAFT:
        raise not_found()
    found = _from(view)
    window = point_of(viewer, found)
    return replace(found, point=window.code if window else "")


def keep(viewer: Viewer, visit: Visit) -> Visit:
    """Store it as it stands."""
    data = {
        "person": [visit.person.name, visit.person.id_no, visit.person.phone], "checked": visit.checked,
        "items": visit.items, "answers": visit.answers, "seen": sorted(visit.seen), "point": visit.point,
        "requests": visit.requests, "others": visit.others, "done": visit.done,
    }  # fmt: skip
    view = draft.save_draft(viewer, DRAFT, data, "", visit.id)
    return replace(visit, id=view.id, saved_at=view.saved_at)


def unfinished(viewer: Viewer) -> list[Visit]:
    """The clerk's visits that were begun and not accepted, newest first."""
    views = [_from(view) for view in draft.my_drafts(viewer) if view.item == DRAFT]
    return [one for one in views if not one.done and (one.person.name or one.items)]


def _from(view: draft.DraftView) -> Visit:
    raw = view.data
    name, id_no, phone = raw.get("person", ["", "", ""])
    known = {found.code for found in pack.listed()}
    return Visit(
        view.id, view.saved_at, Person(name, id_no, phone), bool(raw.get("checked")),
        tuple(code for code in raw.get("items", ()) if code in known), raw.get("answers", {}),
        frozenset(raw.get("seen", ())), raw.get("point", ""), raw.get("requests", {}),
        tuple(raw.get("others", ())), tuple(raw.get("done", ())),
    )  # fmt: skip


# ---- where ----


@dataclass(frozen=True, slots=True)
class Window:
    """A point of service with people in it, and how matters come in there (hall, station, room …)."""

    code: str
    name: Words
    address: Words
    phone: str
    channel: str


def points_of(viewer: Viewer) -> list[Window]:
    """The windows of the viewer's unit."""
    mine = [p for p in town().points.values() if p.unit_id == viewer.unit_id]
    windows = (Window(p.code, p.name, p.address, p.phone, _channel([p.kind, *p.channels])) for p in mine)
    return [one for one in windows if one.channel]


def _channel(wanted: Iterable[str]) -> str:
    return next((one for one in wanted if one in CHANNELS and one not in _REMOTE), "")


def point_of(viewer: Viewer, visit: Visit) -> Window | None:
    """Where this visit takes place: as chosen, else the first window of the unit."""
    mine = points_of(viewer)
    return next((p for p in mine if p.code == visit.point), mine[0] if mine else None)


def offered(viewer: Viewer, point: Window | None) -> list[Pack]:
    """The items that this clerk may take in at this point."""
    return [
        p
        for p in pack.listed(reach_at(point.code) if point else ())
        if point and point.channel in p.channels and viewer.may("receive", p.branch)
    ]


# ---- what was typed ----


def with_person(visit: Visit, name: str, id_no: str, phone: str) -> Visit:
    """The person as typed from the document, in plain digits."""
    person = Person(tidy(name), tidy(id_no, "cn-id"), tidy(phone, "cn-mobile"))
    return replace(visit, person=person)


def person_faults(person: Person) -> dict[str, Words]:
    """What is wrong with the person as typed, by input name. A mobile is not a must: nobody needs a phone."""
    faults: dict[str, Words] = {}
    if len(person.name) < 2:
        faults["name"] = Words("请填写姓名，和证件上一样。", "Type the name as on the document.")
    if not person.id_no:
        faults["id_no"] = Words("请填写证件号。", "Type the identity number.")
    for key, form in (("id_no", "cn-id"), ("phone", "cn-mobile")):
        value = getattr(person, key)
        wrong = FORMATS[form].fault(value) if value else None
        if wrong:
            faults[key] = wrong
    return faults


def add_item(visit: Visit, code: str) -> Visit:
    """One more item; an item that is there already stays once."""
    if code in visit.items:
        return visit
    requests = {**visit.requests, code: uuid4().hex}
    return replace(visit, items=(*visit.items, code), requests=requests)


def drop_item(visit: Visit, code: str) -> Visit:
    """Without an item; what was typed for it stays, should it come back."""
    return replace(visit, items=tuple(one for one in visit.items if one != code))


def carried(visit: Visit, found: Pack) -> dict[str, Any]:
    """What is known without asking: pointer to value, from the person and from items before this one."""
    known: dict[str, Any] = {
        fact: value for fact, key in HELD.items() if (value := getattr(visit.person, key))
    }
    for earlier in visit.packs():
        if earlier.code == found.code:
            break
        known = {**_facts(earlier, visit.answers.get(earlier.code, {})), **known}
    own = [one for one in found.form.fields if one.fact and one.widget not in ("repeat", "upload")]
    return {one.pointer: known[one.fact] for one in own if one.fact in known}


def _facts(found: Pack, data: Mapping[str, Any]) -> dict[str, Any]:
    named = [one for one in found.form.fields if one.fact and one.widget not in ("repeat", "upload")]
    values = ((one.fact, at_pointer(data, one.pointer)) for one in named)
    return {fact: value for fact, value in values if value is not None}


def filled(visit: Visit, found: Pack) -> dict[str, Any]:
    """The whole form of one item: what was typed, with what is carried over."""
    pairs = pairs_from(dict(visit.answers.get(found.code, {})))
    known = carried(visit, found)
    kept = [pair for pair in pairs if pair[0] not in known and found.form.field(pair[0])]
    return found.form.from_post([*kept, *((pointer, str(value)) for pointer, value in known.items())])


def to_ask(visit: Visit, found: Pack) -> list[tuple[Words, tuple[Field, ...]]]:
    """Page by page the questions that are still the clerk's to ask: not the carried ones, not the papers."""
    known, groups = carried(visit, found), []
    of_person = set(HELD)
    for page in found.form.pages(filled(visit, found)):
        fields = tuple(
            one for one in page.fields
            if one.pointer not in known and one.fact not in of_person and one.widget != "upload"
        )  # fmt: skip
        if fields:
            groups.append((page.title, fields))
    return groups


def take_in(visit: Visit, posted: Mapping[str, Pairs]) -> Visit:
    """The visit with what was posted, by item. Questions that were not on the page keep their answers."""
    answers = dict(visit.answers)
    for found in visit.packs():
        fields = [one for _, group in to_ask(visit, found) for one in group]
        old = answers.get(found.code, {})
        answers[found.code] = taken_in(found.form, fields, old, posted.get(found.code, []))
    return replace(visit, answers=answers)


# ---- papers ----


@dataclass(frozen=True, slots=True)
class Needed:
    """One paper of the visit: for which items, where its scans go (item, pointer), and whether it is a must."""

    code: str
    title: Words
    items: tuple[Words, ...]
    note: Words | None
    required: bool
    must_scan: bool
    slots: tuple[tuple[str, str], ...]
    file_ids: tuple[str, ...]
    seen: bool

    @property
    def there(self) -> bool:
        return bool(self.file_ids) or (self.seen and not self.must_scan)


def papers(visit: Visit) -> list[Needed]:
    """One list for all items; a paper that several need is there once."""
    found: dict[str, Needed] = {}
    for one in visit.packs():
        data = filled(visit, one)
        for asked in one.materials:
            slots = [
                f for f in one.form.fields if f.material == asked.material.code and one.form.asked(f, data)
            ]
            conditional = [f for f in one.form.fields if f.material == asked.material.code and f.when]
            if conditional and not slots:
                continue
            before = found.get(asked.material.code)
            files = [str(v) for f in slots if (v := at_pointer(data, f.pointer))]
            found[asked.material.code] = Needed(
                asked.material.code,
                asked.material.title,
                (*(before.items if before else ()), one.title),
                asked.note or (before.note if before else None),
                asked.required or bool(before and before.required),
                any(f.required for f in slots) or bool(before and before.must_scan),
                (*(before.slots if before else ()), *((one.code, f.pointer) for f in slots)),
                tuple(dict.fromkeys([*(before.file_ids if before else ()), *files])),
                asked.material.code in visit.seen,
            )
    return list(found.values())


def with_file(visit: Visit, material: str, file_id: str | None) -> Visit:
    """Put a scan (or nothing) into every place that asks for this paper."""
    answers = {code: dict(data) for code, data in visit.answers.items()}
    for needed in papers(visit):
        for code, pointer in needed.slots if needed.code == material else ():
            pairs = [p for p in pairs_from(answers.get(code, {})) if p[0] != pointer]
            if file_id:
                pairs.append((pointer, file_id))
            answers[code] = pack.current(code).form.from_post(pairs)
    return replace(visit, answers=answers)


# ---- what is missing ----


def faults(visit: Visit) -> list[tuple[Pack, Fault]]:
    """Everything the forms of this visit still want, item by item."""
    return [(found, fault) for found in visit.packs() for fault in found.form.validate(filled(visit, found))]


def missing(visit: Visit) -> list[Missing]:
    """What stands between this visit and its acceptance, in the order of the page."""
    found: list[Missing] = []
    if not visit.checked:
        words = Words("先核对来的人。", "Identify the visitor first.")
        found.append(Missing("who", Words("核对证件", "identify the visitor"), words))
    uploads: list[Missing] = []
    for item, fault in faults(visit):
        one = item.form.field(fault.pointer)
        if one is not None and one.fact in HELD:
            if visit.checked:
                found.append(Missing("who", one.title, fault.words))
        elif one is not None and one.material:
            uploads.append(Missing(f"paper-{one.material}", _paper(one, item), fault.words))
        else:
            title = one.title if one else item.title
            found.append(Missing(anchor(item.code, fault.pointer), title, fault.words))
    return found + list(_papers_missing(visit, uploads))


def _paper(one: Field, item: Pack) -> Words:
    return next((a.material.title for a in item.materials if a.material.code == one.material), one.title)


def _papers_missing(visit: Visit, uploads: Iterable[Missing]) -> Iterator[Missing]:
    told = {one.anchor: one for one in uploads}
    for needed in papers(visit):
        at = f"paper-{needed.code}"
        if at in told:
            yield told[at]
        elif needed.required and not needed.there:
            words = Words(
                "看过原件请打勾，或者扫描进来。", "Tick it once you have seen the original, or scan it."
            )
            yield Missing(at, needed.title, words, needed.title)


def anchor(code: str, pointer: str) -> str:
    """The id of the input that asks for this pointer of this item."""
    return "f-" + code + pointer.replace("/", "-")
