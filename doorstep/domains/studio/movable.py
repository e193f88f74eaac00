"""Which running matters could go on in another version of their item, and which not and why: counted, nobody named.

Only where they stand is looked at, in codes. What was typed stays sealed until one is really moved (`kernel/repin.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from doorstep.domains.studio.counts import select
from doorstep.kernel.event import canonical
from doorstep.kernel.org import reach, town
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flow import State
from doorstep.rulebook.flow_fit import misfits
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

Versions = Callable[[int], Pack | None]
"""The version that would hold for a unit, by its number; None where the item is not offered."""


@dataclass(frozen=True, slots=True)
class Stays:
    """So many cannot go on in the new version, and why."""

    why: tuple[Words, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Movable:
    """Open matters under another version than the new one. ``looked``: whether their answers fit, too, is seen only when
    one is moved, because the questions changed."""

    running: int
    fit: int
    stays: tuple[Stays, ...]
    looked: bool


def movable_now(code: str) -> Movable:
    """Against the version in force for the unit that each matter is with."""

    def held(unit: int) -> Pack | None:
        try:
            return pack.current(code, reach(town().units[unit]))
        except Refused:
            return None

    return movable(code, held)


def movable(code: str, held: Versions) -> Movable:
    """Against the versions ``held``. One query, and one for each version met for the first time."""
    fit, asks, stays = 0, False, Counter[tuple[Words, ...]]()
    told: dict[tuple[bytes, bytes, bytes], tuple[Words, ...]] = {}
    for digest, unit, at, n in _running(code):
        new = held(unit)
        if new is None or new.hash == digest:
            continue
        old, key = pack.version(digest), (digest, new.hash, canonical(at))
        if key not in told:
            told[key] = tuple(_against(old, new, State.from_json(at)))
        if told[key]:
            stays[told[key]] += n
        else:
            fit, asks = fit + n, asks or old.raw["form"] != new.raw["form"]
    kept = tuple(Stays(why, count) for why, count in stays.most_common())
    return Movable(fit + stays.total(), fit, kept, asks)


def _running(code: str) -> Iterator[tuple[bytes, int, dict[str, Any], int]]:
    for digest, unit, at, n in select("select pack, unit_id, at, n from trust.running(%s)", code):
        yield bytes(digest), unit, json.loads(at), n


def _against(old: Pack, new: Pack, state: State) -> Iterator[Words]:
    """What stands in the way wherever the answers are: the step it waits at, who accepts it, a question that nobody was asked."""
    yield from misfits(old.flow, new.flow_on(calendar().day_of(clock.now())), state)
    if old.accepted_at != new.accepted_at:
        yield Words("受理的步骤不同", "another step accepts it")
    for one in new.form.fields:
        if (
            one.required
            and not one.when
            and old.form.field(one.pointer) is None
            and not one.pointer.endswith("*")
        ):
            yield Words(
                f"新版本要问“{one.title.zh}”，当时没有问",
                f"it asks for '{one.title.en}', which was not asked then",
            )
