"""Layers: what a province, a city, a county or a station changes in a pack, within what the pack leaves to them. Pure.

A layer is a list of named operations, each with its reason, source and days. Laid over a pack they give the pack as it
holds in one place on one day, and for each value that a layer set, which one and why. What no layer touches is the
base's, which holds for the whole country.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from doorstep.domains.studio.operation import (
    OPERATIONS,
    Idle,
    No,
    Row,
    Work,
    after,
    first,
    is_dated,
    kind_of,
    last,
)
from doorstep.rulebook.flaw import Flaw, Flawed, Where
from doorstep.rulebook.words import Words

Provenance = dict[str, list[Row]]
"""Name of a value (``/limits/promise``, ``/flow/steps/look``, ``/channels/kiosk`` …) to those who set it, the last in force."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer. ``unit``: the code of the unit whose layer it is; empty for a province. ``by_page``: written there, in no file."""

    name: str
    raw: Mapping[str, Any]
    by_page: bool = False

    @property
    def level(self) -> str:
        return str(self.raw["level"])

    @property
    def unit(self) -> str:
        return str(self.raw.get("unit", ""))

    def operations(self, code: str) -> list[Row]:
        """What it does to one item, in the order of the file."""
        return list((self.raw["items"].get(code) or {}).get("operations") or ())

    def examples(self, code: str) -> list[Row]:
        return list((self.raw["items"].get(code) or {}).get("examples") or ())


class Laid(NamedTuple):
    """A pack's content with a stack of layers over it, who set what, and what is not needed because a level above did the same."""

    raw: Row
    provenance: Provenance
    idle: list[tuple[str, Row]]


def lay(base: Mapping[str, Any], stack: Sequence[Layer], day: date) -> Laid:
    """The content of a pack as it holds on a day under these layers, the highest first.

    Flawed with every operation that may not be; each way begins with the name of the layer.
    """
    laid = Laid(copy.deepcopy(dict(base)), {}, [])
    flaws = [flaw for layer in stack for flaw in _over(laid, layer, day)]
    if flaws:
        raise Flawed(flaws)
    return laid


def turns(code: str, stack: Sequence[Layer], since: date) -> list[date]:
    """``since``, and each later day on which an operation on this item begins or has ended."""
    days = {since}
    for op in (op for layer in stack for op in layer.operations(code) if not is_dated(op)):
        days |= {day for day in (first(op), after(last(op))) if since < day < date.max}
    return sorted(days)


def _holds(op: Row, day: date) -> bool:
    return is_dated(op) or first(op) <= day <= last(op)


def _over(laid: Laid, layer: Layer, day: date) -> Iterator[Flaw]:
    """Apply what holds on the day; each operation that may not be is a flaw and changes nothing."""
    code, did = str(laid.raw["code"]), False
    work = Work(laid.raw, layer.level, frozenset(laid.provenance))
    where: Where = (layer.name, "items", code)
    for at, op in enumerate(layer.operations(code)):
        kind = kind_of(op)
        if first(op) > last(op):
            words = Words("结束日期在开始日期之前", "it ends before it begins")
            yield Flaw((*where, "operations", at, "to"), "layer.dates", words)
        elif _holds(op, day):
            try:
                pointer, was = OPERATIONS[kind](work, op)
            except Idle:
                laid.idle.append((layer.name, op))
                continue
            except No as no:
                yield Flaw((*where, "operations", at, kind), no.rule, no.words)
                continue
            laid.provenance.setdefault(pointer, []).append(_told(layer, op, kind, was))
            did = True
    if did:
        yield from _retold(laid.raw, layer, (*where, "examples"))


def _told(layer: Layer, op: Row, kind: str, was: Any) -> Row:
    """Who set a value, and why: as it is kept with the published version."""
    told = {
        "layer": layer.name,
        "level": layer.level,
        "unit": layer.unit,
        "title": layer.raw["title"],
        "op": kind,
    }
    return told | {key: op[key] for key in ("why", "source", "sure", "from", "to")} | {"was": was}


def _retold(raw: Row, layer: Layer, where: Where) -> Iterator[Flaw]:
    """Examples that the layer says come out another way here, and examples of its own."""
    for at, one in enumerate(layer.examples(str(raw["code"]))):
        told = {key: value for key, value in one.items() if key != "changes"}
        changed = [e for e in raw["examples"] if one.get("changes") in e["name"].values()]
        if "changes" not in one:
            raw["examples"].append(told)
        elif changed:
            changed[0].update(told)
        else:
            words = Words(f"没有“{one['changes']}”这个例子", f"there is no example '{one['changes']}'")
            yield Flaw((*where, at, "changes"), "layer.example", words)
