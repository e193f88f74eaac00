"""What would come of a unit's layer if it were written like this: what may not be and why, what changes in which item and
place, how the examples come out, and what is running. Nothing is stored or published.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from doorstep.domains.studio import compare
from doorstep.domains.studio.compare import Change
from doorstep.domains.studio.example import run
from doorstep.domains.studio.layer import Layer, turns
from doorstep.domains.studio.openings import layer_flaws
from doorstep.domains.studio.operation import kind_of
from doorstep.domains.studio.publish import Draft, fingerprints, times
from doorstep.domains.studio.sheet import Items, Whose
from doorstep.domains.studio.shift import Shift, shifts
from doorstep.domains.studio.stack import Stacks
from doorstep.domains.studio.timetable import Points
from doorstep.kernel import offer
from doorstep.kernel.event import canonical
from doorstep.kernel.org import town
from doorstep.rulebook import clock, pack
from doorstep.rulebook.flaw import Flaw, Flawed
from doorstep.rulebook.pack import Offer, Pack
from doorstep.rulebook.region import calendar
from doorstep.rulebook.words import Refused, Words

Row = dict[str, Any]


@dataclass(frozen=True)
class Proposal:
    """A layer as it would be. ``flaws``: why it may not be, then nothing else is told. ``told_otherwise``: examples that come
    out another way here, by item; ``shifts``: points with other hours or branches."""

    of: Whose
    items: Items
    points: Points
    flaws: tuple[tuple[Layer, Flaw], ...]
    drawn: Draft
    changes: tuple[Change, ...]
    told_otherwise: Mapping[str, tuple[str, ...]]
    shifts: tuple[Shift, ...] = ()

    @property
    def failed(self) -> int:
        return sum(one.failed for one in self.changes)

    @property
    def examples(self) -> int:
        return sum(one.examples for one in self.changes)


def touched(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The items to which two layers do not do the same, or the points of which they do not say it."""
    return [code for code in dict.fromkeys((*before, *after)) if before.get(code) != after.get(code)]


def propose(now: Stacks, of: Whose, items: Items, points: Points | None = None) -> Proposal:
    """What would be different if the unit's layer were this, against what is offered now. ``now``: the layers in force;
    without ``points`` they stay.

    Refused: "no-item"; "unpublished" (409) if the files of an item were changed and not published, so that more than this
    layer would change.
    """
    own = now.own(of.code)
    was: Items = own.raw["items"] if own else {}
    codes = touched(was, items)
    for code in codes:
        now.base(code)
    said: Points = own.raw.get("points") or {} if own else {}
    points = said if points is None else points
    after = now.with_items({of.code: items}).with_points({of.code: points})
    told = {
        code: tuple(one["changes"] for one in items[code].get("examples") or () if "changes" in one)
        for code in codes
        if code in items
    }
    flaws = (*after.flaws(codes), *_misplaced(after, of))
    if flaws:
        return Proposal(of, items, points, flaws, Draft(), (), told)
    today = calendar().day_of(clock.now())
    drawn, held = _drawn(after, codes, today), offer.in_force() or {}
    _refuse_unpublished(now, of, codes, held, today)
    changes = tuple(compare.changes(drawn, held, today))
    moved = shifts(now, after, touched(said, points), today)
    return Proposal(of, items, points, (), drawn, changes, told, moved)


def _misplaced(after: Stacks, of: Whose) -> Iterator[tuple[Layer, Flaw]]:
    """What may not be of what a unit's layer says of points."""
    own = after.layer_of(of.code)
    yield from ((own, flaw) for flaw in layer_flaws(own.raw, after.region))


def _drawn(after: Stacks, codes: Sequence[str], today: date) -> Draft:
    drawn, sources = Draft(), fingerprints(after)
    for code in codes:
        drawn.made.append(offer.Made(code, sources[code], times(after, code, today, drawn.versions)))
    return drawn


def _refuse_unpublished(
    now: Stacks,
    of: Whose,
    codes: Sequence[str],
    held: Mapping[str, Mapping[int, Sequence[Offer]]],
    today: date,
) -> None:
    """Beyond this layer, what is laid now is what is offered now."""
    for code in codes:
        laid = times(now, code, today, {})
        for unit in {*laid, *held.get(code, {})}:
            if not reaches(of, unit) and _ahead(laid, unit, today) != _ahead(held.get(code, {}), unit, today):
                raise Refused(
                    "unpublished",
                    Words(
                        f"{code} 的文件改过，还没有发布，这一层现在不能单独发布。请管文件的人先发布（doorstep packs publish）。",
                        f"The files of {code} were changed and are not published, so this layer cannot be published by itself. "
                        "Whoever keeps the files publishes them first (doorstep packs publish).",
                    ),
                    status=409,
                )


def _ahead(
    held: Mapping[int, Sequence[Offer]], unit: int, today: date
) -> list[tuple[bytes, date, date | None]]:
    """What is offered to a unit from today on."""
    offers = held.get(unit, held.get(0, ()))
    return [
        (one.hash, max(one.first or today, today), one.last)
        for one in offers
        if one.last is None or one.last >= today
    ]


def reaches(of: Whose, unit: int) -> bool:
    """Whether a layer changes anything for a unit: its own or one under it; all of them for a province or city."""
    found = town().units.get(unit)
    return of.level in ("province", "city") or unit == of.id or (found is not None and found.county == of.id)


# ---- one operation of a layer, and the examples that come out otherwise because of it ----


def mark(op: Row) -> str:
    """An operation by what it says: how a page names it."""
    return hashlib.sha256(canonical(op)).hexdigest()[:12]


