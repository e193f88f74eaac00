"""What a visit asks: the questions of all its items, those that are answered already, and what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from doorstep.domains.counter.visit import Entry, Visit, key_of, number_of
from doorstep.kernel.party import HELD
from doorstep.rulebook.field import Field, at_pointer
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.words import Words
from doorstep.web.questions import Pairs, pairs_from, taken_in

_OF_FAMILY = ("household.", "home.", "pick_up.")
"""Facts that people who come together mostly have in common: proposed for the next of them, and open to change."""


def anchor(key: str, pointer: str) -> str:
    """The id of the input that asks for this pointer of this entry."""
    return "f-" + key + pointer.replace("/", "-")


def carried(visit: Visit, entry: Entry) -> dict[str, Any]:
    """What is known without asking: pointer to value, from the person and from their items before this one."""
    person = entry.guest.person
    known: dict[str, Any] = {fact: value for fact, key in HELD.items() if (value := getattr(person, key))}
    for earlier in visit.entries():
        if earlier.key == entry.key:
            break
        if earlier.guest.number == entry.guest.number:
            known = {**_facts(earlier.item, visit.answers.get(earlier.key, {})), **known}
    own = [one for one in entry.item.form.fields if one.fact and one.widget not in ("repeat", "upload")]
    return {one.pointer: known[one.fact] for one in own if one.fact in known}


def _facts(found: Pack, data: Mapping[str, Any]) -> dict[str, Any]:
    named = [one for one in found.form.fields if one.fact and one.widget not in ("repeat", "upload")]
    values = ((one.fact, at_pointer(data, one.pointer)) for one in named)
    return {fact: value for fact, value in values if value is not None}


def proposed(visit: Visit, found: Pack) -> Visit:
    """The visit in which an item that was just added has the home and the place of pick-up of those who came along."""
    key = key_of(found.code, visit.at)
    family: dict[str, Any] = {}
    for other in visit.entries():
        if other.guest.number != number_of(key):
            family = {**_facts(other.item, visit.answers.get(other.key, {})), **family}
    pairs = pairs_from(dict(visit.answers.get(key, {})))
    there = {pointer for pointer, _ in pairs}
    more = [
        (one.pointer, str(family[one.fact]))
        for one in found.form.fields
        if one.fact.startswith(_OF_FAMILY) and one.fact in family and one.pointer not in there
    ]
    if not more:
        return visit
    return replace(visit, answers={**visit.answers, key: found.form.from_post([*pairs, *more])})


def filled(visit: Visit, entry: Entry) -> dict[str, Any]:
    """The whole form of one entry: what was typed, with what is carried over."""
    found = entry.item
    pairs = pairs_from(dict(visit.answers.get(entry.key, {})))
    known = carried(visit, entry)
    kept = [pair for pair in pairs if pair[0] not in known and found.form.field(pair[0])]
    return found.form.from_post([*kept, *((pointer, str(value)) for pointer, value in known.items())])


def to_ask(visit: Visit, entry: Entry) -> list[tuple[Words, tuple[Field, ...]]]:
    """Page by page the questions that are still the clerk's to ask: not the carried ones, not the papers."""
    known, groups = carried(visit, entry), []
    of_person = set(HELD)
    for page in entry.item.form.pages(filled(visit, entry)):
        fields = tuple(
            one for one in page.fields
            if one.pointer not in known and one.fact not in of_person and one.widget != "upload"
        )  # fmt: skip
        if fields:
            groups.append((page.title, fields))
    return groups


def take_in(visit: Visit, posted: Mapping[str, Pairs]) -> Visit:
    """The visit with what was posted, by entry. Questions that were not on the page keep their answers."""
    answers = dict(visit.answers)
    for entry in visit.entries():
        if entry.key in posted:
            fields = [one for _, group in to_ask(visit, entry) for one in group]
            answers[entry.key] = taken_in(
                entry.item.form, fields, answers.get(entry.key, {}), posted[entry.key]
            )
    return replace(visit, answers=answers)


def without_row(visit: Visit, name: str, number: str) -> Visit:
    """One row of a group less; ``name`` is the entry's key and the group's pointer."""
    key, slash, rest = name.partition("/")
    row = f"{slash}{rest}/{number}/"
    for entry in visit.entries():
        if entry.key == key:
            pairs = [p for p in pairs_from(dict(visit.answers.get(key, {}))) if not p[0].startswith(row)]
            return replace(visit, answers={**visit.answers, key: entry.item.form.from_post(pairs)})
    return visit
