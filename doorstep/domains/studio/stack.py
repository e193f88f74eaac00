"""The layers of a region as files, and the packs that come of them: in one place, on one day, each value with who set it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from doorstep.domains.studio.layer import Layer, lay, turns
from doorstep.domains.studio.lint import check, flaws_of
from doorstep.domains.studio.openings import layer_flaws
from doorstep.domains.studio.operation import OPERATIONS
from doorstep.rulebook import pack
from doorstep.rulebook.flaw import Flaw, Flawed
from doorstep.rulebook.pack.left import LEVELS
from doorstep.rulebook.pack.shape import shape_flaws
from doorstep.rulebook.pack.shelf import ROOT, library
from doorstep.rulebook.pack.source import Finding, Source, Unusable, read
from doorstep.rulebook.region import FOLDER, Region, load_region, region
from doorstep.rulebook.words import Refused, Words

Key = tuple[str, tuple[str, ...], date]


@dataclass(frozen=True)
class Stacks:
    """All layers of one region over the base packs. Packs are made when asked for, and one serves all places that share
    the layers that touch the item: a hundred stations without operations of their own cost nothing."""

    region: Region
    layers: tuple[Layer, ...]
    sources: Mapping[str, Source]
    root: Path = ROOT
    _made: dict[Key, pack.Pack] = field(default_factory=dict, repr=False)
    _base: dict[str, pack.Pack] = field(default_factory=dict, repr=False)

    def over(self, unit: str = "", code: str = "") -> tuple[Layer, ...]:
        """The layers above and of a unit, the highest first; without a unit, those of province and city.

        With ``code`` only those that touch this item.
        """
        chain = self.chain(unit) or {""}
        held = (one for one in self.layers if one.level in LEVELS[:2] or one.unit in chain)
        return tuple(one for one in held if not code or one.operations(code))

    def own(self, unit: str) -> Layer | None:
        """The layer of a unit by its code ("": the province)."""
        return next((one for one in self.layers if one.unit == unit), None)

    def with_items(self, told: Mapping[str, Mapping[str, Any]]) -> Stacks:
        """These layers, with what some units do to items told anew: by the code of the unit ("": the province)."""
        return self._with({unit: {"items": items} for unit, items in told.items()})

    def with_points(self, told: Mapping[str, Mapping[str, Any]]) -> Stacks:
        """The same of what some units say of points."""
        return self._with({unit: {"points": points} for unit, points in told.items()})

    def _with(self, told: Mapping[str, Mapping[str, Any]]) -> Stacks:
        layers = [one for one in self.layers if one.unit not in told]
        layers += [self._anew(unit, parts) for unit, parts in told.items()]
        layers.sort(key=_order)
        return Stacks(self.region, tuple(layers), self.sources, self.root, _base=self._base)

    def layer_of(self, unit: str) -> Layer:
        """The layer of a unit, one that sets nothing if it has none."""
        return self.own(unit) or self._anew(unit, {})

    def _anew(self, unit: str, parts: Mapping[str, Any]) -> Layer:
        own = self.own(unit)
        if own is not None:
            return Layer(own.name, {**own.raw, **parts}, by_page=True)
        if not unit:
            title = {"zh": "省厅", "en": "Provincial Department"}
            return Layer(
                "province", {"level": "province", "title": title, "items": {}, **parts}, by_page=True
            )
        told = self._units[unit]
        head = {"level": _level(told), "unit": unit, "title": told["name"]}
        return Layer(unit.lower(), {**head, "items": {}, **parts}, by_page=True)

    def flaws(self, codes: Collection[str]) -> list[tuple[Layer, Flaw]]:
        """What may not be of what any layer does to these items; the way of a flaw begins at the top of its layer."""
        return [(one, flaw) for one in self.layers for flaw in self._flaws(one, codes)]

    def chain(self, unit: str) -> set[str]:
        """A unit and all units above it."""
        found: set[str] = set()
        while unit and unit not in found:
            found.add(unit)
            unit = str(self._units.get(unit, {}).get("parent", ""))
        return found

    def places(self, code: str) -> tuple[str, ...]:
        """Where an item is another than one level up: "" (all), then each county and station with operations on it."""
        own = dict.fromkeys(
            one.unit for one in self.layers if one.level in LEVELS[2:] and one.operations(code)
        )
        return ("", *own)

    def base(self, code: str) -> pack.Pack:
        """The pack as it stands in its file. Refused: "no-item"."""
        if code not in self._base:
            if code not in self.codes:
                raise Refused(
                    "no-item", Words(f"没有 {code} 这个事项", f"there is no item {code}"), status=404
                )
            self._base[code] = pack.load_pack(self.codes[code], self.root)
        return self._base[code]

    def layered(self, code: str, unit: str = "", day: date | None = None) -> pack.Pack:
        """The pack of an item as the layers make it for a unit on a day (without one: as it was always or will be first).

        Its ``provenance`` says who set what. Flawed if an operation may not be, or if what comes of it is no sound pack.
        """
        return self._of(code, self.over(unit, code), day or date.min)

    def idle(self, code: str, unit: str, day: date) -> list[Mapping[str, Any]]:
        """The operations of a unit's own layer that are not needed on a day, because a level above did the same."""
        own = self.own(unit)
        if own is None or not own.operations(code):
            return []
        return [
            op for name, op in lay(self.base(code).raw, self.over(unit, code), day).idle if name == own.name
        ]

    def periods(self, code: str, unit: str, since: date) -> list[tuple[date, date | None, pack.Pack]]:
        """First day, last day and pack of each time in which it is one and the same, from ``since`` on."""
        days = turns(code, self.over(unit, code), since)
        found: list[tuple[date, date | None, pack.Pack]] = []
        for day in days:
            one = self.layered(code, unit, day)
            if found and found[-1][2].hash == one.hash:
                continue
            if found:
                found[-1] = (found[-1][0], date.fromordinal(day.toordinal() - 1), found[-1][2])
            found.append((day, None, one))
        return found

    @cached_property
    def codes(self) -> Mapping[str, Path]:
        """The codes of all base packs, each with its file."""
        return {path.stem: path for path in pack.pack_files(self.root)}

    @cached_property
    def _units(self) -> dict[str, dict[str, Any]]:
        return {str(one["code"]): one for one in self.region.units}

    def _of(self, code: str, stack: tuple[Layer, ...], day: date) -> pack.Pack:
        base = self.base(code)
        if not stack:
            return base
        since = max(one for one in turns(code, stack, date.min) if one <= day)
        key = (code, tuple(one.name for one in stack), since)
        if key not in self._made:
            raw, provenance, _ = lay(base.raw, stack, day)
            self._made[key] = pack.Pack.of(raw, base.library, provenance) if provenance else base
        return self._made[key]

    def everywhere(self) -> Iterator[tuple[str, pack.Pack]]:
        """Each pack that a layer makes, once, with the unit (or "" for all) in which it holds at some time."""
        told: set[bytes] = set()
        for code in dict.fromkeys(code for one in self.layers for code in one.raw["items"]):
            for unit in self.places(code):
                for day in turns(code, self.over(unit, code), date.min):
                    one = self.layered(code, unit, day)
                    if one.provenance and one.hash not in told:
                        told.add(one.hash)
                        yield unit, one

    def check(self, codes: Collection[str] | None = None) -> list[Finding]:
        """Every flaw of every layer (of these items, if they are named), with its place in the file of the layer that has it;
        and of what comes of it: each pack that a layer makes is as sound as a base pack, and its examples come out."""
        found = [(one.name, flaw) for one in self.layers for flaw in self._flaws(one, codes)]
        findings = [self._finding(name, flaw) for name, flaw in found]
        return sorted(findings, key=lambda one: (one.file, one.line, one.col, one.rule))

    def _finding(self, name: str, flaw: Flaw) -> Finding:
        """At its place in the file of the layer; a layer that stands in no file has no lines."""
        if name in self.sources and not any(one.by_page for one in self.layers if one.name == name):
            return self.sources[name].finding(flaw)
        return Finding(name, 1, 1, flaw.rule, flaw.words)

    def findings(self, codes: Collection[str]) -> list[Finding]:
        """Those of the base packs of these items, or else those of the layers over them."""
        files = [path for path in pack.pack_files(self.root) if path.stem in codes]
        return check(self.root, files) or self.check(codes)

    def _flaws(self, layer: Layer, codes: Collection[str] | None) -> Iterator[Flaw]:
        for code in layer.raw["items"]:
            if codes is not None and code not in codes and code in self.codes:
                continue
            try:
                self.base(code)
            except Refused as no:
                yield Flaw(("items", code), "layer.item", no.words)
                continue
            stack = self.over(layer.unit, code)
            stack = stack[: stack.index(layer) + 1]
            told: set[Flaw] = set()
            for day in turns(code, stack, date.min):
                told |= set(self._flaws_on(layer, code, stack, day))
            yield from told

    def _flaws_on(self, layer: Layer, code: str, stack: tuple[Layer, ...], day: date) -> Iterator[Flaw]:
        """Flaws that this layer adds; those of the layers above are told of them."""
        try:
            one = self._of(code, stack, day)
        except Flawed as why:
            for flaw in why.flaws:
                ours = flaw.rule.startswith("layer.")
                if ours and flaw.where[0] == layer.name:
                    yield Flaw(flaw.where[1:], flaw.rule, flaw.words)
                elif not ours and self._sound(code, stack[:-1], day):
                    yield _blamed(flaw, layer, code)
            return
        flaws = [] if one is self.base(code) else [*_misfits(one, self.root), *flaws_of(one)]
        if flaws and self._sound(code, stack[:-1], day):
            yield from (_blamed(flaw, layer, code) for flaw in flaws)

    def _sound(self, code: str, stack: tuple[Layer, ...], day: date) -> bool:
        try:
            return not flaws_of(self._of(code, stack, day))
        except Flawed:
            return False


