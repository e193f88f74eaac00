"""One visit at the window: who came, what for, what was typed. Kept as one draft, so that nothing typed is ever lost.

Several people may come together. Each has a number in the visit that is never given again; what belongs to the second carries
it behind its code (`HZ-078_2`), what belongs to the first does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from doorstep.domains.counter import place
from doorstep.kernel import draft, file, matter
from doorstep.kernel.party import Person
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import pack
from doorstep.rulebook.format import FORMATS
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words

DRAFT = "counter"
DONE = "done"
_NOBODY = Person("")


@dataclass(frozen=True, slots=True)
class Guest:
    """One of those who came. ``others``: matters of this person that the unit may see."""

    number: int
    person: Person = _NOBODY
    checked: bool = False
    others: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of the basket: for whom it is."""

    key: str
    item: Pack
    guest: Guest

    @property
    def code(self) -> str:
        return self.item.code


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as it stands. ``answers`` holds what was typed by entry, valid or not; ``seen`` the originals shown, ``left``
    those that stay here; ``halted`` the entries that are not offered any more; ``dropped`` scans that may still come back.
    """

    id: UUID | None = None
    saved_at: datetime | None = None
    guests: tuple[Guest, ...] = (Guest(1),)
    at: int = 1
    items: tuple[str, ...] = ()
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    point: str = ""
    requests: Mapping[str, str] = field(default_factory=dict)
    done: tuple[Mapping[str, Any], ...] = ()
    parked: bool = False
    offer: str = ""
    corrects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    halted: frozenset[str] = frozenset()
    before: Mapping[str, Any] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)

    @property
    def guest(self) -> Guest:
        """Who is shown now."""
        return next((one for one in self.guests if one.number == self.at), self.guests[0])

    @property
    def person(self) -> Person:
        return self.guest.person

    @property
    def checked(self) -> bool:
        """Was everybody's document compared with the person, as far as they are here for something?"""
        mine = {number_of(key) for key in self.items} or {self.at}
        return all(one.checked for one in self.guests if one.number in mine)

    def entries(self) -> Iterator[Entry]:
        """What can be taken in, in the order it was added; what is not offered any more is left out."""
        for key in self.items:
            if key not in self.halted:
                guest = next(one for one in self.guests if one.number == number_of(key))
                yield Entry(key, self._there(key), guest)

    def _there(self, key: str) -> Pack:
        """An item as it holds for the unit that the answers so far make competent."""
        code = code_of(key)
        if not self.point:
            return pack.current(code)
        return matter.asked_there(code, self.point, self.answers.get(key, {}))[0]


def key_of(code: str, number: int) -> str:
    """What belongs to the person of this number."""
    return code if number == 1 else f"{code}_{number}"


def code_of(key: str) -> str:
    return key.partition("_")[0]


def number_of(key: str) -> int:
    return int(key.partition("_")[2] or 1)


# ---- kept ----


def load(viewer: Viewer, visit_id: UUID) -> Visit:
    """A visit of this clerk. Refused: "not-found"."""
    view = draft.read_draft(viewer, visit_id)
    if view.item != DRAFT:
        raise not_found()
    return here(viewer, from_raw(view.data, view.id, view.saved_at))


def here(viewer: Viewer, visit: Visit) -> Visit:
    """The visit at the window where it takes place: which of its items are not offered there any more."""
    window = place.point_of(viewer, visit.point)
    offered = {one.code for one in place.offered(viewer, window)} if visit.items else set()
    halted = frozenset(key for key in visit.items if code_of(key) not in offered)
    return replace(visit, point=window.code if window else "", halted=halted)


def keep(viewer: Viewer, visit: Visit) -> Visit:
    """Store it as it stands. Until it is done its scans live as long as it does."""
    if not visit.done and (scans := uploads(visit)):
        file.hold(viewer, scans)
    view = draft.save_draft(viewer, DRAFT, raw(visit), DONE if visit.done else "", visit.id)
    return replace(visit, id=view.id, saved_at=view.saved_at)


def uploads(visit: Visit) -> list[UUID]:
    """Its scans, among them those that were let go and may come back."""
    texts = [text for one in visit.answers.values() for text in values_of(one)] + list(visit.dropped)
    return [UUID(text) for text in texts if FORMATS["upload"].ok(text)]


def values_of(data: Any) -> list[str]:
    """Every text among answers."""
    if isinstance(data, Mapping):
        return [value for one in data.values() for value in values_of(one)]
    if isinstance(data, list | tuple):
        return [value for one in data for value in values_of(one)]
    return [data] if isinstance(data, str) else []


