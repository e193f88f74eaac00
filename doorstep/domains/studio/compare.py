"""What would be different: two versions of a pack, value by value, in the names that provenance uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from doorstep.domains.studio.example import run_examples
from doorstep.domains.studio.movable import Movable, movable
from doorstep.domains.studio.publish import Draft
from doorstep.kernel.offer import Made
from doorstep.kernel.org import reach, town
from doorstep.rulebook import clock
from doorstep.rulebook.flow import Step
from doorstep.rulebook.pack import Offer, Pack, version
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Words

_NONE = Words("没有", "none")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is another; the words are those of a reader."""

    pointer: str
    was: Words
    now: Words


@dataclass(frozen=True, slots=True)
class Change:
    """What would be different of one item in one place from a day on, whether its examples come out, and what is running.

    No differences: only reasons, examples, words of the form or the like. ``unit`` 0: wherever no other is named.
    ``moving``: open matters there under an older version, and which of them could go on in the new one. None if it holds
    from a later day only.
    """

    code: str
    unit: int
    first: date | None
    differences: tuple[Difference, ...]
    examples: int
    failed: int
    moving: Movable | None


def values(one: Pack, on: date) -> dict[str, Words]:
    """Everything that layers may change, by name, as it reads on a day."""
    found = {"/visits": _plain(one.raw["visits"]), "/competent/level": _plain(one.decided_by)}
    found |= {
        "/title": one.title,
        "/aliases": Words("、".join(one.aliases["zh"]), ", ".join(one.aliases["en"])),
    }
    for name in one.raw["limits"]:
        if limit := one.promise_on(on) if name == "promise" else one.limit(name, on):
            found[f"/limits/{name}"] = limit.words
    if rows := one.fees(on):
        found["/fees"] = _plain(", ".join(_fee(row.value) for row in rows))
    found |= {f"/channels/{name}": Words("能办", "offered") for name in one.channels}
    found |= {f"/guide/{name}": words for name, words in one.guide.items()}
    found |= {f"/flow/steps/{name}": _step(step) for name, step in one.flow_on(on).steps.items()}
    for name, step in one.flow_on(on).steps.items():
        if step.remind:
            found[f"/remind/{name}"] = step.remind.words
    for asked in one.materials:
        need = Words("要", "needed") if asked.required else Words("有就带", "if at hand")
        found[f"/materials/{asked.material.code}"] = need
    return found


def _fee(value: Mapping[str, Any]) -> str:
    return f"{value.get('amount', value.get('field'))} {value['currency']}"


def differences(old: Pack | None, new: Pack | None, on: date) -> tuple[Difference, ...]:
    """Where two versions differ, by name; None is an item that is not offered."""
    was, now = (values(one, on) if one else {} for one in (old, new))
    names = [*was, *(name for name in now if name not in was)]
    return tuple(
        Difference(name, was.get(name, _NONE), now.get(name, _NONE))
        for name in names
        if was.get(name) != now.get(name)
    )


def changes(drawn: Draft, held: dict[str, dict[int, list[Offer]]], today: date) -> Iterator[Change]:
    """What a publication would change, against what is in force: for each item, place and time that differs."""
    for made in drawn.made:
        old = held.get(made.code, {})
        for unit in dict.fromkeys((*old, *made.times)):
            for offer in made.times.get(unit) or made.times[0]:
                day = max(today, offer.first or today)
                new, was = drawn.versions.get(offer.hash), _offered(old, unit, day)
                if (was and was.hash) != (new and new.hash):
                    told = differences(was, new, day)
                    ran = run_examples(new) if new else []
                    left = _moving(made, unit, drawn) if day == today else None
                    yield Change(
                        made.code, unit, offer.first, told, len(ran), sum(not one.ok for one in ran), left
                    )


def _offered(held: dict[int, list[Offer]], unit: int, day: date) -> Pack | None:
    offers = held.get(unit) or held.get(0) or ()
    digest = next((one.hash for one in offers if one.holds(day)), b"")
    return version(digest) if digest else None


def _moving(made: Made, unit: int, drawn: Draft) -> Movable:
    """Of the open matters of the units that this place speaks for."""

    def held(competent: int) -> Pack | None:
        scope = (*reach(town().units[competent]), 0)
        if next(one for one in scope if one in made.times) != unit:
            return None
        today = calendar().day_of(clock.now())
        digest = next((one.hash for one in made.times[unit] if one.holds(today)), b"")
        return drawn.versions.get(digest) if digest else None

    return movable(made.code, held)


def _step(step: Step) -> Words:
    if step.limit is None:
        return step.title
    limit = step.limit.words
    return Words(f"{step.title.zh}（{limit.zh}）", f"{step.title.en} ({limit.en})")


def _plain(value: object) -> Words:
    return Words(str(value), str(value))