def _misfits(one: pack.Pack, root: Path) -> list[Flaw]:
    """Where a layered pack does not fit the schema; that a place offers it through no channel is no flaw."""
    withdrawn = (("channels",), ("no_meeting",), ("on_the_spot",))
    return [flaw for flaw in shape_flaws(one.raw, root) if flaw.where not in withdrawn]


def _blamed(flaw: Flaw, layer: Layer, code: str) -> Flaw:
    """A flaw of the layered pack, at the operation of this layer that names the same part, or else at the item."""
    for at, op in enumerate(layer.operations(code)):
        kind = next(name for name in OPERATIONS if name in op)
        told = op[kind]["id"] if isinstance(op[kind], dict) else str(op[kind])
        if told == "/".join(map(str, flaw.where[:2])) or told in map(str, flaw.where):
            return Flaw(("items", code, "operations", at, kind), flaw.rule, flaw.words)
    return Flaw(("items", code), flaw.rule, flaw.words)


def layer_files(place: str | None = None, folder: Path = FOLDER) -> list[Path]:
    """The layer files of a region, by default of this deployment's."""
    return sorted((folder / (place or region().code) / "layers").glob("*.yaml"))


def all_layers(folder: Path = FOLDER) -> list[Path]:
    """The layer files of every region that is there."""
    return sorted(folder.glob("*/layers/*.yaml"))