def aim(op: Row) -> tuple[str, str]:
    """What an operation does and to what: two with the same aim are about the same thing."""
    kind = kind_of(op)
    what = op[kind]["id"] if isinstance(op[kind], Mapping) else str(op[kind])
    return kind, what


def key_of(op: Row) -> str:
    """How a page names what an operation is about; a step that is added, by the one beside it."""
    kind, name = aim(op)
    return f"{kind}:{op.get('after') or op.get('before')}" if kind == "insert" else f"{kind}:{name}"


def with_operation(items: Items, code: str, op: Row | None, instead: str = "") -> dict[str, Row]:
    """The items with an operation added, put in the place of the one marked ``instead``, or that one taken out.

    What somebody else put there meanwhile, with the same aim for the same days, gives way: its writer is told.
    """
    new = {name: copy.deepcopy(dict(one)) for name, one in items.items()}
    told = new.setdefault(code, {"operations": []})
    listed = list(told["operations"])
    at = next((n for n, one in enumerate(listed) if mark(one) == instead), None) if instead else None
    if at is None and op:
        at = next((n for n, one in enumerate(listed) if _same_place(one, op, bool(instead))), None)
    if at is not None:
        listed[at : at + 1] = [op] if op else []
    elif op:
        listed.append(op)
    told["operations"] = listed
    if not listed:
        del new[code]
    return new


def _same_place(one: Row, other: Row, any_days: bool) -> bool:
    days = any_days or all(one[key] == other[key] for key in ("from", "to"))
    return aim(one) == aim(other) and days


def with_examples(now: Stacks, of: Whose, items: Items, code: str) -> dict[str, Row]:
    """The items with those examples of one told anew that come out otherwise because of the layer: steps that it adds are done,
    what it asks for no more is missed no more. What comes out as the levels above tell it is not told again.

    An example that still does not come out stays as it is, and is a flaw.
    """
    new = {name: copy.deepcopy(dict(one)) for name, one in items.items()}
    if code not in new:
        return new
    own = [one for one in new[code].get("examples") or () if "changes" not in one]
    kept = [one for one in new[code].get("examples") or () if "changes" in one]
    _set_examples(new[code], [*own])
    failing = _failing(now, of, new, code)
    if failing is None:
        return {name: dict(one) for name, one in items.items()}
    told = []
    for raw, found in failing:
        mine = [one for one in kept if one["changes"] in raw["name"].values()]
        tries = [*mine, *_anew(raw, found, new[code]["operations"])]
        fits = next((one for one in tries if run(found, {**raw, **_rest(one)}).ok), None)
        told += [fits] if fits else []
    _set_examples(new[code], [*told, *own])
    return new


def _set_examples(item: Row, listed: list[Row]) -> None:
    item.pop("examples", None)
    if listed:
        item["examples"] = listed


def _rest(one: Row) -> Row:
    return {key: value for key, value in one.items() if key != "changes"}


def _failing(now: Stacks, of: Whose, items: Items, code: str) -> list[tuple[Row, Pack]] | None:
    """Each example that does not come out, with the pack under which it does not; None if there is no such pack."""
    after = now.with_items({of.code: items})
    stack = after.over(of.code, code)
    found: dict[str, tuple[Row, Pack]] = {}
    try:
        for day in turns(code, stack, date.min):
            one = after.layered(code, of.code, day)
            for raw in one.raw["examples"]:
                if not run(one, raw).ok:
                    found.setdefault(raw["name"]["zh"], (raw, one))
    except (Flawed, Refused, pack.Unusable):
        return None
    return list(found.values())


def _anew(raw: Row, found: Pack, operations: Sequence[Row]) -> Iterator[Row]:
    """How an example could go here."""
    name = raw["name"]["zh"]
    if "faults" in raw["expect"]:
        data = _answered(raw["data"], found)
        missed = [fault.pointer for fault in found.form.validate(copy.deepcopy(data))]
        if missed and set(missed) < set(raw["expect"]["faults"]):
            changed = {} if data == raw["data"] else {"data": data}
            yield {"changes": name, **changed, "expect": {**raw["expect"], "faults": missed}}
    do = list(raw.get("do") or ())
    added = [(op["insert"]["id"], op.get("after"), op.get("before")) for op in operations if "insert" in op]
    if added and do:
        yield {"changes": name, "do": list(_with_steps(do, added))}
    left_out = {op["skip"] for op in operations if "skip" in op}
    if left_out & {one.get("step") for one in do}:
        yield {"changes": name, "do": [one for one in do if one.get("step") not in left_out]}


def _answered(data: Row, found: Pack) -> Row:
    """The answers of an example without those to questions that are asked no more."""
    new = copy.deepcopy(data)
    asked = {one.pointer for one in found.form.fields}
    for fault in found.form.validate(copy.deepcopy(data)):
        *way, name = fault.pointer.strip("/").split("/")
        held: Any = new
        for part in way:
            held = held.get(part) if isinstance(held, dict) else None
        if fault.pointer not in asked and isinstance(held, dict):
            held.pop(name, None)
    return new


def _with_steps(do: Sequence[Row], added: Sequence[tuple[str, Any, Any]]) -> Iterator[Row]:
    """The lines of an example with the steps done that a layer adds."""
    before_it = {before: name for name, _, before in added if before}
    for line in do:
        goes_on = (
            line.get("outcome") in (None, "done", "approve") and "change" not in line and not line.get("late")
        )
        if name := before_it.pop(line.get("step"), None):
            yield {"step": name}  # once: who sends back gets it back without it
        yield line
        for name, after, _ in added:
            if after and after == line.get("step") and goes_on:
                yield {"step": name}
