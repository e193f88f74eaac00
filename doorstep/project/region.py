"""`doorstep region check [NAME …]`: what is done where in a region, and each figure of its report beside what is counted."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

from doorstep.domains.studio.region_figures import Counted, Figure, Setting, count, load_figures, unreachable
from doorstep.domains.studio.stack import read_stacks
from doorstep.rulebook import pack
from doorstep.rulebook.region_profile import RegionProfile, regions


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the answer. ``good`` None: nothing to hold it against."""

    region: str
    name: str
    told: str
    good: bool | None = None


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``doorstep region`` its own verb."""
    verbs = parser.add_subparsers(dest="region_verb", required=True, metavar="VERB")
    told = "逐数核对 · each figure of the report beside the answer of its query"
    check = verbs.add_parser("check", help=told, description=told)
    check.add_argument("names", nargs="*", metavar="NAME", help="默认全部 · all, if none is named")
    check.add_argument("--json", action="store_true", help="一行一条 · one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Prints the lines; 1 if a figure differs or an item cannot be brought as its list says, 2 for a region without lists."""
    from doorstep.project.packs import machines

    machines()
    lines = []
    for name in args.names or regions():
        if name not in regions():
            known = ", ".join(regions())
            sys.stderr.write(
                f"没有“{name}”的清单，有的是：{known} · No lists of {name}; there are: {known}\n"
            )
            return 2
        lines += check(name)
    for line in lines:
        sys.stdout.write(_json(line) if args.json else _text(line))
    return int(any(line.good is False for line in lines))


def check(name: str) -> list[Line]:
    """Every list with what of it has no pack or cannot be brought that way, then every figure of the report."""
    stacks = read_stacks(name)
    touched = {code for layer in stacks.layers for code in layer.raw["items"]}
    packs = {one.code: stacks.layered(one.code) if one.code in touched else one for one in pack.listed()}
    here = Setting(stacks, packs)
    lines = [_list(name, one, here) for one in stacks.region.lists.values()]
    return lines + [_figure(name, one) for one in count(load_figures(name), here)]


def _list(name: str, one: RegionProfile, here: Setting) -> Line:
    lacking = [code for code in one.items if code not in here.packs]
    wrong = list(unreachable(one, here.packs))
    points = here.points({"list": one.code})
    told = f"{len(one.items)} 项，发布 {len(one.items) - len(lacking)} 项，{len(points)} 个服务点 · "
    told += f"{len(one.items)} items, {len(one.items) - len(lacking)} published, at {len(points)} points"
    if lacking:
        told += f"；还没有写 not written yet: {' '.join(lacking[:6])}{' …' if lacking[6:] else ''}"
    if wrong:
        told += f"；走不了这个渠道 not through this channel: {' '.join(wrong)}"
    return Line(name, one.code, told, not wrong)


def _figure(name: str, one: Counted | Figure) -> Line:
    """✓ or ✗ where something is counted; … where nothing is yet, or packs are missing from what was counted."""
    figure = one.figure if isinstance(one, Counted) else one
    bound = "" if figure.bound == "exact" else f"{figure.bound} "
    told = f"{figure.says.zh} · {figure.says.en}: {bound}{_number(figure.told)}"
    if isinstance(one, Figure):
        return Line(name, one.id, f"{told}；还没有 not yet: {one.row}")
    query = ", ".join(f"{key} {value}" for key, value in (figure.counts or {}).items() if key != "what")
    told += f"，数出来 counted {_number(one.found)} [{(figure.counts or {})['what']}{': ' if query else ''}{query}]"
    told += f"（{one.lacking} 项还没有写 not written yet）" if one.lacking else ""
    return Line(name, figure.id, told, None if one.lacking and not one.holds else one.holds)


def _number(value: float) -> str:
    return f"{value:g}" if value < 1000 else f"{value:,.0f}"


def _text(line: Line) -> str:
    mark = {True: "✓", False: "✗", None: "…"}[line.good]
    return f"{mark} {line.region} {line.name}: {line.told}\n"


def _json(line: Line) -> str:
    return (
        json.dumps(
            {"region": line.region, "name": line.name, "told": line.told, "good": line.good},
            ensure_ascii=False,
        )
        + "\n"
    )
