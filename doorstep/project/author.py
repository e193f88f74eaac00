"""`doorstep packs new|report`: a new item to begin with, and what each item has."""

from __future__ import annotations

import argparse
import json
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

from doorstep.domains import studio
from doorstep.rulebook import pack
from doorstep.rulebook.words import Refused

NAMES = ("new", "report")
_COLUMNS = (
    ("code", "事项 item"), ("questions", "问 asks"), ("materials", "材料 papers in"), ("steps", "步 steps"),
    ("legs", "经手 legs"), ("statutory", "法定 by law"), ("promise", "承诺 promise"), ("visits", "趟 visits"),
    ("rows", "表行 rows"),
    ("limits_sure", "时限有据 sure"), ("limits_unsure", "时限待核 unsure"), ("papers", "文书 papers out"),
    ("examples", "例子 examples"), ("caught", "发现 caught"), ("mutants", "错误 mutants"),
)  # fmt: skip


def add(verbs: Any) -> None:
    """Give ``doorstep packs`` its verbs ``new`` and ``report``."""
    told = "新建一个事项，要写的地方标着 TODO · begin an item; what is left to write is marked TODO"
    new = verbs.add_parser("new", help=told, description=told)
    new.add_argument("code", metavar="CODE", help="目录编号，如 HZ-056 · its code in the catalogue")
    new.add_argument(
        "--profile", required=True, help="如 person,own_station,immediate · files in packs/profiles, in order"
    )
    new.add_argument(
        "--branch", default="", help="条线；同字头的事项有了就不用写 · unless others have the same letters"
    )
    new.add_argument(
        "--catalogue", type=Path, help="事项目录（TSV） · a catalogue to take what is known from"
    )
    told = "每个事项有什么 · what each item has, counted"
    report = verbs.add_parser("report", help=told, description=told)
    report.add_argument("--json", action="store_true", help="一行一条 · one JSON object a line")
    told = "问得一模一样的事项 · items with equal question sets, and why"
    report.add_argument("--families", action="store_true", help=told)
    told = "和事项目录（TSV）对一遍，哪里不一样 · where the packs differ from a catalogue"
    report.add_argument("--catalogue", type=Path, metavar="TABLE", help=told)
    told = "只看这些文件 · only these files"
    report.add_argument("files", nargs="*", type=Path, metavar="FILE", help=told)


def run(args: argparse.Namespace) -> int:
    """Runs the verb; 1 if the item is there already or its profile or row is not."""
    if args.packs_verb == "new":
        return _new(args)
    try:
        packs = [pack.load_pack(path.resolve()) for path in args.files or pack.pack_files()]
    except pack.Unusable as why:
        sys.stderr.write(f"{why}\n")
        return 1
    if args.catalogue:
        return _beside(packs, args.catalogue, whole=not args.files)
    return _families(packs) if args.families else _report(packs, args.json)


def _beside(packs: list[pack.Pack], catalogue: Path, whole: bool) -> int:
    """Each difference on a line, and how many there are of each kind. 1 if there is any."""
    found = [one for one in studio.gaps(packs, catalogue) if whole or one.what != "pack"]
    counts = Counter(one.what for one in found)
    sys.stdout.write("".join(f"{one}\n" for one in found))
    told = ", ".join(f"{what} {n}" for what, n in counts.most_common())
    sys.stdout.write(f"{len(packs)} 个事项 items: {told or '没有不同 no difference'}\n")
    return 1 if found else 0


def _new(args: argparse.Namespace) -> int:
    branch = args.branch or studio.branch_of(args.code)
    if not branch:
        sys.stderr.write(f"{args.code}: 请写 --branch · give its --branch\n")
        return 1
    try:
        row = studio.catalogue_row(args.catalogue, args.code) if args.catalogue else None
        path = studio.write_skeleton(args.code, args.profile.split(","), branch, row)
    except (Refused, pack.Unusable, OSError) as why:
        sys.stderr.write(f"{why}\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


def _families(packs: list[pack.Pack]) -> int:
    for same in studio.families(packs):
        sys.stdout.write(f"{len(same)}: {', '.join(one.code for one in same)}\n")
        for why in dict.fromkeys(
            tuple(one.raw["form_family"].values()) for one in same if "form_family" in one.raw
        ):
            sys.stdout.write(f"  {' / '.join(why)}\n")
    return 0


def _report(packs: list[pack.Pack], as_json: bool) -> int:
    told = []
    if not as_json:
        sys.stdout.write(" | ".join(words for _, words in _COLUMNS) + "\n")
    for one in studio.count_all(packs):
        told.append(one.as_dict())
        shown = [_cell(told[-1][key]) for key, _ in _COLUMNS]
        sys.stdout.write(json.dumps(told[-1], ensure_ascii=False) + "\n" if as_json else _line(shown))
    if not as_json:
        sums = [[one[key] for one in told] for key, _ in _COLUMNS]
        sys.stdout.write(_line([sum(held) if held and isinstance(held[0], int) else "" for held in sums]))
    return 0


def _cell(value: Any) -> Any:
    return ">".join(value) if isinstance(value, tuple) else value


def _line(cells: list[Any]) -> str:
    heads = [words for _, words in _COLUMNS]
    return " | ".join(str(cell).rjust(_wide(head)) for cell, head in zip(cells, heads, strict=True)) + "\n"


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
