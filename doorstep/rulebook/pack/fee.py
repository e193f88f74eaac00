"""What an item costs: a table of fees with days and cases, and who pays less, with the reason. Amounts are counted in fen.

A row may have a name (``fee``): of each name the first row that holds on the day and fits the answers is owed, and names
add up. A row takes its amount from the table, or from an answer (``field``), as for a fine that a decision sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from doorstep.rulebook.field import at_pointer
from doorstep.rulebook.pack.dated import Dated, read_dated
from doorstep.rulebook.words import Words

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Charge:
    """One fee as it is owed: ``fen`` of ``currency``, and what for, if the item has several."""

    name: str
    title: Words | None
    fen: int
    currency: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Reduction:
    """Who pays less. ``percent`` is what is taken off: 100 pays nothing. ``shows`` says by what the person proves it."""

    name: str
    title: Words
    shows: Words
    percent: int
    law: Words | None
    source: str
    sure: bool

    def left(self, fen: int) -> int:
        """What is still to pay of ``fen``; half a fen is nobody's."""
        return fen * (100 - self.percent) // 100


def fen_of(amount: str) -> int:
    """ "40.00" yuan as 4000 fen. ValueError for what is no amount of money, or is finer than a fen."""
    try:
        fen = Decimal(amount) * _HUNDRED
    except InvalidOperation:
        raise ValueError(f"no amount: {amount!r}") from None
    if not fen.is_finite() or fen != fen.to_integral_value():
        raise ValueError(f"no amount: {amount!r}")
    return int(fen)


def yuan_of(fen: int) -> str:
    """4000 fen as "40.00" yuan."""
    return f"{Decimal(fen) / _HUNDRED:.2f}"


def fits(when: Mapping[str, Any] | None, data: Any) -> bool:
    """Whether the answers are of this case: each pointer has one of the values."""
    return all(
        at_pointer(data, pointer) in (values if isinstance(values, list) else [values])
        for pointer, values in (when or {}).items()
    )


def in_force(rows: Iterable[Dated], on: date | None) -> tuple[Dated, ...]:
    """The rows that hold on a day, older ones first; without a day, those that hold until further notice, else the last."""
    rows = tuple(rows)
    if on is None:
        return tuple(row for row in rows if row.last is None) or rows[-1:]
    return tuple(row for row in rows if row.holds(on))


def charges(raw: Sequence[Mapping[str, Any]], data: Any, on: date | None) -> tuple[Charge, ...]:
    """What these answers owe on a day. A sum that an answer names and does not hold is not owed yet."""
    found: dict[str, Charge] = {}
    for row in in_force(read_dated(raw), on):
        name = str(row.value.get("fee", ""))
        if name in found or not fits(row.value.get("when"), data):
            continue
        title = Words.of(row.value["title"]) if "title" in row.value else None
        fen = _fen(row, data)
        if fen:
            found[name] = Charge(name, title, fen, str(row.value["currency"]), row.sure)
    return tuple(found.values())


def _fen(row: Dated, data: Any) -> int:
    if "field" not in row.value:
        return fen_of(row.value["amount"])
    said = at_pointer(data, row.value["field"])
    return fen_of(str(said)) if said is not None and not isinstance(said, bool) else 0


def reductions(raw: Sequence[Mapping[str, Any]], data: Any, on: date | None) -> tuple[Reduction, ...]:
    """Those reductions that hold on a day and are of the case of these answers."""
    return tuple(
        Reduction(
            str(row.value["id"]), Words.of(row.value["title"]), Words.of(row.value["shows"]), int(row.value["percent"]),
            Words.of(row.value["law"]) if row.value.get("law") else None, row.source, row.sure,
        )
        for row in in_force(read_dated(raw), on)
        if data is None or fits(row.value.get("when"), data)
    )  # fmt: skip


def most(rows: Sequence[Dated]) -> Dated | None:
    """The most that it may cost, as one row; None if it is free, or if only answers say how much."""
    dearest: dict[str, Dated] = {}
    for row in (row for row in rows if "amount" in row.value):
        name = str(row.value.get("fee", ""))
        held = dearest.get(name)
        if held is None or fen_of(held.value["amount"]) < fen_of(row.value["amount"]):
            dearest[name] = row
    found = list(dearest.values())
    if len(found) < 2:
        return found[0] if found else None
    total = yuan_of(sum(fen_of(row.value["amount"]) for row in found))
    value = {"amount": total, "currency": found[0].value["currency"]}
    return Dated(found[0].first, found[0].last, value, found[0].source, all(row.sure for row in found))
