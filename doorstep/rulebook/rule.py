"""Decision tables: typed rows, the first that fits answers; checked for gaps and dead rows before use.

::

    hit: first
    inputs:  {lawful: bool, tenants: {type: int, min: 0, max: 50}, channel: [window, online]}
    outputs: {route: [register, correct]}
    rows:
      - [true, "1..5", "-", register]
      - ["-",  "-",    "-", correct]

A cell is ``-`` (any), a value, a list ``a, b``, a range ``1..5``, a bound ``>= 3``, or ``none`` (not given). Ranges and bounds
are of whole numbers, dates (``date``: 2026-03-01) and amounts (``money``: 40.00, compared to the cent).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from doorstep.rulebook.clock import Limit
from doorstep.rulebook.flaw import Flaw, Flawed
from doorstep.rulebook.words import Refused, Words

Value = bool | int | str | None
Test = Callable[[Any], bool]
Type = Literal["bool", "int", "date", "money", "choice", "limit", "text"]

ANY = "-"
NONE = "none"
# Beyond this many combinations a table cannot be checked at load and no person could check it either.
_MOST_POINTS = 50_000


# Types whose values have an order, each with a value to begin looking from when a table names none.
_ORDERED: dict[str, int] = {"int": 0, "money": 0, "date": date(2000, 1, 1).toordinal()}
_MONEY = re.compile(r"(0|[1-9][0-9]{0,11})\.([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Column:
    """One input or output: its type and the values that it may have. ``least`` and ``most`` as ``place`` counts."""

    name: str
    type: Type
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    optional: bool = False

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` may stand here at all."""
        if value is None:
            return self.optional
        if self.type == "bool":
            return isinstance(value, bool)
        if self.type in _ORDERED:
            place = self.place(value)
            return place is not None and not self._outside(place)
        return isinstance(value, str) and (self.type != "choice" or value in self.choices)

    def place(self, value: Any) -> int | None:
        """Where a number, date or amount stands in its order: the number itself, the day's, the cents. None: no such value."""
        if self.type == "int":
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        if not isinstance(value, str):
            return None
        if self.type == "money":
            found = _MONEY.fullmatch(value)
            return int(found[1]) * 100 + int(found[2]) if found else None
        try:
            return date.fromisoformat(value).toordinal()
        except ValueError:
            return None

    def at(self, place: int) -> Value:
        """The value that stands at a place."""
        if self.type == "money":
            return f"{place // 100}.{place % 100:02d}"
        return date.fromordinal(place).isoformat() if self.type == "date" else place

    def _outside(self, place: int) -> bool:
        return (self.least is not None and place < self.least) or (
            self.most is not None and place > self.most
        )

    @property
    def said(self) -> str:
        """The type as an author would write it."""
        if self.type == "choice":
            return " | ".join(self.choices)
        if self.least is not None or self.most is not None:
            low, high = ("" if edge is None else str(self.at(edge)) for edge in (self.least, self.most))
            return f"{self.type} {low}..{high}"
        return self.type


@dataclass(frozen=True, slots=True)
class Decision:
    """Which row (counted from 1) of which table answered, and what it says."""

    table: str
    row: int
    outputs: Mapping[str, Value]


@dataclass(frozen=True)
class Table:
    """A checked table. Made by :func:`compile_table` only."""

    name: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    tests: tuple[tuple[Test, ...], ...]
    answers: tuple[Mapping[str, Value], ...]

    def decide(self, facts: Mapping[str, Any]) -> Decision:
        """The first row that fits. Refused if a fact is missing or has a value unknown to the table."""
        values = [facts.get(column.name) for column in self.inputs]
        for column, value in zip(self.inputs, values, strict=True):
            if not column.accepts(value):
                raise _unusable_fact(self.name, column, value)
        row = self._row(values)
        if (
            row is None
        ):  # compile_table proves that this cannot happen; a silent guess would be worse than a stop
            raise _unusable_fact(self.name, self.inputs[0], values[0])
        return Decision(self.name, row + 1, self.answers[row])

    def _row(self, values: Iterable[Any]) -> int | None:
        given = tuple(values)
        for number, tests in enumerate(self.tests):
            if all(test(value) for test, value in zip(tests, given, strict=True)):
                return number
        return None


