"""What is asked when somebody is given authority: who, for what, until when; online and at a window alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.http import QueryDict

from doorstep.domains.family.mandate import MandateView
from doorstep.kernel.party import Person
from doorstep.rulebook import clock, pack
from doorstep.rulebook.format import tidy
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import BRANCHES
from doorstep.web.questions import known_by, who_by

#: What the other person is to whoever gives the authority.
RELATIONS: Final[Mapping[str, Words]] = {
    "child": Words("儿子、女儿", "son or daughter"), "spouse": Words("丈夫、妻子", "husband or wife"),
    "parent": Words("父亲、母亲", "father or mother"), "sibling": Words("兄弟姐妹", "brother or sister"),
    "grandchild": Words("孙辈、外孙辈", "grandchild"), "other": Words("别的人", "somebody else"),
}  # fmt: skip
KINDS: Final[Mapping[str, Words]] = {
    "given": Words("本人委托", "authority given"),
    "parent": Words("父母替未成年子女", "parent for a child"),
    "guardian": Words("监护人替被监护人", "guardian for a ward"),
}
_USUAL = timedelta(days=90)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One authority as a page shows it. ``starts``: where the agent begins a matter; ``branches`` and ``items`` in words."""

    one: MandateView
    kind: Words
    relation: Words
    covers: tuple[Words, ...]
    last: datetime


def line(one: MandateView) -> Line:
    """An authority in words."""
    known = {found.code: found.title for found in pack.listed()}
    covers = [BRANCHES[code] for code in one.branches]
    all_of_it = Words("所有能委托的事", "everything that may be left to somebody")
    return Line(
        one,
        KINDS[one.kind],
        RELATIONS.get(one.relation, RELATIONS["other"]),
        (all_of_it,)
        if len(covers) == len(BRANCHES)
        else (*covers, *(known.get(code, Words(code, code)) for code in one.items)),
        one.until - timedelta(seconds=1),
    )


def person(posted: QueryDict, prefix: str) -> Person:
    """Name and document as typed."""
    return Person(tidy(posted.get(f"{prefix}_name", "")), known_by(posted, f"{prefix}_"))


def until_of(text: str) -> datetime:
    """The end of the day that was chosen; the past, which is refused, for what is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date(1970, 1, 1)
    return datetime.combine(day + _DAY, datetime.min.time(), calendar().zone)


def scope_of(posted: QueryDict) -> tuple[list[str], list[str]]:
    """Items and branches that were chosen."""
    known = {one.code for one in pack.listed()}
    items = [one for one in posted.getlist("item") if one in known]
    return items, [one for one in posted.getlist("branch") if one in BRANCHES]


def context(posted: QueryDict, item: str = "") -> dict[str, Any]:
    """What the questions show: what was typed, and what there is to choose from."""
    today = calendar().day_of(clock.now())
    chosen = posted.getlist("item") or ([item] if item else [])
    one = next((found for found in pack.listed() if found.code in chosen), None)
    return {
        "typed": {name: posted.get(name, "") for name in ("agent_name", "relation", "until", "proof", "kind", "born")},
        "agent_shown": who_by(
            "agent_id_no", person(posted, "agent").id_no, title=Words("代办的人：证件号", "Who acts: the number"),
            hint=Words("照着证件填，免得给错了人。", "Copy it from the document, so that it reaches nobody else."),
        ),
        "relations": RELATIONS.items(),
        "branches": [(code, title, code in posted.getlist("branch")) for code, title in BRANCHES.items()],
        "item": one,
        "first": (today + _DAY).isoformat(),
        "last": (today + timedelta(days=365)).isoformat(),
        "usual": (today + _USUAL).isoformat(),
    }  # fmt: skip