def read_stacks(place: str | None = None, folder: Path = FOLDER, root: Path = ROOT) -> Stacks:
    """The layers of a region, by default of this deployment's. Unusable, with every finding, if a file has not the shape
    of a layer or names a unit that is not there. What its operations do is told by ``check``."""
    here = load_region(place, folder) if place else region()
    library(root)
    layers: list[Layer] = []
    sources: dict[str, Source] = {}
    findings: list[Finding] = []
    for path in layer_files(here.code, folder):
        name = str(path.relative_to(folder.parent)) if path.is_relative_to(folder.parent) else str(path)
        try:
            source = read(path, name)
        except Unusable as why:
            findings += why.findings
            continue
        flaws = shape_flaws(source.data, root, "layer")
        if not flaws:
            source.data.setdefault("items", {})
            flaws = [*_shape(source.data, here), *layer_flaws(source.data, here)]
        findings += [source.finding(flaw) for flaw in flaws]
        layers.append(Layer(path.stem, source.data))
        sources[path.stem] = source
    if findings:
        raise Unusable(findings)
    layers.sort(key=_order)
    return Stacks(here, tuple(layers), sources, root)


def _shape(raw: Mapping[str, Any], here: Region) -> Iterator[Flaw]:
    """What the schema cannot say: the unit is one of that level, and each operation is one operation."""
    unit, level = str(raw.get("unit", "")), raw["level"]
    kind = next((_level(one) for one in here.units if one["code"] == unit), "" if unit else "province")
    if kind != level:
        words = Words(f"“{unit}”不是 {level} 一级的单位", f"'{unit}' is no unit of the level {level}")
        yield Flaw(("unit",) if unit else ("level",), "layer.unit", words)
    for code, item in raw["items"].items():
        for at, op in enumerate(item["operations"]):
            kinds = [name for name in OPERATIONS if name in op]
            sides = [name for name in ("after", "before") if name in op]
            if len(kinds) != 1 or len(sides) != (kinds == ["insert"]):
                zh = f"一条只写一种操作：{'、'.join(OPERATIONS)}；insert 还要写 after 或 before"
                en = f"one operation each: {', '.join(OPERATIONS)}; insert also needs after or before"
                yield Flaw(("items", code, "operations", at), "layer.operation", Words(zh, en))


def _order(one: Layer) -> tuple[int, str]:
    return LEVELS.index(one.level), one.name


def _level(unit: Mapping[str, Any]) -> str:
    """The level of a unit as a layer names it."""
    return str(unit["kind"]) if unit["kind"] in ("city", "county") else "station"