def unfinished(viewer: Viewer) -> list[Visit]:
    """The clerk's visits that were begun and not accepted, newest first."""
    views = draft.my_drafts(viewer, item=DRAFT, page="")
    visits = [from_raw(one.data, one.id, one.saved_at) for one in views]
    return [one for one in visits if not one.done and (one.person.name or one.items)]


def raw(visit: Visit) -> dict[str, Any]:
    """A visit as plain values."""
    return {
        "guests": [[one.number, asdict(one.person), one.checked, list(one.others)] for one in visit.guests],
        "at": visit.at, "items": list(visit.items), "titles": visit.titles, "answers": visit.answers,
        "seen": sorted(visit.seen), "left": sorted(visit.left), "point": visit.point, "requests": visit.requests,
        "done": list(visit.done), "parked": visit.parked, "offer": visit.offer,
        "corrects": visit.corrects,
        "before": visit.before, "dropped": visit.dropped,
    }  # fmt: skip


def from_raw(data: Mapping[str, Any], visit_id: UUID | None, saved_at: datetime | None) -> Visit:
    """The visit that `raw` wrote."""
    guests = tuple(
        Guest(n, Person(**who), checked, tuple(others)) for n, who, checked, others in data["guests"]
    )
    return Visit(
        visit_id, saved_at, guests or (Guest(1),), data["at"], tuple(data["items"]), data["titles"], data["answers"],
        frozenset(data["seen"]), frozenset(data["left"]), data["point"], data["requests"], tuple(data["done"]),
        data["parked"], data.get("offer", ""), data.get("corrects", {}), frozenset(), data["before"], data["dropped"],
    )  # fmt: skip


# ---- who came ----


def with_guest(visit: Visit, guest: Guest) -> Visit:
    """The visit with this person as they stand now."""
    guests = tuple(guest if one.number == guest.number else one for one in visit.guests)
    return replace(visit, guests=guests)


def with_person(visit: Visit, number: int, person: Person) -> Visit:
    """A person as typed from the document. A number that nobody has changes nothing."""
    for one in visit.guests:
        if one.number == number:
            return with_guest(visit, replace(one, person=replace(person, kind=one.person.kind)))
    return visit


def add_guest(visit: Visit) -> Visit:
    """One more of the family, who is shown from now on; an empty place is used first."""
    empty = next((one for one in visit.guests if one.person == _NOBODY), None)
    if empty:
        return replace(visit, at=empty.number)
    used = [one.number for one in visit.guests] + [number_of(key) for key in visit.answers]
    guest = Guest(max(used) + 1)
    return replace(visit, guests=(*visit.guests, guest), at=guest.number)


def show_guest(visit: Visit, number: int) -> Visit:
    """Another of those who came is shown."""
    return replace(visit, at=number) if number in {one.number for one in visit.guests} else visit


def drop_guest(visit: Visit, number: int) -> Visit:
    """Without one person and what they came for; the last one stays."""
    guests = tuple(one for one in visit.guests if one.number != number)
    items = tuple(key for key in visit.items if number_of(key) != number)
    return replace(visit, guests=guests, items=items, at=guests[0].number) if guests else visit


def person_faults(person: Person) -> dict[str, Words]:
    """What is wrong with the person as typed, by input name. A mobile is not a must: nobody needs a phone."""
    faults: dict[str, Words] = {}
    if len(person.name) < 2:
        faults["name"] = Words("请填写姓名，和证件上一样。", "Type the name as on the document.")
    if not person.id_no:
        faults["id_no"] = Words("请填写证件号。", "Type the identity number.")
    for key, form in (("id_no", "document"), ("phone", "cn-mobile")):
        value = getattr(person, key)
        wrong = FORMATS[form].fault(value) if value else None
        if wrong:
            faults[key] = wrong
    return faults


# ---- what for ----


def add_item(visit: Visit, found: Pack) -> Visit:
    """One more item for who is shown; one that is there already stays once."""
    key = key_of(found.code, visit.at)
    if key in visit.items:
        return visit
    requests = {**visit.requests, key: uuid4().hex}
    titles = {**visit.titles, key: found.title.as_dict()}
    return replace(visit, items=(*visit.items, key), requests=requests, titles=titles)


def drop_item(visit: Visit, key: str) -> Visit:
    """Without an item; what was typed for it stays, should it come back."""
    return replace(visit, items=tuple(one for one in visit.items if one != key))


def names_of(visit: Visit, keys: Iterable[str]) -> list[Words]:
    """The titles of these entries, offered or not."""
    return [Words.of(visit.titles[key]) for key in keys if key in visit.titles]


def mark(visit: Visit) -> str:
    """Six characters by which people speak of a visit: on the sheet one takes home, and between colleagues."""
    return visit.id.hex[-6:].upper() if visit.id else ""
