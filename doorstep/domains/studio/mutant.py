"""How good are a pack's examples? Spoil the pack in small ways, one at a time, and see whether an example notices."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from doorstep.domains.studio.example import run_examples
from doorstep.rulebook.flaw import Flawed
from doorstep.rulebook.pack.item import Pack

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mutation:
    """The mutants of one pack: how many were made, and which nothing noticed."""

    pack: str
    tried: int
    survived: tuple[str, ...]

    @property
    def caught(self) -> int:
        return self.tried - len(self.survived)

    def as_dict(self) -> dict[str, Any]:
        """The shape that ``packs test --mutate --json`` prints."""
        share = round(self.caught / self.tried, 3) if self.tried else 1.0
        return {"pack": self.pack, "mutants": self.tried, "caught": self.caught, "share": share}


def mutate(pack: Pack) -> Mutation:
    """Try every mutant of a pack. One that cannot even be compiled counts as caught."""
    survived, tried = [], 0
    for name, raw in mutants(pack.raw):
        tried += 1
        if not _caught(raw, pack):
            survived.append(name)
    return Mutation(pack.code, tried, tuple(survived))


def _caught(raw: Raw, pack: Pack) -> bool:
    try:
        spoilt = Pack.of(raw, pack.library)
        return not all(told.ok for told in run_examples(spoilt))
    except (Flawed, KeyError):
        return True


def mutants(raw: Mapping[str, Any]) -> Iterator[tuple[str, Raw]]:
    """Every mutant with a name that says what was spoilt."""
    for path in _droppable(raw):
        yield f"without {'/'.join(map(str, path))}", _without(raw, path)
    for name, table in (raw.get("tables") or {}).items():
        yield from _other_answers(raw, name, table)
    steps = raw["flow"]["steps"]
    for at in range(len(steps) - 1):
        if "when" in steps[at] and "when" in steps[at + 1]:
            continue  # mostly one or the other happens, and then their order is nothing
        spoilt = copy.deepcopy(dict(raw))
        listed = spoilt["flow"]["steps"]
        listed[at], listed[at + 1] = listed[at + 1], listed[at]
        yield f"{steps[at]['id']} and {steps[at + 1]['id']} exchanged", spoilt


def _droppable(raw: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """Parts without which the pack would still be one."""
    if "withdraw" in raw["flow"]:
        yield ("flow", "withdraw")
    for at, step in enumerate(raw["flow"]["steps"]):
        yield ("flow", "steps", at)
        yield from (
            ("flow", "steps", at, key)
            for key in ("returns", "when", "then", "on_late", "tries", "refuses")
            if key in step
        )
    yield from (("flow", "adhoc", at) for at in range(len(raw["flow"].get("adhoc") or ())))
    for name, table in (raw.get("tables") or {}).items():
        yield from (("tables", name, "rows", at) for at in range(len(table["rows"])))
    yield from (("gives", at) for at in range(len(raw.get("gives") or ())))
    yield from _droppable_in_form(raw["form"], ("form",))


def _droppable_in_form(
    node: Mapping[str, Any], where: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    groups = {name for name, one in (node.get("properties") or {}).items() if "properties" in one}
    for at, name in enumerate(node.get("required") or ()):
        if name not in groups:  # a group has no answer of its own, so it can never be missing
            yield (*where, "required", at)
    if "x-when" in node:
        yield (*where, "x-when")
    for name, one in (node.get("properties") or {}).items():
        yield from _droppable_in_form(one, (*where, "properties", name))
    if isinstance(node.get("items"), Mapping):
        yield from _droppable_in_form(node["items"], (*where, "items"))


def _without(raw: Mapping[str, Any], path: tuple[str | int, ...]) -> Raw:
    spoilt = copy.deepcopy(dict(raw))
    part: Any = spoilt
    for key in path[:-1]:
        part = part[key]
    del part[path[-1]]
    return spoilt


def _other_answers(raw: Mapping[str, Any], name: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Raw]]:
    """Each row with each other answer that its column allows."""
    first = len(table["inputs"])
    for at, row in enumerate(table["rows"]):
        for place, choices in enumerate(table["outputs"].values(), first):
            for other in choices if isinstance(choices, list) else ():
                if other != row[place]:
                    spoilt = copy.deepcopy(dict(raw))
                    spoilt["tables"][name]["rows"][at][place] = other
                    yield f"{name} row {at + 1} answers {other}", spoilt
