"""What is said of a point of service, row by row: by which layer, since when, and whether it is in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from doorstep.domains.studio.dated import source_words
from doorstep.domains.studio.desk import STATES, Desk
from doorstep.domains.studio.hours_form import TITLES, rows_of, says
from doorstep.domains.studio.proposal import Row, mark, reaches
from doorstep.domains.studio.sheet import Whose
from doorstep.domains.studio.shift import Counter
from doorstep.kernel.org import town
from doorstep.rulebook.words import Words
from doorstep.web.places import Place, place_named


@dataclass(frozen=True, slots=True)
class HoursLine:
    """One row. ``url``: where it is changed, if it is of the layer that is looked at."""

    code: str
    point: Words
    title: Words
    says: Words
    why: Words
    source: Words | None
    sure: bool
    layer: Words
    state: str
    url: str

    @property
    def chip(self) -> tuple[str, Words]:
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class Band:
    """The points of one unit."""

    name: Words
    places: tuple[Place, ...]


def own_lines(desk: Desk) -> tuple[HoursLine, ...]:
    """What a unit's own layer says of points, with what is written and not in force yet marked."""
    codes = sorted({*desk.points, *desk.points_in_force} & set(town().point_by_code))
    return tuple(line for code in codes for line in _own(desk, code))


def lines(desk: Desk, code: str) -> tuple[HoursLine, ...]:
    """What all layers say of one point, the highest first, the one that is looked at with what is not in force yet."""
    found: list[HoursLine] = []
    for layer in desk.now.layers:
        if layer.unit != desk.of.code:
            name = Words.of(layer.raw["title"])
            found += [
                _line(code, kind, row, name) for kind, row in rows_of(layer.raw.get("points") or {}, code)
            ]
    return (*found, *_own(desk, code))


def _own(desk: Desk, code: str) -> Iterator[HoursLine]:
    held = [(kind, mark(row)) for kind, row in rows_of(desk.points_in_force, code)]
    written = list(rows_of(desk.points, code))
    for kind, row in written:
        url = f"{desk.of.path}/point/{code}/{kind}?row={mark(row)}"
        yield _line(code, kind, row, desk.of.name, "held" if (kind, mark(row)) in held else "new", url)
    kept = {(kind, mark(row)) for kind, row in written}
    for kind, row in rows_of(desk.points_in_force, code):
        if (kind, mark(row)) not in kept:
            yield _line(code, kind, row, desk.of.name, "gone")


def _line(code: str, kind: str, row: Row, layer: Words, state: str = "held", url: str = "") -> HoursLine:
    source = source_words(str(row["source"])) if "source" in row else None
    name = town().point_by_code[code].name
    return HoursLine(
        code,
        name,
        TITLES[kind],
        says(kind, row),
        Words.of(row["why"]),
        source,
        bool(row.get("sure")),
        layer,
        state,
        url,
    )


def theirs(of: Whose) -> tuple[Counter, ...]:
    """The points whose hours a unit may set: its own and those of the units under it; a province has none."""
    if of.level == "province":
        return ()
    return tuple(
        one for one in town().points.values() if reaches(of, one.unit_id) and one.channels != ["online"]
    )


def bands(of: Whose) -> tuple[Band, ...]:
    """Those points by unit."""
    found: dict[int, list[str]] = {}
    for one in theirs(of):
        found.setdefault(one.unit_id, []).append(one.code)
    return tuple(
        Band(town().units[unit].name, tuple(map(place_named, codes))) for unit, codes in sorted(found.items())
    )
