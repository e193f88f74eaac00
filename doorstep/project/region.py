"""`doorstep region check [NAME …]`: what is done where in a region, and each figure of its report beside what is counted."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

from doorstep.rulebook import pack
from doorstep.rulebook.region_profile import Profiles, load_profiles, regions


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
        try:
            lines += check(load_profiles(name))
        except LookupError:
            known = ", ".join(regions())
            sys.stderr.write(
                f"没有“{name}”的清单，有的是：{known} · No lists of {name}; there are: {known}\n"
            )
            return 2
    for line in lines:
        sys.stdout.write(_json(line) if args.json else _text(line))
    return int(any(line.good is False for line in lines))


def check(found: Profiles) -> list[Line]:
    """Every list with what of it has no pack or cannot be brought that way, then every figure."""
    packs = {one.code: one for one in pack.listed()}
    lines = []
    for profile in found.profiles.values():
        lacking = [code for code in profile.items if code not in packs]
        wrong = list(profile.unreachable(packs))
        told = f"{len(profile.items)} 项 items"
        if lacking:
            told += f"，{len(lacking)} 项还没有写 not written yet: {' '.join(lacking[:6])}{' …' if lacking[6:] else ''}"
        if wrong:
            told += f"，{len(wrong)} 项走不了这个渠道 not through this channel: {' '.join(wrong)}"
        lines.append(Line(found.region, profile.code, told, not wrong))
    for one in found.count(packs):
        told = f"{one.figure.says.zh} · {one.figure.says.en}: {one.figure.told}，数出来 counted {one.found}"
        told += f"（{one.lacking} 项还没有写 not written yet）" if one.lacking else ""
        lines.append(
            Line(found.region, one.figure.id, told, None if one.lacking and not one.holds else one.holds)
        )
    return lines


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
