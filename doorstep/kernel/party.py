"""Persons and firms: found only by an exact identifier, sealed under a key of their own, shown masked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction

from doorstep.kernel.crypto import new_key, open_sealed, seal
from doorstep.kernel.event import canonical
from doorstep.kernel.models import Party
from doorstep.kernel.row import fetch, insert, rows
from doorstep.kernel.trust import Viewer, keys
from doorstep.rulebook import clock, document
from doorstep.rulebook.document import differ
from doorstep.rulebook.field import Fault, at_pointer
from doorstep.rulebook.form import Form
from doorstep.rulebook.ids import uuid7
from doorstep.rulebook.words import Refused, Words

#: Which facts of a form are the applicant's own record, and where that record holds them.
HELD = {
    "applicant.name": "name",
    "applicant.id_no": "id_no",
    "applicant.mobile": "phone",
    "applicant.latin": "latin",
}
_IDENTITY = ("applicant.name", "applicant.id_no")


@dataclass(frozen=True, slots=True)
class Person:
    """Who a matter concerns, as somebody typed or a card said. ``id_no``: identity number, or another document as one text
    (``rulebook.document``); ``latin``: the name in Latin letters where ``name`` is not."""

    name: str
    id_no: str = ""
    phone: str = ""
    kind: str = "person"
    latin: str = ""

    def masked(self) -> Person:
        """The form that lists and screens show by default."""
        hidden = document.masked(self.id_no), mask_phone(self.phone), self.kind, mask_name(self.latin)
        return Person(mask_name(self.name), *hidden)


def mask_name(name: str) -> str:
    """陆望舒 → 陆**; the family name stays so that a clerk can call somebody."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def mask_phone(phone: str) -> str:
    return phone[:3] + "****" + phone[-4:] if len(phone) >= 11 else "*" * len(phone)


def find_or_add(viewer: Viewer, person: Person, *, purpose: str) -> UUID:
    """The party with this exact identity number, or a new one. The look-up is logged whether it finds or not, and gives
    no sight of the record: that comes with a visible matter.

    Refused: "no-name" when the name is empty, "wrong-number" for an identity number that cannot be one.
    """
    if not person.name.strip():
        raise Refused(
            "no-name",
            Words("请填写姓名。", "Please give a name."),
            faults=(("/name", Words("必填", "Required")),),
        )
    told = document.parts(person.id_no)
    wrong = document.fault(person.id_no) if told.kind != "id" or len(told.number) == 18 else None
    if wrong:
        raise Refused("wrong-number", wrong, faults=(("/id_no", wrong),))
    index = document.index(person.id_no)
    blind = keys().blind("id_no", index) if index else None
    if blind is not None:
        found = _find(blind, purpose)
        if found:
            return found
    try:
        with transaction.atomic():
            return _add(viewer, person, blind)
    except IntegrityError:
        found = _find(blind, purpose) if blind is not None else None
        if found is None:
            raise
        return found


def _find(blind: bytes, purpose: str) -> UUID | None:
    found: UUID | None = fetch("select trust.find_party(%s, %s)", blind, purpose)[0][0]
    return found


def _add(viewer: Viewer, person: Person, blind: bytes | None) -> UUID:
    party_id, key = uuid7(), new_key()
    row = Party(id=party_id, kind=person.kind, id_blind=blind, key=keys().wrap(key, party_id.bytes),
                sealed=_seal(party_id, key, person), opened_by=viewer.account_id, opened_at=clock.now())  # fmt: skip
    insert(row)
    return party_id


def _seal(party_id: UUID, key: bytes, person: Person) -> bytes:
    raw = {"name": person.name, "id_no": person.id_no, "phone": person.phone}
    raw |= {"latin": person.latin} if person.latin else {}
    return seal(key, canonical(raw), b"party:" + party_id.bytes)


