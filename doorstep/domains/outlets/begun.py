"""What is being filled in where no police stand: for whom, how they were identified, which item, the answers so far.

Kept as a draft of the outlet's or kiosk's account, so that nothing typed is lost; at a kiosk it is thrown away when the person
leaves, after some quiet minutes, and before anybody else begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from doorstep.domains.outlets import errand
from doorstep.domains.outlets.errand import How
from doorstep.kernel import draft, file, matter
from doorstep.kernel.draft import DraftView
from doorstep.kernel.org import reach_at
from doorstep.kernel.party import Person
from doorstep.kernel.trust import Viewer, not_found
from doorstep.rulebook import clock, pack
from doorstep.rulebook.format import FORMATS, tidy
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Refused, Words
from doorstep.web.places import brought
from doorstep.web.portal.apply import Whom, known

DRAFT = "outlet"
QUIET = timedelta(minutes=5)
"""After so long without a page sent, what stands at a kiosk belongs to nobody there."""


HALTED = Words(
    "这一项刚刚在这里停办了，什么都没有交。", "This service has just been taken off here. Nothing was sent."
)


@dataclass(frozen=True, slots=True)
class Begun:
    """One form under way. ``kept`` holds its answers alone, as `web.portal.apply` shows them."""

    item: Pack
    person: Person
    how: How
    kept: DraftView
    at: str

    @property
    def whom(self) -> Whom:
        """For the pages of the form: for whom it is, and where they lie."""
        return Whom(None, self.person if self.how.agreed != "own" else None, self.at)


@dataclass(frozen=True, slots=True)
class Halted:
    """A form whose item this point does not take any more: kept, in case it is taken again."""

    id: UUID
    title: Words
    person: Person
    saved_at: datetime


def offered(viewer: Viewer) -> tuple[Pack, ...]:
    """What this point takes, as far as the account may bring it."""
    point = errand.point_of(viewer)
    here = brought(pack.listed(reach_at(point.code)), point.channel, point.code)
    return tuple(one for one in here if viewer.may(viewer.brings, one.branch))


def item(viewer: Viewer, code: str) -> Pack:
    """One of them. Refused: "not-found"."""
    found = next((one for one in offered(viewer) if one.code == code), None)
    if found is None:
        raise not_found()
    return found


def person_of(post: Mapping[str, str]) -> tuple[Person, dict[str, Words]]:
    """Who stands there as typed or read, in plain digits, and what is wrong with it by the name of the input."""
    name, id_no = tidy(post.get("name", "")), tidy(post.get("id_no", ""), "cn-id")
    phone = tidy(post.get("phone", ""), "cn-mobile")
    faults: dict[str, Words] = {}
    if len(name) < 2:
        faults["name"] = Words("请填写姓名，和证件上一样。", "Type the name as on the document.")
    wrong = FORMATS["cn-id"].fault(id_no) if id_no else Words("请填写证件号。", "Type the identity number.")
    if wrong:
        faults["id_no"] = wrong
    if phone and (wrong := FORMATS["cn-mobile"].fault(phone)):
        faults["phone"] = wrong
    return Person(name, id_no, phone), faults


def begin(viewer: Viewer, found: Pack, person: Person, how: How) -> Begun:
    """A new form for this person, with what the document told filled in."""
    answers = known(person, found)
    first = found.form.pages(answers)[0].id
    view = draft.save_draft(viewer, DRAFT, _raw(found, person, how, answers), first)
    return _of(viewer, view)


def load(viewer: Viewer, draft_id: UUID) -> Begun:
    """A form of this account. Refused: "not-found", also when it lay at a kiosk for too long; "halted" (409) when this point does
    not take the item any more.
    """
    view = draft.read_draft(viewer, draft_id)
    if view.item != DRAFT or (viewer.kind == "kiosk" and clock.now() - view.saved_at > QUIET):
        raise not_found()
    if view.data["item"] not in {one.code for one in offered(viewer)}:
        raise Refused("halted", HALTED, status=409)
    return _of(viewer, view)


def keep(viewer: Viewer, begun: Begun, answers: Mapping[str, Any], page: str) -> Begun:
    """Store what was typed, valid or not."""
    raw = _raw(begun.item, begun.person, begun.how, answers)
    return _of(viewer, draft.save_draft(viewer, DRAFT, raw, page, begun.kept.id))


def under_way(viewer: Viewer) -> tuple[list[Begun], list[Halted]]:
    """The forms that this account has begun, newest first; apart those of items that its point does not take any more."""
    offers = {one.code for one in offered(viewer)}
    found = draft.my_drafts(viewer, item=DRAFT)
    halted = [Halted(one.id, Words(**one.data["title"]), Person(**one.data["person"]).masked(), one.saved_at)
              for one in found if one.data["item"] not in offers]  # fmt: skip
    return [_of(viewer, one) for one in found if one.data["item"] in offers], halted


def wipe(viewer: Viewer, but: UUID | None = None) -> None:
    """Nothing that was typed or sent here is left for whoever comes next, ``but`` the form that is just being sent."""
    for view in draft.my_drafts(viewer, item=DRAFT):
        if view.id != but:
            drop(viewer, view.id)
    errand.leave()


def drop(viewer: Viewer, draft_id: UUID) -> None:
    """One form, with what was sent for it. Refused: "not-found"."""
    view = draft.read_draft(viewer, draft_id)
    if view.item != DRAFT:
        raise not_found()
    for one in file.pending(viewer, list(_ids_in([view.data["answers"], view.data["how"]["proof"]]))):
        file.drop(viewer, one)
    draft.drop_draft(viewer, draft_id)


def _ids_in(told: Any) -> Iterator[UUID]:
    """Whatever may be the id of a file: the item that would say which they are may be gone by now."""
    if isinstance(told, str) and FORMATS["upload"].ok(told):
        yield UUID(told)
    elif isinstance(told, list | dict):
        for one in told.values() if isinstance(told, dict) else told:
            yield from _ids_in(one)


def _raw(item: Pack, person: Person, how: How, answers: Mapping[str, Any]) -> dict[str, Any]:
    told = {"identified": how.identified, "agreed": how.agreed, "proof": str(how.proof or "")}
    title = {"zh": item.title.zh, "en": item.title.en}
    return {
        "item": item.code,
        "title": title,
        "person": asdict(person),
        "how": told,
        "answers": dict(answers),
    }


def _of(viewer: Viewer, view: DraftView) -> Begun:
    raw, point = view.data, errand.point_of(viewer)
    proof = raw["how"]["proof"]
    how = How(raw["how"]["identified"], raw["how"]["agreed"], UUID(proof) if proof else None)
    there, answers = matter.asked_there(raw["item"], point.code, raw["answers"])
    kept = DraftView(view.id, there.code, view.page, answers, view.version, view.saved_at)
    room = "kiosk" if viewer.kind == "kiosk" else "errand"
    return Begun(there, Person(**raw["person"]), how, kept, f"/outlets/{room}/{view.id}")