def compile_table(name: str, raw: Mapping[str, Any]) -> Table:
    """A table ready to decide. Flawed with every type error, gap and dead row that was found."""
    flaws: list[Flaw] = []
    inputs = _columns(raw, "inputs", flaws)
    outputs = _columns(raw, "outputs", flaws)
    if raw.get("hit", "first") != "first":
        flaws.append(_flaw(("hit",), "table.hit", "只支持 hit: first", "only 'hit: first' is supported"))
    rows = raw.get("rows") or []
    if not rows:
        flaws.append(_flaw(("rows",), "table.empty", "表里一行也没有", "the table has no rows"))
    if flaws:
        raise Flawed(flaws)
    tests, answers = _read_rows(rows, inputs, outputs, flaws)
    if flaws:
        raise Flawed(flaws)
    table = Table(name, inputs, outputs, tuple(tests), tuple(answers))
    flaws += _gaps_and_dead_rows(table, rows)
    if flaws:
        raise Flawed(flaws)
    return table


def _unusable_fact(table: str, column: Column, value: Any) -> Refused:
    if value is None:
        words = Words("决定“{t}”还缺一项信息：{f}。", "The decision '{t}' still lacks one fact: {f}.")
        return Refused("rule.fact_missing", words.format(t=table, f=column.name))
    words = Words(
        "决定“{t}”不认识“{f}”的值 {v!r}，应为 {s}。",
        "The decision '{t}' does not know the value {v!r} of '{f}'; expected {s}.",
    )
    return Refused("rule.fact_value", words.format(t=table, f=column.name, v=value, s=column.said))


def _flaw(where: tuple[str | int, ...], rule: str, zh: str, en: str) -> Flaw:
    return Flaw(where, rule, Words(zh, en))


def _columns(raw: Mapping[str, Any], side: str, flaws: list[Flaw]) -> tuple[Column, ...]:
    columns = []
    declared = raw.get(side) or {}
    if not declared:
        flaws.append(_flaw((side,), "table.columns", f"缺少 {side}", f"'{side}' is missing"))
    for name, spec in declared.items():
        try:
            columns.append(_column(str(name), spec))
        except (ValueError, TypeError, AttributeError):
            zh, en = f"看不懂“{name}”的类型 {spec!r}", f"cannot read the type {spec!r} of '{name}'"
            flaws.append(_flaw((side, str(name)), "table.type", zh, en))
    return tuple(columns)


def _column(name: str, spec: Any) -> Column:
    if isinstance(spec, str):
        spec = {"type": spec}
    if isinstance(spec, list):
        spec = {"choices": spec}
    if set(spec) - {"type", "choices", "min", "max", "optional"}:
        raise ValueError(spec)
    optional = bool(spec.get("optional", False))
    if "choices" in spec:
        choices = tuple(spec["choices"])
        if not choices or not all(isinstance(c, str) for c in choices):
            raise ValueError(spec)
        return Column(name, "choice", choices, optional=optional)
    if spec["type"] not in ("bool", "limit", "text", *_ORDERED):
        raise ValueError(spec)
    column = Column(name, spec["type"], optional=optional)
    edges = [None if key not in spec else column.place(spec[key]) for key in ("min", "max")]
    if (None in edges and len({"min", "max"} & set(spec)) > 2 - edges.count(None)) or (
        set(spec) & {"min", "max"} and column.type not in _ORDERED
    ):
        raise ValueError(spec)
    return replace(column, least=edges[0], most=edges[1])


def _read_rows(
    rows: list[Any], inputs: tuple[Column, ...], outputs: tuple[Column, ...], flaws: list[Flaw]
) -> tuple[list[tuple[Test, ...]], list[Mapping[str, Value]]]:
    tests: list[tuple[Test, ...]] = []
    answers: list[Mapping[str, Value]] = []
    for at, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(inputs) + len(outputs):
            want = len(inputs) + len(outputs)
            zh, en = f"第 {at + 1} 行应有 {want} 格", f"row {at + 1} should have {want} cells"
            flaws.append(_flaw(("rows", at), "table.width", zh, en))
            continue
        row_tests: list[Test] = []
        answer: dict[str, Value] = {}
        for place, (column, cell) in enumerate(zip(inputs + outputs, row, strict=True)):
            try:
                if place < len(inputs):
                    row_tests.append(_test(column, cell))
                else:
                    answer[column.name] = _answer(column, cell)
            except ValueError:
                zh = f"第 {at + 1} 行“{column.name}”：{cell!r} 不是 {column.said}"
                en = f"row {at + 1}, '{column.name}': {cell!r} is not {column.said}"
                flaws.append(_flaw(("rows", at, place), "table.cell", zh, en))
        tests.append(tuple(row_tests))
        answers.append(answer)
    return tests, answers