def open_party(row: Party) -> Person:
    """The clear person behind a visible row; a starred one when the record was erased."""
    if row.key is None or row.sealed is None:
        return Person("***", kind=row.kind)
    key = keys().unwrap(bytes(row.key), row.id.bytes)
    raw = orjson.loads(open_sealed(key, bytes(row.sealed), b"party:" + row.id.bytes))
    return Person(raw["name"], raw["id_no"], raw["phone"], row.kind, raw.get("latin", ""))


def with_document(party_id: UUID, id_no: str) -> tuple[bytes, bytes]:
    """The record of somebody as it reads with another document, and the document that they had, both sealed."""
    [row] = rows(Party, "where id = %s", party_id)
    person, key = open_party(row), keys().unwrap(bytes(row.key or b""), party_id.bytes)
    was = seal(key, person.id_no.encode(), b"document:" + party_id.bytes)
    return _seal(party_id, key, replace(person, id_no=id_no)), was


def with_phone(party_id: UUID, was: str, phone: str) -> bytes | None:
    """The record of somebody as it reads with another telephone, sealed; None where it holds another one than ``was``."""
    [row] = rows(Party, "where id = %s", party_id)
    person = open_party(row)
    if not was or person.phone != was:
        return None
    return _seal(party_id, keys().unwrap(bytes(row.key or b""), party_id.bytes), replace(person, phone=phone))


def people(ids: Iterable[UUID]) -> dict[UUID, Person]:
    """The persons among ``ids`` whom this transaction may see, in one query. Callers log the read."""
    asked = list(set(ids))
    # One alone is asked for by itself: the database keeps a plan for that, and makes one for a list each time.
    found = (
        rows(Party, "where id = %s", *asked) if len(asked) == 1 else rows(Party, "where id = any(%s)", asked)
    )
    return {one.id: open_party(one) for one in found}


def names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The masked names of the persons among ``ids`` whom this transaction may see: all that a list shows of them."""
    return {one: mask_name(person.name) for one, person in people(ids).items()}


def own_person(viewer: Viewer) -> Person | None:
    """A resident's own record, to fill in what is already known about them."""
    return person_of(viewer.party_id)


def person_of(party_id: UUID | None) -> Person | None:
    """The person behind a party that this transaction may see."""
    return people([party_id]).get(party_id) if party_id else None


def disagreements(viewer: Viewer, form: Form, data: Any, person: Person) -> tuple[Fault, ...]:
    """Answers that name another applicant than ``person``: the own record online, whom the clerk identified at a window."""
    faults = []
    for one in form.fields:
        said, known = at_pointer(data, one.pointer), getattr(person, HELD.get(one.fact, ""), "")
        held = {known, (one.fact == "applicant.name" and person.latin) or known}
        if one.fact in _IDENTITY and known and isinstance(said, str) and all(differ(said, it) for it in held):
            faults.append(Fault(one.pointer, _differs(viewer, str(getattr(person.masked(), HELD[one.fact])))))
    return tuple(faults)


def check_present(applicant_id: UUID | None, present: Person) -> None:
    """Is the person at the window the applicant? Refused: "not-the-person" (409)."""
    known = people([applicant_id]).get(applicant_id) if applicant_id else None
    if known is None or differ(known.id_no, present.id_no) or differ(known.name, present.name):
        words = Words(
            "来的人不是这件事的当事人，请核对证件。",
            "Who came is not the person of this matter; check the document.",
        )
        raise Refused("not-the-person", words, status=409, faults=(("/present/id_no", words),))


def _differs(viewer: Viewer, known: str) -> Words:
    if viewer.is_resident:
        return Words(
            f"和您本人的登记不一致，登记的是“{known}”。请照登记填；登记错了，请带证件到窗口更正；替家里人办，先要有他的委托。",
            f"This differs from the record, which says “{known}”. Write it as recorded. If the record is wrong, bring the "
            "identity paper to a window to have it corrected; to apply for a relative, you need their authority first.",
        )
    return Words(
        f"和核对过的来人不一致，核对的是“{known}”。请改成一致；要是给别人办，请先核对那个人。",
        f"This differs from the person you identified, “{known}”. Make them agree; for somebody else, identify that "
        "person first.",
    )
