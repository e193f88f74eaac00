"""Decision tables as people read them: heads and cells in words, where an answer leads, how often a row has answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from doorstep.domains.studio import counts
from doorstep.rulebook.field import Field
from doorstep.rulebook.pack import Pack
from doorstep.rulebook.rule import ANY, NONE, Column, Table
from doorstep.rulebook.words import Words
from doorstep.web.catalogue import CHANNELS

_ANY = Words("不论", "any")
_NONE = Words("没有填", "not given")
_YES, _NO = Words("是", "yes"), Words("否", "no")
_HAS, _HAS_NOT = Words("有", "there"), Words("没有", "not there")
_SIGNS = {
    ">=": Words("{v} 及以上", "{v} or more"), "<=": Words("{v} 及以下", "{v} or less"),
    ">": Words("超过 {v}", "more than {v}"), "<": Words("不到 {v}", "less than {v}"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; ``any``: this row does not look at the column."""

    words: Words
    any: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``leads``: the steps that happen because of what it answers."""

    number: int
    cells: tuple[Cell, ...]
    answers: tuple[str, ...]
    leads: tuple[Words, ...]
    hits: int
    hit: Words


@dataclass(frozen=True, slots=True)
class TableView:
    """One table, ready to be read."""

    name: str
    title: Words
    heads: tuple[Words, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]


def tables(found: Pack, hit: Mapping[tuple[str, int], int]) -> tuple[TableView, ...]:
    """All tables of a pack; ``hit`` counts by table and row."""
    return tuple(_table(found, name, raw, hit) for name, raw in (found.raw.get("tables") or {}).items())


def _table(found: Pack, name: str, raw: Mapping[str, Any], hit: Mapping[tuple[str, int], int]) -> TableView:
    table = found.tables[name]
    askers = [step.title for step in found.flow.steps.values() if step.table == name]
    rows = tuple(_row(found, table, number, cells, hit) for number, cells in enumerate(raw["rows"], 1))
    heads = tuple(_head(found, column.name) for column in table.inputs)
    title = askers[0] if askers else Words(name, name)
    return TableView(name, title, heads, tuple(column.name for column in table.outputs), rows)


def _row(found: Pack, table: Table, number: int, cells: Any, hit: Mapping[tuple[str, int], int]) -> Row:
    given = tuple(_cell(found, column, cell) for column, cell in zip(table.inputs, cells, strict=False))
    answers = [str(value) for value in table.answers[number - 1].values()]
    leads = {
        words.en: words
        for column, value in table.answers[number - 1].items()
        for words in _led_to(found, f"{table.name}.{column}", value)
    }
    count = hit.get((table.name, number), 0)
    return Row(number, given, tuple(answers), tuple(leads.values()), count, counts.said(count))


def _led_to(found: Pack, name: str, value: Any) -> Iterator[Words]:
    """The steps and branches that only happen if ``name`` was answered with ``value``."""
    for step in found.flow.steps.values():
        if value in step.when.get(name, ()):
            yield step.title
    for block in found.flow.blocks.values():
        if block.title and value in block.when.get(name, ()):
            yield block.title


def _head(found: Pack, name: str) -> Words:
    if name == "channel":
        return Words("从哪里来", "How it came")
    if name.startswith("has."):
        material = found.library.materials.get(name.removeprefix("has."))
        return material.title if material else Words(name, name)
    group, _, last = name.rpartition(".")
    if last == "count" and (field := found.form.field(f"/{group}")):
        return Words(f"{field.title.zh}：几个", f"{field.title.en}: how many")
    bound = _bound(found, name)
    return bound.title if bound else Words(name, name)


def _bound(found: Pack, fact: str) -> Field | None:
    """The question that asks for a fact."""
    return next((one for one in found.form.fields if one.fact == fact), None)


def _cell(found: Pack, column: Column, cell: Any) -> Cell:
    if cell == ANY:
        return Cell(_ANY, any=True)
    if cell == NONE and column.optional:
        return Cell(_NONE)
    if column.type == "bool":
        yes, no = (_HAS, _HAS_NOT) if column.name.startswith("has.") else (_YES, _NO)
        return Cell(yes if cell is True else no)
    parts = [_part(found, column, part.strip()) for part in str(cell).split(",")]
    return Cell(Words("、".join(one.zh for one in parts), " or ".join(one.en for one in parts)))


def _part(found: Pack, column: Column, text: str) -> Words:
    """One alternative of a cell."""
    if column.name == "channel":
        return CHANNELS.get(text, Words(text, text))
    if column.type in ("int", "money", "date"):
        return _range(text)
    bound = _bound(found, column.name)
    return bound.said(text) if bound else Words(text, text)


def _range(text: str) -> Words:
    if ".." in text:
        low, high = text.split("..")
        return Words("{a} 到 {b}", "{a} to {b}").format(a=low.strip(), b=high.strip())
    for sign, words in _SIGNS.items():
        if text.startswith(sign):
            return words.format(v=text.removeprefix(sign).strip())
    return Words(text, text)