def _test(column: Column, cell: Any) -> Test:
    """The test a cell stands for; ValueError if it does not fit the column."""
    if cell == ANY:
        return lambda value: True
    if cell == NONE and column.optional:
        return lambda value: value is None
    if column.type in _ORDERED:
        return _ordered_test(column, cell)
    if column.type == "bool":
        wanted: frozenset[Any] = frozenset([cell])
    else:
        wanted = frozenset(part.strip() for part in str(cell).split(","))
    if not wanted or not all(column.accepts(value) for value in wanted):
        raise ValueError(cell)
    return wanted.__contains__


def _ordered_test(column: Column, cell: Any) -> Test:
    parts = _ranges(column, cell)
    for low, high in parts:
        if any(edge is not None and column._outside(edge) for edge in (low, high)):
            raise ValueError(cell)

    def test(value: Any) -> bool:
        at = column.place(value)
        return at is not None and any(
            (low is None or low <= at) and (high is None or at <= high) for low, high in parts
        )

    return test


def _ranges(column: Column, cell: Any) -> list[tuple[int | None, int | None]]:
    """The closed ranges that an ordered cell names: ``3``, ``1..5``, ``>= 3``, ``1, 4..6``."""
    if isinstance(cell, bool):
        raise ValueError(cell)
    parts: list[tuple[int | None, int | None]] = []
    for part in str(cell).split(","):
        text = part.strip()
        if ".." in text:
            low, high = text.split("..")
            parts.append((_edge(column, low), _edge(column, high)))
        elif text.startswith((">=", ">")):
            parts.append((_edge(column, text.lstrip(">= ")) + (0 if text.startswith(">=") else 1), None))
        elif text.startswith(("<=", "<")):
            parts.append((None, _edge(column, text.lstrip("<= ")) - (0 if text.startswith("<=") else 1)))
        else:
            parts.append((_edge(column, text), _edge(column, text)))
    if any(low is not None and high is not None and low > high for low, high in parts):
        raise ValueError(cell)
    return parts


def _edge(column: Column, text: str) -> int:
    place = column.place(int(text) if column.type == "int" else text.strip())
    if place is None:
        raise ValueError(text)
    return place


def _answer(column: Column, cell: Any) -> Value:
    if cell in (ANY, NONE) and column.optional:
        return None
    if column.type == "limit":
        return str(Limit.parse(str(cell)))
    if cell is None or not column.accepts(cell):
        raise ValueError(cell)
    return cell  # type: ignore[no-any-return]


def _gaps_and_dead_rows(table: Table, rows: list[Any]) -> list[Flaw]:
    """Walk every combination of values between which some row changes its answer."""
    axes = [_points(column, [row[at] for row in rows]) for at, column in enumerate(table.inputs)]
    size = 1
    for axis in axes:
        size *= len(axis)
    if size > _MOST_POINTS:
        zh, en = "表太大，无法逐格检查，请拆成两张", "the table is too large to be checked; split it in two"
        return [_flaw((), "table.size", zh, en)]
    used: set[int] = set()
    gap: tuple[Any, ...] | None = None
    for point in itertools.product(*axes):
        row = table._row(point)
        if row is not None:
            used.add(row)
        elif gap is None:
            gap = point
    flaws = []
    for dead in sorted(set(range(len(rows))) - used):
        zh, en = f"第 {dead + 1} 行永远用不到", f"row {dead + 1} can never be reached"
        flaws.append(_flaw(("rows", dead), "table.dead_row", zh, en))
    if gap is not None:
        shown = ", ".join(f"{c.name} = {_shown(v)}" for c, v in zip(table.inputs, gap, strict=True))
        flaws.append(_flaw(("rows",), "table.gap", f"没有一行回答：{shown}", f"no row answers {shown}"))
    return flaws


def _shown(value: Any) -> str:
    return NONE if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _points(column: Column, cells: list[Any]) -> list[Any]:
    """Values of one column such that any two unlisted neighbours are answered alike."""
    points: list[Any] = [None] if column.optional else []
    if column.type == "bool":
        return [*points, True, False]
    if column.type == "choice":
        return points + list(column.choices)
    if column.type not in _ORDERED:
        named = {part.strip() for cell in cells if cell not in (ANY, NONE) for part in str(cell).split(",")}
        return [*points, *sorted(named), "\0other"]
    edges = {edge for edge in (column.least, column.most) if edge is not None} or {_ORDERED[column.type]}
    for cell in cells:
        if cell not in (ANY, NONE):
            edges |= {edge for pair in _ranges(column, cell) for edge in pair if edge is not None}
    least = {"date": 1, "money": 0}.get(column.type)
    near = sorted(
        {edge + step for edge in edges for step in (-1, 0, 1) if least is None or edge + step >= least}
    )
    return points + [value for place in near if column.accepts(value := column.at(place))]
